# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict as the data of the HTML report: small enough to lie in the page, and harmless in it. Pure.

Whatever is said of many findings stands there once: 500 containers are 60,000 findings of a few hundred texts. The page
makes text nodes of what is in here, so nothing has to be escaped; in base64 nothing can end the element it lies in.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import SEVERITIES, STATUSES
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.catalogue import CONCEPTS
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.history import drift, runs
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.verdict import red

# Of a check, and the same for all its findings; the remedy stands only with those that are red.
OF_CHECK = ("title", "severity", "concept", "why", "variable", "references")
OF_SUBJECT = ("host", "container", "student")


class _Once:
    """Things in the order in which they came, each once."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}

    def number(self, name: str) -> int:
        return self.known.setdefault(name, len(self.known))


class Page(NamedTuple):
    """The parts of the page, as texts, and the name of the JSON report beside it; its path from where one stands; the
    pictures of layers, as SVG."""

    template: str
    style: str
    script: str
    beside: str
    path: str = ""
    pictures: tuple[str, ...] = ()


def rendered(verdict: Mapping[str, Any], history: Any, page: Page) -> str:
    """The whole page."""
    # Whoever only judges has no need of it.
    from jinja2 import Environment  # noqa: PLC0415

    template = Environment(autoescape=True).from_string(page.template)
    return template.render(page={**page._asdict(), "data": packed(verdict, history)}) + "\n"


def packed(verdict: Mapping[str, Any], history: Any = None) -> str:
    """base64 of gzip of JSON. The same verdict gives the same text."""
    text = json.dumps(document(verdict, history), separators=(",", ":"), ensure_ascii=False)
    return base64.b64encode(gzip.compress(text.encode("utf-8", "backslashreplace"), mtime=0)).decode("ascii")


def document(verdict: Mapping[str, Any], history: Any = None) -> dict[str, Any]:
    """history: as it was before this verdict."""
    texts, names, subjects = _Once(), _Once(), _Once()
    checks: dict[str, dict[str, Any]] = {}
    about: dict[str, dict[str, Any]] = {}
    findings = []
    for finding in verdict["findings"]:
        name, subject = finding["check"], finding["subject"]
        known = checks.setdefault(name, {"id": name, "remedy": "", **{field: finding[field] for field in OF_CHECK}})
        known["remedy"] = known["remedy"] or finding["remedy"]
        about.setdefault(subject, {"name": subject, **{field: finding[field] for field in OF_SUBJECT}})
        findings.append([subjects.number(subject), names.number(name), *_said(finding, texts)])
    whole = ("generated", "profile", "fail_on", "hosts", "summary")
    return {
        **{field: verdict[field] for field in whole},
        "statuses": list(STATUSES),
        "concepts": [concept for concept in CONCEPTS if any(check["concept"] == concept for check in checks.values())],
        "severities": list(SEVERITIES),
        "checks": list(checks.values()),
        "subjects": list(about.values()),
        "texts": list(texts.known),
        "findings": findings,
        "runs": [{"generated": one.get("generated"), "summary": one["summary"]} for one in runs(history)],
        "drift": drift(history, verdict),
    }


def _said(finding: Mapping[str, Any], texts: _Once) -> list[Any]:
    """Status (of STATUSES), is it red, expected, observed, inspected, reason, evidence (path, raw, ...), waiver."""
    said = [texts.number(finding[field]) for field in ("expected", "observed", "inspected", "reason")]
    evidence = [texts.number(piece[part]) for piece in finding["evidence"] for part in ("path", "raw")]
    row = [STATUSES.index(finding["status"]), int(red(finding)), *said, evidence]
    return [*row, finding["waiver"]] if finding["waiver"] else row
