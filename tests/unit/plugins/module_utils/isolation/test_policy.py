# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies and waivers: words become values, and whatever cannot be used is refused with its place."""

from __future__ import annotations

from datetime import date

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy import (
    CAPABILITIES,
    Policy,
    PolicyError,
    size,
    waivers_from,
)

CHECKS = frozenset({"one-check", "other-check"})
WAIVER = {"check": "one-check", "subject": "host/*", "reason": "known", "expires": "2026-12-31"}


def test_nothing_given_means_the_defaults():
    assert Policy.from_params(None, CHECKS) == Policy.from_params({}, CHECKS)
    assert Policy.from_params({"capabilities": None}, CHECKS).capabilities == CAPABILITIES


def test_words_become_values():
    wanted = {"name": "a", "memory": "512m", "memory_swap": "1g", "cpus": "0.5", "pids_limit": "7"}
    given = {"capabilities": ["cap_chown", "KILL"], "expected": [wanted], "skip": {"one-check": "why"}}
    policy = Policy.from_params(given, CHECKS)
    entry = policy.expected[0]
    assert policy.capabilities == ("CHOWN", "KILL")
    assert (entry.memory, entry.memory_swap, entry.cpus, entry.pids_limit) == (512 << 20, 1 << 30, 0.5, 7)


@pytest.mark.parametrize(
    ("text", "value"), [("1.5g", 3 << 29), ("2GiB", 2 << 30), ("64k", 65536), (7, 7), ("10 mb", 10 << 20), ("3b", 3)]
)
def test_sizes(text, value):
    assert size(text, "here") == value


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"selinx": "absent"}, "unknown keys: selinx"),
        ({"profile": "strict"}, "policy.profile is 'strict'"),
        ({"fail_on": "grave"}, "policy.fail_on is 'grave'"),
        ({"fail_on": ["low"]}, r"policy.fail_on is \['low'\]"),
        ({"selinux": "maybe"}, "policy.selinux is 'maybe'"),
        ({"selinux_types": "container_t"}, "policy.selinux_types must be a list"),
        ({"allowed_mounts": {}}, "policy.allowed_mounts must be a list"),
        ({"capabilities": "ALL"}, "policy.capabilities must be a list"),
        ({"skip": ["one-check"]}, "policy.skip must be a dictionary"),
        ({"skip": {"no-check": "why"}}, "'no-check', which does not exist"),
        ({"skip": {"one-check": ""}}, "policy.skip.one-check has no reason"),
        ({"expected": [{"memory": "1m"}]}, r"policy.expected\[0\] must be a dictionary with a name"),
        ({"expected": {"name": "a"}}, r"policy.expected must be a list"),
        ({"expected": 7}, r"policy.expected must be a list"),
        ({"expected": [{"name": "a", "ram": 1}]}, r"policy.expected\[0\] has unknown keys: ram"),
        ({"expected": [{"name": "a", "memory": "lots"}]}, r"policy.expected\[0\].memory is 'lots'"),
        ({"expected": [{"name": "a", "pids_limit": "x"}]}, r"policy.expected\[0\].pids_limit is 'x'"),
        (["selinux"], "policy must be a dictionary"),
    ],
)
def test_a_policy_that_cannot_be_used_is_refused(given, said):
    with pytest.raises(PolicyError, match=said):
        Policy.from_params(given, CHECKS)


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
        *(([{k: v for k, v in WAIVER.items() if k != key}], f"lacks {key}") for key in WAIVER),
    ],
)
def test_a_waiver_that_cannot_be_used_is_refused(given, said):
    with pytest.raises(PolicyError, match=said):
        waivers_from(given, CHECKS)
