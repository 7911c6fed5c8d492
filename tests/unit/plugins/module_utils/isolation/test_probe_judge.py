# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the probes brought, judged: for every probe a refusal, an attempt that got through, and no answer."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks import catalogue
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import SEVERITIES
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.inside.main import PROBES as INSIDE
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.judge import findings
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.probe import LIMITED, TRIED
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.table import BY_NAME, PROBES
from hypothesis import given, settings
from hypothesis import strategies as st

# Errors that say that the kernel went on to look at what was asked for.
REACHED = ["", "EINVAL", "EFAULT", "EBADF", "EOPNOTSUPP", "EBUSY", "EAGAIN"]
ATTEMPTED = [probe.name for probe in PROBES if probe.name not in LIMITED]
REFUSALS = [(probe.name, error) for probe in PROBES if probe.name not in LIMITED for error in sorted(probe.refused)]
LIMITS = {"memory": 1 << 25, "pids": 20, "cpu": 0.5}
ANSWERS = {"memory": ("touch 48 MiB", "KILLED"), "pids": ("fork", "EAGAIN"), "cpu": ("busy", "USED 0.250 0.500")}


def fact(value) -> dict:
    return {"value": value, "path": "/sys/fs/cgroup/x"}


def crossed(**changes) -> dict:
    pairs = {"asked": 4, "allowed": []}
    return {"present": fact(True), "obstacle": "", "denial": fact("avc:  denied"), "pairs": fact(pairs), **changes}


def record(name: str, *tried: tuple[str, str], **changes) -> dict:
    made = {"id": "a" * 64, "name": "ada", "labels": {"student": "Ada"}, "asked": [name], "said": ""}
    made["answers"] = {name: {"tried": [list(one) for one in tried]}}
    made["crossing"] = crossed()
    return {**made, **changes}


def limited(name: str, counted: int = 1, tried: tuple[str, str] | None = None, **changes) -> dict:
    reading = {"limit": fact(LIMITS[name]), "obstacle": "", "before": fact(3), "after": fact(3 + counted), **changes}
    return record(name, tried or ANSWERS[name], limits={name: reading})


def judged(one: dict) -> dict:
    found = findings("engine1", [one])
    assert len(found) == 1
    return found[0]


def status(one: dict) -> str:
    return judged(one)["status"]


@pytest.mark.parametrize(("name", "error"), REFUSALS)
def test_a_refusal_passes(name, error):
    assert status(record(name, ("an attempt", error))) == "pass"


@pytest.mark.parametrize("error", REACHED)
@pytest.mark.parametrize("name", ATTEMPTED)
def test_what_got_through_fails_beside_refusals_too(name, error):
    found = judged(record(name, ("one", sorted(BY_NAME[name].refused)[0]), ("another", error)))
    assert found["status"] == "fail" and "another" in found["observed"] and found["remedy"]
    assert [one["path"] for one in found["evidence"]] == ["another"]


NO_ANSWER = {
    "none": {},
    "an error": {"error": "SIGALRM no answer within 5 s"},
    "no list": {"tried": "EPERM"},
    "half a pair": {"tried": [["an attempt"]]},
    "something else": {"tried": [["an attempt", "EPERM"], 7]},
    "nothing": None,
}


@pytest.mark.parametrize("answer", NO_ANSWER.values(), ids=NO_ANSWER)
@pytest.mark.parametrize("name", BY_NAME)
def test_a_missing_answer_is_an_error(name, answer):
    made = record(name) if name in ATTEMPTED else limited(name)
    made["answers"][name] = answer
    assert status(made) == "error"


@pytest.mark.parametrize("name", BY_NAME)
def test_without_a_twin_everything_is_an_error(name):
    found = judged(record(name, ("an attempt", "EPERM"), error="Cannot create container"))
    assert (found["check"], found["status"], found["reason"]) == (TRIED.id, "error", "Cannot create container")


def test_where_nothing_was_tried_there_is_one_finding_whatever_was_asked_for():
    assert len(findings("engine1", [{"id": "a" * 64, "asked": [*BY_NAME], "error": "it ended"}])) == 1


@pytest.mark.parametrize("name", BY_NAME)
def test_what_is_left_out_is_no_pass(name):
    found = judged(record(name, ("an attempt", "EPERM"), left_out={name: "in a twin only"}))
    assert (found["status"], found["reason"]) == ("notchecked", "in a twin only")


UNRECORDED = {"path": "/var/log/audit/audit.log", "error": "ENODATA no record"}
CROSSINGS = {
    "nobody else": ({"pairs": fact({"asked": 0, "allowed": []})}, "EACCES", "pass"),
    "got through": ({}, "", "fail"),
    "the policy allows": ({"pairs": fact({"asked": 4, "allowed": ["read a file of grace"]})}, "EACCES", "fail"),
    "refused by something else": ({}, "EPERM", "fail"),
    "no record": ({"denial": UNRECORDED}, "EACCES", "error"),
    "policy not asked": ({"pairs": {"path": "x", "error": "EINVAL"}}, "EACCES", "error"),
    "no number": ({"pairs": fact({"allowed": []})}, "EACCES", "error"),
    "no SELinux": ({"present": fact(False)}, "", "notapplicable"),
    "not known": ({"present": {"path": "x", "error": "EACCES"}}, "EACCES", "error"),
    "no place for it": ({"obstacle": "the driver does not say"}, "EACCES", "notchecked"),
}


@pytest.mark.parametrize("row", CROSSINGS)
def test_a_pair_of_categories_keeps_others_out_with_a_record_of_it(row):
    changes, error, expected = CROSSINGS[row]
    assert status(record("category-read", ("open", error), crossing=crossed(**changes))) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"skipped": "root already"}, "notapplicable"),
        ({"tried": []}, "notapplicable"),
        ({"unknown": "no number"}, "notchecked"),
    ],
)
def test_what_cannot_be_tried_says_why(answer, expected):
    made = record("set-uid")
    made["answers"]["set-uid"] = answer
    found = judged(made)
    assert found["status"] == expected and found["reason"]


LIMIT_ROWS = {
    "held": ({}, "pass"),
    "no count": ({"counted": 0, "tried": None}, None),
    "no limit": ({"limit": fact("max")}, "fail"),
    "an obstacle": ({"obstacle": "too little is free above"}, "notchecked"),
    "no limit known": ({"limit": {"error": "EACCES", "path": "x"}}, "error"),
    "nothing before": ({"before": None}, "error"),
    "nothing after": ({"after": {"path": "x", "error": "ENOENT"}}, "error"),
}


@pytest.mark.parametrize("row", LIMIT_ROWS)
@pytest.mark.parametrize("name", LIMITED)
def test_a_limit_is_judged_by_what_the_kernel_counted(name, row):
    changes, expected = LIMIT_ROWS[row]
    # Without a count: killed by somebody else, held by another limit, or the host was too busy for the quota.
    without = {"memory": "fail", "pids": "notchecked", "cpu": "fail"}
    assert status(limited(name, **changes)) == (expected or without[name])


@pytest.mark.parametrize(
    ("name", "tried", "counted", "expected"),
    [
        ("memory", ("touch 48 MiB", ""), 1, "fail"),
        ("pids", ("fork", ""), 0, "fail"),
        ("pids", ("fork", ""), 1, "fail"),
        ("cpu", ("busy", "USED 0.500 0.500"), 5, "fail"),
        ("cpu", ("busy", "USED 0.500 0.500"), 0, "fail"),
        ("cpu", ("busy", "USED 0.100 0.500"), 0, "notchecked"),
        ("cpu", ("busy", "DONE"), 5, "error"),
    ],
)
def test_a_limit_that_did_not_hold(name, tried, counted, expected):
    assert status(limited(name, counted=counted, tried=tried)) == expected


def test_a_finding_says_whom_it_is_about_and_steers_no_terminal():
    made = {**record("mount", ("mount\x1b[31m", "EINVAL")), "name": "a\nda"}
    found = findings("engine1", {"probes": [made]}, "student")[0]
    assert (found["host"], found["container"], found["student"]) == ("engine1", "a\\x0ada", "Ada")
    assert found["subject"] == "engine1/a\\x0ada" and "\x1b" not in found["observed"]


def test_the_table_and_the_twin_have_the_same_probes():
    assert sorted(BY_NAME) == sorted(INSIDE) and len(PROBES) == len(BY_NAME)
    assert not {probe.check.id for probe in PROBES} & catalogue.IDS


def test_every_probe_is_in_the_documentation():
    text = (Path(__file__).parents[5] / "docs/isolation.md").read_text()
    assert [probe.check.id for probe in PROBES if f"`{probe.check.id}`" not in text] == []


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
def test_every_probe_is_explained(probe):
    check = probe.check
    assert check.severity in SEVERITIES and check.concept in catalogue.CONCEPTS
    assert all((check.title, check.expected, check.remedy, check.why, check.how, check.nist)), check.id
    assert probe.refused and "" not in probe.refused


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(sorted(BY_NAME)), place=st.sampled_from(["answers", "limits"]), junk=JSON)
def test_broken_documents_never_pass(name, place, junk):
    made = copy.deepcopy(limited(name) if name in LIMITED else record(name, ("an attempt", "EPERM")))
    made[place] = junk
    if name in LIMITED or place == "answers":
        assert status(made) in ("error", "notapplicable", "notchecked")
    assert all(one["status"] != "pass" for one in findings("engine1", junk))
