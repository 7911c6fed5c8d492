# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two verdicts on the same containers, laid beside each other by the ids of the CIS Docker Benchmark 1.6. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.bulkhead.classroom.tests.bench.docker_bench import Result

BENCHMARK = "CIS Docker 1.6"
GOOD, BAD, OPEN = "good", "bad", "not judged"
RED = ("fail", "error")


@dataclass(frozen=True)
class Row:
    """One id. `theirs` and `ours` name the containers or images that are objected to; hosts are counted as `host`."""

    id: str
    title: str
    their_verdict: str
    their_class: str
    their_details: str
    theirs: tuple[str, ...]
    our_checks: tuple[str, ...]
    our_class: str
    ours: tuple[str, ...]
    # Why, for what only one of them objects to.
    only_ours: Mapping[str, str]
    only_theirs: Mapping[str, str]

    @property
    def differs(self) -> bool:
        return self.their_class != self.our_class or bool(self.only_ours or self.only_theirs)


def rows(results: Mapping[str, Result], findings: Iterable[Mapping[str, Any]], names: Iterable[str]) -> list[Row]:
    """In the order of the ids. names: of all containers, as the engine has them."""
    by_id: dict[str, list[Mapping[str, Any]]] = {}
    for finding in findings:
        for key in finding["references"].get(BENCHMARK, []):
            by_id.setdefault(key, []).append(finding)
    known = set(names)
    return [_row(key, results.get(key), by_id.get(key, []), known) for key in sorted({*results, *by_id}, key=_order)]


def _order(key: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 99 for part in key.split("."))


def _row(key: str, result: Result | None, findings: list[Mapping[str, Any]], known: set[str]) -> Row:
    theirs = tuple(sorted({_named(item, known) for item in result.items})) if result else ()
    red = [one for one in findings if one["status"] in RED]
    ours = tuple(sorted({_subject(one) for one in red}))
    # A whole that is bad without a name is the host.
    if result and result.verdict == "WARN" and not theirs:
        theirs = ("host",)
    only_ours = {name: _why(red, name) for name in ours if name not in theirs}
    only_theirs = {name: _why(findings, name) for name in theirs if name not in ours}
    return Row(
        key,
        result.title if result else "",
        result.verdict if result else "",
        _their_class(result),
        result.details if result else "",
        theirs,
        tuple(dict.fromkeys(str(one["check"]) for one in findings)),
        _our_class(findings),
        ours,
        only_ours,
        only_theirs,
    )


def _named(item: str, known: set[str]) -> str:
    """A container's name: some carry what was found behind a colon, some the id before it; images stand in brackets."""
    parts = item.split(":")
    return next((part for part in (parts[0], parts[-1]) if part in known), item.strip("[]"))


def _subject(finding: Mapping[str, Any]) -> str:
    _host, _slash, rest = str(finding["subject"]).partition("/")
    return str(finding["container"]) or rest.partition("/")[2] or "host"


def _why(findings: list[Mapping[str, Any]], name: str) -> str:
    """What we saw of a subject, the gravest first, with the first piece of evidence."""
    own = [one for one in findings if _subject(one) == name]
    own.sort(key=lambda one: one["status"] not in RED)
    said = []
    for one in own[:2]:
        evidence = one["evidence"][0] if one["evidence"] else None
        seen = f" ({evidence['path']}: {evidence['raw']})" if evidence else ""
        said.append(f"{one['check']} {one['status']}: {one['observed']}{seen}")
    return "; ".join(said) or "no check of ours is about it"


def _their_class(result: Result | None) -> str:
    """INFO with names is an objection; without, as NOTE, nothing was tested or there is nothing to test."""
    if result is None:
        return OPEN
    if result.verdict == "WARN" or (result.verdict == "INFO" and result.items):
        return BAD
    return GOOD if result.verdict == "PASS" else OPEN


def _our_class(findings: list[Mapping[str, Any]]) -> str:
    statuses = {one["status"] for one in findings}
    if statuses & set(RED):
        return BAD
    return GOOD if "pass" in statuses else OPEN


def counts(found: Iterable[Row], results: Mapping[str, Result]) -> dict[str, Any]:
    found = list(found)
    both = [row for row in found if row.their_verdict and row.our_checks]
    return {
        "their_checks": len(results),
        "their_verdicts": {word: sum(one.verdict == word for one in results.values()) for word in _words(results)},
        "both": len(both),
        "agreed": sum(not row.differs for row in both),
        "differ": sum(row.differs for row in both),
        "only_theirs": [row.id for row in found if row.their_verdict and not row.our_checks],
        "only_ours": [row.id for row in found if row.our_checks and not row.their_verdict],
        "not_tested_by_them": [row.id for row in found if row.their_class == OPEN and row.our_class != OPEN],
        "not_tested_by_us": [row.id for row in found if row.our_class == OPEN and row.their_class != OPEN],
        "objections": {"theirs": sum(len(row.theirs) for row in both), "ours": sum(len(row.ours) for row in both)},
    }


def _words(results: Mapping[str, Result]) -> list[str]:
    return sorted({one.verdict for one in results.values()})


def document(found: Iterable[Row]) -> list[dict[str, Any]]:
    return [{**asdict(row), "differs": row.differs} for row in found]


def markdown(found: Iterable[Row]) -> list[str]:
    """A table of those that differ."""
    lines = ["| CIS 1.6 | docker-bench-security | Bulkhead | only Bulkhead objects to | only it objects to |"]
    lines.append("| --- | --- | --- | --- | --- |")
    for row in found:
        if row.differs and row.their_verdict and row.our_checks:
            theirs, ours = f"{row.their_verdict} {len(row.theirs) or ''}", f"{row.our_class} {len(row.ours) or ''}"
            cells = [row.id, theirs, f"{ours} (`{'`, `'.join(row.our_checks)}`)"]
            cells += [", ".join(row.only_ours) or "-", ", ".join(row.only_theirs) or "-"]
            lines.append(f"| {' | '.join(cell.strip().replace('|', '/') for cell in cells)} |")
    return lines
