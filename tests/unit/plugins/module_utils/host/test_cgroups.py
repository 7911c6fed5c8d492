# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The limit that binds in the end: the smallest on the way to the root, on version 1, version 2 and hybrid hosts."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.host import cgroups, mountinfo
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.host_facts import read_hierarchies
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import fake_kernel

V1_NONE = "9223372036854771712"
UNREADABLE = "memory.max is a directory, so reading it fails as a broken file system does"


def effective(fake, limit, group="/a/b"):
    names = "" if fake.version == 2 else ",".join(fake_kernel.V1)
    membership = cgroups.parse_membership(f"1:{names}:{group}\n")
    return cgroups.effective(fake.kernel, read_hierarchies(fake.kernel), membership, limit)


V2 = [
    ("memory", {"memory_max": "512"}, {"memory_max": "1024"}, (512, "/a/b/memory.max")),
    ("memory", {"memory_max": "max"}, {"memory_max": "1024"}, (1024, "/a/memory.max")),
    ("memory", {"memory_max": "max"}, {"memory_max": "max"}, ("max", "/a/b/memory.max")),
    ("memory", {}, {"memory_max": "64"}, (64, "/a/memory.max")),
    ("swap", {"memory_swap.max": "0"}, {"memory_swap.max": "max"}, (0, "/a/b/memory.swap.max")),
    ("cpu", {"cpu_max": "50000 100000"}, {"cpu_max": "max 100000"}, (0.5, "/a/b/cpu.max")),
    ("cpu", {"cpu_max": "max 100000"}, {"cpu_max": "150000 100000"}, (1.5, "/a/cpu.max")),
    ("pids", {"pids_max": "100"}, {"pids_max": "20"}, (20, "/a/pids.max")),
]
V1 = [
    ("memory", {"memory_limit_in_bytes": "512"}, {"memory_limit_in_bytes": V1_NONE}, (512, "/memory/a/b")),
    ("memory", {"memory_limit_in_bytes": V1_NONE}, {"memory_limit_in_bytes": V1_NONE}, ("max", "/memory/a/b")),
    (
        "swap",
        {"memory_limit_in_bytes": "512", "memory_memsw.limit_in_bytes": "800"},
        {},
        (288, "/memory/a/b"),
    ),
    (
        "swap",
        {"memory_limit_in_bytes": "512", "memory_memsw.limit_in_bytes": V1_NONE},
        {},
        ("max", "/memory/a/b"),
    ),
    ("cpu", {"cpu_cfs_quota_us": "-1", "cpu_cfs_period_us": "100000"}, {}, ("max", "/cpu/a/b")),
    ("cpu", {"cpu_cfs_quota_us": "25000", "cpu_cfs_period_us": "50000"}, {}, (0.5, "/cpu/a/b")),
    ("pids", {"pids_max": "max"}, {"pids_max": "7"}, (7, "/pids/a")),
]


@pytest.mark.parametrize(
    ("version", "limit", "own", "parent", "expected"),
    [(2, *row) for row in V2] + [(1, *row) for row in V1],
)
def test_the_smallest_value_up_to_the_root_binds(tmp_path, version, limit, own, parent, expected):
    fake = fake_kernel.FakeKernel(tmp_path, version)
    fake.group("/a", **parent)
    fake.group("/a/b", **own)
    fact = effective(fake, limit)
    value, place = expected
    assert (fact.value, fact.error) == (value, "")
    assert fact.path.startswith("/sys/fs/cgroup" + place)


def test_a_limit_that_stands_nowhere_is_missing_evidence_and_not_no_limit(tmp_path):
    fake = fake_kernel.FakeKernel(tmp_path)
    fake.group("/a/b")
    assert effective(fake, "memory").error.startswith("ENOENT")
    assert not effective(fake, "memory").known


def test_a_level_that_cannot_be_read_spoils_the_answer(tmp_path):
    fake = fake_kernel.FakeKernel(tmp_path)
    fake.group("/a/b", memory_max="512")
    (tmp_path / "sys/fs/cgroup/a/memory.max").mkdir()
    assert effective(fake, "memory").error.startswith("EISDIR"), UNREADABLE


@pytest.mark.parametrize("raw", ["", "lots", "1 2 x"])
def test_a_value_that_is_no_limit_is_never_a_number(tmp_path, raw):
    fake = fake_kernel.FakeKernel(tmp_path)
    fake.group("/a/b", memory_max=raw)
    assert effective(fake, "memory").error.startswith("EINVAL")


def test_a_process_outside_of_the_readers_view_has_no_limit_that_is_known(tmp_path):
    fake = fake_kernel.FakeKernel(tmp_path)
    fake.group("/a", memory_max="512")
    assert not effective(fake, "memory", "/../other").known


def test_hybrid_hosts_are_told_apart_by_controller():
    mounts = mountinfo.parse(
        "1 0 0:1 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
        "2 0 0:2 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
    )
    found = cgroups.hierarchies(mounts, "memory pids io")
    assert {name: hierarchy.version for name, hierarchy in found.items()} == {
        "memory": 1,
        "pids": 2,
        "io": 2,
        "": 2,
    }
    assert cgroups.version_of(found) == "hybrid"


def test_a_hierarchy_that_is_mounted_from_a_group_of_its_own_is_read_below_it():
    assert cgroups.Hierarchy(2, "/sys/fs/cgroup", "/outer").folder("/outer/a/b") == "/sys/fs/cgroup/a/b"


def test_of_several_processes_the_least_bound_counts_and_an_unknown_one_spoils_all():
    facts = [Fact("/a", 5), Fact("/b", "max"), Fact("/c", 7)]
    assert cgroups.loosest(facts).path == "/b"
    assert cgroups.loosest([*facts, Fact("/d", error="EACCES")]).path == "/d"
