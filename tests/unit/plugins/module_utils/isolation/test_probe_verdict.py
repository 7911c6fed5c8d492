# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probes in a verdict: findings like all others, and never silence where they were asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.values import PolicyError
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.probe import TRIED
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports import junit, oscal, sarif, xccdf
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.history import drift, remembered
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.page import document as page_document
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.report import report_lines
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.verdict import verdict
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import (
    ADA,
    GRACE,
    NOW,
    changed,
    find,
    policy,
    put,
    red,
)
from jsonschema import Draft202012Validator

FORM = json.loads((Path(__file__).parents[5] / "roles/isolation_audit/files/isolation.schema.json").read_text())
MOUNT, BPF = "probe-mount", "probe-bpf"
THROUGH = {(ADA, MOUNT): "fail"}


def twin(record, **answers) -> dict:
    """What the module brings of a container. answers: probe to the kernel's answer, EPERM where there is none."""
    said = {"mount": "EPERM", "bpf": "EPERM", **answers}
    return {
        "id": record["id"],
        "name": record["name"],
        "labels": record["labels"],
        "asked": [*said],
        "answers": {probe: {"tried": [["an attempt", error]]} for probe, error in said.items()},
        "limits": {},
    }


def twins(document, **answers) -> dict:
    """Of all containers; the answers are those of Ada's."""
    ada, *others = document["containers"]
    return {"probes": [twin(ada, **answers), *map(twin, others)]}


def judged(document=None, wanted=None, waivers=None, **answers):
    document = document or facts.document()
    given = {facts.HOST: twins(document, **answers)}
    return verdict({facts.HOST: document}, policy() if wanted is None else wanted, waivers, NOW, given)


def test_without_probes_nothing_is_different():
    plain = verdict({facts.HOST: facts.document()}, policy(), None, NOW)
    assert plain == verdict({facts.HOST: facts.document()}, policy(), None, NOW, None)
    assert not [one for one in plain["findings"] if one["check"].startswith("probe")]


def test_refusals_are_findings_of_the_containers_and_the_host_says_that_all_were_tried():
    result = judged()
    assert result["summary"]["ok"] and find(result, TRIED.id, facts.HOST)["status"] == "pass"
    assert {find(result, check, whom)["status"] for check in (MOUNT, BPF) for whom in (ADA, GRACE)} == {"pass"}
    found, other = find(result, MOUNT), find(result, "seccomp-filter")
    assert [found[key] for key in ("host", "container", "student")] == [
        other[key] for key in ("host", "container", "student")
    ]


def test_an_attempt_that_got_through_is_red_and_among_the_worst():
    result = judged(mount="")
    assert red(result) == THROUGH and not result["summary"]["ok"]
    assert result["findings"][0]["check"] == MOUNT and result["findings"][0]["remedy"]


@pytest.mark.parametrize("profile", ["all", "baseline", "cis-1.8", "classroom"])
def test_a_probe_counts_in_every_profile(profile):
    assert red(judged(wanted={**policy(), "profile": profile}, mount="")) == THROUGH


def test_the_policy_and_a_rule_leave_a_probe_out():
    for wanted in ({"skip": {MOUNT: "why"}}, {"rules": [{"name": "workspace-a*", "skip": {MOUNT: "why"}}]}):
        result = judged(wanted={**policy(), **wanted}, mount="")
        assert red(result) == {} and find(result, MOUNT)["status"] == "notselected"
    with pytest.raises(PolicyError, match="probe-nothing"):
        judged(wanted={**policy(), "skip": {"probe-nothing": "why"}})


@pytest.mark.parametrize("whom", [{"subject": ADA}, {"labels": {"org.bulkhead.student": "ada"}}])
def test_a_waiver_accepts_a_probe(whom):
    result = judged(waivers=[{"check": MOUNT, "reason": "lab", "expires": "2026-07-01", **whom}], mount="")
    assert result["summary"]["ok"] and result["summary"]["waived"] == 1 and result["waivers"][0]["matched"] == 1
    assert find(result, MOUNT)["waiver"]["reason"] == "lab"


ABSENT = [
    (None, "no result of isolation_probe"),
    ({}, "no result of isolation_probe"),
    ({"msg": "Cannot connect to the engine"}, "Cannot connect"),
    ({"skipped": True, "msg": "remote module does not support check mode"}, "check mode"),
    ({"skipped": True, "skip_reason": "Conditional result was False"}, "Conditional"),
    ({"unreachable": True, "msg": "no route"}, "no route"),
    ({"probes": "x", "msg": "odd"}, "odd"),
]


@pytest.mark.parametrize(("document", "said"), ABSENT)
def test_a_run_that_did_not_happen_is_an_error_that_no_policy_hides(document, said):
    wanted = {**policy(), "fail_on": "critical", "skip": {TRIED.id: "quiet"}}
    result = verdict({facts.HOST: facts.document()}, wanted, None, NOW, {facts.HOST: document})
    assert red(result) == {(facts.HOST, TRIED.id): "error"} and not result["summary"]["ok"]
    assert said in find(result, TRIED.id, facts.HOST)["reason"]


def test_a_host_that_is_not_in_the_results_is_an_error():
    assert red(verdict({facts.HOST: facts.document()}, policy(), None, NOW, {})) == {(facts.HOST, TRIED.id): "error"}


def test_a_container_without_an_answer_is_named():
    document = facts.document()
    given = twins(document)
    given["probes"][0]["asked"] = []
    result = verdict({facts.HOST: document}, policy(), None, NOW, {facts.HOST: given})
    assert red(result) == {(facts.HOST, TRIED.id): "error"}
    assert find(result, TRIED.id, facts.HOST)["reason"] == "no answer for workspace-ada"


def test_what_an_earlier_run_left_needs_no_answer():
    document = facts.document()
    given = {**twins(document), "swept": ["workspace-ada"]}
    given["probes"][0]["asked"] = []
    result = verdict({facts.HOST: document}, policy(), None, NOW, {facts.HOST: given})
    assert find(result, TRIED.id, facts.HOST)["observed"] == "1 containers"


def test_who_does_not_run_needs_no_twin():
    document = facts.document()
    for record in document["containers"]:
        record["state"] = "exited"
    result = verdict({facts.HOST: document}, {}, None, NOW, {facts.HOST: {"probes": []}})
    assert find(result, TRIED.id, facts.HOST)["status"] == "notapplicable"


def test_without_facts_nobody_knows_whether_all_were_tried():
    result = verdict({facts.HOST: {"msg": "no root"}}, {}, None, NOW, {facts.HOST: {"probes": []}})
    assert red(result) == {(facts.HOST, "facts-available"): "error", (facts.HOST, TRIED.id): "error"}


def test_a_twin_that_could_not_be_made_is_red_once_and_the_others_are_tried():
    document = facts.document()
    given = twins(document)
    given["probes"][0]["error"] = "no space"
    result = verdict({facts.HOST: document}, policy(), None, NOW, {facts.HOST: given})
    assert red(result) == {(ADA, TRIED.id): "error"} and find(result, MOUNT, GRACE)["status"] == "pass"
    assert (find(result, TRIED.id)["reason"], find(result, TRIED.id, facts.HOST)["status"]) == ("no space", "pass")


def test_results_in_another_form_are_refused():
    with pytest.raises(PolicyError, match="probes"):
        verdict({facts.HOST: facts.document()}, policy(), None, NOW, ["a"])


def test_every_report_has_the_probes():
    result = judged(mount="")
    assert [error.message for error in Draft202012Validator(FORM).iter_errors(result)] == []
    lines = report_lines(result)
    assert any(line.startswith(f"FAIL  {MOUNT}  {ADA}") for line in lines)
    assert any(line.startswith(ADA) and "FAIL 1/" in line for line in lines)
    for text in (junit.junit(result), sarif.sarif(result), oscal.oscal(result), xccdf.xccdf(result)):
        assert MOUNT in text
    assert MOUNT in json.dumps(page_document(result))


def test_what_a_probe_found_is_different_from_the_last_run():
    since = drift(remembered("", judged()), judged(mount=""))
    assert (since["new"], since["fixed"]) == ([f"{MOUNT} {ADA}"], [])
    assert drift(remembered("", judged(mount="")), judged())["fixed"] == [f"{MOUNT} {ADA}"]


def test_what_is_not_tried_again_is_not_fixed():
    since = drift(remembered("", judged(mount="")), verdict({facts.HOST: facts.document()}, policy(), None, NOW))
    assert (since["gone"], since["fixed"]) == ([f"{MOUNT} {ADA}"], [])


def test_a_weakness_that_is_read_and_tried_is_red_twice():
    document = changed(lambda _document, ada: put(ada, "processes.0.status.Seccomp", "0"))
    found = red(judged(document, bpf=""))
    assert found[ADA, "seccomp-filter"] == "fail" and found[ADA, BPF] == "fail"
