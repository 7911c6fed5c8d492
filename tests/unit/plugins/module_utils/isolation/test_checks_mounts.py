# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How mounts are made, what they show of the kernel, what the layer holds, and who else has the same."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import (
    ADA,
    GRACE,
    add_line,
    changed,
    find,
    judged,
    policy,
    put,
    red,
    replace_line,
)

SOURCE = {"mode": "0777", "uid": 0, "gid": 0, "closed_by": ""}
UNREAD = facts.unread("/somewhere")
HOME = "/home/student rw,nosuid,nodev"
TMP = "/tmp rw,nosuid,nodev,noexec,relatime - tmpfs tmpfs rw,size=32768k"

VALUES = [
    ("mounting.layer.setid", ["/usr/bin/x (4755, of user 0)"], "rootfs-set-id", "fail"),
    ("mounting.layer.devices", ["/dev/sda (b 8:0)"], "rootfs-devices", "fail"),
    ("mounting.anonymous", ["/data"], "mounts-anonymous", "informational"),
    ("sources.0.mode.value", SOURCE, "mounts-source-mode", "fail"),
    ("sources.0.mode.value", {**SOURCE, "closed_by": "/var/lib/docker"}, "mounts-source-mode", "pass"),
    ("sources.0.mode.value", {**SOURCE, "mode": "1775"}, "mounts-source-mode", "pass"),
    ("mounting.absent", ["/proc/kcore", "/proc/asound"], "masked-as-promised", "pass"),
    ("mounting.absent", [], "masked-as-promised", "fail"),
    ("mounting.masked", ["/proc/bus"], "masked-as-promised", "fail"),
]
LINES = [
    (HOME, "/home/student rw,nosuid", "mounts-flags", "informational"),
    (HOME, "/home/student ro", "mounts-flags", "pass"),
    (TMP, "/tmp rw,nosuid,nodev,relatime - tmpfs tmpfs rw,size=32768k", "mounts-tmpfs", "informational"),
    (TMP, "/tmp rw,nosuid,nodev,noexec,relatime - tmpfs tmpfs rw", "mounts-tmpfs", "informational"),
    (TMP, "/tmp rw,nosuid,noexec,relatime - tmpfs tmpfs rw,size=1k", "mounts-tmpfs", "fail"),
    (f"{HOME},relatime -", f"{HOME},relatime shared:1 -", "mounts-propagation", "fail"),
    (f"{HOME},relatime -", f"{HOME},relatime shared:99 -", "mounts-propagation", "informational"),
    (f"{HOME},relatime -", f"{HOME},relatime master:1 -", "mounts-propagation", "pass"),
]
EXTRA = [
    ("700 500 254:1 /srv/x /srv ro,relatime - ext4 /dev/vda1 rw", {"mounts-known"}),
    ("700 500 0:22 / /home/student/proc rw,relatime - proc proc rw", {"host-mounts", "host-kernel-switches"}),
    ("700 500 0:22 /sys/kernel /home/student/k rw - proc proc rw", {"host-mounts", "host-kernel-switches"}),
    ("700 500 0:99 / /home/student/dbg rw - debugfs debugfs rw", {"host-kernel-switches"}),
    (
        "700 500 0:99 / /home/student/cg rw - cgroup cgroup rw,memory",
        {"host-kernel-switches", "cgroup-files-read-only"},
    ),
    ("700 500 0:99 /docker/x /home/student/cg rw - cgroup cgroup rw,memory", {"cgroup-files-read-only"}),
    ("700 500 8:1 / /home/student/disk ro - ext4 /dev/sda1 rw", {"host-file-systems"}),
    ("700 500 8:1 /piece /home/student/disk ro - ext4 /dev/sda1 rw", set()),
]
LAYER = {"rootfs-set-id", "rootfs-devices", "selinux-layer-label"}
HOLES = [
    ("mounting", {}, {"mounts-flags", "mounts-tmpfs", "mounts-known", "mounts-anonymous", "masked-as-promised"}),
    ("mounting.masked", None, {"masked-as-promised"}),
    ("mounting.absent", None, {"masked-as-promised"}),
    ("mounting.anonymous", None, {"mounts-anonymous"}),
    ("mounting.layer", {}, LAYER),
    ("mounting.layer.setid", None, {"rootfs-set-id"}),
    ("mounting.layer.entries", None, {"rootfs-set-id", "rootfs-devices"}),
    ("mounting.layer.error", "EACCES Permission denied: /x", LAYER),
    ("sources.0.mode", UNREAD, {"mounts-source-mode"}),
    ("sources.0.mode", None, {"mounts-source-mode"}),
    ("sources.0.mode.value", {"mode": "rwx"}, {"mounts-source-mode"}),
    ("sources.0.mode.value", "0777", {"mounts-source-mode"}),
]


def only_ada(*checks, status="fail"):
    return dict.fromkeys(((ADA, check) for check in checks), status)


@pytest.mark.parametrize(("path", "value", "check", "status"), VALUES, ids=lambda value: str(value)[:50])
def test_a_value_turns_its_check_and_no_other(path, value, check, status):
    result = judged(changed(lambda _document, ada: put(ada, path, value)))
    assert find(result, check)["status"] == status
    assert red(result) == (only_ada(check) if status == "fail" else {})


@pytest.mark.parametrize(("old", "new", "check", "status"), LINES)
def test_the_way_a_mount_is_made_turns_its_check_and_no_other(old, new, check, status):
    result = judged(changed(lambda _document, ada: replace_line(ada, old, new)))
    assert find(result, check)["status"] == status
    assert red(result) == (only_ada(check) if status == "fail" else {})


@pytest.mark.parametrize(("line", "checks"), EXTRA)
def test_one_more_mount_turns_its_checks(line, checks):
    assert red(judged(changed(lambda _document, ada: add_line(ada, line)))) == only_ada(*checks)


@pytest.mark.parametrize(("path", "value", "checks"), HOLES, ids=lambda value: str(value)[:50])
def test_missing_evidence_is_an_error(path, value, checks):
    found = red(judged(changed(lambda _document, ada: put(ada, path, value))))
    assert checks <= {check for _subject, check in found} and set(found.values()) == {"error"}
    assert path == "mounting" or set(found) == set(only_ada(*checks))


def test_flags_are_a_fault_where_a_process_can_gain_rights():
    def weaken(_document, ada):
        replace_line(ada, HOME, "/home/student rw,nosuid")
        put(ada, "processes.0.status.NoNewPrivs", "0")

    assert red(judged(changed(weaken))) == only_ada("no-new-privileges", "mounts-flags")


def test_a_size_is_a_must_where_memory_has_no_limit():
    def weaken(_document, ada):
        replace_line(ada, ",size=32768k", "")
        put(ada, "limits.memory.value", "max")

    assert red(judged(changed(weaken))) == only_ada("cgroup-memory-limit", "mounts-tmpfs")


def test_what_the_engine_shows_and_nobody_mounted():
    def promise(_document, ada):
        put(ada, "mounting.tmpfs", {**ada["mounting"]["tmpfs"], "/scratch": ""})

    result = judged(changed(promise))
    assert red(result) == only_ada("mounts-known")
    assert find(result, "mounts-known")["observed"] == "not mounted: /scratch"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"cut": True}, "the layer has more than 7 entries"),
        ({"cut": None}, "the layer has more than 7 entries"),
        ({"path": "", "driver": "vfs"}, "the storage driver vfs names no directory"),
    ],
)
def test_what_was_not_looked_at_is_never_a_pass(changes, words):
    result = judged(changed(lambda _document, ada: ada["mounting"]["layer"].update(changes)))
    for check in ("rootfs-set-id", "rootfs-devices"):
        found = find(result, check)
        assert found["status"] == "notchecked" and found["reason"].startswith(words)


def test_a_fault_in_the_part_that_was_looked_at_is_a_fault():
    cut = {"cut": True, "setid": ["/x (4755, of user 0)"]}
    result = judged(changed(lambda _document, ada: ada["mounting"]["layer"].update(cut)))
    assert red(result) == only_ada("rootfs-set-id")


def test_nothing_promised_is_the_business_of_another_check():
    result = judged(changed(lambda _document, ada: ada["mounting"].update(masked=[], read_only=[])))
    assert find(result, "masked-as-promised")["status"] == "notapplicable" and red(result) == {}


def test_a_whole_file_system_may_be_allowed():
    def mount(_document, ada):
        add_line(ada, "700 500 8:1 / /disk ro - ext4 /dev/sda1 rw")
        ada["declared"]["mounts"].append({"type": "bind", "source": "/srv/disk", "target": "/disk", "writable": False})

    assert red(judged(changed(mount))) == only_ada("host-file-systems")
    assert red(judged(changed(mount), policy(allowed_mounts=["/srv/disk"]))) == {}


def given(record, inside, access):
    """A mount that the container was given, as the kernel and the engine show it."""
    add_line(record, f"700 500 254:9 {inside} /given {access},nosuid,nodev - ext4 /dev/vdb rw")
    entry = {"type": "bind", "source": inside, "target": "/given", "writable": access == "rw"}
    record["declared"]["mounts"].append(entry)


NESTED, READERS = "mounts-nested", "mounts-readers"
PAIRS = [
    # What Ada has, what Grace has, and the check that says so of both.
    ("/srv/a", "rw", "/srv/a/b/c", "rw", NESTED, "fail"),
    ("/srv/a/b", "rw", "/srv/a", "rw", NESTED, "fail"),
    ("/srv/a", "rw", "/srv/ab", "rw", NESTED, "pass"),
    ("/srv/a", "rw", "/srv/b", "rw", READERS, "pass"),
    ("/srv/a", "ro", "/srv/a", "ro", READERS, "pass"),
    ("/srv/a", "ro", "/srv/a/b", "ro", READERS, "pass"),
    ("/srv/a", "ro", "/srv/a", "rw", READERS, "informational"),
    ("/srv/a", "ro", "/srv/a/b", "rw", READERS, "informational"),
    ("/srv/a/b", "ro", "/srv/a", "rw", READERS, "informational"),
    ("/", "rw", "/srv/a", "rw", NESTED, "fail"),
]


@pytest.mark.parametrize(("first", "access", "second", "others", "check", "status"), PAIRS)
def test_two_who_have_one_directory_or_one_inside_the_others(first, access, second, others, check, status):
    def share(document, ada):
        given(ada, first, access)
        given(document["containers"][1], second, others)

    result = judged(changed(share))
    assert [find(result, check, subject)["status"] for subject in (ADA, GRACE)] == [status, status]
    assert {subject for subject, name in red(result) if name == NESTED} == ({ADA, GRACE} if status == "fail" else set())
    if status != "pass":
        assert GRACE in find(result, check)["observed"] and ADA in find(result, check, GRACE)["observed"]


def test_a_neighbour_counts_and_is_not_judged():
    def share(document, ada):
        other = facts.neighbour()
        given(ada, "/srv/a", "rw")
        line = "700 500 254:9 /srv/a/b /data rw - ext4 /dev/vdb rw"
        other["mounts"] = {"4:9": facts.fact([line], "/proc/4001/mountinfo")}
        document["neighbours"].append(other)

    result = judged(changed(share))
    assert red(result) == only_ada(NESTED) and "registry-cache" in find(result, NESTED)["observed"]


def test_a_directory_inside_another_of_the_same_container_is_its_own_business():
    def nest(_document, ada):
        given(ada, "/srv/a", "rw")
        add_line(ada, "701 500 254:9 /srv/a/b /given/b rw,nosuid,nodev - ext4 /dev/vdb rw")

    assert red(judged(changed(nest))) == {}
