# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read of processes: threads, descriptors, variables' names, maps, limits; and of the host's numbers."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts import descriptor_facts, thread_facts
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.gather import gather
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.processes import grouped, read_process
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.fake_kernel import (
    FakeEngine,
    FakeKernel,
    inspection,
)

OWN, FOREIGN = 9, 77
NULL = ["fd/0", "/dev/null", "c 1:3"]


@pytest.fixture
def fake(tmp_path):
    fake = FakeKernel(tmp_path)
    fake.process(100)
    return fake


def record(fake, pid=100):
    (first, *rest) = grouped([read_process(fake.kernel, pid, {})])
    return first, rest


def gathered(fake, **changes):
    return gather(FakeEngine({**inspection("a", 100), **changes}), fake.kernel, {}, "tcp://127.0.0.1:1")


def test_a_thread_that_differs_is_a_record_of_its_own_and_one_that_does_not_is_none(fake):
    fake.thread(100, 101)
    fake.thread(100, 102, Seccomp="0")
    fake.thread(100, 103, Seccomp="0")
    first, rest = record(fake)
    assert first["status"]["Seccomp"] == "2" and "threads" not in first
    assert [(one["threads"], one["pids"], one["status"]["Seccomp"]) for one in rest] == [
        (["102", "103"], [100, 100], "0")
    ]
    assert "descriptors" not in rest[0] and rest[0]["namespaces"] == first["namespaces"]


def test_threads_are_read_only_where_there_is_more_than_one(fake):
    fake.thread(100, 101, Seccomp="0")
    status = fake.root / "proc/100/status"
    status.write_text(status.read_text().replace("Threads:\t2", "Threads:\t1"))
    assert record(fake)[1] == []


def test_threads_beyond_the_bound_leave_an_error(fake, monkeypatch):
    monkeypatch.setattr(thread_facts, "LIMIT", 2)
    for number in range(101, 104):
        fake.thread(100, number)
    ((unread,), first) = record(fake)[1], record(fake)[0]
    assert unread["threads"] == ["*"] and unread["status"] == {} and first["errors"] == {}
    assert unread["errors"]["status"].startswith("E2BIG 4 threads, of which 2")


@pytest.mark.parametrize("change", ["Threads:\tmany\n", ""])
def test_a_number_of_threads_that_is_not_told_is_an_error(fake, change):
    status = fake.root / "proc/100/status"
    status.write_text(status.read_text().replace("Threads:\t1\n", change))
    assert record(fake)[1][0]["errors"]["status"].startswith("ENODATA")


def test_a_folder_of_threads_that_is_closed_is_an_error_and_a_thread_that_ended_is_none(fake):
    fake.thread(100, 101)
    (fake.root / "proc/100/task/101/status").unlink()
    assert record(fake)[1] == []
    (fake.root / "proc/100/task/101").rmdir()
    (fake.root / "proc/100/task/100").rmdir()
    (fake.root / "proc/100/task").rmdir()
    assert record(fake)[1][0]["errors"]["status"].startswith("ENOENT")


def test_real_threads_of_this_process_are_counted():
    stop = threading.Event()
    other = threading.Thread(target=stop.wait)
    other.start()
    try:
        text = Path("/proc/self/status").read_text()
        assert (thread_facts.count(text) or 0) >= 2
    finally:
        stop.set()
        other.join()


def test_only_what_lies_on_another_mount_is_recorded(fake):
    fake.descriptor(100, 0, "/dev/null", FOREIGN)
    fake.descriptor(100, 1, "pipe:[17]", FOREIGN)
    fake.descriptor(100, 2, "/dev/null", OWN)
    fake.descriptor(100, 3, "/etc", FOREIGN)
    fake.descriptor(100, 4, "/usr", OWN)
    fake.descriptor(100, 5, "/memfd:runc (deleted)", FOREIGN)
    fake.descriptor(100, 6, "anon_inode:[eventfd]", FOREIGN)
    assert record(fake)[0]["descriptors"] == [NULL, ["fd/3", "/etc", ""]]


@pytest.mark.parametrize("name", ["cwd", "exe", "root"])
def test_where_a_process_stands_counts_as_well(fake, name):
    fake.kernel.mount_numbers[f"/proc/100/{name}"] = FOREIGN
    assert record(fake)[0]["descriptors"] == [[name, "/", ""]]


def test_a_process_with_a_root_of_its_own_sees_other_mounts_of_the_same_namespace(fake):
    fake.process(101, share={"mnt": "100"})
    fake.write("/proc/101/mountinfo", f"{FOREIGN} 8 0:91 / / rw - tmpfs tmpfs rw\n")
    fake.descriptor(101, 3, "/etc", FOREIGN)
    fake.descriptor(100, 3, "/etc", FOREIGN)
    tables: dict = {}
    found = [read_process(fake.kernel, pid, tables)["descriptors"] for pid in (100, 101)]
    assert found == [[["fd/3", "/etc", ""]], []] and len(tables) == 1


def test_a_queue_is_of_the_namespaces_own_file_system(fake):
    device = Path("/etc").stat().st_dev
    fake.write(
        "/proc/100/mountinfo",
        "9 8 0:90 / / ro - overlay overlay rw\n"
        f"10 9 {os.major(device)}:{os.minor(device)} / /dev/mqueue rw - mqueue mqueue rw\n",
    )
    fake.descriptor(100, 3, "/etc", FOREIGN)
    assert record(fake)[0]["descriptors"] == []


@pytest.mark.parametrize("broken", ["fdinfo", "mountinfo", "fd", "cwd"])
def test_a_descriptor_that_cannot_be_told_is_an_error(fake, broken):
    fake.descriptor(100, 3, "/etc", OWN)
    if broken == "fdinfo":
        fake.write("/proc/100/fdinfo/3", "pos:\t0\n")
    elif broken == "mountinfo":
        fake.write("/proc/100/mountinfo", "")
    elif broken == "cwd":
        (fake.root / "proc/100/cwd").unlink()
    else:
        for place in ("fd/3", "fd"):
            path = fake.root / "proc/100" / place
            path.unlink() if path.is_symlink() else path.rmdir()
    first, _rest = record(fake)
    assert first["descriptors"] is None and first["errors"]["fd"].startswith(("EN", "cwd: EN", "fd/3: EN"))


def test_too_many_descriptors_are_an_error(fake, monkeypatch):
    monkeypatch.setattr(descriptor_facts, "LIMIT", 1)
    for number in (3, 4):
        fake.descriptor(100, number, "/etc", OWN)
    assert record(fake)[0]["errors"]["fd"].startswith("E2BIG 2 descriptors")


def test_the_mount_of_a_real_place_is_in_the_real_table():
    kernel = Kernel()
    numbers = descriptor_facts.read_table(kernel, os.getpid()).numbers
    for name in ("cwd", "exe", "root"):
        assert kernel.mount_number(f"/proc/self/{name}").value in numbers
    assert kernel.mount_number("/proc/self/nowhere").error.startswith("ENOENT")
    table = descriptor_facts.read_table(kernel, os.getpid())
    with Path(__file__).open() as opened:
        found = descriptor_facts.read_descriptors(kernel, os.getpid(), table)
        assert found.known and not {f"fd/{opened.fileno()}", "cwd", "exe", "root"} & {entry[0] for entry in found.value}


def test_names_of_secrets_are_recorded_and_no_value_is(fake):
    fake.write("/proc/100/environ", "PATH=/usr/bin\0DB_PASSWORD=hunter2\0MAIL_TOKEN=\0API_KEY_FILE=/run/hunter2\0")
    environment = ["A_SECRET=hunter2", "HOME=/hunter2"]
    document = gathered(fake, Config={"Image": "x", "Labels": {}, "Env": environment})
    (container,) = document["containers"]
    assert container["processes"][0]["environment"] == ["DB_PASSWORD"]
    assert container["environment"]["value"] == ["A_SECRET"]
    assert "hunter2" not in json.dumps(document)


def test_an_environment_that_was_cut_off_or_is_closed_is_an_error(fake):
    fake.write("/proc/100/environ", "A=" + "x" * (1 << 19))
    assert record(fake)[0]["errors"]["environ"].startswith("E2BIG")
    (fake.root / "proc/100/environ").unlink()
    first, _rest = record(fake)
    assert first["errors"]["environ"].startswith("ENOENT") and first["environment"] is None


def test_maps_limits_and_ranges_are_recorded(fake):
    fake.write("/proc/100/limits", f"{'Limit':26}Soft Limit\n{'Max open files':26}{'1024':21}{'4096':21}files\n")
    fake.write("/etc/passwd", "ada:x:1000:1000::/home/ada:/bin/sh\n")
    fake.write("/etc/group", "root:x:0:\nshadow:x:42:\n")
    fake.write("/etc/subuid", "1000:100000:65536\n")
    fake.write("/etc/subgid", "broken\n")
    ulimits = [{"Name": "nofile", "Soft": 1024, "Hard": 4096}]
    document = gathered(fake, HostConfig={"Ulimits": ulimits})
    (container,) = document["containers"]
    (maps,) = container["user_namespaces"].values()
    assert [maps[name]["value"] for name in ("uid_map", "gid_map")] == [[[0, 100000, 65536]]] * 2
    assert container["rlimits"] == {"Max open files": "1024 4096"}
    assert container["declared"]["ulimits"] == [["nofile", 1024, 4096]]
    host = document["host"]
    assert host["group_numbers"]["value"] == {"root": 0, "shadow": 42}
    assert host["subordinate_ids"]["users"]["value"] == [["ada", 100000, 65536]]
    assert host["subordinate_ids"]["groups"]["error"].startswith("EINVAL line 1")


def test_a_host_without_ranges_has_none(fake):
    document = gathered(fake)
    assert document["host"]["subordinate_ids"]["users"]["value"] == []
    assert document["host"]["group_numbers"]["error"].startswith("ENOENT")
