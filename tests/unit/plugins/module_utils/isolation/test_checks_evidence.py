# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence that is missing is an error, never a pass; and what two containers must not have in common."""

from __future__ import annotations

import json

import pytest
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import (
    ADA,
    GRACE,
    changed,
    find,
    judged,
    put,
    red,
)

NAMESPACES = {f"ns-{kind}-private" for kind in ("net", "pid", "mnt", "ipc", "uts", "cgroup")}
# Whose user another one is on the host, and what else only a namespace of its own tells.
USERS = {"ns-user-private", "userns-ranges", "process-more-privileged"}
APART = NAMESPACES | USERS | {"ns-time-private"}
NETWORK = {"network-not-default-bridge", "network-sysctls", "network-abstract-sockets"}
LIMITS = {f"cgroup-{name}-limit" for name in ("memory", "swap", "cpu", "pids")}
MOUNTS = {"rootfs-read-only", "engine-socket-hidden", "host-mounts", "masked-paths", "cgroup-files-read-only"} | {
    *("masked-as-promised", "host-kernel-switches", "host-file-systems", "mounts-flags", "mounts-tmpfs"),
    *("mounts-propagation", "mounts-known", "mounts-nested", "mounts-readers", "selinux-layer-label"),
}
LABELS = {
    *("selinux-type", "selinux-categories-unique", "selinux-files-level", "selinux-categories-dominate"),
    *("selinux-label-as-promised", "selinux-layer-label", "selinux-domain-enforced", "selinux-context-loaded"),
    "selinux-policy-separates",
}
IDS = {"process-not-root", "process-groups"}
SECCOMP = {"seccomp-filter", "seccomp-profile", "process-more-privileged"}
STATUS = {"no-new-privileges", "capabilities"} | IDS | SECCOMP
GROUPS = {"cgroup-membership", "cgroup-parent"}
REACH = {"process-descriptors", "process-environment-secrets"}
PROCESSES = APART | LABELS | STATUS | GROUPS | REACH | {"process-sshd"}
UNREAD = facts.unread("/somewhere")

# Where in Ada's record, what stands there instead of evidence, and the checks that need it.
RULES = {"network-ports-rules"}
CONTAINER = [
    ("processes", [], PROCESSES),
    ("processes.0.namespaces", {}, APART),
    ("processes.0.namespaces.user", None, USERS),
    ("processes.0.namespaces.time", None, {"ns-time-private"}),
    ("processes.0.descriptors", None, {"process-descriptors"}),
    ("processes.0.descriptors", [["fd/0"]], {"process-descriptors"}),
    ("processes.0.environment", None, {"process-environment-secrets"}),
    ("environment", UNREAD, {"process-environment-secrets"}),
    ("user_namespaces", {}, USERS),
    ("user_namespaces.4:20015.uid_map", UNREAD, USERS),
    ("user_namespaces.4:20015.gid_map", facts.fact([[0, 1]], "/x"), {"ns-user-private", "userns-ranges"}),
    ("declared.ulimits", None, {"process-rlimits"}),
    ("declared.ulimits", [["nofile", 1]], {"process-rlimits"}),
    ("declared.ulimits", [["unheard-of", 1, 1]], {"process-rlimits"}),
    ("processes.0.namespaces.net", None, {"ns-net-private"}),
    ("processes.0.status", {}, STATUS),
    ("processes.0.status.CapBnd", "not a mask", {"capabilities", "process-more-privileged"}),
    ("processes.0.status.Seccomp", None, SECCOMP),
    ("processes.0.status.Uid", "1000 1000", IDS | {"process-more-privileged"}),
    ("processes.0.status.Gid", "root", {"process-groups"}),
    ("processes.0.names", [None], {"process-sshd"}),
    ("processes.0.pids", [1], {"process-more-privileged"}),
    ("rlimits", {}, {"process-rlimits"}),
    ("rlimits.Max open files", "many", {"process-rlimits"}),
    ("declared.security_opts", None, {"seccomp-profile"}),
    ("processes.0.label", None, LABELS),
    ("processes.0.cgroups", {}, GROUPS),
    ("processes.0.errors", {"attr/current": "EACCES Permission denied"}, LABELS),
    ("limits", {}, LIMITS),
    ("limits.pids", UNREAD, {"cgroup-pids-limit"}),
    ("limits.memory", {"value": "lots", "path": "/x"}, {"cgroup-memory-limit"}),
    ("mounts", {}, MOUNTS),
    ("mounts", {"4:1": UNREAD}, MOUNTS),
    ("mounts", {"4:1": facts.fact([], "/proc/2001/mountinfo")}, MOUNTS),
    ("mounts", {"4:1": facts.fact(["garbage"], "/proc/2001/mountinfo")}, MOUNTS),
    ("sources.0.identity", UNREAD, {"mounts-private"}),
    ("sources.0.label", UNREAD, {"selinux-files-level"}),
    ("sources.0.labels", {"EACCES Permission denied": "/x/notes"}, {"selinux-files-level"}),
]
HOST = [
    ("namespaces", {}, APART | NETWORK | RULES),
    ("namespaces", {"reader": {"net": UNREAD}}, APART | NETWORK | RULES),
    ("group_numbers", UNREAD, {"process-groups"}),
    ("group_numbers", facts.fact({"docker": "998"}, "/etc/group"), {"process-groups"}),
    ("group_numbers", facts.fact({"root": 0}, "/etc/group"), {"process-groups"}),
    ("places", [], {"engine-socket-hidden", "host-mounts"}),
    ("protected_paths", [], {"masked-paths"}),
    ("kernel_switches", [], {"host-kernel-switches"}),
    ("kernel_switches", ["nonsense"], {"host-kernel-switches"}),
    ("peer_groups", UNREAD, {"mounts-propagation"}),
    ("peer_groups", facts.fact([], "/x"), {"mounts-propagation"}),
]


@pytest.mark.parametrize(("path", "value", "checks"), CONTAINER, ids=lambda value: str(value)[:60])
def test_missing_evidence_about_a_container_is_an_error(path, value, checks):
    result = judged(changed(lambda _document, ada: put(ada, path, value)))
    assert red(result) == {(ADA, check): "error" for check in checks}
    assert all(find(result, check)["reason"].startswith("cannot read ") for check in checks)
    assert not result["summary"]["ok"]


@pytest.mark.parametrize("key", ["processes", "mounts", "limits", "sources"])
def test_a_part_that_is_not_there_at_all_is_an_error(key):
    found = red(judged(changed(lambda _document, ada: ada.pop(key))))
    assert found and set(found.values()) == {"error"}
    assert {subject for subject, _check in found} == {ADA}


@pytest.mark.parametrize(("path", "value", "checks"), HOST, ids=lambda value: str(value)[:60])
def test_missing_evidence_about_a_host_is_an_error_for_all_its_containers(path, value, checks):
    result = judged(changed(lambda document, _ada: put(document["host"], path, value)))
    assert red(result) == {(subject, check): "error" for subject in (ADA, GRACE) for check in checks}


def test_selinux_that_cannot_be_read_is_an_error_and_not_absence():
    broken = {"present": False, "enforce": facts.unread("/sys/fs/selinux/enforce"), "mls": UNREAD}
    found = red(judged(changed(lambda document, _ada: put(document["host"], "selinux", broken))))
    assert found[facts.HOST, "selinux-enforcing"] == "error"
    assert {found[subject, check] for subject in (ADA, GRACE) for check in LABELS} == {"error"}


def test_a_proven_fault_is_a_fail_though_other_evidence_is_missing():
    def weaken(_document, ada):
        ada["processes"].append({**ada["processes"][0], "pids": [9], "status": {}})
        put(ada, "processes.0.status", {**ada["processes"][0]["status"], "Seccomp": "0"})

    assert find(judged(changed(weaken)), "seccomp-filter")["status"] == "fail"


@pytest.mark.parametrize("kind", ["net", "pid", "mnt", "ipc", "uts", "cgroup"])
def test_both_who_share_a_namespace_are_red_and_named(kind):
    def join(document, ada):
        put(ada, f"processes.0.namespaces.{kind}", document["containers"][1]["processes"][0]["namespaces"][kind])

    result, check = judged(changed(join)), f"ns-{kind}-private"
    assert red(result) == {(ADA, check): "fail", (GRACE, check): "fail"}
    assert GRACE in find(result, check)["observed"] and ADA in find(result, check, GRACE)["observed"]


def test_both_who_have_the_same_pair_are_red_whatever_its_spelling():
    # Everything of Grace's, the policy's answers too: only the pair is Ada's, in another order.
    text = json.dumps(facts.document()).replace(facts.PAIRS["grace"], ",".join(facts.PAIRS["ada"].split(",")[::-1]))
    found = red(judged(json.loads(text)))
    assert found == dict.fromkeys([(ADA, "selinux-categories-unique"), (GRACE, "selinux-categories-unique")], "fail")


def test_both_who_write_to_the_same_directory_are_red():
    def share(document, ada):
        put(document["containers"][1], "sources.0.identity", ada["sources"][0]["identity"])

    assert red(judged(changed(share))) == {(ADA, "mounts-private"): "fail", (GRACE, "mounts-private"): "fail"}


@pytest.mark.parametrize("what", ["net", "pair", "source"])
def test_what_is_shared_with_a_neighbour_is_red_and_the_neighbour_is_not_judged(what):
    def share(document, ada):
        other = facts.neighbour()
        if what == "net":
            put(other, "processes.0.namespaces.net", ada["processes"][0]["namespaces"]["net"])
        elif what == "pair":
            put(other, "processes.0.label", facts.label("ada"))
        else:
            put(other, "sources.0.identity", ada["sources"][0]["identity"])
        document["neighbours"].append(other)

    checks = {"net": "ns-net-private", "pair": "selinux-categories-unique", "source": "mounts-private"}
    assert red(judged(changed(share))) == {(ADA, checks[what]): "fail"}
    assert red(judged(changed(lambda document, _ada: document["neighbours"].append(facts.neighbour())))) == {}


@pytest.mark.parametrize(
    ("path", "check"),
    [
        ("declared.memory", "cgroup-memory-limit"),
        ("limits.swap.value", "cgroup-swap-limit"),
        ("declared.nano_cpus", "cgroup-cpu-limit"),
        ("declared.pids_limit", "cgroup-pids-limit"),
    ],
)
def test_without_an_expectation_the_kernel_is_held_to_what_the_engine_was_told(path, check):
    document = changed(lambda _document, ada: put(ada, path, 1))
    if path == "declared.memory":
        put(document["containers"][0], "declared.memory_swap", 1)
    assert red(judged(document, {"capabilities": []})) == {(ADA, check): "fail"}


def test_all_the_memory_of_the_machine_is_no_limit():
    document = changed(lambda document, _ada: put(document["host"], "machine.memory.value", facts.SIZES["memory"]))
    assert red(judged(document)) == dict.fromkeys(
        [(ADA, "cgroup-memory-limit"), (GRACE, "cgroup-memory-limit")], "fail"
    )
