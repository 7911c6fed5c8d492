# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A twin's control groups, read from the host: is there a limit, may it be reached, and what did the kernel count?

A limit is reached only when it is the twin's own and the smallest on its way, and when whatever lies above has room for
it: else the kernel would take it from somebody else.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host import cgroups
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import UNLIMITED, Fact
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel

# Controller, its file and the word in it: in version 2, and in version 1.
COUNTED = {
    "memory": (("memory.events", "oom_kill"), ("memory.oom_control", "oom_kill")),
    "pids": (("pids.events", "max"), ("pids.events", "max")),
    "cpu": (("cpu.stat", "nr_throttled"), ("cpu.stat", "nr_throttled")),
}
USED = {
    "memory": ("memory.current", "memory.usage_in_bytes"),
    "pids": ("pids.current", "pids.current"),
}
# Of what lies above: this many times the limit has to be free.
ROOM = 2


class Groups:
    def __init__(self, kernel: Kernel, found: dict[str, cgroups.Hierarchy], pid: int) -> None:
        self._kernel, self._found = kernel, found
        fact = kernel.read(f"/proc/{pid}/cgroup")
        self._membership = cgroups.parse_membership(str(fact.value or ""))

    def _own(self, controller: str) -> tuple[cgroups.Hierarchy, str] | None:
        hierarchy = self._found.get(controller)
        path = cgroups.path_for(self._membership, controller, hierarchy) if hierarchy else None
        return (hierarchy, path) if hierarchy and path else None

    def limit(self, name: str) -> Fact:
        return cgroups.effective(self._kernel, self._found, self._membership, name)

    def counter(self, name: str) -> Fact:
        own = self._own(name)
        if own is None:
            return Fact("/proc/PID/cgroup", error=f"ENOENT no group for the controller {name}")
        hierarchy, path = own
        file, word = COUNTED[name][hierarchy.version == 1]
        fact = self._kernel.read(f"{hierarchy.folder(path)}/{file}")
        if fact.error:
            return fact
        values = dict(line.split()[:2] for line in str(fact.value).splitlines() if len(line.split()) > 1)
        if not values.get(word, "").isdigit():
            return Fact(fact.path, error=f"ENODATA no {word} in it")
        return Fact(fact.path, int(values[word]), f"{word} {values[word]}")

    def obstacle(self, name: str, limit: Fact) -> str:
        """Why this limit is not to be reached; nothing when it may be."""
        own = self._own(name)
        if own is None or not limit.known:
            return f"the limit could not be read: {limit.path} {limit.error}"
        if limit.value == UNLIMITED:
            return ""
        hierarchy, path = own
        if not limit.path.startswith(hierarchy.folder(path) + "/"):
            return f"the limit that binds is not the container's own: {limit.path}"
        if name == "memory":
            return self._host_memory(float(limit.value)) or self._above(name, hierarchy, path, float(limit.value))
        return self._above(name, hierarchy, path, float(limit.value)) if name in USED else ""

    def _above(self, name: str, hierarchy: cgroups.Hierarchy, path: str, need: float) -> str:
        limits = cgroups.LIMITS[name][1:]
        for level in cgroups.levels(path)[1:]:
            folder = hierarchy.folder(level)
            limit = self._kernel.read(f"{folder}/{limits[hierarchy.version == 1]}")
            used = self._kernel.read(f"{folder}/{USED[name][hierarchy.version == 1]}")
            if limit.error.startswith("ENOENT"):
                continue
            try:
                bound, now = cgroups.parse_limit(str(limit.value)), float(str(used.value))
            except ValueError:
                return f"what is free above could not be read: {folder}"
            if bound != UNLIMITED and cgroups.number(bound) - now < ROOM * need:
                return f"too little is free above: {limit.path} {limit.value}, used {used.value}"
        return ""

    def _host_memory(self, need: float) -> str:
        text = str(self._kernel.read("/proc/meminfo").value or "")
        free = next((line.split()[1] for line in text.splitlines() if line.startswith("MemAvailable:")), "0")
        return "" if int(free) * 1024 > ROOM * need else f"the host has too little free memory: {free} kB"

    def swap_is_limited(self) -> bool:
        """Where there is swap that no limit covers, a process is not killed at the limit of memory."""
        text = str(self._kernel.read("/proc/meminfo").value or "")
        total = next((line.split()[1] for line in text.splitlines() if line.startswith("SwapTotal:")), "0")
        swap = self.limit("swap")
        return total == "0" or (swap.known and swap.value != UNLIMITED)


def plan(groups: Groups, processors: int, out_of_memory_off: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the twin is told of its limits, and the record of each: its limit, why it is not tried, the count before."""
    given: dict[str, Any] = {}
    records: dict[str, Any] = {}
    for name in COUNTED:
        limit = groups.limit(name)
        why = groups.obstacle(name, limit)
        if name == "memory" and not why:
            why = "the out-of-memory killer is switched off: nobody would be killed" if out_of_memory_off else why
            why = why or (
                "" if groups.swap_is_limited() else "swap has no limit: it would fill before anybody is killed"
            )
        free = limit.value == UNLIMITED
        if name == "cpu" and not why and not free and float(limit.value) >= processors:
            why = f"the quota of {limit.value} is not below the host's {processors} processors: it cannot be exceeded"
        records[name] = {"limit": limit.document(), "obstacle": why, "before": groups.counter(name).document()}
        if not why and not free:
            given[name] = limit.value
    return given, records
