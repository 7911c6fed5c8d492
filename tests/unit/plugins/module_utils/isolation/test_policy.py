# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies: words become values, and whatever cannot be used is refused with its place."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.policy import CAPABILITIES, Policy
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.values import PolicyError, size

CHECKS = frozenset({"one-check", "other-check"})


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
        ({"expected": [{"name": "a", "cpus": "nan"}]}, r"policy.expected\[0\].cpus is 'nan'"),
        ({"cpus": "inf"}, "policy.cpus is 'inf'"),
        ({"pids_limit": True}, "policy.pids_limit is True"),
        ({"memory": "lots"}, "policy.memory is 'lots'"),
        ({"require_healthcheck": "yes"}, "policy.require_healthcheck must be true or false"),
        (["selinux"], "policy must be a dictionary"),
    ],
)
def test_a_policy_that_cannot_be_used_is_refused(given, said):
    with pytest.raises(PolicyError, match=said):
        Policy.from_params(given, CHECKS)
