# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One weakening of one workspace each: exactly the checks that it concerns turn red, for that workspace alone."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks import catalogue
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts, facts_host
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import (
    ADA,
    add_line,
    changed,
    find,
    judged,
    policy,
    put,
    red,
    replace_line,
)

BIND = "600 500 {} /mnt {},relatime - ext4 /dev/vda1 rw"
STRAY = {"/system.slice/ssh.service": [""]}
FULL = "000001ffffffffff"

# What is set where in Ada's record, and the checks that must turn red. All values are of the kernel's making.
VALUES = [
    *(
        (f"processes.0.namespaces.{kind}", facts.HOST_NAMESPACES[kind], {f"ns-{kind}-private"})
        for kind in ("net", "pid", "mnt", "ipc", "uts", "cgroup")
    ),
    ("limits.memory.value", "max", {"cgroup-memory-limit"}),
    ("limits.swap.value", "max", {"cgroup-swap-limit"}),
    ("limits.cpu.value", "max", {"cgroup-cpu-limit"}),
    ("limits.pids.value", "max", {"cgroup-pids-limit"}),
    ("limits.memory.value", 513 * facts.MIB, {"cgroup-memory-limit"}),
    ("limits.swap.value", 4096, {"cgroup-swap-limit"}),
    ("limits.cpu.value", 0.52, {"cgroup-cpu-limit"}),
    ("limits.pids.value", 101, {"cgroup-pids-limit"}),
    # What the kernel shows is then finite still: the service manager's default, or the slice of all workspaces.
    ("declared.memory", 0, {"cgroup-memory-limit", "cgroup-swap-limit"}),
    ("declared.memory_swap", 0, {"cgroup-swap-limit"}),
    ("declared.nano_cpus", 0, {"cgroup-cpu-limit"}),
    ("declared.pids_limit", None, {"cgroup-pids-limit"}),
    ("processes.0.cgroups", STRAY, {"cgroup-membership"}),
    ("processes.0.status.Seccomp", "0", {"seccomp-filter"}),
    ("processes.0.status.Seccomp", "1", {"seccomp-filter"}),
    ("processes.0.status.NoNewPrivs", "0", {"no-new-privileges"}),
    *((f"processes.0.status.{name}", "0000000000000001", {"capabilities"}) for name in facts.NOBODY),
    ("processes.0.status.CapEff", FULL, {"capabilities"}),
    ("sources.0.label.value", "system_u:object_r:container_file_t:s0", {"selinux-files-level"}),
    ("sources.0.labels", {"system_u:object_r:container_file_t:s0": "/x/notes"}, {"selinux-files-level"}),
    ("labels", {facts.STUDENT: "mallory"}, {"workspace-present"}),
    ("state", "exited", {"workspace-running"}),
    ("error", "ESRCH the first process ended while it was read, twice", {"workspace-running"}),
]

LINES = [
    ("500 400 0:90 / / ro", "500 400 0:90 / / rw", {"rootfs-read-only"}),
    ("/proc/sys ro", "/proc/sys rw", {"masked-paths", "masked-as-promised", "host-kernel-switches"}),
    ("/ /sys ro,nosuid", "/ /sys rw,nosuid", {"masked-paths", "host-kernel-switches"}),
    ("/proc/kcore", "/proc/elsewhere", {"masked-paths", "masked-as-promised"}),
]

MOUNTS = [
    (BIND.format("0:24 /docker.sock", "rw"), {"engine-socket-hidden", "host-mounts"}),
    (BIND.format("0:24 /docker.sock", "ro"), {"engine-socket-hidden"}),
    (BIND.format("0:24 /containerd", "ro"), {"engine-socket-hidden"}),
    (BIND.format("0:24 /", "ro"), {"engine-socket-hidden", "host-mounts", "host-file-systems"}),
    (BIND.format("254:1 /", "ro"), {"host-mounts", "host-file-systems"}),
    (BIND.format("254:1 /etc", "ro"), {"host-mounts"}),
    (BIND.format("254:1 /etc/ssh", "rw"), {"host-mounts"}),
    (BIND.format("254:1 /root/.ssh", "ro"), {"host-mounts"}),
    (BIND.format("254:1 /var/lib", "ro"), {"host-mounts"}),
    (BIND.format("254:1 /var/lib/docker/overlay2/x", "ro"), {"host-mounts"}),
    (BIND.format("254:1 /var/lib/docker/bulkhead/workspaces", "ro"), {"host-mounts"}),
    (BIND.format("254:1 /var/lib/docker/bulkhead/other/x", "ro"), {"host-mounts"}),
    (BIND.format(f"254:1 /var/lib/docker/containers/{3001:064x}/hosts", "ro"), {"host-mounts"}),
    (BIND.format("254:1 /etc/docker/certs.d", "ro"), {"host-mounts"}),
    (BIND.format("254:1 /usr/lib/modules", "ro"), {"host-mounts"}),
    (BIND.format("254:1 /usr/lib/modules/6.12", "ro"), set()),
    (BIND.format("254:1 /var/lib/kubelet/pods/x", "ro"), {"host-mounts"}),
    (BIND.format("254:1 /home", "ro"), {"host-mounts"}),
    (BIND.format("254:1 /home/ada", "rw"), set()),
    (BIND.format("254:1 /var", "ro"), {"host-mounts"}),
    (BIND.format("254:1 /var/lib/docker-extra", "rw"), set()),
    (BIND.format("254:1 /etc/ssl", "ro"), set()),
    (BIND.format("254:1 /srv/course", "ro"), set()),
]


def only_ada(checks, status="fail"):
    return dict.fromkeys(((ADA, check) for check in checks), status)


def test_the_good_document_is_wholly_green():
    result = judged(facts.document())
    assert red(result) == {} and result["summary"]["ok"]
    unproved = {one["check"]: one["status"] for one in result["findings"] if one["status"] != "pass"}
    assert unproved == {
        "containers-selected": "notapplicable",
        "ns-time-private": "notapplicable",
        **dict.fromkeys(("image-registry-allowed", "network-encrypted", "network-ports-expected"), "notapplicable"),
        **facts_host.UNPROVED,
    }
    assert {one["check"] for one in result["findings"]} == catalogue.IDS


@pytest.mark.parametrize(("path", "value", "checks"), VALUES, ids=lambda value: str(value)[:60])
def test_a_value_turns_its_checks_red(path, value, checks):
    result = judged(changed(lambda _document, ada: put(ada, path, value)))
    status = "error" if path == "error" else "fail"
    assert red(result) == only_ada(checks, status)
    assert not result["summary"]["ok"]


def test_a_limit_is_named_to_the_byte():
    found = find(
        judged(changed(lambda _document, ada: put(ada, "limits.memory.value", 1551773696))), "cgroup-memory-limit"
    )
    assert found["observed"].startswith("1551773696,") and found["expected"] == "at most 536870912"


@pytest.mark.parametrize(("old", "new", "checks"), LINES)
def test_a_mount_option_turns_its_check_red(old, new, checks):
    assert red(judged(changed(lambda _document, ada: replace_line(ada, old, new)))) == only_ada(checks)


@pytest.mark.parametrize(("line", "checks"), MOUNTS)
def test_a_piece_of_the_host_turns_its_checks_red(line, checks):
    def mount(_document, ada):
        add_line(ada, line)
        ada["declared"]["mounts"].append({"type": "bind", "source": "/x", "target": "/mnt", "writable": False})

    assert red(judged(changed(mount))) == only_ada(checks)


def test_a_second_process_counts_as_much_as_the_first():
    def enter(_document, ada):
        stray = {**ada["processes"][0], "pids": [2900], "cgroups": STRAY}
        ada["processes"].append({**stray, "status": {**stray["status"], "Seccomp": "0"}})

    result = judged(changed(enter))
    assert red(result) == only_ada({"cgroup-membership", "seccomp-filter", "process-more-privileged"})
    assert find(result, "seccomp-filter")["evidence"][0]["path"] == "/proc/2900/status"


@pytest.mark.parametrize(
    ("path", "value", "check"),
    [
        ("selinux.enforce.value", "0", "selinux-enforcing"),
        ("selinux.mls.value", "0", "selinux-enforcing"),
    ],
)
def test_a_host_that_does_not_enforce_is_red_itself(path, value, check):
    result = judged(changed(lambda document, _ada: put(document["host"], path, value)))
    assert red(result) == {(facts.HOST, check): "fail"}


def test_a_host_without_selinux_is_red_unless_the_policy_says_so():
    gone = facts.unread("/sys/fs/selinux/enforce", "ENOENT No such file or directory")
    document = changed(lambda document, _ada: put(document["host"], "selinux", {"present": False, "enforce": gone}))
    found = judged(document)
    wanted = {check for check in catalogue.IDS if "selinux" in check}
    assert {check for _subject, check in red(found)} == wanted | {"lsm-active"}
    allowed = judged(document, policy(selinux="absent"))
    inapplicable = [
        one for one in allowed["findings"] if one["status"] == "notapplicable" and "selinux" in one["check"]
    ]
    assert red(allowed) == {} and len(inapplicable) == 2 * 9 + 2
