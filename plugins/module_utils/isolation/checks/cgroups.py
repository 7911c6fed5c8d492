# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Control groups: how much a container may use, and whether all its processes are counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.cgroups import LIMITS
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    UNLIMITED,
    Fact,
    as_list,
    as_mapping,
    fact_from,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks import cgroup_files
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    FAIL,
    INFORMATIONAL,
    NOTAPPLICABLE,
    PASS,
    Check,
    Decide,
    Outcome,
    judge_all,
    judge_processes,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.policy import Expected
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container, Room

# systemd rounds a quota up to a whole percent of a processor.
CPU_STEP = 0.01
# Groups of other controllers (and the unified tree beside version 1) limit nothing.
LIMITING = {"", "cpu", "memory", "pids"}
# Where the engine puts a container when nobody says otherwise: with its own driver, and with systemd's.
DEFAULT_PARENTS = ("docker", "system.slice")
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
    """Three values side by side: what was declared, what the engine says, and what binds in the kernel."""

    def decide(container: Container, room: Room) -> Outcome:
        engine = declared(None, container.declared)
        inspected = "no limit" if engine is None else quantity(engine - (CPU_STEP if name == "cpu" else 0))
        return replace(judge(container, room), inspected=inspected)

    def judge(container: Container, room: Room) -> Outcome:
        fact = container.limit(name)
        if not fact.known:
            return missing([fact])
        if fact.value == UNLIMITED:
            return Outcome(FAIL, "no limit, up to the root of the hierarchy", (fact,))
        if not isinstance(fact.value, (int, float)):
            return missing([fact._replace(value=None, error=f"not a number: {fact.value!r}")])
        bounds = (declared(room.expected(container), container.declared), declared(room.bounds(container), {}))
        most, machine = min((one for one in bounds if one is not None), default=None), ceiling(room, container)
        expected = "" if most is None else f"at most {quantity(most)}"
        found = quantity(fact.value)
        if most is None or declared(None, container.declared) is None:
            # The service manager's default and the slice of all containers are finite too, but nobody's own.
            return Outcome(FAIL, f"no limit of its own; {found} comes from what it shares", (fact,), expected)
        if fact.value > most:
            return Outcome(FAIL, f"{found}, more than was declared or is allowed", (fact,), expected)
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
    def object_to(fact: Fact) -> str:
        stray = next((path for path in counted_paths(fact) if own_place(path, container.identifier) is None), None)
        return "" if stray is None else f"is in the group {stray}, outside of its container's"

    return judge_processes(container, lambda process: process.groups, object_to, "inside the container's own group")


def counted_paths(fact: Fact) -> list[str]:
    """The groups that limit something; the unified tree (the empty name) does not beside version 1."""
    controllers = {name for names in fact.value.values() for name in as_list(names)}
    counted = LIMITING - {""} if controllers & (LIMITING - {""}) else LIMITING
    return [str(path) for path, names in fact.value.items() if counted & set(as_list(names))]


def decide_parent(container: Container, room: Room) -> Outcome:
    """Whose limits count for it too. A process outside its own group has no such parent, and another check."""
    want = room.expected(container)
    wanted = (want.cgroup_parent or "").rstrip("/") if want else ""
    told = str(container.declared.get("cgroup_parent") or "").rstrip("/")
    parent = wanted or told
    places = [
        (process.groups, own_place(path, container.identifier) if process.groups.known else None)
        for process in container.processes
        for path in (counted_paths(process.groups) if process.groups.known else [""])
    ]
    judged = [
        (fact, f"lies in {place[0] or '/'}, not below {parent}" if place and not _below(place[0], parent) else "")
        for fact, place in places
        if place or not fact.known
    ]
    if places and not judged:
        reason = "no process is in its own group: see cgroup-membership"
        return Outcome(NOTAPPLICABLE, "no group of its own", reason=reason, inspected=told)
    found = ", ".join(sorted({place[0] or "/" for _fact, place in places if place}))
    if not parent and all(fact.known for fact, _said in judged) and judged:
        usual = all(place[0].rsplit("/", 1)[-1] in DEFAULT_PARENTS for _fact, place in places if place)
        evidence = tuple(fact for fact, _said in judged)
        return Outcome(PASS if usual else INFORMATIONAL, found, evidence, inspected="none of its own")
    outcome = judge_all(judged if parent else [(fact, "") for fact, _said in judged], found)
    return replace(outcome, expected=f"below {parent}" if parent else "", inspected=told or "none of its own")


def _below(path: str, parent: str) -> bool:
    """A path for the cgroupfs driver; for systemd a slice's name, which has its place below other slices."""
    if parent.startswith("/"):
        return path == parent or path.startswith(parent + "/")
    return parent in path.split("/")


def _nothing(_room: Room, _container: Container) -> None:
    return None


# Name, title, severity, option, Bulkhead's variable, declared, ceiling, CIS, why.
_LIMITS = (
    (
        "memory",
        "Memory is limited",
        "high",
        "memory",
        "student_workspaces_memory",
        _memory,
        _machine_memory,
        ("5.11",),
        "One container without a limit takes the memory of all others, and of the host.",
    ),
    (
        "swap",
        "Swap is limited",
        "medium",
        "memory_swap",
        "student_workspaces_memory_swap",
        _swap,
        _nothing,
        (),
        "Whoever swaps without end fills the swap, and keeps the disk busy for everybody.",
    ),
    (
        "cpu",
        "Processor time is limited",
        "medium",
        "cpus",
        "student_workspaces_cpus",
        _cpu,
        _nothing,
        ("5.12",),
        "A busy loop in one container slows down all others, and the engine itself.",
    ),
    (
        "pids",
        "The number of processes is limited",
        "high",
        "pids_limit",
        "student_workspaces_pids_limit",
        _pids,
        _nothing,
        ("5.29",),
        "A fork bomb uses up the process numbers of the whole host: nobody can log in to end it.",
    ),
)
_FILES = {limit: f"{new} (version 1: {old})" for limit, (_controller, new, old) in LIMITS.items()}

CHECKS = (
    *(
        Check(
            id=f"cgroup-{limit}-limit",
            title=title,
            concept="cgroups",
            severity=severity,
            expected="a finite value, not above what was declared",
            why=why,
            how=f"The smallest {_FILES[limit]} from each process's group up to the root, against what was declared.",
            remedy=f"Set {option} for the container (docker update does so while it runs), and look for who raised it.",
            variable=variable,
            decide=decide_limit(limit, declared, ceiling),
            cis=cis,
            nist=("4.4.3",),
        )
        for limit, title, severity, option, variable, declared, ceiling, cis, why in _LIMITS
    ),
    Check(
        id="cgroup-membership",
        title="Every process is counted in its container's group",
        concept="cgroups",
        severity="high",
        expected="every process in the container's own group",
        why="A process that sits in another group is bound by none of the container's limits.",
        how="/proc/PID/cgroup of every process: each path that limits something has the container's id in it.",
        remedy="End the stray process and restart the container; look for who moved it.",
        decide=decide_membership,
        nist=("4.4.3",),
    ),
    Check(
        id="cgroup-parent",
        title="The group lies where it was declared",
        concept="cgroups",
        severity="medium",
        expected="below the parent that was declared, or the engine's own",
        why="What binds all containers together is set at the parent: outside of it that bound does not count.",
        how="The path above the container's own group in /proc/PID/cgroup, against cgroup_parent.",
        remedy="Create the container anew with cgroup_parent as declared.",
        decide=decide_parent,
        cis=("5.25",),
        nist=("4.4.3",),
    ),
    *cgroup_files.CHECKS,
)
