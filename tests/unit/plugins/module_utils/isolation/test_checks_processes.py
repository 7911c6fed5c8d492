# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users, groups, later processes, ssh servers, limits, and the seccomp profile that was asked for."""

from __future__ import annotations

import json

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import clipped
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import (
    ADA,
    changed,
    find,
    judged,
    put,
    red,
)

ROOT = "0\t0\t0\t0"
NOT_ROOT, GROUPS, MORE = "process-not-root", "process-groups", "process-more-privileged"
SSHD, RLIMITS, PROFILE = "process-sshd", "process-rlimits", "seccomp-profile"
STATUS = "processes.0.status."
LONG = [{"names": [f"call{number}"], "action": "SCMP_ACT_ERRNO"} for number in range(50)]


def profile(action, key="defaultAction", rules=()):
    return "seccomp=" + clipped(json.dumps({key: action, "syscalls": list(rules)}))


def late(**status):
    """One more process in Ada's workspace."""

    def enter(_document, ada):
        first = ada["processes"][0]
        ada["processes"].append({**first, "pids": [2900], "names": ["sh"], "status": {**first["status"], **status}})

    return judged(changed(enter))


def after(path, value):
    return judged(changed(lambda _document, ada: put(ada, path, value)))


@pytest.mark.parametrize(
    ("path", "value", "check", "status"),
    [
        (f"{STATUS}Uid", ROOT, NOT_ROOT, "fail"),
        # Each of the four gives root's power back, or is it.
        *((f"{STATUS}Uid", " ".join("0" if n == at else "7" for n in range(4)), NOT_ROOT, "fail") for at in range(4)),
        (f"{STATUS}Gid", "1000 1000 0 1000", GROUPS, "fail"),
        *((f"{STATUS}Groups", f"1000 {gid}", GROUPS, "fail") for gid in (0, 6, 15, 27, 42)),
        (f"{STATUS}Groups", "1000 1001", GROUPS, "pass"),
        ("processes.0.names", ["bash", "sshd"], SSHD, "fail"),
        ("processes.0.names", ["dropbear"], SSHD, "fail"),
        ("processes.0.names", ["sshd2", "ssh-agent"], SSHD, "pass"),
        ("rlimits.Max open files", "1024 unlimited", RLIMITS, "fail"),
        ("rlimits.Max open files", "1024 1048577", RLIMITS, "fail"),
        ("rlimits.Max open files", "1048576 1048576", RLIMITS, "pass"),
        ("rlimits.Max core file size", "0 unlimited", RLIMITS, "informational"),
        ("declared.security_opts", ["seccomp=unconfined"], PROFILE, "fail"),
        ("declared.security_opts", ["seccomp:unconfined"], PROFILE, "fail"),
        ("declared.security_opts", ["seccomp=builtin"], PROFILE, "pass"),
        ("declared.security_opts", [profile("SCMP_ACT_ALLOW")], PROFILE, "fail"),
        ("declared.security_opts", [profile("SCMP_ACT_LOG", "DefaultAction")], PROFILE, "fail"),
        ("declared.security_opts", [profile("SCMP_ACT_ALLOW", rules=LONG)], PROFILE, "fail"),
        ("declared.security_opts", [profile("SCMP_ACT_ERRNO", rules=LONG)], PROFILE, "notchecked"),
        ("declared.security_opts", ["seccomp={}"], PROFILE, "notchecked"),
        ("declared.security_opts", ["seccomp=[]"], PROFILE, "notchecked"),
    ],
)
def test_a_value_decides_its_check(path, value, check, status):
    result = after(path, value)
    assert find(result, check)["status"] == status
    assert red(result) == ({(ADA, check): "fail"} if status == "fail" else {})


def test_root_and_its_groups_in_a_user_namespace_of_its_own_are_others_on_the_host():
    def remap(document, ada):
        ada["processes"][0]["status"].update(Uid=ROOT, Gid=ROOT, Groups="0 6")
        ada["processes"][0]["namespaces"]["user"] = "4:99"

    result = judged(changed(remap))
    assert red(result) == {} and "user namespace" in find(result, NOT_ROOT)["observed"]
    assert find(result, NOT_ROOT)["reason"] and find(result, GROUPS)["reason"]


@pytest.mark.parametrize("user", [None, "4:4026531837"])
def test_root_is_spared_only_where_the_namespace_is_proved_to_be_another(user):
    def root(document, ada):
        ada["processes"][0]["status"]["Uid"] = ROOT
        ada["processes"][0]["namespaces"]["user"] = user

    assert red(judged(changed(root))) == {(ADA, NOT_ROOT): "fail" if user else "error"}


def test_root_is_an_error_when_the_hosts_own_namespace_was_not_read():
    def root(document, ada):
        ada["processes"][0]["status"]["Uid"] = ROOT
        ada["processes"][0]["namespaces"]["user"] = "4:99"
        document["host"]["namespaces"]["engine"]["user"] = facts.unread("/proc/801/ns/user")

    assert red(judged(changed(root))) == {(ADA, NOT_ROOT): "error"}


@pytest.mark.parametrize(
    ("socket", "status"),
    [("docker", "notchecked"), ("998", "fail"), ("997", "pass"), ("root", "pass"), (None, "error")],
)
def test_a_group_of_the_hosts_own_giving_is_measured_with_the_sockets(socket, status):
    def join(document, ada):
        put(ada, f"{STATUS}Groups", "1000 998")
        entry = facts.fact({"owner": "root", "group": socket, "mode": "0660"}, "/run/docker.sock")
        document["host"]["files"]["engine-socket"] = facts.fact([entry], "/x") if socket else facts.unread("/x")

    assert find(judged(changed(join)), GROUPS)["status"] == status


@pytest.mark.parametrize(
    ("status", "wrong"),
    [
        ({"Uid": ROOT}, {NOT_ROOT, MORE}),
        ({"Seccomp": "0"}, {"seccomp-filter", MORE}),
        ({"NoNewPrivs": "0"}, {"no-new-privileges", MORE}),
        *(({name: "0000000000200000"}, {"capabilities", MORE}) for name in facts.NOBODY),
        ({"Groups": "1000 6"}, {GROUPS}),
        ({"Uid": "1001 1001 1001 1001"}, set()),
    ],
)
def test_a_later_process_is_measured_with_the_first(status, wrong):
    result = late(**status)
    assert red(result) == {(ADA, check): "fail" for check in wrong}
    assert MORE not in wrong or find(result, MORE)["evidence"][0]["path"] == "/proc/2900/status"


def test_a_later_process_may_do_less():
    def drop(_document, ada):
        first = ada["processes"][0]
        ada["processes"].append({**first, "pids": [2900]})
        ada["processes"][0] = {**first, "status": {**first["status"], "NoNewPrivs": "0", "CapEff": "1", "Uid": ROOT}}

    assert MORE not in {check for _subject, check in red(judged(changed(drop)))}


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (["name=seccomp,profile=default"], "pass"),
        (["name=seccomp,profile=/etc/docker/own.json"], "notchecked"),
        (["name=seccomp,profile=unconfined"], "fail"),
        (["name=selinux"], "notchecked"),
        ([None], "error"),
        (None, "error"),
    ],
)
def test_a_workspace_that_names_no_profile_has_the_engines(options, status):
    found = judged(changed(lambda document, _ada: put(document["host"], "engine.security_options", options)))
    assert find(found, PROFILE)["status"] == status


def test_a_profile_is_never_proved_without_a_filter():
    assert find(after(f"{STATUS}Seccomp", "0"), PROFILE)["status"] == "notapplicable"
    assert find(after(f"{STATUS}Seccomp", None), PROFILE)["status"] == "error"
