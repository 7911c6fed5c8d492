# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits as control groups have them: files of both versions, over a tree in a folder."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.container_spec import Member, Spec
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.fleet_kernel import ControlGroups
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel_limits import (
    FILES,
    drifted,
    limited,
    parse,
)

ID = "f" * 64
SPEC = Spec(
    name="ada",
    memory=64 << 20,
    memory_swap=96 << 20,
    memory_reservation=32 << 20,
    cpus=500_000_000,
    cpu_shares=512,
    cpuset_cpus="0-1",
    cpuset_mems="0",
    pids_limit=20,
)
V1 = {
    "memory/memory.limit_in_bytes": "67108864",
    "memory/memory.memsw.limit_in_bytes": "100663296",
    "memory/memory.soft_limit_in_bytes": "33554432",
    "cpu,cpuacct/cpu.cfs_quota_us": "50000",
    "cpu,cpuacct/cpu.cfs_period_us": "100000",
    "cpu,cpuacct/cpu.shares": "512",
    "cpuset/cpuset.cpus": "0-1",
    "cpuset/cpuset.mems": "0",
    "pids/pids.max": "20",
}
V2 = {
    "memory.max": "67108864",
    "memory.swap.max": "33554432",
    "memory.low": "33554432",
    "cpu.max": "50000 100000",
    "cpuset.cpus": "0,1",
    "cpuset.mems": "0",
    "pids.max": "20",
}


def tree(folder, version: int, files):
    """A host of that version with one container."""
    names = sorted({name.partition("/")[0] for name in V1}) if version == 1 else [""]
    mounts, membership = [], []
    for number, name in enumerate(names):
        kind, options = ("cgroup", f"rw,{name}") if version == 1 else ("cgroup2", "rw")
        mounts.append(
            f"{30 + number} 1 0:{30 + number} / /sys/fs/cgroup/{name} rw - {kind} cgroup {options}".replace("p/ ", "p ")
        )
        membership.append(f"{number if version == 1 else 0}:{name}:/docker/{ID}")
    (folder / "proc/self").mkdir(parents=True)
    (folder / "proc/7").mkdir()
    (folder / "proc/self/mountinfo").write_text("\n".join(mounts))
    (folder / "proc/7/cgroup").write_text("\n".join(membership))
    for name, text in files.items():
        controller, _slash, file = name.rpartition("/")
        place = folder / "sys/fs/cgroup" / controller / "docker" / ID
        place.mkdir(parents=True, exist_ok=True)
        (place / file).write_text(text + "\n")
    return ControlGroups(Kernel(str(folder)))


def member(**changes):
    return Member(**{"spec": SPEC, "id": ID, "image_id": "i", "status": "running", "pid": 7, **changes})


@pytest.mark.parametrize(("version", "files", "unknown"), [(1, V1, set()), (2, V2, {"cpu_shares"})])
def test_a_host_that_holds_what_the_engine_says(tmp_path, version, files, unknown):
    found = tree(tmp_path, version, files).limits(member())
    assert set(found) == set(FILES) - unknown == set(limited(SPEC)) - unknown
    assert not [name for name, value in found.items() if drifted(name, getattr(SPEC, name), value)]


@pytest.mark.parametrize(
    ("version", "files", "file", "text", "name", "value"),
    [
        (1, V1, "memory/memory.limit_in_bytes", "9223372036854771712", "memory", -1),
        (1, V1, "memory/memory.memsw.limit_in_bytes", "67108864", "memory_swap", 64 << 20),
        (1, V1, "cpu,cpuacct/cpu.cfs_quota_us", "-1", "cpus", 0),
        (1, V1, "cpu,cpuacct/cpu.cfs_period_us", "50000", "cpus", 1_000_000_000),
        (1, V1, "pids/pids.max", "max", "pids_limit", -1),
        (1, V1, "cpuset/cpuset.cpus", "0", "cpuset_cpus", "0"),
        (2, V2, "memory.max", "max", "memory", -1),
        (2, V2, "memory.swap.max", "0", "memory_swap", 64 << 20),
        (2, V2, "cpu.max", "max 100000", "cpus", 0),
        (2, V2, "pids.max", "21", "pids_limit", 21),
    ],
)
def test_a_value_that_somebody_wrote_is_seen(tmp_path, version, files, file, text, name, value):
    found = tree(tmp_path, version, {**files, file: text}).limits(member())
    assert found[name] == value
    assert [one for one, there in found.items() if drifted(one, getattr(SPEC, one), there)] == [name]


def test_what_is_not_this_hosts_is_not_judged(tmp_path):
    groups = tree(tmp_path, 1, V1)
    assert groups.limits(member(id="0" * 64)) == groups.limits(member(pid=0)) == groups.limits(member(pid=8)) == {}


def test_a_kernel_that_lacks_files_says_nothing(tmp_path):
    files = {name: text for name, text in V1.items() if "memsw" not in name}
    assert "memory_swap" not in tree(tmp_path, 1, files).limits(member())


def test_rounding_is_no_drift():
    assert not drifted("memory", (64 << 20) + 100, 64 << 20) and drifted("memory", 64 << 20, 65 << 20)
    assert not drifted("cpus", 333_333_333, 333_330_000) and drifted("cpus", 500_000_000, 510_000_000)
    assert parse("pids_limit", "many", SPEC, 1) is None and not drifted("pids_limit", 20, None)
