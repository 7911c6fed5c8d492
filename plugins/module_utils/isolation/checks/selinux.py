# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SELinux and sVirt: the type that confines a container, and the category pair that keeps it from the others."""

from __future__ import annotations

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact, as_mapping, fact_from
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    FAIL,
    NOTAPPLICABLE,
    PASS,
    Check,
    Decide,
    Outcome,
    judge_all,
    judge_processes,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container, Host, Room
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.selinux_label import (
    PAIR,
    Label,
    categories,
)


def present(host: Host) -> Fact:
    """Whether the kernel runs SELinux. Only 'no such file' proves that it does not."""
    enforce = fact_from(host.selinux.get("enforce"), "/sys/fs/selinux/enforce")
    if enforce.known:
        return Fact(enforce.path, True, enforce.raw or str(enforce.value))
    if host.selinux.get("present") is False and enforce.error.startswith("ENOENT"):
        return Fact(enforce.path, False, enforce.error)
    return enforce


def without_selinux(fact: Fact, room: Room) -> Outcome:
    """A host whose kernel provably runs none. Nobody's fault where the policy takes hosts as they are."""
    if room.policy.selinux == "where_present":
        return Outcome(NOTAPPLICABLE, "not judged", (fact,), reason="the kernel of this host runs no SELinux")
    return Outcome(FAIL, "the host has no SELinux", (fact,))


def needing_selinux(decide: Decide) -> Decide:
    """Without SELinux there is one thing to say, whatever the check: absent by policy, or missing."""

    def decide_with(container: Container, room: Room) -> Outcome:
        fact = present(room.host_of(container))
        if room.policy.selinux == "absent":
            return Outcome(NOTAPPLICABLE, "not judged", reason="the policy says that these hosts have no SELinux")
        if not fact.known:
            return missing([fact])
        if fact.value is False:
            return without_selinux(fact, room)
        return decide(container, room)

    return decide_with


def decide_enforcing(host: Host, room: Room) -> Outcome:
    if room.policy.selinux == "absent":
        return Outcome(NOTAPPLICABLE, "not judged", reason="the policy says that these hosts have no SELinux")
    fact = present(host)
    if not fact.known:
        return missing([fact])
    if fact.value is False:
        return without_selinux(fact, room)
    enforce = fact_from(host.selinux.get("enforce"))
    mls = fact_from(host.selinux.get("mls"), "/sys/fs/selinux/mls")
    return judge_all(
        (
            (enforce, "" if str(enforce.value) == "1" else "permissive: violations are only logged"),
            (mls, "" if str(mls.value) == "1" else "the policy knows no categories"),
        ),
        "enforcing",
    )


def decide_type(container: Container, room: Room) -> Outcome:
    allowed = room.policy_for(container).selinux_types

    def object_to(fact: Fact) -> str:
        label = Label.parse(str(fact.value))
        if label is None:
            return f"has the label {fact.value!r}, which has no type and level"
        return "" if label.type in allowed else f"runs as {label.type}"

    outcome = judge_processes(container, lambda process: process.label, object_to, "confined")
    expected = " or ".join(allowed)
    return Outcome(outcome.status, outcome.observed, outcome.evidence, expected, outcome.reason)


def decide_categories(container: Container, room: Room) -> Outcome:
    levels = {label.level for label in map(_label, container.processes) if label}

    def object_to(fact: Fact) -> str:
        label = Label.parse(str(fact.value))
        found = categories(label.level) if label else None
        if label is None or found is None:
            return f"has the label {fact.value!r}, which is a range or no level: it may dominate every container's"
        if len(found) != PAIR:
            return f"has {len(found)} categories ({label.level}): not a pair"
        others = room.sharers("categories", container, found)
        if others:
            return f"has the pair of {', '.join(others)} ({label.level})"
        return f"has the level {label.level}, and others of this container have another" if len(levels) > 1 else ""

    outcome = judge_processes(container, lambda process: process.label, object_to, "a pair of its own")
    strangers = room.host_of(container).strangers
    # Who else is on the host has to be known before a pair is nobody else's.
    return missing([strangers]) if outcome.status == PASS and not strangers.known else outcome


def _label(process: object) -> Label | None:
    fact = getattr(process, "label", Fact(""))
    return Label.parse(str(fact.value)) if fact.known else None


def container_categories(container: Container) -> set[frozenset[int]]:
    """The category sets of a container's processes, for the index of pairs."""
    found = (categories(label.level) for label in map(_label, container.processes) if label)
    return {entry for entry in found if entry}


def decide_files(container: Container, room: Room) -> Outcome:
    """The directory itself and what lies directly in it: the engine may have relabelled one and not the other."""
    processes = container.processes
    own = processes[0].label if processes else Fact("/proc", error="no process of the container was read")
    label = Label.parse(str(own.value)) if own.known else None
    if "sources" not in container.record:
        return missing([Fact("mounts", error="the writable sources are not recorded")])
    if not container.sources:
        return Outcome(NOTAPPLICABLE, "not judged", reason="nothing writable is mounted from the host")
    if label is None:
        return missing([own if not own.known else own._replace(value=None, error="no level in the label")])

    def object_to(text: str, path: str) -> str:
        return _level_objection(text, path, label.level, container, room)

    judged = []
    for source in container.sources:
        fact = fact_from(source.get("label"), f"the source of {source.get('target')}")
        judged.append((fact, object_to(str(fact.value), fact.path)))
        for text, path in as_mapping(source.get("labels")).items():
            entry = Fact(str(path), text, text) if Label.parse(text) else Fact(str(path), error=text)
            judged.append((entry, object_to(text, str(path))))
    outcome = judge_all(judged, f"all of level {label.level}")
    return Outcome(outcome.status, outcome.observed, outcome.evidence, f"level {label.level}", outcome.reason)


def _level_objection(text: str, path: str, own: str, container: Container, room: Room) -> str:
    label = Label.parse(text)
    found, wanted = categories(label.level) if label else None, categories(own)
    if label is not None and found is not None and found == wanted:
        return ""
    # The engine relabels a source for whom it is mounted into last (:Z): then it is another container's.
    owners = room.sharers("categories", container, found) if found else []
    whose = f" (the level of {', '.join(owners)})" if owners else ""
    return f"{path} has {text}{whose}" + (" (no category: any container may read it)" if found == frozenset() else "")


CHECKS = (
    Check(
        id="selinux-enforcing",
        title="SELinux enforces",
        concept="selinux",
        severity="critical",
        expected="enforcing, with a policy that knows categories",
        remedy="Set SELINUX=enforcing, boot with security=selinux, and look at the journal for who switched it off.",
        why="Permissive or absent, SELinux stops nothing: a process that gets out of a container meets no second wall.",
        how="/sys/fs/selinux/enforce and mls of the running kernel, not the configuration file.",
        nist=("4.4.3",),
        variable="selinux_enforcing entry point main",
        decide_host=decide_enforcing,
        cis=("5.3",),
    ),
    Check(
        id="selinux-type",
        title="Confined by its SELinux type",
        concept="selinux",
        severity="critical",
        expected="a container type",
        remedy="Set selinux-enabled in the engine's configuration, and create the container without label=disable or "
        "label=type.",
        why="An unconfined type (spc_t, unconfined_t) may touch the host's files once it is outside of its mounts.",
        how="/proc/PID/attr/current of every process, against the types that the policy allows.",
        nist=("4.4.3",),
        variable="engine_host entry point main (selinux-enabled)",
        decide=needing_selinux(decide_type),
        cis=("5.3",),
    ),
    Check(
        id="selinux-categories-unique",
        title="A category pair of its own",
        concept="selinux",
        severity="critical",
        expected="exactly two categories, the same for all its processes and no other container's",
        remedy="Create the container anew with a level of its own (label=level:s0:cX,cY); never without categories.",
        why="Two containers with one pair may read and write each other's files and signal each other's processes.",
        how="The level in /proc/PID/attr/current of every process, compared as a set with all processes of the host.",
        nist=("4.4.3",),
        variable="student_workspaces_students",
        decide=needing_selinux(decide_categories),
        cis=("5.3",),
    ),
    Check(
        id="selinux-files-level",
        title="Its files carry its own level",
        concept="selinux",
        severity="high",
        expected="the container's own level on every writable source and what lies in it",
        remedy="Mount a directory with a private label instead of a named volume (the engine relabels those to s0), "
        "or give the files the level again (chcon -R -l).",
        why="A file without categories, or with another's, may be read by containers that it was not meant for.",
        how="The attribute security.selinux of each writable source and its entries, against the process's level.",
        nist=("4.4.3",),
        variable="student_workspaces_homes",
        decide=needing_selinux(decide_files),
    ),
)
