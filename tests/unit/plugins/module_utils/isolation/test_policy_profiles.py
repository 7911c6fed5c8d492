# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each profile selects."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks import catalogue
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.policy import PROFILE_CHOICES
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.profiles import PROFILES, selected
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import judged, policy, put


def test_a_policy_may_name_each_profile_and_no_other():
    assert set(PROFILE_CHOICES) == set(PROFILES)


@pytest.mark.parametrize("profile", [name for name in PROFILE_CHOICES if name != "all"])
def test_a_profile_selects_some_and_leaves_some_out(profile):
    assert 0 < len(selected(profile)) < len(selected("all")) == len(catalogue.RULES)


def test_a_profile_decides_what_is_judged_and_existence_always_is():
    document = facts.document()
    put(document, "containers.0.processes.0.status.Seccomp", "0")
    document["host"]["settings"] = {}
    found = judged(document, policy(profile="classroom"))
    assert found["profile"] == "classroom" and not found["summary"]["ok"]
    wanted = {check.id for check in (*catalogue.EXISTENCE, *selected("classroom"))}
    assert {one["check"] for one in found["findings"]} == wanted
    assert {one["check"] for one in found["findings"] if one["status"] == "fail"} == {"seccomp-filter"}
    assert not any(one["status"] == "error" for one in found["findings"])


def test_the_benchmark_takes_the_numbers_of_its_own_version():
    chosen = {check.id for check in selected("cis-1.8")}
    assert {"capabilities", "seccomp-filter", "cgroup-memory-limit"} <= chosen
    assert "ns-mnt-private" not in chosen


def test_a_finding_carries_why_and_who_else_asks_for_it():
    found = {one["check"]: one for one in judged(facts.document())["findings"]}
    assert [one for one in found.values() if "cis" in one or not isinstance(one["variable"], str)] == []
    assert [check.id for check in catalogue.RULES if found.get(check.id, {}).get("why", check.why) != check.why] == []
    assert found["seccomp-filter"]["why"] and found["seccomp-filter"]["references"]["NIST SP 800-190"]
    for check in catalogue.ALL:
        sources = check.references
        assert all(sources.values()) and ("CIS Docker 1.6" in sources) == bool(check.cis)


def test_references_follow_the_numbers_of_each_version():
    check = replace(catalogue.ALL[0], cis=("1",), cis_changed={"1.8": ("2", "3"), "1.7": ()}, nist=("4",), stig=("5",))
    wanted = {"CIS Docker 1.6": ["1"], "CIS Docker 1.8": ["2", "3"], "NIST SP 800-190": ["4"], "DISA STIG": ["5"]}
    assert check.references == wanted
    assert replace(check, cis=(), cis_changed={}, nist=(), stig=()).references == {}
