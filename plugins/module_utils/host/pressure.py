# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pressure stall information: how much of the last minute somebody waited for a processor, memory or a disk. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

RESOURCES = ("cpu", "memory", "io")
# /proc/pressure/io:some avg10=0.00 avg60=1.50 avg300=0.30 total=123, as grep --with-filename prints it.
_LINE = re.compile(r"(?P<path>/\S*?(?P<resource>cpu|memory|io)(?:\.pressure)?):some .*avg60=(?P<share>\d+(?:\.\d+)?) ")
WORDS = {"cpu": "a processor", "memory": "memory", "io": "a disk"}


class PressureError(Exception):
    """Limits that nothing can be compared with."""


def pressure_warnings(lines: Iterable[str], limits: Mapping[str, float]) -> list[str]:
    """A sentence for each place where tasks waited for more of the last minute than the limit, the worst first.

    What says nothing about the host is a sentence too: silence would look like a host at rest.
    """
    if set(limits) != set(RESOURCES):
        raise PressureError(f"the limits have to be percentages of {', '.join(RESOURCES)}, but are for {list(limits)}")
    found = [match.groupdict() for match in map(_LINE.match, lines) if match]
    read = {one["resource"] for one in found if one["path"].startswith("/proc/pressure/")}
    said = [
        f"pressure on {WORDS[resource]}: /proc/pressure/{resource} cannot be read (start the kernel with psi=1)"
        for resource in RESOURCES
        if resource not in read
    ]
    above = [one for one in found if float(one["share"]) > float(limits[one["resource"]])]
    above.sort(key=lambda one: -float(one["share"]))
    return said + [
        f"pressure: {_who(one['path'])} waited for {WORDS[one['resource']]} during {float(one['share']):.0f} % "
        f"of the last minute (more than {float(limits[one['resource']]):g} %)"
        for one in above
    ]


def _who(path: str) -> str:
    return "this host" if path.startswith("/proc/") else path.split("/")[-2]
