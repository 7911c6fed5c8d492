# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts that were changed at random: no crash, no report out of form, and no fault that passes for want of evidence."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.junit import junit
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.report import report_lines
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.verdict import verdict
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts, facts_broken
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

ROOT = Path(__file__).parents[5]
FORM = json.loads((ROOT / "roles/isolation_audit/files/isolation.schema.json").read_text())
RED, HOST = ("fail", "error"), "host"
# Which container it is, and what the engine was told: no evidence.
NO_EVIDENCE = {"id", "name", "image", "labels", "pid", "declared"}
# Below these a key is data: without it there is one device or one interface less, and nothing is missing.
DATA = {"value", "components", "device_names", "labels", "mounts", "cgroups", "tmpfs", "propagation"}
Way = tuple[Any, ...]


class Base(NamedTuple):
    """A document, what is found in it, and the ways to all that stands in it."""

    document: dict[str, Any]
    findings: list[dict[str, Any]]
    ways: list[Way]


def judge(document: Any) -> dict[str, Any]:
    return verdict({HOST: document}, {"capabilities": []}, generated="2026-01-01")


def ways_in(value: Any, way: Way = ()) -> Iterator[Way]:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in entries:
        yield (*way, key)
        yield from ways_in(entry, (*way, key))


def base(document: dict[str, Any]) -> Base:
    return Base(document, judge(document)["findings"], list(ways_in(document)))


BASES = {
    path.stem: base(json.loads(path.read_text()).get("facts", json.loads(path.read_text())))
    for path in sorted((ROOT / "tests/unit/plugins/support/recorded").glob("*.json"))
}
BASES.update(good=base(facts.document()), broken=base(facts_broken.document()))
HUGE, STEERING = "x" * 70000, "\x1b[2J\x00\u202e\u2028\udc80\r\n\x9b"
JUNK: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from([-1, 10**30, HUGE, STEERING, "", [], {}, [[]], [None], {"value": None}, {"value": STEERING}]),
)
# The same cases in every run, so that a red one is the fault of a change. BULKHEAD_FUZZ=2000 looks for new ones.
SEARCHED = int(os.environ.get("BULKHEAD_FUZZ", "0"))
QUICK = settings(max_examples=SEARCHED or 25, derandomize=not SEARCHED, suppress_health_check=[HealthCheck.too_slow])


def at(document: Any, way: Way) -> Any:
    for part in way:
        document = document[part]
    return document


def changed(document: dict[str, Any], way: Way, value: Any) -> dict[str, Any]:
    """Only what lies on the way is copied."""
    copy: Any = document.copy()
    place = copy
    for part in way[:-1]:
        place[part] = place[part].copy()
        place = place[part]
    place[way[-1]] = value
    return copy


def without(document: dict[str, Any], way: Way) -> dict[str, Any]:
    above = {key: value for key, value in at(document, way[:-1]).items() if key != way[-1]}
    return changed(document, way[:-1], above) if way[:-1] else above


def statuses(findings: list[dict[str, Any]]) -> dict[tuple[str, str], str]:
    return {(one["container"], one["check"]): one["status"] for one in findings}


def passes_for_want_of_evidence(start: Base, document: dict[str, Any], way: Way) -> list[tuple[str, str]]:
    """Faults that pass now. Of a changed container its own; another one may have lost the one it was compared with."""
    after = statuses(judge(document)["findings"])
    own = start.document["containers"][way[1]]["name"] if way[0] == "containers" and len(way) > 1 else None
    before = [key for key, status in statuses(start.findings).items() if status in RED and own in (None, key[0])]
    return [key for key in before if after.get(key) == "pass"]


def is_evidence(way: Way) -> bool:
    return way[0] == "host" or (way[0] == "containers" and (len(way) < 3 or way[2] not in NO_EVIDENCE))


def is_table(start: Base, way: Way) -> bool:
    return isinstance(at(start.document, way[:-1]), dict) and not DATA & set(way[:-1])


EVIDENCE = {name: [way for way in start.ways if is_evidence(way)] for name, start in BASES.items()}


def test_the_broken_document_has_many_faults():
    red = [one for one in BASES["broken"].findings if one["status"] in RED]
    assert len({one["check"] for one in red}) > 50 and not [one for one in BASES["good"].findings if one in red]


@pytest.mark.parametrize("name", BASES)
@given(data=st.data())
@QUICK
def test_whatever_stands_in_the_facts_there_is_a_report(name, data):
    start = BASES[name]
    document = deepcopy(start.document)
    for way in data.draw(st.lists(st.sampled_from(start.ways), min_size=1, max_size=4)):
        try:
            at(document, way[:-1])[way[-1]] = data.draw(JUNK)
        except (KeyError, IndexError, TypeError):
            continue
    result = judge(document)
    # Findings of the document as it was are known to be in form.
    rest = {**result, "findings": [one for one in result["findings"] if one not in start.findings]}
    assert [error.message for error in Draft202012Validator(FORM).iter_errors(rest)] == []
    lines = [*report_lines(result), *junit(result).split("\n")]
    assert [line for line in lines if not line.isprintable()] == []


@given(data=st.data())
@QUICK
def test_any_document_at_all_gives_a_report(data):
    anything = st.recursive(JUNK, lambda below: st.lists(below, max_size=3) | st.dictionaries(KEYS, below, max_size=4))
    result = judge(data.draw(anything))
    assert not result["summary"]["ok"] and list(Draft202012Validator(FORM).iter_errors(result)) == []
    assert all(line.isprintable() for line in report_lines(result)) and junit(result)


KEYS = st.sampled_from(["schema", "host", "containers", "neighbours", "facts", "error", "msg", "state", "value"])


@pytest.mark.parametrize("name", BASES)
@given(data=st.data())
@QUICK
def test_evidence_that_is_removed_never_makes_a_fault_pass(name, data):
    start = BASES[name]
    way = data.draw(st.sampled_from(EVIDENCE[name]))
    gone = is_table(start, way) and data.draw(st.booleans())
    document = without(start.document, way) if gone else changed(start.document, way, None)
    assert passes_for_want_of_evidence(start, document, way) == [], way


@pytest.mark.parametrize("name", BASES)
@given(data=st.data())
@QUICK
def test_evidence_in_another_form_never_makes_a_fault_pass(name, data):
    start = BASES[name]
    way = data.draw(st.sampled_from(EVIDENCE[name]))
    kind = type(at(start.document, way))
    other = [value for value in ([], {}, ["x"], {"x": "x"}, "nonsense") if not isinstance(value, kind)]
    document = changed(start.document, way, data.draw(st.sampled_from(other)))
    assert passes_for_want_of_evidence(start, document, way) == [], way
