# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes: users, groups, what they may do beyond the first one, names and limits."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    Fact,
    as_list,
    as_mapping,
    fact_from,
    printable,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    FAIL,
    INFORMATIONAL,
    NOTCHECKED,
    PASS,
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
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container, Host, Process, Room

# PROC_USER_INIT_INO of linux/proc_ns.h: the namespace in which uid 0 is root, wherever the reader runs.
INITIAL_USER = "4026531837"
# Real, effective, saved, and of the file system.
FOURFOLD = ("Uid", "Gid")
# The same numbers on every Debian (base-passwd); each opens files of the host that root's secrets lie in.
PRIVILEGED = {0: "root", 6: "disk", 15: "kmem", 27: "sudo", 42: "shadow"}
# Numbers that a host gives away itself, the engine's group among them (SYS_GID_MIN and SYS_GID_MAX of login.defs).
GIVEN_AWAY = range(100, 1000)
SSH_SERVERS = ("sshd", "sshd-session", "sshd-auth", "dropbear")
OPEN_FILES, CORE = "Max open files", "Max core file size"
OPEN_FILES_LIMIT = 1 << 20
MAPPED = "in a user namespace of its own, where its numbers are not the host's"


def numbers(process: Process, key: str) -> Fact:
    """The ids of a line of status, as numbers."""
    fact = process.status(key)
    if not fact.known:
        return fact
    words = str(fact.value).split()
    if not all(word.isdecimal() for word in words) or (key in FOURFOLD and len(words) != 4):
        return fact._replace(value=None, error=f"EINVAL no line of ids: {fact.value!r}")
    return fact._replace(value=[int(word) for word in words])


def mapped(process: Process, host: Host) -> Fact:
    """Whether its ids are other ones on the host."""
    fact, own = process.namespace("user"), host.namespaces("user")
    if not fact.known:
        return fact
    if fact.value in {one.value for one in own if one.known} or str(fact.value).rpartition(":")[2] == INITIAL_USER:
        return fact._replace(value=False)
    unread = [one for one in own or [Fact("/proc/self/ns/user", error="not recorded in the facts")] if not one.known]
    return unread[0] if unread else fact._replace(value=True)


def judge_ids(
    container: Container, room: Room, keys: tuple[str, ...], object_to: Callable[[list[Fact]], str], good: str
) -> Outcome:
    """An objection to ids counts only where they are the host's own."""
    judged, spared = [], False
    for process in container.processes:
        facts = [numbers(process, key) for key in keys]
        if not all(fact.known for fact in facts):
            judged += [(fact, "") for fact in facts if not fact.known]
            continue
        objection = said(process, object_to(facts))
        elsewhere = mapped(process, room.host_of(container)) if objection else facts[0]
        if objection and (not elsewhere.known or elsewhere.value):
            spared = spared or elsewhere.known
            judged.append((elsewhere, ""))
        else:
            judged += [(fact, objection) for fact in facts]
    outcome = judge_all(judged, good)
    if outcome.status == PASS and spared:
        return Outcome(PASS, MAPPED, outcome.evidence, reason="root of that namespace is an ordinary user of the host")
    return outcome


def decide_root(container: Container, room: Room) -> Outcome:
    def object_to(facts: list[Fact]) -> str:
        return "runs as uid 0, the host's root" if 0 in facts[0].value else ""

    return judge_ids(container, room, ("Uid",), object_to, "no process is root")


def decide_groups(container: Container, room: Room) -> Outcome:
    socket, engine = engine_group(room.host_of(container))

    def object_to(facts: list[Fact]) -> str:
        users, groups = facts[2].value, {*facts[0].value, *facts[1].value}
        wrong = {number: name for number, name in {**engine, **PRIVILEGED}.items() if number in groups}
        if 0 in users:
            # Root owns what its group may read: that it is root at all is process-not-root's.
            wrong.pop(0, None)
        return f"is in {', '.join(f'{name} ({number})' for number, name in sorted(wrong.items()))}" if wrong else ""

    outcome = judge_ids(container, room, ("Gid", "Groups", "Uid"), object_to, "no privileged group")
    unnamed = host_given(container, room)
    if outcome.status != PASS or not unnamed:
        return outcome
    if not socket.known:
        return missing([socket])
    # A socket's group that the host has a name for is recorded by that name, without its number.
    if all(name == "root" or name.isdecimal() for name in socket.value):
        return outcome
    listed = ", ".join(map(str, sorted(unnamed)))
    why = f"whether group {listed} is {' or '.join(sorted(set(socket.value)))} on the host is not recorded"
    return Outcome(NOTCHECKED, f"in group {listed}", outcome.evidence, reason=printable(why))


def engine_group(host: Host) -> tuple[Fact, dict[int, str]]:
    """The groups of the engine's socket: the names, and the numbers of those that have none."""
    fact = fact_from(as_mapping(host.facts.get("files")).get("engine-socket"), "the engine's socket")
    sockets = [fact_from(one, fact.path) for one in as_list(fact.value)]
    unread = [one for one in (fact, *sockets) if not one.known]
    if unread:
        return unread[0], {}
    names = [str(as_mapping(one.value).get("group")) for one in sockets]
    return fact._replace(value=names), {int(name): "the engine's group" for name in names if name.isdecimal()}


def host_given(container: Container, room: Room) -> set[int]:
    """Groups of which only the host knows what they are."""
    found: set[int] = set()
    for process in container.processes:
        if not mapped(process, room.host_of(container)).value:
            groups = [numbers(process, key).value or [] for key in ("Gid", "Groups")]
            found.update(number for group in groups for number in group if number in GIVEN_AWAY)
    return found


def powers(process: Process) -> dict[str, tuple[Fact, set[str]]]:
    """For each line of status: the fact, and what it lets the process do."""
    found: dict[str, tuple[Fact, set[str]]] = {}
    for name in SETS:
        fact, held = process.status(name), set()
        try:
            held = {f"{one} ({name})" for one in capability_set(str(fact.value))} if fact.known else set()
        except ValueError:
            fact = fact._replace(value=None, error=f"EINVAL not a capability mask: {fact.value!r}")
        found[name] = fact, held
    user = numbers(process, "Uid")
    found["Uid"] = user, {"uid 0"} if user.known and 0 in user.value else set()
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
    first = next((one for one in container.processes if pid in as_list(one.record.get("pids"))), None)
    if first is None:
        return missing([Fact(f"/proc/{pid}", error="the first process is not recorded in the facts")])
    own = powers(first)
    judged = [(fact, "") for fact, _held in own.values()]
    for process in container.processes:
        for key, (fact, held) in powers(process).items():
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


def rlimit(container: Container, name: str) -> Fact:
    """The hard limit: what a process may set itself."""
    path = f"/proc/{container.record.get('pid')}/limits"
    text = str(as_mapping(container.record.get("rlimits")).get(name) or "")
    words = text.split()
    if len(words) != 2 or not all(word.isdecimal() or word == "unlimited" for word in words):
        return Fact(path, error=f"{name} is not recorded in the facts")
    return Fact(path, words[1], f"{name} {text}")


def decide_rlimits(container: Container, room: Room) -> Outcome:
    files, core = rlimit(container, OPEN_FILES), rlimit(container, CORE)
    if files.known and (files.value == "unlimited" or int(files.value) > OPEN_FILES_LIMIT):
        return Outcome(FAIL, f"{files.value} open files", (files,))
    if not (files.known and core.known):
        return missing(fact for fact in (files, core) if not fact.known)
    if core.value != "0":
        reason = "a crash may write the memory of a process, secrets included, to a disk"
        return Outcome(INFORMATIONAL, f"core files up to {core.value}", (core, files), reason=reason)
    return Outcome(PASS, f"{files.value} open files, no core files", (files, core))


CHECKS: tuple[Check, ...] = (
    Check(
        id="process-not-root",
        title="No process is the host's root",
        concept="processes",
        severity="medium",
        expected="no uid 0 among the four of any process, or a user namespace that is not the host's",
        remedy="Give the container a user (user: 1000:1000), or set userns-remap in the engine's configuration.",
        why="Root inside is root outside: with one wall broken the whole host is open.",
        how="Uid in /proc/PID/status and /proc/PID/ns/user of every process. The namespace's map is not read.",
        variable="student_workspaces_image",
        decide=decide_root,
        cis=("4.1",),
        nist=("4.4.3",),
    ),
    Check(
        id="process-groups",
        title="No privileged group",
        concept="processes",
        severity="high",
        expected="none of root, disk, kmem, sudo, shadow, nor the group of the engine's socket",
        remedy="Take group_add and the group of the container's user back; name the group by number (user: 1000:1000).",
        why="A group of the host opens its disks, its passwords or its engine, as soon as a file of them is in reach.",
        how="Gid and Groups in /proc/PID/status of every process, by number; above 999 a group is taken for a user's.",
        variable="student_workspaces_image",
        decide=decide_groups,
        cis=("4.1",),
        nist=("4.4.3",),
    ),
    Check(
        id="process-more-privileged",
        title="No process may do more than the first",
        concept="processes",
        severity="high",
        expected="no capability, uid 0, or lack of a filter or of NoNewPrivs that the first process has not",
        remedy="End that process and find out who started it: exec with privileged or another user, or nsenter.",
        why="What is started later by the engine or from the host need not keep to what the container was made with.",
        how="Cap*, Uid, Seccomp and NoNewPrivs in /proc/PID/status of every process, against the first one's.",
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
    Check(
        id="process-rlimits",
        title="Open files and core files are limited",
        concept="processes",
        severity="low",
        expected=f"at most {OPEN_FILES_LIMIT} open files; a core file size other than 0 is for information",
        remedy="Set ulimits (nofile, core) of the container, or default-ulimits in the engine's configuration.",
        why="Open files are memory of the kernel that all share; core files carry secrets out and fill disks.",
        how="The hard limits in /proc/PID/limits of the first process, which the others inherit.",
        variable="engine_host_default_ulimits",
        decide=decide_rlimits,
        cis=("5.19",),
    ),
)
