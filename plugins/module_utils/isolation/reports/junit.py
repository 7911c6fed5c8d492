# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict as JUnit XML, for whatever shows the results of tests: a suite for each subject, a case for each check.

Pure. Names and values come from strangers: whatever XML 1.0 forbids or steers a reader's eyes is written as its code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import printable
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    ERROR,
    INFORMATIONAL,
    PASS,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.verdict import red

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
COUNTED = {"failures": "failure", "errors": "error", "skipped": "skipped"}
# 2026-06-15T12:00:00: the form has no room for a time zone.
SECONDS = 19


def junit(verdict: Mapping[str, Any]) -> str:
    suites: dict[str, list[Mapping[str, Any]]] = {}
    for finding in verdict["findings"]:
        suites.setdefault(finding["subject"], []).append(finding)
    root = ElementTree.Element("testsuites", {"name": "isolation"})
    timestamp = printable(str(verdict["generated"])[:SECONDS])
    for subject, findings in suites.items():
        root.append(_suite(subject, findings, timestamp))
    if not suites:
        root.append(_nothing())
    _count(root)
    ElementTree.indent(root)
    return DECLARATION + ElementTree.tostring(root, encoding="unicode") + "\n"


def _suite(subject: str, findings: list[Mapping[str, Any]], timestamp: str) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", {"name": printable(subject), "hostname": printable(findings[0]["host"])})
    if timestamp:
        suite.set("timestamp", timestamp)
    for finding in findings:
        suite.append(_case(finding))
    _count(suite)
    return suite


def _case(finding: Mapping[str, Any]) -> ElementTree.Element:
    name = printable(f"{finding['check']}: {finding['title']}")
    case = ElementTree.Element("testcase", {"classname": printable(finding["subject"]), "name": name, "time": "0"})
    status, waiver = finding["status"], finding["waiver"]
    text = "\n".join(printable(line) for line in _lines(finding))
    if red(finding):
        kind = "error" if status == ERROR else "failure"
        child = ElementTree.SubElement(case, kind, {"type": finding["severity"]})
        child.set("message", printable(finding["observed"]))
        child.text = text
    elif waiver:
        said = f"waived until {waiver['expires']}: {waiver['reason']}"
        ElementTree.SubElement(case, "skipped", {"message": printable(said)}).text = text
    elif status not in (PASS, INFORMATIONAL):
        said = f"{status}: {finding['reason'] or finding['observed']}"
        ElementTree.SubElement(case, "skipped", {"message": printable(said)})
    elif status == INFORMATIONAL:
        ElementTree.SubElement(case, "system-out").text = text
    return case


def _lines(finding: Mapping[str, Any]) -> Iterator[str]:
    waiver = finding["waiver"]
    yield f"observed: {finding['observed']}"
    if finding["inspected"]:
        yield f"inspected: {finding['inspected']}"
    yield f"expected: {finding['expected']}"
    if finding["reason"]:
        yield f"reason: {finding['reason']}"
    if finding["why"]:
        yield f"why: {finding['why']}"
    for piece in finding["evidence"]:
        yield f"evidence: {piece['path']}: {piece['raw']}"
    if finding["remedy"]:
        yield f"remedy: {finding['remedy']}"
    for source, ids in finding["references"].items():
        yield f"reference: {source}: {', '.join(ids)}"
    if waiver and waiver["expired"]:
        yield f"waiver: expired on {waiver['expires']} ({waiver['reason']})"


def _nothing() -> ElementTree.Element:
    """A verdict over nothing proves nothing, and a file without a case would look like a success."""
    suite = ElementTree.Element("testsuite", {"name": "isolation"})
    case = ElementTree.SubElement(suite, "testcase", {"classname": "isolation", "name": "verdict", "time": "0"})
    ElementTree.SubElement(case, "error", {"type": "critical", "message": "nothing was judged"})
    _count(suite)
    return suite


def _count(element: ElementTree.Element) -> None:
    element.set("tests", str(len(list(element.iter("testcase")))))
    for attribute, tag in COUNTED.items():
        element.set(attribute, str(len(list(element.iter(tag)))))
    element.set("time", "0")
