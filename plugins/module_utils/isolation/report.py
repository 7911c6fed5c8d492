# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict as lines for a terminal: first what is wrong, with evidence and cure, then a table. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import FAIL, PASS, STATUSES
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.verdict import red

CONCEPTS: dict[str, str | tuple[str, ...]] = {
    "namespaces": ("ns-", "userns-"),
    "cgroups": "cgroup-",
    "selinux": ("selinux-", "apparmor-"),
    "privileges": ("capabilities", "seccomp-", "no-new-"),
    "processes": "process-",
    "mounts": ("rootfs-", "engine-", "host-", "mounts-", "masked-"),
    "lifecycle": ("restart-", "container-", "containers-", "log-", "exec-", "image-", "images-"),
}
# With low every red finding counts, which needs no word.
FAILS_ON = {"critical": "critical only", "high": "high and above", "medium": "medium and above"}
GOOD, BAD, BLANK, WAIVED = "ok", "FAIL", "-", "waived"


def report_lines(verdict: Mapping[str, Any]) -> list[str]:
    findings = list(verdict["findings"])
    lines = [line for finding in findings if red(finding) for line in _problem(finding)]
    waived = [finding for finding in findings if finding["waiver"] and not red(finding)]
    lines += [line for finding in waived for line in _accepted(finding)]
    if lines:
        lines.append("")
    lines += list(_table(findings))
    lines += ["", _summary_line(verdict["summary"], verdict["fail_on"])]
    return lines


def _problem(finding: Mapping[str, Any]) -> Iterator[str]:
    yield f"{finding['status'].upper():5} {finding['check']}  {finding['subject']}  ({finding['severity']})"
    yield f"      found:    {finding['observed']}"
    yield f"      expected: {finding['expected']}"
    for piece in finding["evidence"]:
        yield f"      evidence: {piece['path']}: {piece['raw']}"
    yield f"      remedy:   {finding['remedy']}"
    waiver = finding["waiver"]
    if waiver:
        yield f"      waiver:   expired on {waiver['expires']} ({waiver['reason']}), so it no longer applies"


def _accepted(finding: Mapping[str, Any]) -> Iterator[str]:
    waiver = finding["waiver"]
    yield f"WAIVED {finding['check']}  {finding['subject']}: {finding['observed']}"
    yield f"      until {waiver['expires']}: {waiver['reason']}"


def _table(findings: list[Mapping[str, Any]]) -> Iterator[str]:
    """Containers down, concepts across: a cell says ok, or how many findings are red."""
    subjects = list(dict.fromkeys(finding["subject"] for finding in findings if finding["container"]))
    rows = [["container", "student", *CONCEPTS]]
    for subject in sorted(subjects):
        own = [finding for finding in findings if finding["subject"] == subject]
        rows.append([subject, own[0]["student"] or BLANK, *(_cell(own, names) for names in CONCEPTS.values())])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()


def _cell(findings: list[Mapping[str, Any]], prefixes: str | tuple[str, ...]) -> str:
    own = [finding for finding in findings if finding["check"].startswith(prefixes)]
    bad = sum(red(finding) for finding in own)
    if bad:
        return f"{BAD} {bad}/{len(own)}"
    if any(finding["waiver"] for finding in own):
        return WAIVED
    return GOOD if any(finding["status"] == PASS for finding in own) else BLANK


def _summary_line(summary: Mapping[str, Any], fail_on: str) -> str:
    counts = ", ".join(
        f"{summary[status]} {status}" for status in STATUSES if summary[status] or status in (PASS, FAIL)
    )
    waived = f", of these {summary['waived']} waived" if summary["waived"] else ""
    outcome = "isolated" if summary["ok"] else "NOT ISOLATED"
    least = f"; fails on {FAILS_ON[fail_on]}" if fail_on in FAILS_ON else ""
    return f"{outcome}: {summary['containers']} containers, {counts}{waived}{least}"
