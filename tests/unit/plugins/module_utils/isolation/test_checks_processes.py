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
DESCRIPTORS, SECRETS = "process-descriptors", "process-environment-secrets"
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
        ("rlimits.Max open files", "512 1023", RLIMITS, "pass"),
        ("rlimits.Max open files", "1024 1025", RLIMITS, "fail"),
        ("declared.ulimits", [["core", 0, 0], ["nofile", 1024, -1]], RLIMITS, "pass"),
        ("declared.ulimits", [["core", 0, 0], ["nproc", 50, 99]], RLIMITS, "fail"),
        ("declared.ulimits", [["memlock", 1 << 23, 1 << 23]], RLIMITS, "pass"),
        ("declared.ulimits", [["stack", 1 << 23, 1 << 23]], RLIMITS, "fail"),
        ("rlimits.Max core file size", "0 unlimited", RLIMITS, "fail"),
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


@pytest.mark.parametrize("hard", ["1", "unlimited"])
def test_core_files_that_nobody_forbade_are_for_information(hard):
    def allow(_document, ada):
        put(ada, "rlimits.Max core file size", f"0 {hard}")
        put(ada, "declared.ulimits", [["nofile", 1024, 1024]])

    assert find(judged(changed(allow)), RLIMITS)["status"] == "informational"


@pytest.mark.parametrize(
    ("default", "own", "hard", "status"),
    [
        ({"nofile": {"Name": "nofile", "Soft": 1024, "Hard": 4096}}, [], "4096", "pass"),
        ({"nofile": {"Name": "nofile", "Soft": 1024, "Hard": 4096}}, [], "4097", "fail"),
        ({"nofile": {"name": "nofile", "hard": 4096}}, [], "4097", "fail"),
        ({"nofile": "1024:4096"}, [], "4097", "fail"),
        ({"nofile": "4096"}, [], "4097", "fail"),
        ({"nofile": "1024:-1"}, [], "4097", "pass"),
        # The container's own goes before the engine's.
        ({"nofile": "1024:4096"}, [["nofile", 1, 8192]], "8192", "pass"),
        ({"nofile": "1024:4096"}, [["nofile", 1, 8192]], "8193", "fail"),
        ({"nofile": "many"}, [], "10", "error"),
        (["nofile"], [], "10", "error"),
        ({}, [], "10", "pass"),
    ],
)
def test_a_limit_above_what_was_declared_is_red(default, own, hard, status):
    def declare(document, ada):
        document["host"]["daemon"]["file"]["value"]["default-ulimits"] = default
        put(ada, "declared.ulimits", [["core", 0, 0], *own])
        put(ada, "rlimits.Max open files", f"1 {hard}")

    found = find(judged(changed(declare)), RLIMITS)
    assert found["status"] == status
    assert status == "error" or "core=0" in found["inspected"]


def test_a_default_that_may_have_changed_since_the_start_proves_nothing():
    def change(document, _ada):
        put(document["host"], "daemon.file_age.value", 60.0)

    assert find(judged(changed(change)), RLIMITS)["status"] == "error"


def threaded(threads=("2002",), **status):
    def enter(_document, ada):
        first = ada["processes"][0]
        kept = {key: first[key] for key in first if key not in ("descriptors", "environment")}
        kept["status"] = {**first["status"], **status} if status else {}
        ada["processes"].append({**kept, "threads": list(threads)})

    return judged(changed(enter))


@pytest.mark.parametrize(
    ("status", "wrong"),
    [
        ({"Uid": ROOT}, {NOT_ROOT, MORE}),
        ({"Seccomp": "0", "Seccomp_filters": "0"}, {"seccomp-filter", MORE}),
        ({"NoNewPrivs": "0"}, {"no-new-privileges", MORE}),
        ({"CapEff": "0000000000200000"}, {"capabilities", MORE}),
        ({"Seccomp_filters": "2"}, set()),
    ],
)
def test_a_thread_is_judged_as_a_process_is(status, wrong):
    result = threaded(**status)
    assert red(result) == {(ADA, check): "fail" for check in wrong}
    for check in wrong:
        found = find(result, check)
        assert found["evidence"][0]["path"] == "/proc/2001/task/2002/status"
        assert "thread 2002 of process 2001" in found["observed"]


def test_threads_that_were_not_read_acquit_nobody():
    checks = {NOT_ROOT, GROUPS, MORE, "seccomp-filter", "seccomp-profile", "no-new-privileges", "capabilities"}
    assert red(threaded(threads=["*"])) == {(ADA, check): "error" for check in checks}


@pytest.mark.parametrize(
    ("entries", "status"),
    [
        ([], "pass"),
        ([["fd/0", "/dev/null", "c 1:3"]], "pass"),
        ([["fd/7", "/dev/null", "c 1:3"], ["fd/8", "/dev/sda", "b 8:0"]], "fail"),
        # A file that is only called so.
        ([["fd/0", "/dev/null", ""]], "fail"),
        ([["fd/3", "/etc", ""]], "fail"),
        ([["cwd", "/", ""]], "fail"),
    ],
)
def test_what_lies_on_no_mount_of_the_container_is_red(entries, status):
    result = after("processes.0.descriptors", entries)
    assert red(result) == ({(ADA, DESCRIPTORS): "fail"} if status == "fail" else {})
    assert status == "pass" or f"{entries[-1][0]} ({entries[-1][1]})" in find(result, DESCRIPTORS)["observed"]


@pytest.mark.parametrize("path", ["processes.0.environment", "environment.value"])
def test_a_variable_that_is_called_like_a_secret_is_for_information(path):
    found = find(after(path, ["DB_PASSWORD"]), SECRETS)
    assert found["status"] == "informational" and "DB_PASSWORD" in found["observed"] and found["reason"]


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
