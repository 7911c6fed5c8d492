# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict as OSCAL assessment results (JSON, 1.1), for systems that keep account of controls. Pure.

A finding is about an objective, so there is one for each check: satisfied when it passed somewhere and is red nowhere.
What was seen are observations: one for each red finding, with its evidence, and one for each other status of a check,
over all its subjects. OSCAL knows no "not checked": such a check has observations and no finding.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import printable
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import ERROR, FAIL, NIST, PASS
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.exchange import (
    NAMESPACE,
    Finding,
    details,
    findings_of,
    moment,
    references_of,
    stable_id,
    waiver_said,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.verdict import red

VERSION = "1.1.3"
SEEN_LIMIT = 10
NS = f"urn:uuid:{NAMESPACE}"

# OSCAL wants a plan. Who has none gets what was done in its place.
PLAN = {
    "uuid": stable_id("plan"),
    "title": "Checks of the isolation of containers",
    "description": "Each check reads evidence from the kernel of the host; docs/isolation.md of Bulkhead says which.",
}


def oscal(verdict: Mapping[str, Any], plan: str = "", report: str = "") -> str:
    """plan: address of the assessment plan that the results import; "" for none. report: that of the whole report."""
    return json.dumps(document(verdict, plan, report), separators=(",", ":"), ensure_ascii=False) + "\n"


def document(verdict: Mapping[str, Any], plan: str, report: str) -> dict[str, Any]:
    generated = moment(verdict["generated"])
    findings = findings_of(verdict)
    # Two classrooms may be judged in one second.
    run = (generated, *sorted(verdict["hosts"]))
    metadata = {
        "title": "Isolation of containers",
        "last-modified": generated,
        "version": generated,
        "oscal-version": VERSION,
        "props": [_prop("profile", verdict["profile"]), _prop("fail-on", verdict["fail_on"])],
    }
    return {
        "assessment-results": {
            "uuid": stable_id("assessment-results", *run),
            "metadata": metadata,
            "import-ap": {"href": _address(plan) or f"#{PLAN['uuid']}"},
            "results": [{"uuid": stable_id("result", *run), **_result(findings, generated, _address(report))}],
            **({} if plan else {"back-matter": {"resources": [PLAN]}}),
        }
    }


def _result(findings: list[Finding], generated: str, report: str) -> dict[str, Any]:
    observed: dict[str, list[str]] = {}
    observations = []
    for group in _groups(findings):
        observation = _observation(group, generated, report)
        observed.setdefault(group[0]["check"], []).append(observation["uuid"])
        observations.append(observation)
    checks: dict[str, list[Finding]] = {}
    for finding in findings:
        checks.setdefault(finding["check"], []).append(finding)
    result = {
        "title": "Isolation of containers, read from the kernel",
        "description": "Facts of all hosts, judged together. Nothing was changed on any of them.",
        "start": generated,
        "end": generated,
        "local-definitions": {"inventory-items": _inventory(findings)},
        "reviewed-controls": {"control-selections": [_selection(checks)]},
        "observations": observations,
        # Each list is left out when it is empty: OSCAL wants one entry at least.
        "risks": [_risk(one) for one in findings if _accepted(one)],
        "findings": [_finding(own, observed[check]) for check, own in checks.items() if _judged(own)],
    }
    return {name: value for name, value in result.items() if value != []}


def _groups(findings: list[Finding]) -> Iterable[list[Finding]]:
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        bad = finding["status"] in (FAIL, ERROR)
        key = (finding["check"], finding["status"], finding["subject"] if bad else "")
        groups.setdefault(key, []).append(finding)
    return groups.values()


def _observation(group: list[Finding], generated: str, report: str) -> dict[str, Any]:
    first = group[0]
    check, status = first["check"], first["status"]
    bad = status in (FAIL, ERROR)
    whom = first["subject"] if bad else f"{len(group)} subjects"
    said = [*details(first)] if bad else _seen(group)
    observation: dict[str, Any] = {
        "uuid": stable_id("observation", check, first["subject"] if bad else status),
        "title": _markup(f"{check}: {status}: {whom}"),
        "description": "\n\n".join(map(_markup, said)) or status,
        "props": [_prop("check", check), _prop("result", status)],
        "methods": ["EXAMINE"],
        "types": ["finding" if bad else "control-objective"],
        "subjects": [
            {"subject-uuid": uuid, "type": "inventory-item"}
            for uuid in dict.fromkeys(_item_id(one["subject"]) for one in group)
        ],
        "collected": generated,
    }
    link = {"href": report} if report else {}
    pieces = [{**link, "description": _markup(f"{one['path']}: {one['raw']}")} for one in first["evidence"] if bad]
    if pieces:
        observation["relevant-evidence"] = pieces
    return observation


def _seen(group: list[Finding]) -> list[str]:
    """What was seen of many subjects, each text once; the report has the rest."""
    seen = sorted({printable(one["observed"]) for one in group})
    more = len(seen) - SEEN_LIMIT
    return [*seen[:SEEN_LIMIT], *([f"and {more} more"] if more > 0 else [])]


def _judged(own: list[Finding]) -> bool:
    return any(one["status"] in (PASS, FAIL, ERROR) for one in own)


def _accepted(finding: Finding) -> bool:
    return finding["status"] in (FAIL, ERROR) and not red(finding)


def _finding(own: list[Finding], observations: list[str]) -> dict[str, Any]:
    """A waiver accepts the risk; it does not make the objective satisfied."""
    check = own[0]
    risks = [{"risk-uuid": _risk_id(one)} for one in own if _accepted(one)]
    finding: dict[str, Any] = {
        "uuid": stable_id("finding", check["check"]),
        "title": _markup(check["title"]),
        "description": _markup(check["why"] or check["title"]),
        "props": [
            _prop("severity", check["severity"]),
            _prop("concept", check["concept"]),
            *(_prop("reference", reference) for reference in references_of(check)),
        ],
        "target": {
            "type": "objective-id",
            "target-id": _token(check["check"]),
            "title": _markup(f"expected: {check['expected']}"),
            "status": _state(own),
        },
        "related-observations": [{"observation-uuid": uuid} for uuid in observations],
    }
    if risks:
        finding["related-risks"] = risks
    remedy = next((one["remedy"] for one in own if one["remedy"]), "")
    if remedy:
        finding["remarks"] = _markup(remedy)
    return finding


def _state(own: list[Finding]) -> dict[str, str]:
    """reason: "other" where no fault is proved (evidence is missing) or each is accepted."""
    bad = [one for one in own if one["status"] in (FAIL, ERROR)]
    if not bad:
        return {"state": "satisfied", "reason": "pass"}
    proved = any(one["status"] == FAIL and red(one) for one in bad)
    waived = sum(map(_accepted, bad))
    said = f"{len(bad)} of {len(own)} subjects; {waived} of them accepted by a waiver"
    return {"state": "not-satisfied", "reason": "fail" if proved else "other", "remarks": said}


def _risk(finding: Finding) -> dict[str, Any]:
    return {
        "uuid": _risk_id(finding),
        "title": _markup(f"{finding['check']}: {finding['subject']}"),
        "description": _markup(finding["observed"]),
        "statement": _markup(waiver_said(finding["waiver"])),
        "props": [_prop("expires", finding["waiver"]["expires"])],
        "status": "deviation-approved",
    }


def _risk_id(finding: Finding) -> str:
    return stable_id("risk", finding["check"], finding["subject"])


def _item_id(subject: str) -> str:
    return stable_id("subject", subject)


def _inventory(findings: list[Finding]) -> list[dict[str, Any]]:
    items: dict[str, dict[str, Any]] = {}
    for one in findings:
        uuid = _item_id(one["subject"])
        if uuid not in items:
            props = [_prop(name, one[name]) for name in ("host", "container", "student") if one[name].strip()]
            items[uuid] = {"uuid": uuid, "description": _markup(one["subject"]), **({"props": props} if props else {})}
    return list(items.values())


def _selection(checks: Mapping[str, list[Finding]]) -> dict[str, Any]:
    sections = sorted({section for own in checks.values() for section in own[0]["references"].get(NIST, ())})
    if not sections:
        return {"include-all": {}}
    return {"include-controls": [{"control-id": _token(f"sp800-190-{section}")} for section in sections]}


def _prop(name: str, value: Any) -> dict[str, str]:
    return {"name": name, "ns": NS, "value": printable(str(value)).strip() or "-"}


def _token(text: str) -> str:
    """No token begins with a digit, as ids of benchmarks do."""
    token = re.sub(r"[^A-Za-z0-9._-]", "_", text)
    return token if re.match(r"[A-Za-z_]", token) else f"_{token}"


def _address(text: str) -> str:
    return quote(printable(text), safe="/._-~+@:#?&=%")


def _markup(text: str) -> str:
    """One line of Markdown that shows the text: no link, no element and no emphasis comes from a name."""
    return re.sub(r"([\\`*\[\]<>&!])", r"\\\1", printable(str(text))).strip() or "-"
