# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is different from the last run."""

from __future__ import annotations

import json

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.history import (
    KEPT,
    drift,
    drift_lines,
    remembered,
    runs,
)
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import ADA, changed, judged, put

SECCOMP = f"seccomp-filter {ADA}"


def good():
    return judged(facts.document())


def broken(value="0"):
    return judged(changed(lambda _document, ada: put(ada, "processes.0.status.Seccomp", value)))


def without_ada():
    document = facts.document()
    document["containers"] = [one for one in document["containers"] if one["name"] not in ADA]
    # Nobody expects it any more: else it would be missed, which is judged too.
    return judged(document, {"capabilities": []})


def test_the_first_run_has_nothing_to_compare_with():
    assert drift(None, broken())["since"] == "" and drift_lines(drift({}, broken())) == []


@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [
        (good, broken, "new"),
        (broken, good, "fixed"),
        (broken, lambda: broken("1"), "changed"),
        (broken, without_ada, "gone"),
        (broken, broken, None),
    ],
)
def test_what_is_different(before, now, kind):
    found = drift(remembered(None, before()), now())
    assert [name for name in ("new", "changed", "fixed", "gone") if SECCOMP in found[name]] == ([kind] if kind else [])
    lines = drift_lines(found)
    assert lines[0].startswith(f"since {before()['generated']}: ")
    assert kind is None or f"{kind.upper():8} {SECCOMP}" in lines
    assert kind is not None or lines == [f"since {before()['generated']}: nothing changed"]


def test_a_waived_finding_is_not_red_and_an_expired_one_is():
    waiver = {"check": "seccomp-filter", "subject": ADA, "reason": "lab", "expires": "2100-01-01"}
    document = changed(lambda _document, ada: put(ada, "processes.0.status.Seccomp", "0"))
    assert drift(remembered(None, good()), judged(document, waivers=[waiver]))["new"] == []
    late = judged(document, waivers=[{**waiver, "expires": "2001-01-01"}])
    assert SECCOMP in drift(remembered(None, good()), late)["new"]


def test_only_the_last_runs_are_kept():
    history = None
    for number in range(KEPT + 5):
        history = remembered(history, {**good(), "generated": str(number)})
    assert [one["generated"] for one in runs(history)] == [str(number) for number in range(5, KEPT + 5)]


@pytest.mark.parametrize("history", [None, "", "{", "[]", b"", {"schema": 7, "runs": [1]}, {"schema": 1, "runs": "x"}])
def test_a_history_that_cannot_be_read_is_begun_anew(history):
    assert len(runs(remembered(history, good()))) == 1


def test_text_is_as_good_as_a_dictionary_and_nothing_of_the_evidence_is_kept():
    text = json.dumps(remembered(None, broken()))
    assert SECCOMP in drift(text, good())["fixed"] and "/proc/" not in text
