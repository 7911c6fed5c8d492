# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines that a person reads, and the document that explains them."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import yaml
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks import catalogue
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.policy import Expected, Policy
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.rules import Rule
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.waivers import Waiver
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports import report
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.report import COLUMNS, report_lines
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import (
    ADA,
    GRACE,
    changed,
    judged,
    put,
)

ROOT = Path(__file__).parents[5]
DOCUMENT, README = ROOT / "docs" / "isolation.md", ROOT / "roles" / "isolation_audit" / "README.md"
CHECK_ROW = re.compile(r"^\| `([a-z0-9-]+)` \|")


def open_seccomp(_document, ada):
    put(ada, "processes.0.status.Seccomp", "0")


def table(lines, title):
    """The rows of one table by subject, each a dictionary of column to cell; the order of the rows stays."""
    start = next(number for number, line in enumerate(lines) if line.startswith(f"{title}  "))
    rows = [re.split(r" {2,}", line.rstrip()) for line in lines[start : lines.index("", start)]]
    assert all(len(row) == len(rows[0]) for row in rows)
    return {row[0]: dict(zip(rows[0], row)) for row in rows[1:]}


def test_a_green_room_is_one_line_for_each_container_and_each_host():
    lines = report_lines(judged(facts.document()))
    containers, others = table(lines, "container"), table(lines, "host, image or network")
    assert list(containers) == [ADA, GRACE] and containers[ADA]["student"] == "ada"
    assert set(containers[ADA].values()) <= {ADA, "ada", "ok", "-"} and containers[ADA]["privileges"] == "ok"
    assert facts.HOST in others and others[facts.HOST]["daemon"] == "ok" and "student" not in others[facts.HOST]
    assert re.match(r"isolated: 2 containers, 0 fail, .*\d+ pass", lines[-1]) and "error" not in lines[-1]


def test_a_problem_stands_first_with_evidence_and_cure():
    lines = report_lines(judged(changed(open_seccomp)))
    assert lines[0] == f"FAIL  seccomp-filter  {ADA}  (high)"
    assert lines[1].endswith("process 2001 has no seccomp filter")
    assert "      evidence: /proc/2001/status: Seccomp: 0" in lines
    assert any(line.startswith("      remedy:   ") and len(line) > 30 for line in lines)
    cell = table(lines, "container")[ADA]["privileges"]
    assert cell.startswith("FAIL 1/") and lines[-1].startswith("NOT ISOLATED: 2 containers, 1 fail")


def test_the_worst_stands_first():
    """Grace's one critical finding is worse than Ada's two high ones; and two are worse than one."""

    def weaken(document, ada):
        open_seccomp(document, ada)
        put(ada, "processes.0.status.NoNewPrivs", "0")
        grace = document["containers"][1]
        put(grace, "processes.0.status.CapEff", "0000000000000001")

    assert list(table(report_lines(judged(changed(weaken))), "container")) == [GRACE, ADA]

    def same(document, _ada):
        for one in document["containers"]:
            put(one, "processes.0.status.Seccomp", "0")
        put(document["containers"][1], "processes.0.status.NoNewPrivs", "0")

    assert list(table(report_lines(judged(changed(same))), "container")) == [GRACE, ADA]


def test_only_the_painter_makes_colours_and_columns_stay_where_they_are():
    result = judged(changed(open_seccomp))
    plain, painted = report_lines(result), report_lines(result, lambda text, meaning: f"\x1b[{meaning}m{text}\x1b[0m")
    assert not any("\x1b" in line for line in plain)
    assert [re.sub(r"\x1b\[\w+m", "", line) for line in painted] == plain
    meanings = set(re.findall(r"\x1b\[([a-z]+)m", "\n".join(painted)))
    assert meanings == {report.GRAVE, report.FINE}
    assert painted[0].startswith("\x1b[gravem") and painted[-1].startswith("\x1b[gravem")


def test_a_waiver_is_shown_whether_it_applies_or_not():
    waiver = {"check": "seccomp-filter", "subject": ADA, "reason": "lab", "expires": "2026-07-01"}
    lines = report_lines(judged(changed(open_seccomp), waivers=[waiver]))
    assert lines[0].startswith(f"WAIVED seccomp-filter  {ADA}: ") and lines[1] == "      until 2026-07-01: lab"
    assert table(lines, "container")[ADA]["privileges"] == "waived" and lines[-1].endswith("of these 1 waived")
    late = report_lines(judged(changed(open_seccomp), waivers=[waiver], generated="2026-07-02T00:00:00Z"))
    assert any("expired on 2026-07-01 (lab)" in line for line in late) and late[-1].startswith("NOT ISOLATED")


def test_every_concept_has_a_column():
    assert {report.GROUPED.get(check.concept, check.concept) for check in catalogue.ALL} <= set(COLUMNS)


def test_the_document_explains_checks_that_exist_each_once_and_leads_to_every_concept():
    part = DOCUMENT.read_text().split("\n## The checks\n")[1].split("\n## ")[0]
    rows = [found.group(1) for found in map(CHECK_ROW.match, part.splitlines()) if found]
    assert rows and len(rows) == len(set(rows)) and set(rows) <= {check.id for check in catalogue.ALL}
    linked = re.findall(r"\(checks\.md#([a-z]+)\)", part)
    assert sorted(linked) == sorted({check.concept for check in catalogue.ALL})


def test_every_field_of_a_report_is_documented():
    part = DOCUMENT.read_text().split("\n## The report\n")[1].split("\n## ")[0]
    result = judged(facts.document())
    waiver = {"reason", "expires", "expired"}
    waiver |= {entry.name for entry in fields(Waiver)} | {"matched"}
    keys = [*result, *result["summary"], *result["findings"][0], *result["hosts"][facts.HOST], *waiver]
    assert [key for key in keys if f"`{key}`" not in part] == []


def test_every_key_of_policy_expectation_and_waiver_is_documented():
    text = README.read_text()
    keys = [field.name for kind in (Policy, Expected, Rule) for field in fields(kind)]
    assert [key for key in keys if f"`{key}`" not in text] == []
    assert [field.name for field in fields(Waiver) if f"`isolation_audit_waivers[].{field.name}`" not in text] == []


def test_the_role_takes_every_key_of_policy_expectation_rule_and_waiver_and_no_other():
    specification = yaml.safe_load((README.parent / "meta/argument_specs.yml").read_text())
    options = specification["argument_specs"]["main"]["options"]
    policy = options["isolation_audit_policy"]["options"]
    taken = {
        Policy: policy,
        Expected: policy["expected"]["options"],
        Rule: policy["rules"]["options"],
        Waiver: options["isolation_audit_waivers"]["options"],
    }
    for kind, own in taken.items():
        assert sorted(own) == sorted(entry.name for entry in fields(kind)), kind
