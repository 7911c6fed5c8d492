# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What earlier verdicts said, as far as a later one is compared with it: counts, and what was red. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import as_list, as_mapping
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.verdict import red

SCHEMA = 1
KEPT = 20


def remembered(history: Any, verdict: Mapping[str, Any], keep: int = KEPT) -> dict[str, Any]:
    """The history with this verdict as its last run. One that cannot be read is begun anew: it proves nothing."""
    return {"schema": SCHEMA, "runs": [*runs(history), run(verdict)][-max(keep, 1) :]}


def runs(history: Any) -> list[dict[str, Any]]:
    """The runs of a history (a dictionary, or its JSON), oldest first; none of what is no history of this form."""
    given = as_mapping(_read(history) if isinstance(history, str) else history)
    if given.get("schema") != SCHEMA:
        return []
    known = (as_mapping(one) for one in as_list(given.get("runs")))
    return [
        dict(one) for one in known if isinstance(one.get("red"), Mapping) and isinstance(one.get("summary"), Mapping)
    ]


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def run(verdict: Mapping[str, Any]) -> dict[str, Any]:
    """What is remembered of a verdict."""
    faults = {key(finding): finding["observed"] for finding in verdict["findings"] if red(finding)}
    known = ("generated", "profile", "summary")
    return {**{name: verdict[name] for name in known}, "subjects": _subjects(verdict), "red": faults}


def key(finding: Mapping[str, Any]) -> str:
    """The same finding has the same key in every run."""
    return f"{finding['check']} {finding['subject']}"


def drift(history: Any, verdict: Mapping[str, Any]) -> dict[str, Any]:
    """What is different from the last run: `new` and `changed` findings, and those that are `fixed` or, because their
    subject or check was not judged this time, `gone`. `since` is that run's time, and empty without one."""
    earlier = runs(history)
    if not earlier:
        return {"since": "", "new": [], "fixed": [], "changed": [], "gone": []}
    before, now = earlier[-1], run(verdict)
    known, found = as_mapping(before["red"]), now["red"]
    ended = [one for one in known if one not in found]
    judged = {key(finding) for finding in verdict["findings"]}
    return {
        "since": str(before.get("generated") or ""),
        "new": [one for one in found if one not in known],
        "changed": [one for one in found if one in known and known[one] != found[one]],
        "fixed": [one for one in ended if one in judged],
        "gone": [one for one in ended if one not in judged],
    }


def drift_lines(found: Mapping[str, Any]) -> list[str]:
    """The same for a terminal or a journal: one line in all, then one for each finding. Nothing without a last run."""
    return list(_drift_lines(found)) if found["since"] else []


def _drift_lines(found: Mapping[str, Any]) -> Iterator[str]:
    kinds: Sequence[str] = ("new", "changed", "fixed", "gone")
    counts = ", ".join(f"{len(found[kind])} {kind}" for kind in kinds if found[kind])
    yield f"since {found['since']}: {counts or 'nothing changed'}"
    for kind in kinds:
        yield from (f"{kind.upper():8} {one}" for one in found[kind])


def _subjects(verdict: Mapping[str, Any]) -> list[str]:
    return sorted({finding["subject"] for finding in verdict["findings"]})
