# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the limits of running members from the control groups of this host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.container_spec import Member
from ansible_collections.bulkhead.classroom.plugins.module_utils.host import mountinfo
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.cgroups import (
    Hierarchy,
    parse_membership,
    path_for,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel_limits import FILES, limited, parse


class ControlGroups:
    """For an engine on this host; of another one's containers there is nothing here, and nothing is said."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._hierarchies = _hierarchies(kernel)

    def limits(self, member: Member) -> dict[str, Any]:
        """By property, in a Spec's units; only what the engine says it has limited, and what can be read."""
        if not member.pid:
            return {}
        membership = parse_membership(str(self._kernel.read(f"/proc/{member.pid}/cgroup").value or ""))
        # A process of the same number that is another one: the engine's is not on this host, or it has just ended.
        if not any(member.id in path for path in membership):
            return {}
        found = {name: self._limit(name, member, membership) for name in limited(member.spec)}
        return {name: value for name, value in found.items() if value is not None}

    def _limit(self, name: str, member: Member, membership: dict[str, list[str]]) -> Any:
        controller, first, second = FILES[name]
        hierarchy = self._hierarchies.get(controller) or self._hierarchies.get("")
        file = first if hierarchy and hierarchy.version == 1 else second
        path = path_for(membership, controller, hierarchy) if hierarchy else None
        if hierarchy is None or not path or not file:
            return None
        text = self._text(f"{hierarchy.folder(path)}/{file}")
        if text and name == "cpus" and hierarchy.version == 1:
            text = f"{text} {self._text(f'{hierarchy.folder(path)}/cpu.cfs_period_us')}"
        return parse(name, text, member.spec, hierarchy.version) if text else None

    def _text(self, path: str) -> str:
        return str(self._kernel.read(path).value or "")


def _hierarchies(kernel: Kernel) -> Mapping[str, Hierarchy]:
    """By controller; the empty name stands for version 2."""
    found: dict[str, Hierarchy] = {}
    for mount in mountinfo.parse(str(kernel.read("/proc/self/mountinfo").value or "")):
        if mount.filesystem == "cgroup":
            for controller in mount.super_options.split(","):
                found.setdefault(controller, Hierarchy(1, mount.target, mount.root))
        elif mount.filesystem == "cgroup2":
            found.setdefault("", Hierarchy(2, mount.target, mount.root))
    return found
