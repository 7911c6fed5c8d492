# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON schema of a report: every verdict keeps to it, and it allows nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks import catalogue
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import SEVERITIES, STATUSES
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.policy import (
    FAIL_ON_CHOICES,
    PROFILE_CHOICES,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.verdict import SCHEMA, verdict
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import (
    ADA,
    NOW,
    changed,
    expected,
    find,
    judged,
    policy,
    put,
)
from jsonschema import Draft202012Validator

ROOT = Path(__file__).parents[5]
FORM = json.loads((ROOT / "roles/isolation_audit/files/isolation.schema.json").read_text())
WAIVER = {"check": "seccomp-filter", "subject": ADA, "reason": "lab", "expires": "2026-07-01"}


def weakened():
    return changed(lambda _document, ada: put(ada, "processes.0.status.Seccomp", "0"))


VERDICTS = {
    "good": lambda: judged(facts.document()),
    "weakened": lambda: judged(weakened()),
    "waived": lambda: judged(weakened(), waivers=[WAIVER]),
    "expired": lambda: judged(weakened(), waivers=[WAIVER], generated="2026-07-02T00:00:00Z"),
    "unused": lambda: judged(facts.document(), waivers=[{**WAIVER, "labels": {"a": ""}, "image": "x"}]),
    "left out": lambda: judged(weakened(), policy(skip={"seccomp-filter": "why"}, profile="classroom")),
    "absent": lambda: judged(facts.document(), policy(expected=[expected("alan")])),
    "no facts": lambda: verdict({facts.HOST: facts.document(), "engine2": {}}, policy(), None, NOW),
    "no host": lambda: verdict({}, {}),
}


def objections(document):
    return [error.message for error in Draft202012Validator(FORM).iter_errors(document)]


def test_the_schema_is_a_schema():
    Draft202012Validator.check_schema(FORM)


@pytest.mark.parametrize("name", VERDICTS)
def test_a_verdict_keeps_to_the_schema(name):
    assert objections(json.loads(json.dumps(VERDICTS[name]()))) == []


def test_recorded_hosts_keep_to_it():
    for path in sorted((ROOT / "tests/unit/plugins/support/recorded").glob("*.json")):
        assert objections(verdict({path.stem: json.loads(path.read_text())}, {})) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("status", "warn"),
        ("severity", "grave"),
        ("concept", ""),
        ("extra", 1),
        ("waiver", {}),
        ("evidence", [{"path": ""}]),
    ],
)
def test_anything_else_is_refused(key, value):
    result = judged(facts.document())
    find(result, "seccomp-filter")[key] = value
    assert len(objections(result)) == 1
    assert objections({**judged(facts.document()), "extra": 1})


def test_words_are_those_of_the_code():
    finding = FORM["$defs"]["finding"]["properties"]
    assert FORM["properties"]["schema"]["const"] == SCHEMA
    assert FORM["properties"]["profile"]["enum"] == list(PROFILE_CHOICES)
    assert FORM["properties"]["fail_on"]["enum"] == list(FAIL_ON_CHOICES) == list(SEVERITIES)
    assert finding["status"]["enum"] == list(STATUSES) and finding["severity"]["enum"] == list(SEVERITIES)
    assert finding["concept"]["enum"] == list(catalogue.CONCEPTS)


def test_every_object_is_closed():
    for form in (FORM, *FORM["$defs"].values()):
        assert form["additionalProperties"] is False and form["required"] == list(form["properties"])
