# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the loaded policy answers, its switches, and which security module a kernel runs."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts, facts_selinux
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import (
    ADA,
    GRACE,
    changed,
    find,
    judged,
    policy,
    put,
    red,
)

UNREAD = facts.unread("/sys/fs/selinux/access")
ABSENT = facts_selinux.absent("/somewhere")
GONE = {"present": False, "enforce": ABSENT, "mls": ABSENT, "booleans": ABSENT}
BOTH = (ADA, GRACE)


def with_answers(key, value):
    return judged(changed(lambda document, _ada: put(document["host"]["selinux"], key, value)))


def booleans(**values):
    return with_answers("booleans.value", values)


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({}, "pass"),
        ({"container_manage_cgroup": "0 0"}, "pass"),
        ({"container_manage_cgroup": "1 1"}, "fail"),
        # Switched on at the next commit, and switched on though the policy's own value is off.
        ({"container_use_devices": "0 1"}, "fail"),
        ({"virt_sandbox_use_netlink": "1 0", "sshd_launch_containers": "1 1"}, "fail"),
        ({"sshd_launch_containers": "1 1"}, "informational"),
        ({"container_manage_cgroup": "1"}, "error"),
    ],
)
def test_a_switch_of_the_policy(values, status):
    assert find(booleans(**values), "selinux-booleans", facts.HOST)["status"] == status


def test_a_switch_is_named_with_its_value_and_what_it_lets():
    found = find(booleans(container_use_nfs="1 1", container_connect_any="0 0"), "selinux-booleans", facts.HOST)
    assert found["observed"].startswith("container_use_nfs 1 1 lets containers use files on a share")
    assert found["evidence"] == [{"path": "/sys/fs/selinux/booleans/container_use_nfs", "raw": "1 1"}]


@pytest.mark.parametrize("value", [UNREAD, ABSENT, facts.fact([], "/x"), None])
def test_switches_that_could_not_be_read_are_an_error(value):
    assert red(with_answers("booleans", value)) == {(facts.HOST, "selinux-booleans"): "error"}


def test_a_permissive_type_is_found_though_the_host_enforces():
    result = with_answers("domains.container_t.value", "permissive")
    assert red(result) == {(name, "selinux-domain-enforced"): "fail" for name in BOTH}
    assert "container_t is permissive" in find(result, "selinux-domain-enforced")["observed"]


@pytest.mark.parametrize("label", [facts.label("ada"), facts_selinux.file_label("ada")])
def test_a_label_that_the_policy_lost(label):
    def lose(document, _ada):
        document["host"]["selinux"]["contexts"][label]["value"] = "unknown"

    result = judged(changed(lose))
    assert red(result) == {(ADA, "selinux-context-loaded"): "fail"}
    assert label in find(result, "selinux-context-loaded")["observed"]


@pytest.mark.parametrize(("kind", "number"), [("file", 0), ("process", 1)])
def test_a_way_that_the_policy_leaves_open(kind, number):
    def allow(document, _ada):
        crossing = document["host"]["selinux"]["crossings"][facts.label("ada")][number]
        crossing["allowed"]["value"] = ["read"]

    result = judged(changed(allow))
    assert red(result) == {(ADA, "selinux-policy-separates"): "fail"}
    assert f"lets it read a {kind} of" in find(result, "selinux-policy-separates")["observed"]


@pytest.mark.parametrize(
    ("path", "value", "check", "names"),
    [
        ("domains", {}, "selinux-domain-enforced", BOTH),
        ("domains.container_t", UNREAD, "selinux-domain-enforced", BOTH),
        ("domains.container_t.value", 1, "selinux-domain-enforced", BOTH),
        ("contexts", {}, "selinux-context-loaded", BOTH),
        ("contexts", [], "selinux-context-loaded", BOTH),
        ("crossings", {}, "selinux-policy-separates", BOTH),
        ("crossings", None, "selinux-policy-separates", BOTH),
    ],
)
def test_an_answer_that_is_missing_is_an_error(path, value, check, names):
    assert red(with_answers(path, value)) == {(name, check): "error" for name in names}


@pytest.mark.parametrize("answer", [UNREAD, facts.fact("read", "/x"), None])
def test_a_decision_that_could_not_be_asked_for_is_an_error(answer):
    def spoil(document, _ada):
        document["host"]["selinux"]["crossings"][facts.label("ada")][0]["allowed"] = answer

    assert red(judged(changed(spoil))) == {(ADA, "selinux-policy-separates"): "error"}


def test_a_container_alone_has_nobody_to_be_kept_from():
    document = changed(lambda document, _ada: document["containers"].pop())
    result = judged(document, {"capabilities": []})
    assert find(result, "selinux-policy-separates")["status"] == "notapplicable" and red(result) == {}


def lsm(change, **wanted):
    return judged(changed(lambda document, ada: change(document["host"], ada)), policy(**wanted))


@pytest.mark.parametrize(
    ("selinux", "apparmor", "choice", "status"),
    [
        (True, ABSENT, "required", "pass"),
        (False, facts.fact("Y", "/x"), "absent", "pass"),
        (False, facts.fact("N", "/x"), "absent", "notapplicable"),
        (False, ABSENT, "where_present", "notapplicable"),
        (False, ABSENT, "required", "fail"),
        (False, UNREAD, "required", "error"),
        (False, UNREAD, "absent", "error"),
        (False, facts.fact("maybe", "/x"), "required", "error"),
        (False, None, "required", "error"),
    ],
)
def test_some_module_of_the_kernel_confines(selinux, apparmor, choice, status):
    def change(host, _ada):
        host["selinux"] = host["selinux"] if selinux else GONE
        host["lsm"]["apparmor"] = apparmor

    found = find(lsm(change, selinux=choice), "lsm-active", facts.HOST)
    assert found["status"] == status


def test_the_kernels_own_list_is_shown_and_not_needed():
    found = find(judged(facts.document()), "lsm-active", facts.HOST)
    assert found["observed"] == "SELinux" and "selinux" in found["inspected"]
    unmounted = facts.unread("/sys/kernel/security/lsm", "ENOENT No such file or directory: no securityfs is mounted")
    result = lsm(lambda host, _ada: host["lsm"].update(list=unmounted))
    shown = [one["raw"] for one in find(result, "lsm-active", facts.HOST)["evidence"]]
    assert red(result) == {} and "no securityfs is mounted" in shown[-1]


@pytest.mark.parametrize(
    ("profile", "status"),
    [
        ("docker-default (enforce)", "pass"),
        ("docker-default (kill)", "pass"),
        ("docker-default (complain)", "fail"),
        ("docker-default//&other (mixed)", "fail"),
        ("docker-default (unconfined)", "fail"),
        ("unconfined", "fail"),
        (None, "error"),
    ],
)
def test_a_profile_of_apparmor_has_to_refuse(profile, status):
    def change(host, ada):
        host["lsm"]["apparmor"] = facts.fact("Y", "/sys/module/apparmor/parameters/enabled")
        ada["processes"][0]["apparmor"] = profile
        ada["declared"]["apparmor_profile"] = "docker-default"

    found = find(lsm(change), "apparmor-profile")
    assert (found["status"], found["inspected"]) == (status, "docker-default")


def test_where_apparmor_does_not_run_there_is_no_profile_to_judge():
    assert find(judged(facts.document()), "apparmor-profile")["status"] == "notapplicable"
    result = lsm(lambda host, _ada: host["lsm"].update(apparmor=UNREAD))
    assert {found for found in red(result).items() if found[0][1] == "apparmor-profile"} == {
        ((name, "apparmor-profile"), "error") for name in BOTH
    }
