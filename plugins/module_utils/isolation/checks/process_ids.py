# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes: which user and which groups of the host they are.

The kernel shows the ids in /proc/PID/status as numbers of the reader's user namespace. Read on the host they are the
host's own: root in a namespace that maps it elsewhere is 100000 here, and root in one that maps it to root is 0.
"""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    Fact,
    as_list,
    as_mapping,
    fact_from,
    printable,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.id_ranges import OVERFLOW
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    PASS,
    Check,
    Outcome,
    judge_all,
    missing,
    said,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.user_namespaces import (
    apart,
    is_initial,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.process_record import Process
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container, Host, Room

# Real, effective, saved, and of the file system.
FOURFOLD = ("Uid", "Gid")
ROOT = 0
# Each opens files of the host that root's secrets lie in, or makes its members root; their numbers are the host's.
PRIVILEGED = ("disk", "kmem", "shadow", "sudo", "wheel", "docker", "podman", "lxd", "incus", "incus-admin", "libvirt")


def numbers(process: Process, key: str) -> Fact:
    """The ids of a line of status, as numbers."""
    fact = process.status(key)
    if not fact.known:
        return fact
    words = str(fact.value).split()
    if not all(word.isdecimal() for word in words) or (key in FOURFOLD and len(words) != 4):
        return fact._replace(value=None, error=f"EINVAL no line of ids: {fact.value!r}")
    return fact._replace(value=[int(word) for word in words])


def host_numbers(process: Process, key: str, host: Host) -> Fact:
    """The same, where they can be told: what has no number in the reader's namespace is shown as nobody's."""
    fact = numbers(process, key)
    if not fact.known or OVERFLOW not in fact.value:
        return fact
    reader = as_mapping(as_mapping(host.facts.get("namespaces")).get("reader"))
    own = fact_from(reader.get("user"), "/proc/self/ns/user")
    if own.known and not is_initial("user", own.value):
        return Fact(fact.path, error=f"EOVERFLOW {OVERFLOW} may be anybody for a reader in a user namespace")
    return fact if own.known else own


def judge_ids(
    container: Container, room: Room, keys: tuple[str, ...], object_to: Callable[[list[Fact]], str], good: str
) -> Outcome:
    judged, host = [], room.host_of(container)
    for process in container.processes:
        facts = [host_numbers(process, key, host) for key in keys]
        objection = said(process, object_to(facts)) if all(fact.known for fact in facts) else ""
        judged += [(fact, objection) for fact in facts]
    return judge_all(judged, good)


def decide_root(container: Container, room: Room) -> Outcome:
    def object_to(facts: list[Fact]) -> str:
        return "runs as uid 0, the host's root" if ROOT in facts[0].value else ""

    outcome = judge_ids(container, room, ("Uid",), object_to, "no process is root")
    roots = sorted({text for process in container.processes for text in mapped_root(process, container, room)})
    if outcome.status != PASS or not roots:
        return outcome
    return Outcome(PASS, outcome.observed, outcome.evidence, reason=f"root of its user namespace is {', '.join(roots)}")


def mapped_root(process: Process, container: Container, room: Room) -> list[str]:
    """Who is root inside but another user on the host: that user."""
    if not apart(process, "user", room.host_of(container)).value:
        return []
    extents = container.user_map(str(process.namespace("user").value), "uid_map").value or []
    outside = [out for inside, out, _count in extents if inside == ROOT]
    return [f"uid {out} on the host" for out in outside if out in (numbers(process, "Uid").value or [])]


def decide_groups(container: Container, room: Room) -> Outcome:
    privileged, unread = privileged_groups(room.host_of(container))

    def object_to(facts: list[Fact]) -> str:
        users, groups = facts[2].value, {*facts[0].value, *facts[1].value}
        wrong = {number: name for number, name in privileged.items() if number in groups}
        if ROOT in users:
            # Root owns what its group may read: that it is root at all is process-not-root's.
            wrong.pop(ROOT, None)
        return f"is in {', '.join(f'{name} ({number})' for number, name in sorted(wrong.items()))}" if wrong else ""

    outcome = judge_ids(container, room, ("Gid", "Groups", "Uid"), object_to, "no privileged group")
    return missing(unread) if outcome.status == PASS and unread else outcome


def privileged_groups(host: Host) -> tuple[dict[int, str], list[Fact]]:
    """Number to name, as this host has them; and what could not be read, without which nobody can be acquitted."""
    table = fact_from(host.facts.get("group_numbers"), "/etc/group")
    if table.known and not all(isinstance(number, int) for number in as_mapping(table.value).values()):
        table = Fact(table.path, error="recorded in a form that is no table of groups")
    known = as_mapping(table.value)
    found = {known[name]: name for name in PRIVILEGED if name in known}
    sockets, unread = socket_groups(host)
    for name in sockets:
        number = int(name) if name.isdecimal() else known.get(name)
        if number is not None:
            found[number] = "the engine's group" if name.isdecimal() else printable(name)
        elif table.known and name != "root":
            unread.append(Fact(table.path, error=f"no number for {printable(name)}, the group of the engine's socket"))
    found[ROOT] = "root"
    return found, unread if table.known else [table, *unread]


def socket_groups(host: Host) -> tuple[list[str], list[Fact]]:
    """The groups of the engine's sockets, by name where they have one; and what could not be read."""
    fact = fact_from(as_mapping(host.facts.get("files")).get("engine-socket"), "the engine's socket")
    sockets = [fact_from(one, fact.path) for one in as_list(fact.value)]
    unread = [one for one in (fact, *sockets) if not one.known]
    return [str(as_mapping(one.value).get("group")) for one in sockets if one.known], unread


CHECKS: tuple[Check, ...] = (
    Check(
        id="process-not-root",
        title="No process is the host's root",
        concept="processes",
        severity="medium",
        expected="no uid 0 of the host among the four of any process or thread",
        remedy="Give the container a user (user: 1000:1000), or set userns-remap in the engine's configuration.",
        why="Root inside is root outside: with one wall broken the whole host is open.",
        how="Uid in /proc/PID/status of every process, which the kernel shows as the host's numbers whatever the map "
        "of its user namespace; /proc/PID/uid_map says who root inside is.",
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
        expected="neither root nor, by the host's numbers, any of disk, kmem, shadow, sudo, wheel, docker, podman, "
        "lxd, incus, libvirt and the group of the engine's socket",
        remedy="Take group_add and the group of the container's user back; name the group by number (user: 1000:1000).",
        why="A group of the host opens its disks, its passwords or its engine, as soon as a file of them is in reach.",
        how="Gid and Groups in /proc/PID/status of every process, against the numbers in the host's /etc/group.",
        variable="student_workspaces_image",
        decide=decide_groups,
        cis=("4.1",),
        nist=("4.4.3",),
    ),
)
