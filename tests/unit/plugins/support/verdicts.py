# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verdicts for the tests of the exchange formats: good, red, waived, hostile, empty and large ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.verdict import verdict
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import (
    ADA,
    NOW,
    changed,
    find,
    judged,
    policy,
    put,
)

WAIVER = {"check": "seccomp-filter", "subject": ADA, "reason": "lab <1> & \x1b[2J\u202eno", "expires": "2026-07-01"}
WAIVER_SHOWN = "until 2026-07-01: lab <1> & \\x1b[2J\\u202eno"
LATE = "2026-07-02T00:00:00Z"
# Terminal escape, NUL, bidi override and isolate, a non-character, a lone surrogate, C1, markup of XML and of Markdown,
# a placeholder of SARIF, a line end and blanks at the ends.
HOSTILE = " e\x1b[2J\x00\u202e\u2066\ufffe\udc80\x9b]]><a b='\"'>&{0}[x](javascript:y)![z](w)\n\tz "
FORBIDDEN = "\x1b\x00\u202e\u2066\ufffe\udc80\x9b"
TEXTS = ("title", "observed", "expected", "inspected", "reason", "remedy", "why")


def weaken(_document: Any, ada: dict[str, Any]) -> None:
    put(ada, "processes.0.status.Seccomp", "0")


def blind(_document: Any, ada: dict[str, Any]) -> None:
    put(ada, "processes.0.status.Seccomp", None)


def hostile_texts() -> dict[str, Any]:
    result = judged(changed(weaken), waivers=[WAIVER])
    one = find(result, "seccomp-filter")
    one.update(dict.fromkeys((*TEXTS, "subject", "student", "container", "host"), HOSTILE), waiver=None)
    one["evidence"], one["references"] = [{"path": HOSTILE, "raw": HOSTILE}], {"CIS Docker 1.8": [HOSTILE]}
    return result


def hostile_room() -> dict[str, Any]:
    document = changed(lambda _document, ada: ada.update(name=HOSTILE, labels={facts.STUDENT: HOSTILE}))
    return verdict({HOSTILE: document, "engine2": {"error": HOSTILE}}, {}, None, NOW)


VERDICTS: dict[str, Callable[[], dict[str, Any]]] = {
    "good": lambda: judged(facts.document()),
    "weakened": lambda: judged(changed(weaken)),
    "blind": lambda: judged(changed(blind)),
    "waived": lambda: judged(changed(weaken), waivers=[WAIVER]),
    "expired": lambda: judged(changed(weaken), waivers=[WAIVER], generated=LATE),
    "left out": lambda: judged(changed(weaken), policy(skip={"seccomp-filter": "why"})),
    "no facts": lambda: verdict({facts.HOST: facts.document(), "engine2": {}}, policy(), None, NOW),
    "absent": lambda: verdict({facts.HOST: facts.document()}, {"expected": [{"name": "alan"}]}, None, NOW),
    "hostile texts": hostile_texts,
    "hostile room": hostile_room,
    "nothing": lambda: verdict({}, {}, None, NOW),
}


def large(containers: int) -> dict[str, Any]:
    """Each check of each container red: the worst that can be."""
    result = judged(facts.document())
    own = [one for one in result["findings"] if one["subject"] == ADA]
    names = [f"{facts.HOST}/workspace-{number}" for number in range(containers)]
    findings = [{**one, "status": "fail", "subject": name, "container": name} for name in names for one in own]
    return {**result, "findings": findings}
