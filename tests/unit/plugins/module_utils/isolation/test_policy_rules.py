# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of a policy: whom they fit, what they change, and what is refused."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.policy import Policy
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.values import PolicyError
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import (
    ADA,
    GRACE,
    changed,
    expected,
    find,
    judged,
    policy,
    put,
    red,
)

CHECKS = frozenset({"one-check", "other-check"})
LAB = "registry.example/course/lab:3"


def resolved(rules, name="web", labels=None, image="", **more):
    given = Policy.from_params({"rules": rules, **more}, CHECKS)
    return given.for_container(name, labels or {}, image, "")


@pytest.mark.parametrize(
    ("whom", "fits"),
    [
        ({"name": "web"}, True),
        ({"name": "w*"}, True),
        ({"name": "db"}, False),
        ({"labels": {"role": "proxy"}}, True),
        ({"labels": {"role": ""}}, True),
        ({"labels": {"role": None}}, True),
        ({"labels": {"role": "db"}}, False),
        ({"image": LAB}, True),
        ({"image": "registry.example/course/*"}, True),
        ({"image": "other"}, False),
        ({"name": "web", "labels": {"role": ""}, "image": LAB}, True),
        ({"name": "web", "labels": {"other": ""}, "image": LAB}, False),
        ({"name": "web", "image": ""}, True),
    ],
)
def test_a_rule_is_for_those_whom_all_of_it_fits(whom, fits):
    found = resolved([{**whom, "restart_retries": 9}], labels={"role": "proxy"}, image=LAB)
    assert found.restart_retries == (9 if fits else 5)


def test_all_rules_that_fit_apply_and_the_later_one_counts():
    rules = [
        {"name": "*", "capabilities": ["KILL"], "memory": "1g", "skip": {"one-check": "first"}},
        {"name": "db", "capabilities": []},
        {"name": "web", "capabilities": ["chown"], "skip": {"other-check": "second"}},
    ]
    found = resolved(rules, skip={"one-check": "policy"})
    assert (found.capabilities, found.memory) == (("CHOWN",), 1 << 30)
    assert found.skip == {"one-check": "first", "other-check": "second"}


def test_a_rule_changes_nothing_for_others():
    given = Policy.from_params({"rules": [{"name": "db", "cpus": 1}]}, CHECKS)
    assert given.for_container("web", {}, "", "") is given


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "a"}, "policy.rules must be a list"),
        (["a"], r"policy.rules\[0\] must be a dictionary"),
        ([{"cpus": 1}], r"policy.rules\[0\] fits everything"),
        ([{"name": " ", "labels": {}, "cpus": 1}], r"policy.rules\[0\] fits everything"),
        ([{"name": "a"}], r"policy.rules\[0\] changes nothing"),
        (
            [{"name": "a", "cpus": 1}, {"name": "a", "selinux": "absent"}],
            r"policy.rules\[1\] has unknown keys: selinux",
        ),
        ([{"name": "a", "labels": ["x"], "cpus": 1}], r"policy.rules\[0\].labels must be a dictionary"),
        ([{"name": "a", "capabilities": "ALL"}], r"policy.rules\[0\].capabilities must be a list"),
        ([{"name": "a", "memory": "lots"}], r"policy.rules\[0\].memory is 'lots'"),
        ([{"name": "a", "cpus": "x"}], r"policy.rules\[0\].cpus is 'x'"),
        ([{"name": "a", "require_healthcheck": 1}], r"policy.rules\[0\].require_healthcheck must be true or false"),
        ([{"name": "a", "skip": {"no-check": "why"}}], r"policy.rules\[0\].skip names the check 'no-check'"),
        ([{"name": "a", "skip": {"one-check": ""}}], r"policy.rules\[0\].skip.one-check has no reason"),
    ],
)
def test_a_rule_that_cannot_be_used_is_refused(given, said):
    with pytest.raises(PolicyError, match=said):
        Policy.from_params({"rules": given}, CHECKS)


def mounted(_document, ada):
    put(ada, "declared.mounts", [{"type": "bind", "source": "/etc/ssl", "target": "/home/student", "writable": True}])
    lines = next(iter(ada["mounts"].values()))["value"]
    place = next(number for number, line in enumerate(lines) if " /home/student " in line)
    before, after = lines[place].split(" /home/student ")
    lines[place] = f"{before.rsplit(' ', 1)[0]} /etc/ssl /home/student {after}"


CASES = {
    "capabilities": (
        lambda _document, ada: put(ada, "processes.0.status.CapEff", "0000000000000001"),
        {"capabilities": ["CHOWN"]},
        "capabilities",
    ),
    "selinux_types": (
        lambda _document, ada: put(ada, "processes.0.label", facts.label("ada").replace("container_t", "lab_t")),
        {"selinux_types": ["lab_t"]},
        "selinux-type",
    ),
    "restart_policies": (
        lambda _document, ada: put(ada, "lifecycle.restart.value", {"name": "always", "retries": 0}),
        {"restart_policies": ["always"]},
        "restart-policy",
    ),
    "restart_retries": (
        lambda _document, ada: put(ada, "lifecycle.restart.value", {"name": "on-failure", "retries": 9}),
        {"restart_retries": 9},
        "restart-policy",
    ),
    "allowed_mounts": (mounted, {"allowed_mounts": ["/etc/ssl"]}, "host-mounts"),
    "skip": (
        lambda _document, ada: put(ada, "processes.0.status.Seccomp", "0"),
        {"skip": {"seccomp-filter": "a lab about it"}},
        "seccomp-filter",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_rule_allows_its_own_containers_what_others_may_not(case):
    weaken, rule, check = CASES[case]
    document = changed(weaken)
    assert (ADA, check) in red(judged(document))
    allowed = judged(document, policy(rules=[{"name": "workspace-ada", **rule}]))
    assert (ADA, check) not in red(allowed)
    other = judged(document, policy(rules=[{"name": "workspace-grace", **rule}]))
    assert (ADA, check) in red(other)


@pytest.mark.parametrize(
    ("rule", "check"),
    [
        ({"memory": "511m"}, "cgroup-memory-limit"),
        ({"memory": "512m", "memory_swap": "512m", "cpus": 0.4}, "cgroup-cpu-limit"),
        ({"pids_limit": 99}, "cgroup-pids-limit"),
        ({"require_healthcheck": True}, "container-health"),
        ({"allowed_registries": ["registry.example"]}, "image-registry-allowed"),
    ],
)
def test_a_rule_asks_more_of_its_own_containers(rule, check):
    def unchecked(_document, ada):
        put(ada, "lifecycle.health.value.checked", False)

    given = policy(rules=[{"labels": {facts.STUDENT: "ada"}, **rule}])
    assert red(judged(changed(unchecked), given)) == {(ADA, check): "fail"}


def test_the_policy_bounds_every_container_and_allows_none_more_than_it_was_declared():
    low = {"capabilities": [], "pids_limit": 99}
    assert set(red(judged(facts.document(), low))) == {(ADA, "cgroup-pids-limit"), (GRACE, "cgroup-pids-limit")}
    raised = changed(lambda _document, ada: put(ada, "limits.pids.value", 200))
    high = {"capabilities": [], "pids_limit": 1000}
    assert red(judged(raised, high)) == {(ADA, "cgroup-pids-limit"): "fail"}


def test_what_is_expected_of_a_workspace_by_name_comes_before_a_rule():
    wanted = expected("ada", capabilities=[])
    rules = [{"name": "workspace-ada", "capabilities": ["CHOWN"]}]
    document = changed(lambda _document, ada: put(ada, "processes.0.status.CapEff", "0000000000000001"))
    assert red(judged(document, policy(expected=[wanted], rules=rules))) == {(ADA, "capabilities"): "fail"}


def test_a_rule_leaves_out_no_error_about_a_container_of_which_nothing_is_known():
    broken = changed(lambda _document, ada: put(ada, "error", "ESRCH gone"))
    rules = [{"name": "*", "skip": {"workspace-running": "why not"}}]
    assert red(judged(broken, policy(rules=rules))) == {(ADA, "workspace-running"): "error"}
    found = find(judged(changed(lambda _d, ada: put(ada, "state", "exited")), policy(rules=rules)), "workspace-running")
    assert found["status"] == "notselected" and "why not" in found["reason"]
