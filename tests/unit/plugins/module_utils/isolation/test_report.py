# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines that a person reads, and the document that explains them."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks import catalogue
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy import Expected, Policy, Waiver
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.report import CONCEPTS, report_lines
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import ADA, changed, judged, put

ROOT = Path(__file__).parents[5]
DOCUMENT, README = ROOT / "docs" / "isolation.md", ROOT / "roles" / "isolation_audit" / "README.md"
CHECK_ROW = re.compile(r"^\| `([a-z0-9-]+)` \|")


def open_seccomp(_document, ada):
    put(ada, "processes.0.status.Seccomp", "0")


def row(lines, subject):
    return next(re.split(r" {2,}", line) for line in lines if line.startswith(f"{subject}  "))


def test_a_green_room_is_one_line_for_each_container():
    lines = report_lines(judged(facts.document()))
    assert len(lines) == 5 and lines[0].split() == ["container", "student", *CONCEPTS]
    assert row(lines, ADA) == [ADA, "ada", *["ok"] * len(CONCEPTS)]
    assert re.match(r"isolated: 2 containers, 0 fail, .*\d+ pass", lines[-1]) and "error" not in lines[-1]


def test_a_problem_stands_first_with_evidence_and_cure():
    lines = report_lines(judged(changed(open_seccomp)))
    assert lines[0] == f"FAIL  seccomp-filter  {ADA}  (high)"
    assert lines[1].endswith("process 2001 has no seccomp filter")
    assert "      evidence: /proc/2001/status: Seccomp: 0" in lines
    assert any(line.startswith("      remedy:   ") and len(line) > 30 for line in lines)
    assert row(lines, ADA)[5] == "FAIL 1/4" and lines[-1].startswith("NOT ISOLATED: 2 containers, 1 fail")


def test_a_waiver_is_shown_whether_it_applies_or_not():
    waiver = {"check": "seccomp-filter", "subject": ADA, "reason": "lab", "expires": "2026-07-01"}
    lines = report_lines(judged(changed(open_seccomp), waivers=[waiver]))
    assert lines[0].startswith(f"WAIVED seccomp-filter  {ADA}: ") and lines[1] == "      until 2026-07-01: lab"
    assert row(lines, ADA)[5] == "waived" and lines[-1].endswith("of these 1 waived")
    late = report_lines(judged(changed(open_seccomp), waivers=[waiver], generated="2026-07-02T00:00:00Z"))
    assert any("expired on 2026-07-01 (lab)" in line for line in late) and late[-1].startswith("NOT ISOLATED")


def test_every_check_of_a_container_has_a_column():
    prefixes = tuple(p for names in CONCEPTS.values() for p in ((names,) if isinstance(names, str) else names))
    assert [check.id for check in catalogue.RULES if check.decide and not check.id.startswith(prefixes)] == []


def test_the_document_has_every_check_and_none_that_does_not_exist():
    part = DOCUMENT.read_text().split("\n## The checks\n")[1].split("\n## ")[0]
    rows = [found.group(1) for found in map(CHECK_ROW.match, part.splitlines()) if found]
    assert sorted(rows) == sorted(check.id for check in catalogue.ALL)


def test_every_field_of_a_report_is_documented():
    part = DOCUMENT.read_text().split("\n## The report\n")[1].split("\n## ")[0]
    result = judged(facts.document())
    waiver = {"reason", "expires", "expired"}
    keys = [*result, *result["summary"], *result["findings"][0], *result["hosts"][facts.HOST], *waiver]
    assert [key for key in keys if f"`{key}`" not in part] == []


def test_every_key_of_policy_expectation_and_waiver_is_documented():
    text = README.read_text()
    keys = [field.name for kind in (Policy, Expected) for field in fields(kind)]
    assert [key for key in keys if f"`{key}`" not in text] == []
    assert [field.name for field in fields(Waiver) if f"`isolation_audit_waivers[].{field.name}`" not in text] == []
