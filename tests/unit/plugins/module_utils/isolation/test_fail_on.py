# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From which severity on a red finding makes the whole fail, and what never depends on it."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks import catalogue
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import SEVERITIES
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.report import report_lines
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.verdict import fatal, verdict
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import (
    ADA,
    NOW,
    changed,
    expected,
    judged,
    policy,
    put,
    red,
)

HIGH = changed(lambda _document, ada: put(ada, "processes.0.status.Seccomp", "0"))


def finding(check, severity, status="fail", waiver=None):
    return {"check": check, "severity": severity, "status": status, "waiver": waiver}


def test_without_a_word_every_red_finding_counts():
    assert judged(HIGH)["fail_on"] == "low" and not judged(HIGH)["summary"]["ok"]


@pytest.mark.parametrize(("fail_on", "ok"), [("critical", True), ("high", False), ("medium", False), ("low", False)])
def test_a_lesser_severity_stays_red_and_does_not_fail(fail_on, ok):
    result = judged(HIGH, policy(fail_on=fail_on))
    assert result["fail_on"] == fail_on and result["summary"]["ok"] is ok
    assert red(result) == {(ADA, "seccomp-filter"): "fail"} and result["summary"]["fail"] == 1
    assert result["findings"][0]["check"] == "seccomp-filter" and result["findings"][0]["remedy"]


def test_a_lesser_severity_is_shown_to_the_reader():
    lines = report_lines(judged(HIGH, policy(fail_on="critical")))
    assert lines[0].startswith("FAIL  seccomp-filter") and any("FAIL 1/" in line for line in lines)
    assert lines[-1].startswith("isolated: ") and lines[-1].endswith("; fails on critical only")


def test_every_pair_of_severities():
    for least in SEVERITIES:
        counts = [fatal(finding("seccomp-filter", severity), least) for severity in SEVERITIES]
        assert counts == [place <= SEVERITIES.index(least) for place in range(len(SEVERITIES))]


@pytest.mark.parametrize("check", [check.id for check in catalogue.EXISTENCE])
def test_what_is_not_there_or_not_known_always_fails(check):
    assert fatal(finding(check, "low", "error"), "critical")
    assert fatal(finding(check, "low", "fail"), "critical")
    assert not fatal(finding(check, "low", "notselected"), "critical")
    assert not fatal(finding("seccomp-filter", "low", "error"), "critical")


def test_a_host_without_facts_and_a_container_that_cannot_be_read_always_fail():
    strict = policy(fail_on="critical")
    assert not verdict({facts.HOST: facts.document(), "engine2": {}}, strict, None, NOW)["summary"]["ok"]
    broken = changed(lambda _document, ada: put(ada, "error", "ESRCH gone"))
    assert not judged(broken, strict)["summary"]["ok"]
    assert not verdict({}, {"fail_on": "critical"})["summary"]["ok"]


def test_a_workspace_that_is_missing_or_does_not_run_always_fails():
    strict = policy(fail_on="critical")
    assert judged(facts.document(), strict)["summary"]["ok"]
    missing = policy(fail_on="critical", expected=[*policy()["expected"], expected("alan")])
    assert not judged(facts.document(), missing)["summary"]["ok"]
    stopped = changed(lambda _document, ada: put(ada, "state", "exited"))
    assert not judged(stopped, strict)["summary"]["ok"]


def test_what_a_waiver_accepts_is_not_fatal():
    accepted = {"reason": "lab", "expires": "2026-07-01", "expired": False}
    assert not fatal(finding("seccomp-filter", "critical", waiver=accepted), "low")
    assert fatal(finding("seccomp-filter", "critical", waiver={**accepted, "expired": True}), "low")
