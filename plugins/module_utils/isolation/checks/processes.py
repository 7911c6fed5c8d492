# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes: what they may do beyond the first one, and their names; and all that other files judge of processes."""

from __future__ import annotations

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact, as_list, printable
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks import (
    process_ids,
    process_limits,
    process_reach,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    Check,
    Outcome,
    judge_all,
    missing,
    said,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.capabilities import (
    SETS,
    capability_set,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.user_namespaces import apart
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.process_record import Process
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container, Room

SSH_SERVERS = ("sshd", "sshd-session", "sshd-auth", "dropbear")


def root_or_not(process: Process, container: Container, room: Room) -> tuple[Fact, set[str]]:
    """Root of its own user namespace counts too: the host shows it as another number, which the map tells."""
    user, own = process_ids.numbers(process, "Uid"), apart(process, "user", room.host_of(container))
    if not user.known:
        return user, set()
    if process_ids.ROOT in user.value:
        return user, {"uid 0", "uid 0 of the host"}
    if not own.known or not own.value:
        return own if not own.known else user, set()
    extents = container.user_map(str(process.namespace("user").value), "uid_map")
    roots = {outside for inside, outside, _count in extents.value or [] if inside == process_ids.ROOT}
    return user if extents.known else extents, {"uid 0"} if roots & set(user.value) else set()


def powers(process: Process, container: Container, room: Room) -> dict[str, tuple[Fact, set[str]]]:
    """For each line of status: the fact, and what it lets the process do."""
    found: dict[str, tuple[Fact, set[str]]] = {}
    for name in SETS:
        fact, held = process.status(name), set()
        try:
            held = {f"{one} ({name})" for one in capability_set(str(fact.value))} if fact.known else set()
        except ValueError:
            fact = fact._replace(value=None, error=f"EINVAL not a capability mask: {fact.value!r}")
        found[name] = fact, held
    found["Uid"] = root_or_not(process, container, room)
    for key, good, power in (
        ("Seccomp", "2", "all system calls"),
        ("NoNewPrivs", "1", "a way to gain privileges"),
    ):
        fact = process.status(key)
        found[key] = fact, {power} if fact.known and str(fact.value) != good else set()
    return found


def decide_more(container: Container, room: Room) -> Outcome:
    """Equal processes are one record, so whatever is not in the first one's differs from it."""
    pid = container.record.get("pid")
    processes = (one for one in container.processes if not one.thread)
    first = next((one for one in processes if pid in as_list(one.record.get("pids"))), None)
    if first is None:
        return missing([Fact(f"/proc/{pid}", error="the first process is not recorded in the facts")])
    own = powers(first, container, room)
    judged = [(fact, "") for fact, _held in own.values()]
    for process in container.processes:
        for key, (fact, held) in powers(process, container, room).items():
            more = held - own[key][1] if own[key][0].known else set()
            judged.append((fact, said(process, f"has {', '.join(sorted(more))}; the first has not") if more else ""))
    return judge_all(judged, "none may do more than the first")


def decide_sshd(container: Container, room: Room) -> Outcome:
    judged = []
    for process in container.processes:
        names = as_list(process.record.get("names"))
        path = f"/proc/{process.pid}/comm"
        if not names or not all(isinstance(name, str) and name for name in names):
            judged.append((Fact(path, error="not recorded in the facts"), ""))
            continue
        servers = sorted({name for name in names if name.strip() in SSH_SERVERS})
        shown = printable(", ".join(names))
        judged.append(
            (Fact(path, names, shown), said(process, f"or one equal to it is called {servers[0]}") if servers else "")
        )
    return judge_all(judged, "no ssh server by name")


CHECKS: tuple[Check, ...] = (
    *process_ids.CHECKS,
    Check(
        id="process-more-privileged",
        title="No process may do more than the first",
        concept="processes",
        severity="high",
        expected="no capability, uid 0, or lack of a filter or of NoNewPrivs that the first process has not",
        remedy="End that process and find out who started it: exec with privileged or another user, or nsenter.",
        why="What is started later by the engine or from the host need not keep to what the container was made with.",
        how="Cap*, Uid, Seccomp and NoNewPrivs in /proc/PID/status of every process, and in /proc/PID/task/TID/status "
        "of its threads (up to 512 for each process), against the first one's.",
        decide=decide_more,
        cis=("5.23", "5.24"),
        nist=("4.4.3",),
    ),
    Check(
        id="process-sshd",
        title="No ssh server",
        concept="processes",
        severity="medium",
        expected=f"no process called {', '.join(SSH_SERVERS)}",
        remedy="Take the ssh server out of the image; enter with the engine's exec.",
        why="A second way in, with keys and passwords that nobody manages, past the engine and its records.",
        how="/proc/PID/comm of every process; a server under another name is not found.",
        variable="student_workspaces_image",
        decide=decide_sshd,
        cis=("5.7",),
    ),
    *process_limits.CHECKS,
    *process_reach.CHECKS,
)
