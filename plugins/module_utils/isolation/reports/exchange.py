# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the exchange formats share: ids that stay the same over runs, times with a zone, and the one rule of each check.

Pure. A format that demands a time gets none invented: a verdict without one is refused.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import printable
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import ERROR, SEVERITIES

# Of all ids by uuid5. Another one would make everything that was ever reported look new.
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "isolation.bulkhead.org")
# What stands in the place of a finding when there is none: a report without one would look like a success.
NOTHING: dict[str, Any] = {
    "check": "verdict",
    "title": "Something was judged",
    "severity": SEVERITIES[0],
    "concept": "existence",
    "subject": "isolation",
    "host": "",
    "container": "",
    "student": "",
    "status": ERROR,
    "expected": "facts of at least one host",
    "observed": "nothing was judged",
    "inspected": "",
    "reason": "the verdict has no finding",
    "evidence": [],
    "remedy": "Name at least one host that can be reached.",
    "why": "A verdict over nothing proves nothing.",
    "variable": "",
    "references": {},
    "waiver": None,
}
Finding = Mapping[str, Any]


class ExchangeError(ValueError):
    """The verdict lacks something that the format demands."""


def findings_of(verdict: Mapping[str, Any]) -> list[Finding]:
    return list(verdict["findings"]) or [NOTHING]


def stable_id(*parts: str) -> str:
    """The same parts give the same id, today and at the next run. No part can hold a line end once it is printable."""
    return str(uuid.uuid5(NAMESPACE, "\n".join(printable(part) for part in parts)))


def moment(generated: Any) -> str:
    """The time of the run, in UTC and to the second: 2026-06-15T12:00:00Z. A time without a zone is taken for UTC."""
    text = str(generated).strip()
    try:
        # Before Python 3.11 fromisoformat does not know the Z.
        read = datetime.fromisoformat(text[:-1] + "+00:00" if text[-1:] in ("Z", "z") else text)
    except ValueError:
        raise ExchangeError(
            f"the verdict was generated at {printable(text)!r}, and this format needs a time. Give "
            "isolation_verdict the time of the run: 2026-12-31T12:00:00Z."
        ) from None
    aware = read if read.tzinfo else read.replace(tzinfo=timezone.utc)
    return aware.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def rules_of(findings: list[Finding]) -> dict[str, dict[str, Any]]:
    """Each check once, in the order of the findings. Only red findings carry the remedy, so the first one counts."""
    rules: dict[str, dict[str, Any]] = {}
    for finding in findings:
        rule = rules.setdefault(finding["check"], {**finding, "remedy": ""})
        rule["remedy"] = rule["remedy"] or finding["remedy"]
    return rules


def references_of(rule: Mapping[str, Any]) -> Iterator[str]:
    """The newest benchmark first, where a consumer takes only so many."""
    for source, ids in reversed(list(rule["references"].items())):
        yield f"{source}: {', '.join(ids)}"


def waiver_said(waiver: Mapping[str, Any]) -> str:
    return printable(f"until {waiver['expires']}: {waiver['reason']}")


def details(finding: Finding) -> Iterator[str]:
    """What a reader needs to check the finding, line by line, each of them harmless."""
    yield printable(f"observed: {finding['observed']}")
    for name in ("inspected", "expected", "reason"):
        if finding[name]:
            yield printable(f"{name}: {finding[name]}")
    for piece in finding["evidence"]:
        yield printable(f"evidence: {piece['path']}: {piece['raw']}")
    waiver = finding["waiver"]
    if waiver and waiver["expired"]:
        yield printable(f"waiver: expired on {waiver['expires']} ({waiver['reason']})")
