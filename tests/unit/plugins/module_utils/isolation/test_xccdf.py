# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""XCCDF: each verdict is accepted by OpenSCAP, against the public schema and its Schematron rules."""

from __future__ import annotations

import subprocess
from xml.etree import ElementTree

import pytest
from ansible_collections.bulkhead.classroom.plugins.filter.isolation import FilterModule
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.xccdf import NS, xccdf
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import ADA, NOW, find
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.verdicts import (
    FORBIDDEN,
    VERDICTS,
    WAIVER_SHOWN,
)


def validated(text, folder):
    """Exit code and words of OpenSCAP (Debian: openscap-scanner)."""
    path = folder / "isolation.xccdf.xml"
    path.write_text(text)
    done = subprocess.run(["oscap", "xccdf", "validate", path], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def read(result):
    return ElementTree.fromstring(xccdf(result).encode())


def children(element, *names):
    return element.findall("/".join(f"{{{NS}}}{name}" for name in names))


def said(element, name):
    return element.findtext(f"{{{NS}}}{name}")


def rule_result(root, check, subject=ADA):
    found = [
        one
        for one in children(root, "TestResult", "rule-result")
        if one.get("idref") == f"xccdf_org.bulkhead_rule_{check}" and said(one, "instance") == subject
    ]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("name", VERDICTS)
def test_each_verdict_is_accepted_by_openscap(name, tmp_path):
    code, words = validated(xccdf(VERDICTS[name]()), tmp_path)
    objections = [line for line in words.splitlines() if line.strip() and "<?xml" not in line]
    # The benchmark applies to whatever runs an engine of containers, which no platform's name stands for.
    assert code == 0 and [line for line in objections if "no platform specified" not in line] == []


def test_openscap_objects_to_what_is_wrong(tmp_path):
    text = xccdf(VERDICTS["weakened"]())
    assert validated(text.replace("<result>fail</result>", "<result>perhaps</result>"), tmp_path)[0] != 0
    assert validated(text.replace('idref="xccdf_', 'idref="xccdf_org.bulkhead_rule_no'), tmp_path)[0] != 0


@pytest.mark.parametrize("name", VERDICTS)
def test_each_finding_is_a_rule_result_of_its_host(name):
    result = VERDICTS[name]()
    root = read(result)
    found = children(root, "TestResult", "rule-result")
    assert len(found) == max(1, len(result["findings"]))
    rules = {rule.get("id") for rule in children(root, "Rule")}
    assert {one.get("idref") for one in found} == rules
    ids = [one.get("id") for one in children(root, "TestResult")]
    assert len(set(ids)) == len(ids) == max(1, len({one["host"] for one in result["findings"]}))


def test_a_failure_says_what_was_found_and_the_cure():
    root = read(VERDICTS["weakened"]())
    one = rule_result(root, "seccomp-filter")
    assert (said(one, "result"), one.get("severity"), one.get("time")) == ("fail", "high", NOW)
    (message,) = children(one, "message")
    assert message.get("severity") == "error"
    assert "evidence: /proc/2001/status: Seccomp: 0" in message.text.splitlines()
    (rule,) = [rule for rule in children(root, "Rule") if rule.get("id") == one.get("idref")]
    assert said(rule, "fixtext") == find(VERDICTS["weakened"](), "seccomp-filter")["remedy"]
    assert any(reference.text.startswith("CIS Docker 1.8: ") for reference in children(rule, "reference"))


def test_the_score_counts_what_passed():
    for name in ("good", "weakened", "blind", "waived"):
        result = VERDICTS[name]()
        (score,) = children(read(result), "TestResult", "score")
        summary = result["summary"]
        judged = summary["pass"] + summary["fail"] + summary["error"] - summary["waived"]
        assert (score.text, score.get("maximum")) == (str(summary["pass"]), str(judged))


def test_missing_evidence_is_an_error():
    one = rule_result(read(VERDICTS["blind"]()), "seccomp-filter")
    assert said(one, "result") == "error" and "reason: cannot read " in said(one, "message")


def test_a_waiver_is_shown_and_never_a_pass():
    waived = rule_result(read(VERDICTS["waived"]()), "seccomp-filter")
    assert said(waived, "result") == "informational"
    assert said(waived, "message").splitlines()[-1] == f"fail, accepted {WAIVER_SHOWN}"
    late = rule_result(read(VERDICTS["expired"]()), "seccomp-filter")
    assert said(late, "result") == "fail" and "waiver: expired on 2026-07-01" in said(late, "message")


def test_a_host_has_its_facts():
    (one,) = children(read(VERDICTS["good"]()), "TestResult")
    assert said(one, "target") == facts.HOST
    line = VERDICTS["good"]()["hosts"][facts.HOST]
    shown = {fact.get("name"): fact.text for fact in children(one, "target-facts", "fact")}
    assert shown["urn:bulkhead:fact:kernel"] == line["kernel"]


def test_a_new_run_has_new_results_of_the_same_rules():
    first, later = read(VERDICTS["weakened"]()), read(VERDICTS["expired"]())
    assert xccdf(VERDICTS["weakened"]()) == xccdf(VERDICTS["weakened"]())
    names = [
        [one.get("id") for one in children(root, tag)] for root in (first, later) for tag in ("Rule", "TestResult")
    ]
    assert names[0] == names[2] and names[1] != names[3]


def test_a_verdict_over_nothing_is_an_error():
    root = read(VERDICTS["nothing"]())
    assert [said(one, "result") for one in children(root, "TestResult", "rule-result")] == ["error"]
    (score,) = children(root, "TestResult", "score")
    assert (score.text, score.get("maximum")) == ("0", "1")


@pytest.mark.parametrize("name", ["hostile texts", "hostile room", "waived"])
def test_hostile_names_stay_text(name):
    text = xccdf(VERDICTS[name]())
    assert not [char for char in FORBIDDEN if char in text]
    tags = {element.tag.rpartition("}")[2] for element in read(VERDICTS[name]()).iter()}
    assert "a" not in tags and {"Rule", "TestResult", "rule-result"} < tags


def test_the_filter_gives_the_same():
    result = VERDICTS["weakened"]()
    assert FilterModule().filters()["isolation_xccdf"](result) == xccdf(result)
