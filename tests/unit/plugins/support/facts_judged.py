# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judging the documents of facts.py, and asking what came out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.verdict import verdict
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts

ADA, GRACE = f"{facts.HOST}/workspace-ada", f"{facts.HOST}/workspace-grace"
NOW = "2026-06-15T12:00:00Z"
RED = ("fail", "error")
Change = Callable[[dict[str, Any], dict[str, Any]], Any]


def expected(name: str, **changes: Any) -> dict[str, Any]:
    return {"name": f"workspace-{name}", "host": facts.HOST, "student": name, **facts.SIZES, **changes}


def policy(**changes: Any) -> dict[str, Any]:
    """What the verify playbook asks for."""
    return {"capabilities": [], "expected": [expected("ada"), expected("grace")], **changes}


def judged(
    document: Mapping[str, Any], wanted: Mapping[str, Any] | None = None, waivers: Any = None, generated: str = NOW
) -> dict[str, Any]:
    return verdict({facts.HOST: document}, policy() if wanted is None else wanted, waivers, generated)


def changed(change: Change) -> dict[str, Any]:
    """The good document after a change, which gets the document and Ada's container."""
    document = facts.document()
    change(document, document["containers"][0])
    return document


def red(result: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """(subject, check) to status, for what is fail or error."""
    return {(one["subject"], one["check"]): one["status"] for one in result["findings"] if one["status"] in RED}


def find(result: Mapping[str, Any], check: str, subject: str = ADA) -> dict[str, Any]:
    return next(one for one in result["findings"] if (one["check"], one["subject"]) == (check, subject))


def put(record: dict[str, Any], path: str, value: Any) -> None:
    """Sets a value deep in a document: 'processes.0.status.Seccomp'. The way there must exist."""
    *way, last = path.split(".")
    place: Any = record
    for part in way:
        place = place[int(part) if isinstance(place, list) else part]
    place[last] = value


def replace_line(record: dict[str, Any], old: str, new: str) -> None:
    """Changes a part of one mountinfo line of a container; the part must be there."""
    lines = next(iter(record["mounts"].values()))["value"]
    assert sum(old in line for line in lines) == 1, old
    lines[:] = [line.replace(old, new) for line in lines]


def add_line(record: dict[str, Any], line: str) -> None:
    next(iter(record["mounts"].values()))["value"].append(line)
