# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""User namespaces and the numbers behind them, and time namespaces: what an engine gives only when it is told to."""

from __future__ import annotations

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    Fact,
    as_list,
    as_mapping,
    fact_from,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.id_ranges import merged, overlapping
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    INFORMATIONAL,
    NOTAPPLICABLE,
    PASS,
    Check,
    Outcome,
    judge_all,
    said,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.daemon_base import OPTIONS
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.daemon_view import security_option
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.process_record import Process
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container, Host, Room

# PROC_USER_INIT_INO and PROC_TIME_INIT_INO of linux/proc_ns.h: the first namespace of its kind on every kernel.
INITIAL = {"user": "4026531837", "time": "4026531834"}
MAPS = ("uid_map", "gid_map")
SUBORDINATES = {"users": "/etc/subuid", "groups": "/etc/subgid"}


def is_initial(kind: str, identity: object) -> bool:
    """identity: device:inode."""
    return str(identity).rpartition(":")[2] == INITIAL[kind]


def apart(process: Process, kind: str, host: Host) -> Fact:
    """Whether its namespace is another one than the host's."""
    fact, own = process.namespace(kind), host.namespaces(kind)
    if not fact.known:
        return fact
    if fact.value in {one.value for one in own if one.known} or is_initial(kind, fact.value):
        return fact._replace(value=False)
    own = own or [Fact(f"/proc/self/ns/{kind}", error="not recorded in the facts")]
    return next((one for one in own if not one.known), fact._replace(value=True))


def decide_user(container: Container, room: Room) -> Outcome:
    host = room.host_of(container)
    remapped = security_option(host, "userns")
    states = [(process, apart(process, "user", host)) for process in container.processes]
    some = any(fact.value for _process, fact in states)
    judged: list[tuple[Fact, str]] = []
    for process, fact in states:
        if not fact.known:
            judged.append((fact, ""))
        elif fact.value:
            judged += _own_user(process, container, room)
        elif some:
            judged.append((process.namespace("user"), said(process, "is in the host's, and others of it are not")))
        else:
            objection = said(process, "is in the host's, though the engine maps users") if remapped.value else ""
            judged.append((process.namespace("user") if remapped.known else remapped, objection))
    outcome = judge_all(judged, "private")
    asked = f"UsernsMode={container.declared.get('userns_mode')!r}"
    if outcome.status == PASS and not some:
        reason = "the engine maps no users, for none of its containers: see daemon-userns"
        return Outcome(NOTAPPLICABLE, "the host's", outcome.evidence, reason=reason, inspected=asked)
    return Outcome(outcome.status, outcome.observed, outcome.evidence, reason=outcome.reason, inspected=asked)


def _own_user(process: Process, container: Container, room: Room) -> list[tuple[Fact, str]]:
    """Of a namespace that is not the host's: nobody else's either, and one in which root is nobody's root outside."""
    namespace = process.namespace("user")
    others = room.sharers("ns-user", container, namespace.value)
    judged = [(namespace, said(process, f"shares its user namespace with {', '.join(others)}") if others else "")]
    for name in MAPS:
        fact = container.user_map(str(namespace.value), name)
        root = fact.known and any(outside == 0 for _inside, outside, _count in fact.value)
        judged.append((fact, said(process, f"has the host's own numbers, 0 among them ({name})") if root else ""))
    return judged


def own_namespaces(container: Container, host: Host) -> tuple[list[str], list[Fact]]:
    """The user namespaces that are not the host's; and what could not be read."""
    facts = [(process, apart(process, "user", host)) for process in container.processes]
    found = {str(process.namespace("user").value) for process, fact in facts if fact.value}
    return sorted(found), [fact for _process, fact in facts if not fact.known]


def without_host_root(container: Container, host: Host) -> bool:
    """Is it proved that no process of it can be the host's root or in its group, because no map has either?"""
    namespaces, unread = own_namespaces(container, host)
    inside = [str(process.namespace("user").value) in namespaces for process in container.processes]
    maps = [container.user_map(namespace, name) for namespace in namespaces for name in MAPS]
    apart_all = bool(inside) and all(inside) and not unread
    return apart_all and all(one.known and not any(extent[1] == 0 for extent in one.value) for one in maps)


def _ranges(container: Container, namespaces: list[str], name: str) -> tuple[tuple[int, int], ...]:
    """The numbers on the host, of all its namespaces: one inside another has a part of the outer one's."""
    facts = [container.user_map(namespace, name) for namespace in namespaces]
    return merged((extent[1], extent[2]) for fact in facts if fact.known for extent in fact.value)


def index_ranges(room: Room, host: Host) -> None:
    """Who has the same numbers, and who has some of another's. Containers with equal ranges are compared as one."""
    for name in MAPS:
        owners: dict[tuple[tuple[int, int], ...], list[str]] = {}
        for container in (*host.containers, *host.neighbours):
            ranges = _ranges(container, own_namespaces(container, host)[0], name)
            if ranges:
                owners.setdefault(ranges, []).append(container.subject)
                room.add(f"{name}-equal", host.name, ranges, container.subject)
        sets = {str(number): ranges for number, ranges in enumerate(owners)}
        rows = ((number, first, count) for number, ranges in sets.items() for first, count in ranges)
        for number, other in overlapping(rows).items():
            for subject in owners[sets[number]]:
                room.add(f"{name}-overlap", host.name, subject, owners[sets[other]][0])


def decide_ranges(container: Container, room: Room) -> Outcome:
    host = room.host_of(container)
    namespaces, unread = own_namespaces(container, host)
    if container.processes and not namespaces and not unread:
        reason = "no user namespace of its own: its numbers are the host's"
        return Outcome(NOTAPPLICABLE, "not judged", reason=reason)
    judged = [(fact, "") for fact in unread]
    equal: set[str] = set()
    for name in MAPS:
        others = room.sharers(f"{name}-overlap", container, container.subject)
        objection = f"{name} overlaps that of {', '.join(others)}" if others else ""
        judged += [(container.user_map(namespace, name), objection) for namespace in namespaces]
        equal.update(room.sharers(f"{name}-equal", container, _ranges(container, namespaces, name)))
    outcome = judge_all(judged, "nobody else's")
    if outcome.status == PASS and equal:
        reason = "an engine that maps users gives all its containers one range; only different ones can be told apart"
        return Outcome(INFORMATIONAL, f"the same as {', '.join(sorted(equal))}", outcome.evidence, reason=reason)
    return outcome


def decide_time(container: Container, room: Room) -> Outcome:
    host = room.host_of(container)
    facts = [process.namespace("time") for process in container.processes]
    known = [*facts, *host.namespaces("time")]
    if facts and all(fact.error.startswith("ENOENT") for fact in known):
        return Outcome(NOTAPPLICABLE, "not judged", tuple(facts), reason="the kernel has no time namespaces")
    judged, some = [], False
    for process in container.processes:
        own = apart(process, "time", host)
        some = some or bool(own.value)
        others = room.sharers("ns-time", container, process.namespace("time").value) if own.value else []
        judged.append((own, said(process, f"shares its time namespace with {', '.join(others)}") if others else ""))
    outcome = judge_all(judged, "private")
    if outcome.status == PASS and not some:
        reason = "it shifts clocks and hides nothing: the host's is what engines give"
        return Outcome(NOTAPPLICABLE, "the host's", outcome.evidence, reason=reason)
    return outcome


def decide_subordinates(host: Host, _room: Room) -> Outcome:
    judged = []
    for kind, path in SUBORDINATES.items():
        fact = fact_from(as_mapping(host.facts.get("subordinate_ids")).get(kind), path)
        rows = [as_list(row) for row in as_list(fact.value)]
        if fact.known and not (isinstance(fact.value, (list, tuple)) and all(map(_is_range, rows))):
            fact = Fact(fact.path, error="recorded in a form that is no list of ranges")
        ranges = [(str(owner), first, count) for owner, first, count in rows] if fact.known else []
        pairs = sorted({" and ".join(sorted(pair)) for pair in overlapping(ranges).items()})
        roots = sorted({owner for owner, first, _count in ranges if first == 0 and owner != "root"})
        faults = [f"{pair} have numbers in common" for pair in pairs] + [f"{owner} may map root" for owner in roots]
        judged.append((fact, f"{fact.path}: {'; '.join(faults)}" if faults else ""))
    return judge_all(judged, "each range has one owner")


def _is_range(row: list[object]) -> bool:
    return len(row) == 3 and all(isinstance(number, int) for number in row[1:])


CHECKS: tuple[Check, ...] = (
    Check(
        id="ns-user-private",
        title="Private user namespace, where the engine maps users",
        concept="namespaces",
        severity="medium",
        expected="with userns-remap: a user namespace of its own, whose map has no number 0 outside",
        remedy="Take userns_mode: host back and create the container anew.",
        why="Its root would be the host's, on an engine whose other containers are kept from exactly that.",
        how="Device and inode of /proc/PID/ns/user of each process, /proc/PID/uid_map and gid_map, SecurityOptions of "
        "/info. Without userns-remap there is one finding for the engine, daemon-userns.",
        variable=OPTIONS,
        decide=decide_user,
        cis=("5.31",),
        nist=("4.4.3",),
    ),
    Check(
        id="userns-ranges",
        title="No numbers of the host in common",
        concept="namespaces",
        severity="medium",
        expected="ranges of users and groups that do not overlap another container's; equal ones are for information",
        remedy="Give each engine, and each user with an engine, a range of its own in /etc/subuid and /etc/subgid.",
        why="Users of two containers that are one user on the host own each other's files and may signal each other.",
        how="Numbers outside in /proc/PID/uid_map and gid_map, sorted over all containers of a host.",
        decide=decide_ranges,
        nist=("4.4.3",),
    ),
    Check(
        id="ns-time-private",
        title="No time namespace in common with another container",
        concept="namespaces",
        severity="low",
        expected="the host's, or one of its own",
        remedy="End what entered the other one's time namespace, and create the container anew.",
        why="Engines never share one: somebody has joined the two by hand, or changed the runtime.",
        how="Device and inode of /proc/PID/ns/time of each process, against the host's, the initial and others'.",
        decide=decide_time,
    ),
)
HOST_CHECKS: tuple[Check, ...] = (
    Check(
        id="subordinate-ids",
        title="Each range of subordinate numbers has one owner",
        concept="host",
        severity="medium",
        expected="no two owners with numbers in common, and number 0 for nobody but root",
        remedy="Give each owner in /etc/subuid and /etc/subgid a range of his own, and move his files to it.",
        why="What two users may map into their containers belongs to both of them on the host.",
        how="/etc/subuid and /etc/subgid; ranges that a directory service gives are not seen.",
        nist=("4.4.3",),
        decide_host=decide_subordinates,
    ),
)
