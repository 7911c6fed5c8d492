# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict as SARIF 2.1.0, for code scanning and editors: a rule for each check, a result for each finding. Pure.

No file exists for a running container, so a result lies in the file that the caller names (where consumers demand one),
and its logical location is the container. Consumers tell results apart by their fingerprints alone, then.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import printable
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    ERROR,
    FAIL,
    INFORMATIONAL,
    NOTAPPLICABLE,
    NOTCHECKED,
    NOTSELECTED,
    PASS,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.exchange import (
    ExchangeError,
    Finding,
    details,
    findings_of,
    moment,
    references_of,
    rules_of,
    stable_id,
    waiver_said,
)

VERSION = "2.1.0"
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
# Bands of code scanning: critical above 9.0, high from 7.0, medium from 4.0, low above 0.
SECURITY_SEVERITY = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0"}
LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}
# Missing evidence is no "open" result: that kind has no level, and consumers hide what has none.
KINDS = {
    FAIL: "fail",
    ERROR: "fail",
    PASS: "pass",
    NOTCHECKED: "open",
    INFORMATIONAL: "informational",
    NOTSELECTED: "notApplicable",
    NOTAPPLICABLE: "notApplicable",
}
# Where the role isolation_audit writes its report by default.
LOCATION = "reports/isolation.json"
# What code scanning takes in one run; of the findings the worst come first.
RESULT_LIMIT = 25_000


def sarif(verdict: Mapping[str, Any], location: str = LOCATION, everything: bool = False) -> str:
    """location: the file that results lie in, best relative to the repository. everything: what passed as well."""
    text = json.dumps(document(verdict, location, everything), separators=(",", ":"), ensure_ascii=False)
    return text + "\n"


def document(verdict: Mapping[str, Any], location: str, everything: bool) -> dict[str, Any]:
    findings = findings_of(verdict)
    rules = rules_of(findings)
    numbers = {check: number for number, check in enumerate(rules)}
    told = [finding for finding in findings if everything or finding["status"] in (FAIL, ERROR)]
    uri = quote(printable(location), safe="/._-~+@:")
    run = {
        "tool": {"driver": {"name": "Bulkhead", "rules": [_rule(rule) for rule in rules.values()]}},
        "automationDetails": _automation(verdict),
        "invocations": [_invocation(verdict, max(0, len(told) - RESULT_LIMIT))],
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, numbers[finding["check"]], uri) for finding in told[:RESULT_LIMIT]],
    }
    return {"$schema": SCHEMA, "version": VERSION, "runs": [run]}


def _automation(verdict: Mapping[str, Any]) -> dict[str, str]:
    """What stands before the last slash makes a category: runs of another profile do not close these alerts."""
    profile, generated = printable(verdict["profile"]), printable(str(verdict["generated"]))
    return {"id": f"bulkhead-isolation/{profile}/{generated}", "guid": stable_id("sarif", profile, generated)}


def _invocation(verdict: Mapping[str, Any], left_out: int) -> dict[str, Any]:
    unread = [f"{name}: no facts: {line['error']}" for name, line in verdict["hosts"].items() if line.get("error")]
    problems = unread or ([] if verdict["findings"] else ["nothing was judged"])
    notes = [{"level": "error", "message": _message(problem)} for problem in problems]
    if left_out:
        said = f"{left_out} more findings are not in here; a run holds {RESULT_LIMIT}"
        notes.append({"level": "warning", "message": _message(said)})
    invocation: dict[str, Any] = {"executionSuccessful": not problems, "toolExecutionNotifications": notes}
    try:
        invocation["endTimeUtc"] = moment(verdict["generated"])
    except ExchangeError:
        # SARIF can do without.
        return invocation
    return invocation


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": printable(rule["check"]),
        "shortDescription": _message(rule["title"]),
        "fullDescription": _message(rule["why"] or rule["title"]),
        "help": _message(rule["remedy"] or f"Expected: {rule['expected']}"),
        "defaultConfiguration": {"level": LEVELS[rule["severity"]]},
        "properties": {
            "security-severity": SECURITY_SEVERITY[rule["severity"]],
            "problem.severity": LEVELS[rule["severity"]].replace("note", "recommendation"),
            "tags": ["security", printable(rule["concept"]), *map(printable, references_of(rule))],
        },
    }


def _result(finding: Finding, number: int, uri: str) -> dict[str, Any]:
    kind = KINDS[finding["status"]]
    waiver = finding["waiver"]
    applies = bool(waiver) and not waiver["expired"]
    identity = stable_id(finding["check"], finding["subject"])
    whole = printable(finding["subject"])
    name, sort = (finding["container"], "container") if finding["container"] else (finding["subject"], "resource")
    return {
        "ruleId": printable(finding["check"]),
        "ruleIndex": number,
        "kind": kind,
        # Another kind has none, says the standard.
        "level": LEVELS[finding["severity"]] if kind == "fail" else "none",
        "message": _message(f"{finding['title']}: {finding['subject']}", *details(finding)),
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": 1}},
                "logicalLocations": [{"fullyQualifiedName": whole, "name": printable(name), "kind": sort}],
            }
        ],
        # The first is the name that code scanning looks for; without it all results of a rule at one line are one.
        "partialFingerprints": {
            "primaryLocationLineHash": f"{identity.replace('-', '')[:16]}:1",
            "checkAndSubject/v1": identity,
        },
        "suppressions": [_suppression(waiver, identity)] if applies else [],
        "properties": {"status": finding["status"], "severity": finding["severity"]},
    }


def _suppression(waiver: Mapping[str, Any], identity: str) -> dict[str, str]:
    return {
        "guid": stable_id("waiver", identity),
        "kind": "external",
        "status": "accepted",
        "justification": waiver_said(waiver),
    }


def _message(*lines: str) -> dict[str, str]:
    """Plain text in which nothing is a link ([text](address)) and nothing a placeholder ({0})."""
    text = "\n".join(re.sub(r"([\[\]\\])", r"\\\1", printable(line)) for line in lines)
    return {"text": re.sub(r"\{(\d+)\}", r"{{\1}}", text)}
