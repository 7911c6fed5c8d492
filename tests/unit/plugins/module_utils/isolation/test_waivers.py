# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waivers: whom they cover, until when, and what becomes of those that cover nobody."""

from __future__ import annotations

from datetime import date

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.values import PolicyError
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.waivers import waivers_from
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.report import report_lines
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Item
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import (
    ADA,
    changed,
    find,
    judged,
    put,
)

CHECKS = frozenset({"one-check", "other-check"})
WAIVER = {"check": "one-check", "subject": "host/*", "reason": "known", "expires": "2026-12-31"}
IMAGE = "sha256:" + "ab12" * 16
OPEN = {"check": "seccomp-filter", "reason": "lab", "expires": "2026-07-01"}


def weakened():
    """Ada without a filter; her image has a name of its own."""

    def weaken(_document, ada):
        put(ada, "processes.0.status.Seccomp", "0")
        ada["image"] = "registry.example/course/lab:3"
        ada["lifecycle"]["image_id"]["value"] = IMAGE

    return changed(weaken)


def test_a_waiver_covers_its_subjects_until_the_end_of_its_day():
    waiver = waivers_from([{**WAIVER, "expires": date(2026, 12, 31)}], CHECKS)[0]
    assert waiver.covers("one-check", "host/x") and not waiver.covers("one-check", "other/x")
    assert not waiver.covers("other-check", "host/x")
    assert not waiver.expired(date(2026, 12, 31)) and waiver.expired(date(2027, 1, 1))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([{**WAIVER, "check": "no-check"}], r"waivers\[0\] names the check 'no-check', which does not exist"),
        ([WAIVER, {**WAIVER, "reason": " "}], r"waivers\[1\] lacks reason"),
        ([{**WAIVER, "expires": "soon"}], r"waivers\[0\].expires is 'soon'"),
        ([{**WAIVER, "until": "x"}], r"waivers\[0\] has unknown keys: until"),
        (["one-check"], r"waivers\[0\] must be a dictionary"),
        (WAIVER, "waivers must be a list"),
        ([{**WAIVER, "labels": ["a"]}], r"waivers\[0\].labels must be a dictionary"),
        ([{**WAIVER, "subject": "", "labels": {}, "image": " "}], r"waivers\[0\] lacks subject. Name subject, labels"),
        *(([{k: v for k, v in WAIVER.items() if k != key}], f"lacks {key}") for key in WAIVER),
    ],
)
def test_a_waiver_that_cannot_be_used_is_refused(given, said):
    with pytest.raises(PolicyError, match=said):
        waivers_from(given, CHECKS)


@pytest.mark.parametrize(
    ("whom", "covered"),
    [
        ({"labels": {facts.STUDENT: "ada"}}, True),
        ({"labels": {facts.STUDENT: ""}}, True),
        ({"labels": {facts.STUDENT: None}}, True),
        ({"labels": {facts.STUDENT: "grace"}}, False),
        ({"labels": {facts.STUDENT: "ada", "other": ""}}, False),
        ({"image": "registry.example/course/*"}, True),
        ({"image": "ab12ab12ab12"}, True),
        ({"image": "registry.example/other/*"}, False),
        ({"image": "registry.example/course/*", "labels": {facts.STUDENT: "ada"}, "subject": ADA}, True),
        ({"image": "registry.example/course/*", "labels": {facts.STUDENT: "grace"}, "subject": ADA}, False),
        ({"image": "registry.example/course/*", "subject": "elsewhere/*"}, False),
    ],
)
def test_a_waiver_by_label_or_image_covers_whom_all_of_it_fits(whom, covered):
    result = judged(weakened(), waivers=[{**OPEN, **whom}])
    assert result["waivers"][0]["matched"] == result["summary"]["waived"] == int(covered)
    assert (find(result, "seccomp-filter")["waiver"] is not None) is covered


def test_an_image_is_covered_by_any_of_its_names_and_by_no_label():
    item = Item("one", "image", {"id": IMAGE, "name": "a:1", "names": ["a:1", "b:2"], "labels": {"value": [""]}})
    for whom, covered in (({"image": "b:*"}, True), ({"image": IMAGE}, True), ({"labels": {"value": ""}}, False)):
        (waiver,) = waivers_from([{**WAIVER, "subject": "one/*", **whom}], CHECKS)
        assert waiver.covers("one-check", item.subject, item) is covered
    (network,) = waivers_from([{**WAIVER, "image": "*"}], CHECKS)
    assert not network.covers("one-check", "host/network/x", Item("host", "network", {"name": "x", "id": "1"}))


def test_a_label_covers_no_finding_about_a_host():
    def permissive(document, _ada):
        put(document, "host.selinux.enforce.value", "0")

    waiver = {**OPEN, "check": "selinux-enforcing", "labels": {facts.STUDENT: ""}}
    result = judged(changed(permissive), waivers=[waiver])
    assert not result["summary"]["ok"] and result["waivers"][0]["matched"] == 0


def test_an_expired_waiver_keeps_failing_and_is_counted():
    waiver = {**OPEN, "labels": {facts.STUDENT: "ada"}, "expires": "2026-01-01"}
    result = judged(weakened(), waivers=[waiver])
    assert not result["summary"]["ok"] and result["summary"]["waived"] == 0
    assert result["waivers"] == [
        {**waiver, "subject": "", "image": "", "expired": True, "matched": 1},
    ]
    assert "HINT  waiver of seccomp-filter for org.bulkhead.student=ada: expired on 2026-01-01" in report_lines(result)


def test_a_waiver_that_fits_nothing_is_a_hint_and_one_that_is_used_is_none():
    used, unused = {**OPEN, "subject": ADA}, {**OPEN, "subject": "engine1/nobody", "image": "x"}
    gone = {**unused, "expires": "2026-01-01"}
    lines = [line for line in report_lines(judged(weakened(), waivers=[used, unused, gone])) if "HINT" in line]
    assert lines == [
        "HINT  waiver of seccomp-filter for engine1/nobody, x: fits no red finding; take it out",
        "HINT  waiver of seccomp-filter for engine1/nobody, x: expired on 2026-01-01, and fits no red finding",
    ]


def test_reasons_steer_no_terminal_and_are_cut():
    waiver = {**OPEN, "subject": ADA, "reason": "lab\u202e\x1b[2J" + "x" * 5000}
    result = judged(weakened(), waivers=[waiver])
    for said in (find(result, "seccomp-filter")["waiver"]["reason"], result["waivers"][0]["reason"]):
        assert said.startswith("lab\\u202e\\x1b[2J") and said.isprintable() and len(said) < 400
