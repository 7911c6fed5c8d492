# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading resources and devices over a tree of files, in both versions; what is above a group is read once."""

from __future__ import annotations

import base64
import sys
from collections import Counter

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.gather import gather
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.fake_kernel import (
    V1_MOUNTS,
    FakeEngine,
    FakeKernel,
    identifier,
    inspection,
)

OWN = f"/course/{identifier('a')}"
MORE_V1 = ("cpuset", "blkio", "devices")
MOUNTS = "".join(
    f"4{n} 1 0:4{n} / /sys/fs/cgroup/{name} rw - cgroup cgroup rw,{name}\n" for n, name in enumerate(MORE_V1)
)


class Counting(Kernel):
    """Notes what is read."""

    def __init__(self, root):
        super().__init__(root)
        self.seen = Counter()

    def read(self, path):
        self.seen[path] += 1
        return super().read(path)


def legacy(tmp_path):
    fake = FakeKernel(tmp_path, 1)
    known = (tmp_path / "proc/self/mountinfo").read_text()
    assert V1_MOUNTS in known
    fake.write("/proc/self/mountinfo", known + MOUNTS)
    return fake


def start(fake, letter, pid, group=OWN):
    fake.process(pid, group, share={"user": "self", "cgroup": "self"})
    fake.write(f"/proc/{pid}/oom_score_adj", "0\n")
    return inspection(letter, pid)


def read(fake, *inspected, kernel=None):
    return gather(FakeEngine(*inspected), kernel or fake.kernel, {}, "tcp://127.0.0.1:1")["containers"]


def values(resources):
    return {name: fact["value"] for name, fact in resources.items() if isinstance(fact, dict) and "value" in fact}


def test_version_2(tmp_path):
    fake = FakeKernel(tmp_path, 2)
    folder = f"/sys/fs/cgroup{OWN}"
    files = {"cpu.weight": "20", "cpuset.cpus.effective": "0-1", "memory.low": "0", "memory.oom.group": "1"}
    for name, text in {**files, "io.max": "8:0 wbps=100"}.items():
        fake.write(f"{folder}/{name}", f"{text}\n")
    inspected = start(fake, "a", 100)
    inspected["HostConfig"].update(CpuShares=512, BlkioDeviceWriteBps=[{"Path": "/dev/sda", "Rate": 100}])
    (found,) = read(fake, inspected)
    assert values(found["resources"]) == dict(
        zip(("cpu_weight", "cpuset", "memory_reservation", "oom", "io"), [*files.values(), "8:0 wbps=100"], strict=True)
    )
    assert found["resources"]["declared"]["io"] == ["/dev/sda WriteBps=100"]
    assert found["resources"]["declared"]["cpu_shares"] == 512
    assert found["devices"]["version"] == 2 and found["devices"]["list"]["error"]
    # A folder of the tests is no control group.
    (programs,) = found["devices"]["programs"]
    assert programs["path"] == folder and programs["value"] is None and programs["error"]


class Programmed(Kernel):
    """Has programs for some groups, and says who asked."""

    def __init__(self, root, programs):
        super().__init__(root)
        self.attached = programs
        self.asked = []

    def device_programs(self, path):
        self.asked.append(path)
        if path not in self.attached:
            return Fact(path, error="EPERM Operation not permitted")
        tags = self.attached[path]
        self.programs.update((tag, tag.encode()) for tag in tags)
        return Fact(path, tags, "programs 7")


def test_programs_are_read_of_each_group_with_a_process_and_recorded_once(tmp_path):
    fake = FakeKernel(tmp_path, 2)
    top, other = "/sys/fs/cgroup", f"/course/{identifier('b')}"
    kernel = Programmed(str(tmp_path), {f"{top}{OWN}": ["aa"], f"{top}{other}": ["aa"], f"{top}/away": []})
    fake.group(OWN, (100, 101, 102))
    inspected = [start(fake, "a", 100), start(fake, "b", 200, other)]
    for pid, group in ((101, OWN), (102, "/away"), (103, "/closed")):
        fake.process(pid, group, share={"user": "self", "cgroup": "self", "pid": "100"})
    document = gather(FakeEngine(*inspected), kernel, {}, "tcp://127.0.0.1:1")
    first, second = (one["devices"]["programs"] for one in document["containers"])
    assert {one["path"]: one["value"] for one in first} == {
        **{f"{top}{OWN}": ["aa"], f"{top}/away": [], f"{top}/closed": None}
    }
    assert second == [{"path": f"{top}{other}", "value": ["aa"], "raw": "programs 7"}]
    assert len(kernel.asked) == 4
    recorded = {"aa": {"order": sys.byteorder, "code": base64.b64encode(b"aa").decode()}}
    assert document["host"]["device_programs"] == recorded


def test_a_group_that_the_reader_cannot_see_is_an_error(tmp_path):
    fake = FakeKernel(tmp_path, 2)
    (found,) = read(fake, start(fake, "a", 100, "/../elsewhere"))
    assert found["devices"]["programs"][0]["error"].startswith("ENOENT")


def test_version_1(tmp_path):
    fake = legacy(tmp_path)
    top = "/sys/fs/cgroup"
    fake.write(f"{top}/cpu{OWN}/cpu.shares", "1024\n")
    fake.write(f"{top}/memory{OWN}/memory.oom_control", "oom_kill_disable 1\nunder_oom 0\n")
    fake.write(f"{top}/cpuset{OWN}/cpuset.effective_cpus", "0\n")
    fake.write(f"{top}/devices{OWN}/devices.list", "b *:* rwm\n")
    for name in ("read_bps", "write_bps", "read_iops", "write_iops"):
        fake.write(f"{top}/blkio{OWN}/blkio.throttle.{name}_device", "8:0 7\n" if name == "read_iops" else "")
    inspected = start(fake, "a", 100)
    inspected["HostConfig"].update(DeviceCgroupRules=["b *:* rwm"], Devices=[{"PathOnHost": "/dev/x"}])
    (found,) = read(fake, inspected)
    kept = values(found["resources"])
    assert (kept["cpu_weight"], kept["cpuset"], kept["io"]) == ("1024", "0", "8:0 riops=7")
    assert kept["oom"].startswith("oom_kill_disable 1")
    assert found["resources"]["memory_reservation"]["error"].startswith("ENOENT")
    assert (found["devices"]["version"], found["devices"]["list"]["value"]) == (1, "b *:* rwm")
    assert found["devices"]["declared"]["rules"] == ["b *:* rwm"]


def test_one_that_left_some_of_its_groups_is_still_read_at_home(tmp_path):
    fake = legacy(tmp_path)
    fake.write(f"/sys/fs/cgroup/memory{OWN}/memory.oom_control", "oom_kill_disable 0\n")
    inspected = start(fake, "a", 100)
    fake.write("/proc/100/cgroup", f"1:memory:/\n2:cpu:{OWN}\n3:pids:/\n")
    (found,) = read(fake, inspected)
    assert found["resources"]["oom"]["value"] == "oom_kill_disable 0"


def test_one_that_left_all_of_them_has_nothing_to_show(tmp_path):
    fake = FakeKernel(tmp_path, 2)
    (found,) = read(fake, start(fake, "a", 100, "/"))
    assert all(fact["error"] for name, fact in found["resources"].items() if name in ("cpu_weight", "oom", "io"))


def test_scores_that_are_equal_are_one(tmp_path):
    fake = FakeKernel(tmp_path, 2)
    inspected = start(fake, "a", 100)
    fake.group(OWN, (100, 101, 102))
    for pid, score in ((101, "0"), (102, "-1000")):
        start(fake, "a", pid)
        fake.write(f"/proc/{pid}/oom_score_adj", score)
    (found,) = read(fake, inspected)
    assert [fact["value"] for fact in found["resources"]["oom_scores"]] == ["0", "-1000"]


@pytest.mark.parametrize("version", [1, 2])
def test_what_is_above_is_read_once_for_all_containers_and_anew_in_the_next_run(tmp_path, version):
    fake = FakeKernel(tmp_path, version)
    name = "memory.max" if version == 2 else "memory/course/memory.limit_in_bytes"
    above = f"/sys/fs/cgroup/course/{name}" if version == 2 else f"/sys/fs/cgroup/{name}"
    fake.write(above, "1000\n")
    inspected = [start(fake, letter, pid, f"/course/{identifier(letter)}") for letter, pid in (("a", 100), ("b", 200))]
    kernel = Counting(str(tmp_path))
    assert [one["limits"]["memory"]["value"] for one in read(fake, *inspected, kernel=kernel)] == [1000, 1000]
    assert kernel.seen[above] == 1
    fake.write(above, "2000\n")
    assert [one["limits"]["memory"]["value"] for one in read(fake, *inspected, kernel=kernel)] == [2000, 2000]


def test_only_a_device_has_a_number(tmp_path):
    fake = FakeKernel(tmp_path, 2)
    fake.write("/dev/file", "")
    assert fake.kernel.device("/dev/file").error.startswith("ENODEV")
    assert fake.kernel.device("/dev/none").error.startswith("ENOENT")
    assert Kernel().device("/dev/null").value == "c 1:3"
