# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Levels of SELinux between containers, and labels against what was asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    Fact,
    as_list,
    as_mapping,
    printable,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    Check,
    Outcome,
    judge_processes,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.selinux import needing_selinux
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container, Host, Room
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.selinux_label import (
    Clearances,
    Label,
    categories,
    clearance,
    differences,
    listed,
    same_level,
)

# label=level:s0:c1,c2; old clients write a colon for the first sign.
_OPTION = re.compile(r"label[=:](user|role|type|level):(.+)")


def index_levels(room: Room, host: Host) -> None:
    index = room.clearances.setdefault(host.name, Clearances())
    for containers, judged in ((host.containers, True), (host.neighbours, False)):
        for container in containers:
            for process in container.processes:
                found = clearance(str(process.label.value)) if process.label.known else None
                if found:
                    index.add(found, container.subject, judged)
    for stranger in map(as_mapping, as_list(host.strangers.value)):
        text = str(stranger.get("label"))
        owner = f"process {stranger.get('pid')} ({printable(str(stranger.get('name')))}) of the host"
        label, found = Label.parse(text), clearance(text)
        if label and found:
            index.add(found, owner, judged=False)
            room.add("categories", host.name, categories(label.level), owner)


def decide_dominance(container: Container, room: Room) -> Outcome:
    """The fault is with whom has no pair, whether it is above or below. Of a neighbour nobody else would tell."""
    index = room.clearances.get(container.host, Clearances())

    def object_to(fact: Fact) -> str:
        own = clearance(str(fact.value))
        if own is None:
            return f"has the label {fact.value!r}, which has no level to compare"
        below, above = index.below(own) - {container.subject}, index.above(own) - {container.subject}
        if own.pair:
            below, above = set(), above & index.unjudged
        said = [f"reaches what {listed(below)} may"] if below else []
        said += [f"is in reach of {listed(above)}"] if above else []
        return f"has the level {_level(fact)}: it {' and '.join(said)}" if said else ""

    return judge_processes(container, lambda process: process.label, object_to, "dominates nobody, and nobody it")


def _level(fact: Fact) -> str:
    label = Label.parse(str(fact.value))
    return label.level if label else "?"


def label_options(options: Iterable[object]) -> dict[str, str]:
    """What the engine was asked for, part by part; of two, the later one counts."""
    matches = (_OPTION.fullmatch(str(option)) for option in options)
    return {match.group(1): match.group(2) for match in matches if match}


def decide_promise(container: Container, room: Room) -> Outcome:
    """Inspect repeats what the engine meant; the kernel knows what became of it."""
    told = container.declared.get("process_label")
    if not isinstance(told, str):
        return missing([Fact("inspect ProcessLabel", error="not recorded in the facts")])
    asked = label_options(as_list(container.declared.get("security_opts")))
    promised = Label.parse(told)

    def object_to(fact: Fact) -> str:
        real = Label.parse(str(fact.value))
        if not told:
            return f"has the label {fact.value}, and the engine gave it none"
        if real is None or promised is None:
            return f"has the label {fact.value!r}, and the engine says {told!r}"
        wrong = differences(real, promised)
        if wrong:
            return f"has {fact.value}, and the engine says {told}: another {', '.join(wrong)}"
        lost = [f"{part} {value}" for part, value in asked.items() if not _kept(real, part, value)]
        return f"has {fact.value}, and was asked to have {', '.join(lost)}" if lost else ""

    outcome = judge_processes(container, lambda process: process.label, object_to, "as the engine says")
    shown = told or "no label"
    return replace(outcome, inspected=shown + "".join(f", asked for {part} {value}" for part, value in asked.items()))


def _kept(label: Label, part: str, value: str) -> bool:
    real = str(getattr(label, part))
    return same_level(real, value) if part == "level" else real == value


CHECKS: tuple[Check, ...] = (
    Check(
        id="selinux-categories-dominate",
        title="No level that contains another's",
        concept="selinux",
        severity="critical",
        expected="two categories; no level of a container contains another's, and none is contained in one",
        remedy="Create the container anew with two categories (label=level:s0:cX,cY): no range, no third, not one.",
        why="A level with more categories reads what every level inside of it may: no two need to be equal for that.",
        how="The upper end of the level in /proc/PID/attr/current of every process, as a set, against all of the host.",
        nist=("4.4.3",),
        variable="student_workspaces_students",
        decide=needing_selinux(decide_dominance),
        cis=("5.3",),
    ),
    Check(
        id="selinux-label-as-promised",
        title="Labelled as the engine says",
        concept="selinux",
        severity="high",
        expected="the label that inspect shows, and every part of it that was asked for, on all processes",
        remedy="Create the container anew, its level in one option (label=level:s0:cX,cY), and without label=disable.",
        why="A level that was cut on its way, or a process that entered from elsewhere, is confined in another way "
        "than the engine shows.",
        how="/proc/PID/attr/current of every process, against ProcessLabel and SecurityOpt of inspect.",
        nist=("4.4.3",),
        variable="student_workspaces_students",
        decide=needing_selinux(decide_promise),
        cis=("5.3",),
    ),
)
