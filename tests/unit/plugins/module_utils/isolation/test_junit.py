# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JUnit XML: what is written is read again with a parser, and says what the verdict says."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from ansible_collections.bulkhead.classroom.plugins.filter.isolation import FilterModule
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.junit import junit
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.verdict import verdict
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import (
    ADA,
    GRACE,
    NOW,
    changed,
    find,
    judged,
    put,
)

WAIVER = {"check": "seccomp-filter", "subject": ADA, "reason": "lab <1> & \x1b[2J\u202eeno", "expires": "2026-07-01"}
# Terminal escape, NUL, bidi override and isolate, a non-character, a lone surrogate, C1, markup, a line end.
HOSTILE = "e\x1b[2J\x00\u202e\u2066\ufffe\udc80\x9b]]><a b='\"'>&\n\tz"
FORBIDDEN = "\x1b\x00\u202e\u2066\ufffe\udc80\x9b"


def open_seccomp(_document, ada):
    put(ada, "processes.0.status.Seccomp", "0")


def read(result):
    return ElementTree.fromstring(junit(result).encode())


def case(root, check, subject=ADA):
    cases = [one for one in root.iter("testcase") if one.get("classname") == subject]
    return next(one for one in cases if one.get("name").startswith(f"{check}: "))


def counted(element):
    names = {"failures": "failure", "errors": "error", "skipped": "skipped", "tests": "testcase"}
    return {name: len(list(element.iter(tag))) == int(element.get(name)) for name, tag in names.items()}


def test_every_finding_is_a_case_of_its_subject():
    result = judged(facts.document())
    root = read(result)
    assert root.tag == "testsuites" and int(root.get("tests")) == len(result["findings"])
    assert {suite.get("name") for suite in root} == {one["subject"] for one in result["findings"]} >= {ADA, GRACE}
    assert {suite.get("hostname") for suite in root} == {facts.HOST}
    assert {suite.get("timestamp") for suite in root} == {NOW[:-1]}
    assert root.get("failures") == root.get("errors") == "0"
    assert all(all(counted(element).values()) for element in (root, *root))
    assert not list(case(root, "seccomp-filter"))


def test_skipped_are_what_nobody_judged():
    result = judged(facts.document())
    wanted = [one for one in result["findings"] if one["status"].startswith("not")]
    root = read(result)
    assert int(root.get("skipped")) == len(wanted) > 0
    assert all(one.get("message").startswith("not") for one in root.iter("skipped"))


def test_a_failure_says_what_was_found_and_the_cure():
    root = read(judged(changed(open_seccomp)))
    failure = case(root, "seccomp-filter").find("failure")
    assert failure.get("type") == "high" and failure.get("message") == "process 2001 has no seccomp filter"
    assert "evidence: /proc/2001/status: Seccomp: 0" in failure.text.splitlines()
    assert [word in failure.text for word in ("observed: ", "expected: ", "why: ", "reference: CIS Docker 1.8: ")] == [
        True
    ] * 4
    assert root.get("failures") == "1" and root.get("errors") == "0"


def test_missing_evidence_is_an_error():
    result = judged(changed(lambda _document, ada: put(ada, "processes.0.status.Seccomp", None)))
    root = read(result)
    assert int(root.get("errors")) == result["summary"]["error"] > 0 and root.get("failures") == "0"
    assert "reason: cannot read " in case(root, "seccomp-filter").find("error").text


def test_a_waived_finding_is_skipped_with_its_reason_and_an_expired_one_is_not():
    root = read(judged(changed(open_seccomp), waivers=[WAIVER]))
    skipped = case(root, "seccomp-filter").find("skipped")
    assert skipped.get("message") == "waived until 2026-07-01: lab <1> & \\x1b[2J\\u202eeno"
    assert "process 2001 has no seccomp filter" in skipped.text and root.get("failures") == "0"
    late = read(judged(changed(open_seccomp), waivers=[WAIVER], generated="2026-07-02T00:00:00Z"))
    assert "waiver: expired on 2026-07-01" in case(late, "seccomp-filter").find("failure").text


def test_an_informational_finding_passes_with_what_was_seen():
    result = judged(facts.document())
    find(result, "seccomp-filter").update(status="informational", observed="a profile of its own")
    seen = case(read(result), "seccomp-filter")
    assert [child.tag for child in seen] == ["system-out"] and "a profile of its own" in seen[0].text


@pytest.mark.parametrize("where", ["name", "student", "host", "check"])
def test_hostile_names_stay_names(where):
    result = judged(changed(open_seccomp), waivers=[WAIVER])
    one = find(result, "seccomp-filter")
    if where == "check":
        for key in ("title", "observed", "expected", "inspected", "reason", "remedy"):
            one[key] = HOSTILE
        one["waiver"], one["evidence"] = None, [{"path": HOSTILE, "raw": HOSTILE}]
    else:
        one["subject"] = one[{"name": "container", "student": "student", "host": "host"}[where]] = HOSTILE
    root = read(result)
    text = junit(result)
    assert not [char for char in FORBIDDEN if char in text]
    assert int(root.get("tests")) == len(result["findings"]) and all(counted(root).values())
    said = [value for element in root.iter() for value in (*element.attrib.values(), element.text or "")]
    assert any("]]><a b='\"'>&" in value for value in said)
    assert {element.tag for element in root.iter()} <= {
        "testsuites", "testsuite", "testcase", "failure", "error", "skipped", "system-out"
    }  # fmt: skip


def test_a_container_of_a_hostile_name_is_one_suite():
    document = changed(lambda _document, ada: ada.update(name=HOSTILE, labels={facts.STUDENT: HOSTILE}))
    root = read(judged(document, {}))
    suite = next(suite for suite in root if "]]><a" in suite.get("name"))
    assert suite.get("name").isprintable() and len({one.get("classname") for one in suite}) == 1


def test_a_verdict_over_nothing_is_an_error():
    root = read(verdict({}, {}))
    assert root.get("tests") == root.get("errors") == "1" and "timestamp" not in root[0].attrib


def test_the_filter_gives_the_same():
    result = judged(facts.document())
    assert FilterModule().filters()["isolation_junit"](result) == junit(result)
