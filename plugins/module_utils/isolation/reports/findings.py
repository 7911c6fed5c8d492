# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A finding: what was judged, whom it is about, verdict and evidence, in the form that every report has. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact, shown
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    ERROR,
    EVIDENCE_LIMIT,
    FAIL,
    Check,
    Outcome,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import ERROR_LIMIT

RED = (FAIL, ERROR)


def finding(check: Check, outcome: Outcome, subject: str) -> dict[str, Any]:
    return {
        "check": check.id,
        "title": check.title,
        "severity": check.severity,
        "concept": check.concept,
        "subject": subject,
        "status": outcome.status,
        "expected": shown(outcome.expected or check.expected, ERROR_LIMIT),
        "observed": shown(outcome.observed),
        "inspected": shown(outcome.inspected),
        "reason": shown(outcome.reason, ERROR_LIMIT),
        "evidence": [_evidence(fact) for fact in _distinct(outcome.evidence)[:EVIDENCE_LIMIT]],
        "remedy": check.remedy if outcome.status in RED else "",
        "why": check.why,
        "variable": check.variable,
        "references": check.references,
        "waiver": None,
    }


def _distinct(facts: Iterable[Fact]) -> list[Fact]:
    """Each fact once, in order. By equality: a value may be a list, which has no hash."""
    found: list[Fact] = []
    for fact in facts:
        if fact not in found:
            found.append(fact)
    return found


def _evidence(fact: Fact) -> dict[str, str]:
    raw = fact.error if fact.error else fact.raw or str(fact.value)
    return {"path": shown(fact.path), "raw": shown(raw)}
