# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Control groups: how much a container may use, and whether all its processes are counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    UNLIMITED,
    Fact,
    as_mapping,
    fact_from,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    FAIL,
    PASS,
    Check,
    Decide,
    Outcome,
    judge_processes,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy import Expected
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container, Room

# systemd rounds a quota up to a whole percent of a processor.
CPU_STEP = 0.01
# Groups of other controllers (and the unified tree beside version 1) limit nothing.
LIMITING = {"", "cpu", "memory", "pids"}
CPU_PERIOD = 100_000


def _positive(value: Any) -> float | None:
    """The engine says 'no limit' with nothing, 0 or -1."""
    return float(value) if isinstance(value, (int, float)) and value > 0 else None


def _memory(want: Expected | None, told: Mapping[str, Any]) -> float | None:
    return want.memory if want and want.memory else _positive(told.get("memory"))


def _swap(want: Expected | None, told: Mapping[str, Any]) -> float | None:
    """The engine's memory_swap counts both; the kernel's value here is swap alone."""
    if want and want.memory_swap is not None and want.memory is not None:
        return float(max(0, want.memory_swap - want.memory))
    memory, both = _positive(told.get("memory")), _positive(told.get("memory_swap"))
    return max(0.0, both - memory) if memory and both else None


def _cpu(want: Expected | None, told: Mapping[str, Any]) -> float | None:
    if want and want.cpus:
        return want.cpus + CPU_STEP
    nano, quota = _positive(told.get("nano_cpus")), _positive(told.get("cpu_quota"))
    if nano:
        return nano / 1e9 + CPU_STEP
    return quota / (_positive(told.get("cpu_period")) or CPU_PERIOD) + CPU_STEP if quota else None


def _pids(want: Expected | None, told: Mapping[str, Any]) -> float | None:
    return want.pids_limit if want and want.pids_limit else _positive(told.get("pids_limit"))


def _machine_memory(room: Room, container: Container) -> float | None:
    machine = as_mapping(room.host_of(container).facts.get("machine"))
    return _positive(fact_from(machine.get("memory")).value)


def quantity(value: float) -> str:
    """Bytes and processes whole, to be found again in the kernel's file; processors rounded."""
    return f"{value:g}" if value % 1 else f"{value:.0f}"


def decide_limit(
    name: str,
    declared: Callable[[Expected | None, Mapping[str, Any]], float | None],
    ceiling: Callable[[Room, Container], float | None],
) -> Decide:
    def decide(container: Container, room: Room) -> Outcome:
        fact = container.limit(name)
        if not fact.known:
            return missing([fact])
        if fact.value == UNLIMITED:
            return Outcome(FAIL, "no limit, up to the root of the hierarchy", (fact,))
        if not isinstance(fact.value, (int, float)):
            return missing([fact._replace(value=None, error=f"not a number: {fact.value!r}")])
        most, machine = declared(room.expected(container), container.declared), ceiling(room, container)
        expected = "" if most is None else f"at most {quantity(most)}"
        found = quantity(fact.value)
        if most is None or declared(None, container.declared) is None:
            # The service manager's default and the slice of all containers are finite too, but nobody's own.
            return Outcome(FAIL, f"no limit of its own; {found} comes from what it shares", (fact,), expected)
        if fact.value > most:
            return Outcome(FAIL, f"{found}, more than was declared", (fact,), expected)
        if machine is not None and fact.value >= machine:
            return Outcome(FAIL, f"{found}, all that the machine has", (fact,), f"less than {quantity(machine)}")
        return Outcome(PASS, found, (fact,), expected)

    return decide


def own_place(path: str, identifier: str) -> tuple[str, str] | None:
    """(parent, own component) when a component of the path carries the container's id."""
    parts = path.split("/")
    for count, part in enumerate(parts):
        if identifier and identifier in part:
            return "/".join(parts[:count]), part
    return None


def decide_membership(container: Container, room: Room) -> Outcome:
    want = room.expected(container)
    parent = (want.cgroup_parent or "").rstrip("/") if want else ""
    expected = f"below {parent}" if parent else ""

    def object_to(fact: Fact) -> str:
        controllers = {name for names in fact.value.values() for name in names}
        # On a version 1 host the unified tree (the empty name) exists too, and limits nothing.
        counted = LIMITING - {""} if controllers & (LIMITING - {""}) else LIMITING
        for path, names in fact.value.items():
            if not counted & set(names):
                continue
            place = own_place(str(path), container.identifier)
            if place is None:
                return f"is in the group {path}, outside of its container's"
            if parent and not _below(place[0], parent):
                return f"is in the group {path}, not below {parent}"
        return ""

    outcome = judge_processes(container, lambda process: process.groups, object_to, "inside the container's own group")
    return Outcome(outcome.status, outcome.observed, outcome.evidence, expected, outcome.reason)


def _below(path: str, parent: str) -> bool:
    """A path for the cgroupfs driver; for systemd a slice's name, which has its place below other slices."""
    if parent.startswith("/"):
        return path == parent or path.startswith(parent + "/")
    return parent in path.split("/")


def _nothing(_room: Room, _container: Container) -> None:
    return None


_TITLES = (
    ("memory", "memory", "Memory is limited", "high", "memory", _memory, _machine_memory, ("5.11",)),
    ("swap", "swap", "Swap is limited", "medium", "memory_swap", _swap, _nothing, ()),
    ("cpu", "cpu", "Processor time is limited", "medium", "cpus", _cpu, _nothing, ("5.12",)),
    ("pids", "pids", "The number of processes is limited", "high", "pids_limit", _pids, _nothing, ("5.29",)),
)

CHECKS = (
    *(
        Check(
            id=f"cgroup-{name}-limit",
            title=title,
            concept="cgroups",
            severity=severity,
            expected="a finite value, not above what was declared",
            remedy=f"Set {option} for the container (docker update does so while it runs), and look for who raised it.",
            decide=decide_limit(limit, declared, ceiling),
            cis=cis,
        )
        for name, limit, title, severity, option, declared, ceiling, cis in _TITLES
    ),
    Check(
        id="cgroup-membership",
        title="Every process is counted in its container's group",
        concept="cgroups",
        severity="high",
        expected="every process in the container's own group (and below the parent that was declared)",
        remedy="End the stray process, restart the container, and set cgroup_parent as declared.",
        decide=decide_membership,
        cis=("5.25",),
    ),
)
