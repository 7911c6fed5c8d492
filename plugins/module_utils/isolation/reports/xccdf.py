# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict as XCCDF 1.2: a benchmark of all checks, with a TestResult for each host. Pure.

Alone a TestResult refers to rules that its reader does not have, so the benchmark is in the file, as OpenSCAP writes
its own results. Names and values come from strangers: whatever XML 1.0 forbids is written as its code.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import printable
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    ERROR,
    FAIL,
    INFORMATIONAL,
    PASS,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.exchange import (
    Finding,
    details,
    findings_of,
    moment,
    references_of,
    rules_of,
    stable_id,
    waiver_said,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.verdict import red

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
NS = "http://checklists.nist.gov/xccdf/1.2"
DC = "http://purl.org/dc/elements/1.1/"
OWNER = "org.bulkhead"
# XCCDF ends at high.
SEVERITIES = {"critical": "high"}
# Each pass counts one, of all that were judged; what was not judged does not count.
SCORING = "urn:xccdf:scoring:flat-unweighted"
JUDGED = (PASS, FAIL, ERROR)
FACTS = ("kernel", "engine", "cgroup_version", "selinux")
# What decides: evidence from the kernel, judged by Bulkhead.
SYSTEM = "urn:bulkhead:isolation"
Element = ElementTree.Element


def xccdf(verdict: Mapping[str, Any]) -> str:
    generated = moment(verdict["generated"])
    findings = findings_of(verdict)
    root = ElementTree.Element("Benchmark", {"xmlns": NS, "xmlns:dc": DC, "id": _id("benchmark", "isolation")})
    root.set("xml:lang", "en")
    _add(root, "status", "accepted", date=generated[:10])
    _add(root, "title", "Isolation of containers")
    _add(root, "description", "What keeps containers apart from their host and from each other.")
    _add(root, "version", str(verdict["schema"]), time=generated)
    metadata = ElementTree.SubElement(root, "metadata")
    for name in ("creator", "publisher", "contributor"):
        _add(metadata, f"dc:{name}", "Bulkhead")
    _add(metadata, "dc:source", f"profile {verdict['profile']}")
    for check, rule in rules_of(findings).items():
        root.append(_rule(check, rule))
    hosts: dict[str, list[Finding]] = {}
    for finding in findings:
        hosts.setdefault(finding["host"], []).append(finding)
    for host, own in hosts.items():
        root.append(_test_result(host, own, verdict, generated))
    ElementTree.indent(root)
    return DECLARATION + ElementTree.tostring(root, encoding="unicode") + "\n"


def _rule(check: str, rule: Mapping[str, Any]) -> Element:
    element = ElementTree.Element("Rule", {"id": _id("rule", check), "selected": "true", "multiple": "true"})
    element.set("severity", _severity(rule))
    _add(element, "title", rule["title"])
    _add(element, "description", f"Expected: {rule['expected']}")
    for reference in references_of(rule):
        _add(element, "reference", reference)
    _add(element, "rationale", rule["why"] or rule["title"])
    if rule["remedy"]:
        _add(element, "fixtext", rule["remedy"])
    _add(element, "check", "", system=SYSTEM)
    return element


def _test_result(host: str, findings: list[Finding], verdict: Mapping[str, Any], generated: str) -> Element:
    """The id is new at each run, as XCCDF wants it, and the same when a verdict is written again."""
    name = f"{_slug(host or 'unknown')}-{stable_id('testresult', host, generated)}"
    element = ElementTree.Element("TestResult", {"id": _id("testresult", name)})
    element.set("start-time", generated)
    element.set("end-time", generated)
    element.set("test-system", "cpe:/a:bulkhead:classroom")
    element.set("version", str(verdict["schema"]))
    _add(element, "benchmark", "", href="#" + _id("benchmark", "isolation"), id=_id("benchmark", "isolation"))
    _add(element, "title", f"Isolation of the containers of {host or 'an unknown host'}")
    _add(element, "target", host or "unknown")
    line = verdict["hosts"].get(host) or {}
    known = [(fact, line[fact]) for fact in FACTS if line.get(fact)]
    if known:
        facts = ElementTree.SubElement(element, "target-facts")
        for fact, value in known:
            _add(facts, "fact", value, name=f"urn:bulkhead:fact:{fact}", type="string")
    for finding in findings:
        element.append(_rule_result(finding, generated))
    counts = Counter(map(_result, findings))
    judged = sum(counts[status] for status in JUDGED)
    _add(element, "score", str(counts[PASS]), system=SCORING, maximum=str(judged))
    return element


def _severity(rule: Mapping[str, Any]) -> str:
    return SEVERITIES.get(rule["severity"], str(rule["severity"]))


def _result(finding: Finding) -> str:
    accepted = finding["status"] in (FAIL, ERROR) and not red(finding)
    return INFORMATIONAL if accepted else str(finding["status"])


def _rule_result(finding: Finding, generated: str) -> Element:
    """What a waiver accepts is for information, which counts neither for nor against the host.

    No override says so: the public Schematron rules want one in each rule-result, as soon as there is one in any.
    """
    status, result = finding["status"], _result(finding)
    element = ElementTree.Element("rule-result", {"idref": _id("rule", finding["check"]), "time": generated})
    element.set("severity", _severity(finding))
    _add(element, "result", result)
    if status != PASS:
        said = [*details(finding)]
        if result != status:
            said.append(f"{status}, accepted {waiver_said(finding['waiver'])}")
        _add(element, "message", "\n".join(said), severity="error" if red(finding) else "info")
    _add(element, "instance", finding["subject"], context="container" if finding["container"] else "host")
    _add(element, "check", "", system=SYSTEM)
    return element


def _add(parent: Element, tag: str, text: Any, **attributes: str) -> None:
    lines = "\n".join(printable(line) for line in str(text).split("\n"))
    child = ElementTree.SubElement(parent, tag, {name: printable(value) for name, value in attributes.items()})
    child.text = lines or None


def _id(kind: str, name: str) -> str:
    return f"xccdf_{OWNER}_{kind}_{_slug(name)}"


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]", "-", name)
