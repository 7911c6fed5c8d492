# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict as lines for a terminal: first what is wrong, with evidence and cure, then tables, worst first. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks import catalogue
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    FAIL,
    PASS,
    SEVERITIES,
    STATUSES,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.verdict import red

# Concepts that share a column.
GROUPED = {"capabilities": "privileges", "seccomp": "privileges"}
COLUMNS = tuple(dict.fromkeys(GROUPED.get(concept, concept) for concept in catalogue.CONCEPTS))
# With low every red finding counts, which needs no word.
FAILS_ON = {"critical": "critical only", "high": "high and above", "medium": "medium and above"}
GOOD, BAD, BLANK, WAIVED = "ok", "FAIL", "-", "waived"
# What a piece of text means, for whoever gives it a colour.
GRAVE, FAULT, ACCEPTED, FINE, HINT = "grave", "fault", "accepted", "fine", "hint"
Finding = Mapping[str, Any]
# (text, meaning) -> text. The width of the text does not change.
Paint = Callable[[str, str], str]


def plain(text: str, _meaning: str) -> str:
    return text


def report_lines(verdict: Mapping[str, Any], paint: Paint = plain) -> list[str]:
    findings = list(verdict["findings"])
    lines = [line for finding in findings if red(finding) for line in _problem(finding, paint)]
    waived = [finding for finding in findings if finding["waiver"] and not red(finding)]
    lines += [line for finding in waived for line in _accepted(finding, paint)]
    lines += [paint(line, HINT) for line in _hints(verdict["waivers"])]
    if lines:
        lines.append("")
    containers = [finding for finding in findings if finding["container"]]
    others = [finding for finding in findings if not finding["container"]]
    for table in (_table("container", containers, paint), _table("host, image or network", others, paint)):
        if table:
            lines += [*table, ""]
    summary = verdict["summary"]
    lines.append(paint(_summary_line(summary, verdict["fail_on"]), FINE if summary["ok"] else GRAVE))
    return lines


def _problem(finding: Finding, paint: Paint) -> Iterator[str]:
    head = f"{finding['status'].upper():5} {finding['check']}  {finding['subject']}  ({finding['severity']})"
    yield paint(head, _meaning(finding["severity"]))
    yield f"      found:    {finding['observed']}"
    yield f"      expected: {finding['expected']}"
    for piece in finding["evidence"]:
        yield f"      evidence: {piece['path']}: {piece['raw']}"
    yield f"      remedy:   {finding['remedy']}"
    waiver = finding["waiver"]
    if waiver:
        yield f"      waiver:   expired on {waiver['expires']} ({waiver['reason']}), so it no longer applies"


def _meaning(severity: str) -> str:
    return GRAVE if severity in SEVERITIES[:2] else FAULT


def _accepted(finding: Finding, paint: Paint) -> Iterator[str]:
    waiver = finding["waiver"]
    yield paint(f"WAIVED {finding['check']}  {finding['subject']}: {finding['observed']}", ACCEPTED)
    yield f"      until {waiver['expires']}: {waiver['reason']}"


def _hints(waivers: list[Mapping[str, Any]]) -> Iterator[str]:
    """Waivers that do nothing: nobody reads the list again otherwise."""
    for waiver in waivers:
        labels = ", ".join(f"{key}={value}" if value else key for key, value in waiver["labels"].items())
        whom = ", ".join(filter(None, (waiver["subject"], labels, waiver["image"])))
        if waiver["expired"]:
            why = f"expired on {waiver['expires']}" + ("" if waiver["matched"] else ", and fits no red finding")
        elif not waiver["matched"]:
            why = "fits no red finding; take it out"
        else:
            continue
        yield f"HINT  waiver of {waiver['check']} for {whom}: {why}"


def _table(title: str, findings: list[Finding], paint: Paint) -> list[str]:
    """Subjects down, the worst first; concepts across. A cell says ok, or how many findings are red."""
    by_subject: dict[str, list[Finding]] = {}
    for finding in findings:
        by_subject.setdefault(finding["subject"], []).append(finding)
    concepts = {_column(finding) for finding in findings}
    columns = [column for column in COLUMNS if column in concepts]
    students = any(finding["student"] for finding in findings)
    rows = [[title, *(["student"] if students else []), *columns]]
    kinds = [[""] * len(rows[0])]
    for subject, own in sorted(by_subject.items(), key=lambda entry: _rank(*entry)):
        cells = [_cell([finding for finding in own if _column(finding) == column]) for column in columns]
        head = [subject, *([own[0]["student"] or BLANK] if students else [])]
        rows.append([*head, *(text for text, _kind in cells)])
        kinds.append([*[""] * len(head), *(kind for _text, kind in cells)])
    widths = [max(map(len, column)) for column in zip(*rows)]
    return [_row(cells, meanings, widths, paint) for cells, meanings in zip(rows, kinds)] if by_subject else []


def _row(cells: list[str], meanings: list[str], widths: list[int], paint: Paint) -> str:
    padded = [cell.ljust(width) for cell, width in zip(cells[:-1], widths)] + cells[-1:]
    return "  ".join(paint(cell, meaning) if meaning else cell for cell, meaning in zip(padded, meanings))


def _column(finding: Finding) -> str:
    concept = str(finding["concept"])
    return GROUPED.get(concept, concept)


def _rank(subject: str, findings: list[Finding]) -> tuple[int, int, str]:
    """By the gravest red finding, then by how many there are."""
    grades = [SEVERITIES.index(finding["severity"]) for finding in findings if red(finding)]
    return min(grades, default=len(SEVERITIES)), -len(grades), subject


def _cell(findings: list[Finding]) -> tuple[str, str]:
    """The text and what it means."""
    bad = [finding for finding in findings if red(finding)]
    if bad:
        gravest = min((finding["severity"] for finding in bad), key=SEVERITIES.index)
        return f"{BAD} {len(bad)}/{len(findings)}", _meaning(gravest)
    if any(finding["waiver"] for finding in findings):
        return WAIVED, ACCEPTED
    return (GOOD, FINE) if any(finding["status"] == PASS for finding in findings) else (BLANK, "")


def _summary_line(summary: Mapping[str, Any], fail_on: str) -> str:
    counts = ", ".join(
        f"{summary[status]} {status}" for status in STATUSES if summary[status] or status in (PASS, FAIL)
    )
    waived = f", of these {summary['waived']} waived" if summary["waived"] else ""
    outcome = "isolated" if summary["ok"] else "NOT ISOLATED"
    least = f"; fails on {FAILS_ON[fail_on]}" if fail_on in FAILS_ON else ""
    return f"{outcome}: {summary['containers']} containers, {counts}{waived}{least}"
