# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Control groups: which hierarchy holds a controller, and which limit binds in the end.

Version 1, version 2 and hybrid hosts are told apart per controller, by the mounts. What binds is the smallest value
from the process's own group up to the root: a limit on a parent counts, and so does a process that left its group.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import UNLIMITED, Fact
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.mountinfo import Mount

CONTROLLERS = ("memory", "cpu", "pids")
# These bind less, and say nothing about the version of a host; block devices have another name in version 1.
OTHERS = ("cpuset", "io", "blkio", "devices")
# Version 1 writes "no limit" as the largest multiple of the page size.
V1_UNLIMITED = 1 << 62
LIMITS = {
    "memory": ("memory", "memory.max", "memory.limit_in_bytes"),
    "swap": ("memory", "memory.swap.max", "memory.memsw.limit_in_bytes"),
    "cpu": ("cpu", "cpu.max", "cpu.cfs_quota_us"),
    "pids": ("pids", "pids.max", "pids.max"),
}


class Hierarchy(NamedTuple):
    version: int
    mount: str
    root: str

    def folder(self, path: str) -> str:
        """The directory of a group. A hierarchy may be mounted from a group of its own (root), as in a container."""
        below = path[len(self.root.rstrip("/")) :] if path.startswith(self.root.rstrip("/")) else path
        return self.mount + below.rstrip("/")


def hierarchies(mounts: list[Mount], unified_controllers: str) -> dict[str, Hierarchy]:
    """Controller to hierarchy. The empty name stands for version 2 itself."""
    found: dict[str, Hierarchy] = {}
    for mount in mounts:
        if mount.filesystem == "cgroup":
            for controller in mount.super_options.split(","):
                if controller in (*CONTROLLERS, *OTHERS):
                    found[controller] = Hierarchy(1, mount.target, mount.root)
    for mount in mounts:
        if mount.filesystem == "cgroup2":
            unified = Hierarchy(2, mount.target, mount.root)
            found.setdefault("", unified)
            for controller in unified_controllers.split():
                if controller in (*CONTROLLERS, *OTHERS):
                    found.setdefault(controller, unified)
    return found


def version_of(found: dict[str, Hierarchy]) -> str:
    versions = {found[controller].version for controller in CONTROLLERS if controller in found}
    return "hybrid" if len(versions) > 1 else "".join(f"v{version}" for version in versions) or "none"


def parse_membership(text: str) -> dict[str, list[str]]:
    """/proc/PID/cgroup, turned round: path to controllers. Usually that is one path, and one line in the document."""
    found: dict[str, list[str]] = {}
    for line in text.split("\n"):
        _number, _colon, rest = line.partition(":")
        controllers, colon, path = rest.partition(":")
        if colon:
            found.setdefault(path, []).extend(controllers.split(","))
    return {path: sorted(names) for path, names in sorted(found.items())}


def path_for(membership: dict[str, list[str]], controller: str, hierarchy: Hierarchy) -> str | None:
    """The group of a process for a controller."""
    wanted = controller if hierarchy.version == 1 else ""
    return next((path for path, names in membership.items() if wanted in names), None)


def own_group(path: str, identifier: str) -> str | None:
    """The container's own group: the part of a path down to the component that carries its id."""
    parts = path.split("/")
    for count, part in enumerate(parts, 1):
        if identifier and identifier in part:
            return "/".join(parts[:count])
    return None


def own_folder(
    found: dict[str, Hierarchy], memberships: list[dict[str, list[str]]], controller: str, identifier: str
) -> Fact:
    """The directory of the container's own group for a controller, wherever its processes have gone.

    One that left it for one controller as a rule is still in it for another, and the path is the same.
    """
    hierarchy = found.get(controller)
    if hierarchy is None:
        return Fact("/sys/fs/cgroup", error=f"ENOENT no control group hierarchy has the controller {controller}")
    paths = [path_for(membership, controller, hierarchy) or "" for membership in memberships]
    paths += [path for membership in memberships for path in membership]
    own = next(filter(None, (own_group(path, identifier) for path in paths)), None)
    if own is None:
        return Fact("/proc/PID/cgroup", error="ENOENT no process is in a group with the container's id")
    return Fact(hierarchy.folder(own), hierarchy.folder(own))


def levels(path: str) -> list[str]:
    """A group and all its ancestors, up to the root."""
    parts = [part for part in path.split("/") if part]
    return ["/" + "/".join(parts[:count]) for count in range(len(parts), -1, -1)]


def effective(kernel: Kernel, found: dict[str, Hierarchy], membership: dict[str, list[str]], limit: str) -> Fact:
    """The value that binds a process, with the file that it stands in."""
    controller, name_v2, name_v1 = LIMITS[limit]
    hierarchy = found.get(controller)
    if hierarchy is None:
        return Fact("/sys/fs/cgroup", error=f"ENOENT no control group hierarchy has the controller {controller}")
    path = path_for(membership, controller, hierarchy)
    if path is None or path.startswith("/.."):
        return Fact("/proc/PID/cgroup", error=f"ENOENT no group for the controller {controller} (read: {path})")
    name = name_v2 if hierarchy.version == 2 else name_v1
    bound = _smallest(kernel, hierarchy, path, name)
    if limit == "swap" and hierarchy.version == 1 and bound.known and bound.value != UNLIMITED:
        return _swap_alone(bound, _smallest(kernel, hierarchy, path, "memory.limit_in_bytes"))
    return bound


def _smallest(kernel: Kernel, hierarchy: Hierarchy, path: str, name: str) -> Fact:
    best: Fact | None = None
    first = f"{hierarchy.folder(path)}/{name}"
    for level in levels(path):
        # A container's own group is read as it is now; those above are the same for all containers, and read once.
        read = kernel.read if level == path else kernel.read_once
        fact = _limit(read, f"{hierarchy.folder(level)}/{name}")
        # No file: the controller is not switched on at this level (or it is the root), so nothing binds here.
        if fact.error.startswith("ENOENT"):
            continue
        if fact.error:
            return fact
        if best is None or number(fact.value) < number(best.value):
            best = fact
    return best or Fact(first, error="ENOENT neither the group nor any ancestor has this file")


def _limit(read: Callable[[str], Fact], path: str) -> Fact:
    fact = read(path)
    if not fact.known:
        return fact
    raw = str(fact.value)
    if path.endswith("cpu.cfs_quota_us"):
        period = read(path.replace("cfs_quota_us", "cfs_period_us"))
        if not period.known:
            return period
        raw = f"{'max' if raw.startswith('-') else raw} {period.value}"
    try:
        return Fact(path, parse_limit(raw), raw)
    except ValueError:
        return Fact(path, raw=raw, error=f"EINVAL not a limit: {raw!r}")


def parse_limit(raw: str) -> int | float | str:
    """'max', a number, or 'quota period' (a number of processors)."""
    parts = raw.split()
    if not 1 <= len(parts) <= 2:
        raise ValueError(raw)
    if parts[0] == UNLIMITED:
        return UNLIMITED
    if len(parts) == 2:
        return round(int(parts[0]) / int(parts[1]), 4) if int(parts[1]) > 0 else UNLIMITED
    value = int(parts[0])
    return UNLIMITED if value < 0 or value >= V1_UNLIMITED else value


def number(value: Any) -> float:
    return float("inf") if value == UNLIMITED else float(value)


def _swap_alone(both: Fact, memory: Fact) -> Fact:
    """Version 1 limits memory and swap together; what is left for swap is the difference."""
    if not memory.known:
        return memory
    if memory.value == UNLIMITED:
        return both
    return Fact(both.path, max(0, int(both.value) - int(memory.value)), f"{both.raw} - {memory.value} (memory)")


def loosest(facts: list[Fact]) -> Fact:
    """Of several processes of one container the least bound one counts; one that could not be read spoils all."""
    for fact in facts:
        if not fact.known:
            return fact
    return max(facts, key=lambda fact: number(fact.value))
