# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents that were read on real hosts. A new one is a file in support/recorded; see docs/isolation.md."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks import catalogue
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.verdict import verdict

FOLDER = Path(__file__).parents[2] / "support" / "recorded"
DOCUMENTS = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
HOST = "host"
# What a document must show: the policy, and the checks that are red for each container. One that is not
# named here must be isolated in every respect that the classroom's profile has.
EXPECTED: dict[str, tuple[dict[str, Any], dict[str, set[str]]]] = {
    "debian12_cgroup_v1_no_selinux": (
        {"selinux": "absent", "capabilities": [], "profile": "classroom"},
        {
            "bht-iso-bare": {"masked-paths", "host-kernel-switches"},
        },
    )
}
DEFAULT_POLICY = {"capabilities": [], "profile": "classroom"}
# Some of what the hosts themselves show: an engine of the tests, with what another one had left behind, and an engine
# host of a classroom.
HOSTS = {
    "debian12_cgroup_v1_no_selinux": {"containers-known", "daemon-iptables", "daemon-icc", "kernel-kptr-restrict"},
    "debian13_cgroup_v2_selinux": {"daemon-userns", "audit-dockerd", "kernel-ptrace-scope", "kernel-route-localnet"},
}
# Telling who a container is and what was declared is no evidence: without it less is asked, and nothing is taken back.
NO_EVIDENCE = {"id", "name", "image", "labels", "pid", "declared"}


def facts_of(document: dict[str, Any]) -> dict[str, Any]:
    return document.get("facts", document)


def judge(name: str, facts: dict[str, Any]) -> dict[str, Any]:
    policy, _red = EXPECTED.get(name, (DEFAULT_POLICY, {}))
    return verdict({HOST: facts}, policy, generated="2026-01-01")


def statuses(result: dict[str, Any]) -> dict[tuple[str, str], str]:
    return {(finding["container"], finding["check"]): finding["status"] for finding in result["findings"]}


def leaves(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    below = [leaf for key, entry in entries for leaf in leaves(entry, (*way, key))]
    yield from below or [way]


def without(facts: dict[str, Any], way: tuple[Any, ...]) -> dict[str, Any]:
    """The document with nothing where something was read."""
    changed = deepcopy(facts)
    place: Any = changed
    for part in way[:-1]:
        place = place[part]
    place[way[-1]] = None
    return changed


def test_there_are_recorded_documents_and_each_expectation_has_one():
    assert DOCUMENTS and set(EXPECTED) <= set(DOCUMENTS)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_recorded_host_shows_what_it_must(name):
    _policy, expected = EXPECTED.get(name, ({}, {}))
    found: dict[str, set[str]] = {}
    for (container, check), status in statuses(judge(name, facts_of(DOCUMENTS[name]))).items():
        assert status != "error", (container, check)
        if status == "fail":
            found.setdefault(container, set()).add(check)
    assert found == expected


@pytest.mark.parametrize("name", HOSTS)
def test_a_recorded_host_is_judged_itself(name):
    policy, _red = EXPECTED.get(name, (DEFAULT_POLICY, {}))
    found = verdict({HOST: facts_of(DOCUMENTS[name])}, {**policy, "profile": "all"})["findings"]
    own = {one["check"]: one["status"] for one in found if not one["container"]}
    assert {check for check in HOSTS[name] if own[check] == "fail"} == HOSTS[name]
    assert "error" not in own.values() and list(own.values()).count("pass") > 30


def test_facts_of_another_form_are_not_judged():
    facts = {**facts_of(DOCUMENTS["debian13_cgroup_v2_selinux"]), "schema": 1}
    result = judge("debian13_cgroup_v2_selinux", facts)
    assert [(one["check"], one["status"]) for one in result["findings"]] == [("facts-available", "error")]
    assert "read them again" in result["findings"][0]["reason"] and not result["summary"]["ok"]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_taking_evidence_away_never_makes_a_fault_pass(name):
    """Leaf by leaf: what stood there is gone. It may turn an answer into an error, never a fail into a pass."""
    facts = facts_of(DOCUMENTS[name])
    before = statuses(judge(name, facts))
    for number, container in enumerate(facts["containers"]):
        ways = [("containers", number, *way) for way in leaves(container) if way[0] not in NO_EVIDENCE]
        for way in [*ways, *(("host", *way) for way in leaves(facts["host"]))]:
            after = statuses(judge(name, without(facts, way)))
            for (owner, check), status in before.items():
                if owner == container["name"] and status in ("fail", "error"):
                    assert after.get((owner, check)) != "pass", (way, check)


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("part", ["processes", "mounts", "limits", "state"])
def test_a_part_that_is_missing_turns_a_container_red(name, part):
    facts = facts_of(DOCUMENTS[name])
    for number, container in enumerate(facts["containers"]):
        after = statuses(judge(name, without(facts, ("containers", number, part))))
        own = {status for (owner, _check), status in after.items() if owner == container["name"]}
        assert "error" in own


def test_every_check_is_decided_in_one_way():
    for check in catalogue.ALL:
        ways = (check.decide, check.decide_host, check.decide_image, check.decide_network)
        assert sum(way is not None for way in ways) == 1, check.id
    assert len(catalogue.IDS) == len(catalogue.ALL)
