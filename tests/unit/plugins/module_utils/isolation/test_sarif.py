# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SARIF: each verdict keeps to the schema of OASIS, and no consumer can take a fault for a success."""

from __future__ import annotations

import gzip
import json

import pytest
from ansible_collections.bulkhead.classroom.plugins.filter.isolation import FilterModule
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks import catalogue
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import STATUSES
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.sarif import (
    KINDS,
    RESULT_LIMIT,
    sarif,
)
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import ADA, NOW
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.verdicts import (
    FORBIDDEN,
    VERDICTS,
    WAIVER_SHOWN,
    large,
)
from sarif_kit.validate import validation_errors

# What code scanning takes, packed.
BYTES = 10 * 1024 * 1024
TAGS = 20


def run_of(result, **options):
    document = json.loads(sarif(result, **options))
    assert validation_errors(document) == []
    assert len(document["runs"]) == 1
    return document["runs"][0]


def result_of(run, check, subject=ADA):
    found = [one for one in run["results"] if one["ruleId"] == check and place(one) == subject]
    assert len(found) == 1
    return found[0]


def place(result):
    return result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]


@pytest.mark.parametrize("everything", [False, True])
@pytest.mark.parametrize("name", VERDICTS)
def test_each_verdict_keeps_to_the_schema(name, everything):
    result = VERDICTS[name]()
    run = run_of(result, everything=everything)
    wanted = [one for one in result["findings"] if everything or one["status"] in ("fail", "error")]
    assert len(run["results"]) == (len(wanted) if result["findings"] else 1)
    rules = run["tool"]["driver"]["rules"]
    for one in run["results"]:
        assert rules[one["ruleIndex"]]["id"] == one["ruleId"]
        assert (one["level"] == "none") == (one["kind"] != "fail")
    assert all(len(rule["properties"]["tags"]) <= TAGS and rule["help"]["text"] for rule in rules)


def test_the_validator_objects_to_what_is_wrong():
    document = json.loads(sarif(VERDICTS["weakened"]()))
    del document["runs"][0]["results"][0]["message"]
    document["runs"][0]["results"][0]["kind"] = "perhaps"
    assert len(validation_errors(document)) == 2


def test_each_status_has_a_kind_and_what_is_red_is_a_failure():
    assert set(KINDS) == set(STATUSES)
    assert {status for status, kind in KINDS.items() if kind == "fail"} == {"fail", "error"}
    assert {status for status, kind in KINDS.items() if kind == "pass"} == {"pass"}


def test_a_failure_says_what_was_found_and_where():
    run = run_of(VERDICTS["weakened"](), location="reports/my report.json")
    one = result_of(run, "seccomp-filter")
    assert (one["kind"], one["level"], one["suppressions"]) == ("fail", "error", [])
    assert "evidence: /proc/2001/status: Seccomp: 0" in one["message"]["text"].splitlines()
    physical = one["locations"][0]["physicalLocation"]
    assert physical == {"artifactLocation": {"uri": "reports/my%20report.json"}, "region": {"startLine": 1}}
    rule = run["tool"]["driver"]["rules"][one["ruleIndex"]]
    known = next(check for check in catalogue.ALL if check.id == "seccomp-filter")
    assert rule["shortDescription"]["text"] == known.title and rule["fullDescription"]["text"] == known.why
    assert rule["help"]["text"] == known.remedy and rule["properties"]["security-severity"] == "8.0"
    assert {"security", known.concept} < set(rule["properties"]["tags"])


def test_missing_evidence_is_a_failure_too():
    one = result_of(run_of(VERDICTS["blind"]()), "seccomp-filter")
    assert (one["kind"], one["level"], one["properties"]["status"]) == ("fail", "error", "error")
    assert "reason: cannot read " in one["message"]["text"]


def test_a_waiver_suppresses_and_an_expired_one_does_not():
    waived = result_of(run_of(VERDICTS["waived"]()), "seccomp-filter")
    (said,) = waived["suppressions"]
    assert (said["kind"], said["status"], said["justification"]) == ("external", "accepted", WAIVER_SHOWN)
    late = result_of(run_of(VERDICTS["expired"]()), "seccomp-filter")
    assert late["suppressions"] == [] and "waiver: expired on 2026-07-01" in late["message"]["text"]


def test_fingerprints_stay_and_differ():
    first, later = run_of(VERDICTS["weakened"](), everything=True), run_of(VERDICTS["expired"](), everything=True)
    prints = [
        {(one["ruleId"], place(one)): tuple(one["partialFingerprints"].values()) for one in run["results"]}
        for run in (first, later)
    ]
    assert prints[0] == prints[1] and len(prints[0]) == len(first["results"])
    assert len(set(prints[0].values())) == len(prints[0])
    assert len({whole[0] for whole in prints[0].values()}) == len(prints[0])
    assert sarif(VERDICTS["weakened"]()) == sarif(VERDICTS["weakened"]())
    assert first["automationDetails"]["guid"] != later["automationDetails"]["guid"]


def test_the_invocation_tells_whether_all_was_read():
    good = run_of(VERDICTS["good"]())["invocations"][0]
    assert (good["executionSuccessful"], good["endTimeUtc"]) == (True, NOW)
    assert good["toolExecutionNotifications"] == []
    unread = run_of(VERDICTS["no facts"]())["invocations"][0]
    assert not unread["executionSuccessful"]
    assert unread["toolExecutionNotifications"][0]["message"]["text"].startswith("engine2: no facts: ")


def test_a_verdict_over_nothing_is_an_error():
    run = run_of({**VERDICTS["nothing"](), "generated": ""})
    assert [(one["kind"], one["level"]) for one in run["results"]] == [("fail", "error")]
    assert not run["invocations"][0]["executionSuccessful"] and "endTimeUtc" not in run["invocations"][0]


@pytest.mark.parametrize("name", ["hostile texts", "hostile room", "waived"])
def test_hostile_names_stay_text(name):
    text = sarif(VERDICTS[name](), everything=True)
    assert not [char for char in FORBIDDEN if char in text]
    messages = [one["message"]["text"] for one in json.loads(text)["runs"][0]["results"]]
    assert not [one for one in messages if "[x](" in one or "[2J" in one.replace("\\[2J", "")]
    if name != "waived":
        assert [one for one in messages if "\\[x\\](javascript:y)" in one and "{{0}}" in one]


def test_500_containers_of_which_all_is_red_are_taken():
    result = large(500)
    text = sarif(result)
    assert len(result["findings"]) > RESULT_LIMIT and len(gzip.compress(text.encode(), 1)) < BYTES
    run = json.loads(text)["runs"][0]
    assert len(run["results"]) == RESULT_LIMIT
    left = len(result["findings"]) - RESULT_LIMIT
    assert run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].startswith(f"{left} more findings")


def test_the_filter_gives_the_same():
    result = VERDICTS["weakened"]()
    given = FilterModule().filters()["isolation_sarif"]
    assert given(result) == sarif(result) and given(result, "x", everything=True) == sarif(result, "x", True)
    assert facts.HOST in given(result)
