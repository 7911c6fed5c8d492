# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies in an image's layers: set-id programs, device nodes, and what looks like a secret."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    Fact,
    as_list,
    as_mapping,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    FAIL,
    INFORMATIONAL,
    NOTCHECKED,
    PASS,
    Check,
    Outcome,
    broken,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.image_history import steps_of
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container, Item, Room

PARTS = ("variables", "labels", "history")


def unseen(fact: Fact, key: str) -> Outcome | None:
    """Why the layers do not show that there is none of something; nothing where they do."""
    value = as_mapping(fact.value)
    if fact.known and value.get("directories") == 0:
        driver = str(value.get("driver") or "")
        reason = f"the storage driver {driver} names no directories of layers: docker save would show them"
        return Outcome(NOTCHECKED, "not looked at", (fact,), reason=reason if driver else "there is no storage driver")
    entries = value.get("entries")
    if not isinstance(value.get(key), (list, tuple)) or not isinstance(entries, int):
        return broken(fact)
    if value.get("error"):
        return missing([Fact(fact.path, error=str(value["error"]))])
    if value.get("cut") is not False:
        reason = "the layers have more entries than are looked at: those beyond were not seen"
        return Outcome(NOTCHECKED, f"none in the first {entries} entries", (shown(fact),), reason=reason)
    return None


def shown(fact: Fact) -> Fact:
    value = as_mapping(fact.value)
    return fact._replace(raw=f"{value.get('entries')} entries in {value.get('directories')} layers")


def listed(fact: Fact, key: str) -> list[str]:
    return [str(entry) for entry in as_list(as_mapping(fact.value).get(key))]


def users(item: Item, room: Room) -> Iterator[Container]:
    """The judged containers that run and were made from an image."""
    made = {str(key) for key in as_list(item.record.get("users"))}
    for host in room.hosts:
        if host.name == item.host:
            yield from (one for one in host.containers if one.running and one.identifier in made)


def decide_set_id(item: Item, room: Room) -> Outcome:
    fact = item.fact("layers")
    found = listed(fact, "setid")
    if not found:
        clean = Outcome(PASS, f"none: {shown(fact).raw}", (shown(fact),))
        return unseen(fact, "setid") or clean
    said = ", ".join(found)
    facts = [(one, process.status("NoNewPrivs")) for one in users(item, room) for process in one.processes]
    weak = sorted({one.name for one, told in facts if told.known and told.value != "1"})
    evidence = (fact._replace(raw=said), *(told for _one, told in facts if told.value != "1"))
    if weak:
        return Outcome(FAIL, f"{', '.join(weak)} can gain by {said}", evidence)
    unread = [told for _one, told in facts if not told.known]
    if unread:
        return missing(unread)
    reason = "no process that is judged can gain by them: NoNewPrivs is 1 for each" if facts else "no judged user of it"
    return Outcome(INFORMATIONAL, said, evidence, reason=reason)


def decide_devices(item: Item, room: Room) -> Outcome:
    fact = item.fact("layers")
    found = listed(fact, "devices")
    if found:
        return Outcome(FAIL, ", ".join(found), (fact._replace(raw=", ".join(found)),))
    return unseen(fact, "devices") or Outcome(PASS, f"none: {shown(fact).raw}", (shown(fact),))


def suspects(key: str, value: Any) -> str:
    """What one fact names, in words; nothing where it names nothing."""
    if key == "history":
        return steps_of(as_list(as_mapping(value).get("secrets")), "pattern")
    found = [as_mapping(one) for one in as_list(value)]
    kind = "variable" if key == "variables" else "label"
    return ", ".join(f"{kind} {one.get('name')} ({one.get('pattern')})" for one in found)


def well_formed(key: str, fact: Fact) -> bool:
    value = as_mapping(fact.value).get("secrets") if key == "history" else fact.value
    return fact.known and isinstance(value, (list, tuple))


def decide_secrets(item: Item, room: Room) -> Outcome:
    facts = {key: item.fact(key) for key in PARTS}
    layers = item.fact("layers")
    found = [(fact, suspects(key, fact.value)) for key, fact in facts.items()]
    found.append((layers, ", ".join(listed(layers, "credentials"))))
    bad = [fact._replace(raw=said) for fact, said in found if said]
    if bad:
        return Outcome(FAIL, "; ".join(fact.raw for fact in bad), tuple(bad))
    absent = [broken(fact) for key, fact in facts.items() if not well_formed(key, fact)]
    if absent:
        return missing(fact for outcome in absent for fact in outcome.evidence)
    evidence = (shown(layers), *(fact._replace(raw=f"no {key}") for key, fact in facts.items() if key != "history"))
    good = Outcome(PASS, f"none in variables, labels, steps, or paths of {shown(layers).raw}", evidence)
    return unseen(layers, "credentials") or good


CHECKS = (
    Check(
        id="image-set-id",
        title="The image's set-id programs give nobody anything",
        concept="images",
        severity="medium",
        expected="none, or only containers with no-new-privileges",
        remedy="Remove them when building (chmod a-s, setcap -r), or create the containers with no-new-privileges.",
        why="Such a program runs as its owner, root as a rule, or with capabilities of its own, whoever starts it.",
        how="Modes and security.capability in the layers (GraphDriver.Data), what a later layer replaces left out; "
        "NoNewPrivs of the containers' processes.",
        variable="containers[].security_opts",
        decide_image=decide_set_id,
        cis=("4.8",),
        nist=("4.1.2",),
    ),
    Check(
        id="image-devices",
        title="The image brings no device nodes",
        concept="images",
        severity="medium",
        expected="none but those that every container has",
        remedy="Leave /dev out of what the image is made of.",
        why="A node is a door to a device of the host; only the container's list of devices still keeps it shut.",
        how="lstat of the layers (GraphDriver.Data). Left out: what a later layer replaces; null, zero and their like.",
        decide_image=decide_devices,
        nist=("4.1.2",),
    ),
    Check(
        id="image-secrets",
        title="The image holds nothing that looks like a secret",
        concept="images",
        severity="high",
        expected="no such variable, label, step or file",
        remedy="Build without it and change the secret: it is in every copy. Give secrets to containers at run time.",
        why="Whoever has the image reads its settings, its history and each of its layers, deleted files included.",
        how="Patterns: names and forms of Config.Env and Labels, the history, paths in all layers. No file is opened.",
        decide_image=decide_secrets,
        cis=("4.10",),
        nist=("4.1.4",),
    ),
)
