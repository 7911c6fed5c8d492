# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OSCAL: each verdict is accepted by models that were made from NIST's schema, and nothing unproved is satisfied."""

from __future__ import annotations

import json
import uuid

import pytest
from ansible_collections.bulkhead.classroom.plugins.filter.isolation import FilterModule
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.oscal import oscal
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import ADA, GRACE, NOW, find
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.verdicts import FORBIDDEN, VERDICTS
from oscal_bindings.v1.models import OscalDocument
from pydantic import ValidationError


def whole(result, **options):
    document = json.loads(oscal(result, **options))
    OscalDocument.model_validate(document)
    return document["assessment-results"]


def result_of(result, **options):
    (only,) = whole(result, **options)["results"]
    return only


def finding_of(said, check):
    (only,) = [one for one in said["findings"] if one["target"]["target-id"] == check]
    return only


def found_in(said):
    return {one["target"]["target-id"] for one in said["findings"]}


def state(said, check):
    status = finding_of(said, check)["target"]["status"]
    return status["state"], status["reason"]


def observations_of(said, check):
    return [one for one in said["observations"] if one["props"][0]["value"] == check]


def uuids(value):
    """Every uuid that is given to something, in order."""
    if isinstance(value, dict):
        yield from ([value["uuid"]] if "uuid" in value else [])
        value = value.values()
    for inner in value if not isinstance(value, str) else ():
        yield from uuids(inner)


@pytest.mark.parametrize("name", VERDICTS)
def test_each_verdict_keeps_to_the_schema(name):
    document = whole(VERDICTS[name](), report="isolation.json")
    given = list(uuids(document))
    assert len(set(given)) == len(given) and {uuid.UUID(one).version for one in given} == {5}
    said = document["results"][0]
    known = set(given)
    assert {one["subject-uuid"] for entry in said["observations"] for one in entry["subjects"]} <= known
    assert {one["observation-uuid"] for entry in said["findings"] for one in entry["related-observations"]} <= known
    assert document["import-ap"]["href"].removeprefix("#") in known


def test_the_validator_objects_to_what_is_wrong():
    document = json.loads(oscal(VERDICTS["weakened"]()))
    said = document["assessment-results"]["results"][0]
    said["findings"][0]["target"]["status"]["state"] = "perhaps"
    said["observations"][0]["uuid"] = "1"
    with pytest.raises(ValidationError) as objections:
        OscalDocument.model_validate(document)
    assert objections.value.error_count() >= 2


@pytest.mark.parametrize("name", VERDICTS)
def test_only_what_passed_and_is_red_nowhere_is_satisfied(name):
    result = VERDICTS[name]()
    said = result_of(result)
    by_check = {}
    for one in result["findings"]:
        by_check.setdefault(one["check"], set()).add(one["status"])
    satisfied = {
        one["target"]["target-id"] for one in said["findings"] if one["target"]["status"]["state"] == "satisfied"
    }
    bad = {"fail", "error"}
    assert satisfied == {check for check, found in by_check.items() if "pass" in found and not found & bad}
    judged = {check for check, found in by_check.items() if found & {"pass", *bad}}
    assert found_in(said) == (judged or {"verdict"})


def test_a_failure_has_its_own_observation_with_the_evidence():
    said = result_of(VERDICTS["weakened"](), report="the isolation.json", plan="plan.json")
    assert state(said, "seccomp-filter") == ("not-satisfied", "fail")
    bad, good = observations_of(said, "seccomp-filter")
    assert [bad["props"][1]["value"], good["props"][1]["value"]] == ["fail", "pass"]
    assert bad["methods"] == ["EXAMINE"] and bad["collected"] == NOW
    assert bad["relevant-evidence"] == [
        {"href": "the%20isolation.json", "description": "/proc/2001/status: Seccomp: 0"}
    ]
    names = {one["uuid"]: one["description"] for one in said["local-definitions"]["inventory-items"]}
    assert [names[one["subject-uuid"]] for entry in (bad, good) for one in entry["subjects"]] == [ADA, GRACE]
    related = finding_of(said, "seccomp-filter")["related-observations"]
    assert [one["observation-uuid"] for one in related] == [bad["uuid"], good["uuid"]]
    assert whole(VERDICTS["weakened"](), plan="plan.json")["import-ap"] == {"href": "plan.json"}


def test_what_many_show_is_cut_and_says_so():
    result = VERDICTS["good"]()
    base = find(result, "seccomp-filter")
    names = [f"engine1/c{number:02}" for number in range(12)]
    several = [{**base, "subject": name, "observed": f"seen {name}"} for name in names]
    (seen,) = observations_of(result_of({**result, "findings": several}, report="a b.json"), "seccomp-filter")
    assert seen["description"].split("\n\n")[-2:] == ["seen engine1/c09", "and 2 more"]
    assert len(seen["subjects"]) == len(names)


def test_missing_evidence_is_not_satisfied():
    assert state(result_of(VERDICTS["blind"]()), "seccomp-filter") == ("not-satisfied", "other")


def test_what_was_not_checked_is_observed_and_not_found():
    said = result_of(VERDICTS["good"]())
    result = VERDICTS["left out"]()
    assert find(result, "seccomp-filter")["status"] == "notselected"
    left_out = result_of(result)
    assert "seccomp-filter" in found_in(said) and "seccomp-filter" not in found_in(left_out)
    assert len(observations_of(left_out, "seccomp-filter")) == 1


def test_a_waiver_accepts_the_risk_and_satisfies_nothing():
    said = result_of(VERDICTS["waived"]())
    assert state(said, "seccomp-filter") == ("not-satisfied", "other")
    (risk,) = said["risks"]
    assert risk["status"] == "deviation-approved" and risk["statement"].startswith("until 2026-07-01: lab \\<1\\> ")
    assert finding_of(said, "seccomp-filter")["related-risks"] == [{"risk-uuid": risk["uuid"]}]
    late = result_of(VERDICTS["expired"]())
    assert "risks" not in late and state(late, "seccomp-filter") == ("not-satisfied", "fail")


def test_controls_are_those_of_the_checks():
    selection = result_of(VERDICTS["good"]())["reviewed-controls"]["control-selections"][0]
    ids = [one["control-id"] for one in selection["include-controls"]]
    assert "sp800-190-4.4.3" in ids and len(set(ids)) == len(ids)
    assert result_of(VERDICTS["nothing"]())["reviewed-controls"]["control-selections"] == [{"include-all": {}}]


def test_uuids_stay_over_runs_and_only_the_run_has_new_ones():
    first, again, later = (whole(VERDICTS[name]()) for name in ("weakened", "weakened", "expired"))
    assert first == again
    new = [uuid for one in (first, first["results"][0]) for uuid in [one["uuid"]]]
    assert set(uuids(first)) - set(uuids(later)) == set(new)


def test_a_verdict_over_nothing_is_not_satisfied():
    said = result_of(VERDICTS["nothing"]())
    assert state(said, "verdict") == ("not-satisfied", "other") and len(said["findings"]) == 1


@pytest.mark.parametrize("name", ["hostile texts", "hostile room", "waived"])
def test_hostile_names_stay_text(name):
    text = oscal(VERDICTS[name]())
    assert not [char for char in FORBIDDEN if char in text]
    said = result_of(VERDICTS[name]())
    shown = [one[key] for one in said["observations"] for key in ("title", "description")]
    assert not [one for one in shown if "[x](" in one or "]><a" in one]
    if name != "waived":
        assert [one for one in shown if "\\<a b='\"'\\>" in one]


def test_the_filter_gives_the_same():
    result = VERDICTS["weakened"]()
    assert FilterModule().filters()["isolation_oscal"](result, report="r") == oscal(result, report="r")
