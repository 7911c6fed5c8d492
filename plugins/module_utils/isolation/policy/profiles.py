# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which checks a profile selects. Whether there are facts, and whether a workspace runs, is always judged. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks import catalogue
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import Check

BENCHMARK = "1.8"
# What stands between two students, and between a student and the host.
BOUNDARIES = (
    *("namespaces", "cgroups", "selinux", "lsm", "capabilities", "seccomp", "processes", "mounts", "lifecycle"),
    "network",
)
GRAVE = ("critical", "high")


def _benchmark(check: Check) -> bool:
    return bool(check.benchmark(BENCHMARK))


PROFILES: Mapping[str, Callable[[Check], bool]] = {
    "all": lambda check: True,
    "baseline": lambda check: check.severity in GRAVE,
    "cis-1.8": _benchmark,
    "classroom": lambda check: check.concept in BOUNDARIES,
}


def selected(profile: str) -> tuple[Check, ...]:
    """The rules of a profile, in the order of the catalogue."""
    wanted = PROFILES[profile]
    return tuple(check for check in catalogue.RULES if wanted(check))
