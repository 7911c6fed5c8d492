"""Slices of students, and limits that do not fit a host."""

from __future__ import annotations

import re

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.classroom.slices import (
    SliceError,
    slice_files,
    slice_of,
    slice_problems,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.classroom.workspaces import containers, expected
from ansible_collections.bulkhead.classroom.plugins.module_utils.host import file_set

PARENT = "bulkhead.slice"
COMMON = {"memory": "128m", "memory_swap": "128m", "cpus": 0.5, "pids_limit": 128}
GIB = 1 << 30
ROOM = {
    "memory_max": "75%",
    "memory_high": "",
    "swap_max": "0",
    "tasks_max": "50%",
    "cpu_quota": "",
    "system_memory_min": "10%",
    "system_memory_low": "20%",
}


def units(*students, count=2, limits=None, **properties):
    """The lines of each student's unit, by its path."""
    files = slice_files(students, limits or COMMON, PARENT, count, properties)
    return {one["path"]: one["content"].splitlines() for one in files if "content" in one}


def test_a_hyphen_in_a_name_is_no_level_of_its_own():
    names = ("mary", "mary-ann", "mary-ann-lee", "maryann")
    slices = [slice_of(name, PARENT) for name in names]
    assert len(set(slices)) == len(names)
    assert all(one.count("-") == 1 and one.startswith("bulkhead-") for one in slices)
    assert slice_of("ada", "room-one.slice") == "room-one-ada.slice"


def test_a_student_has_the_limits_of_some_workspaces_together():
    made = units({"name": "ada"}, {"name": "grace", "memory": "256m", "cpus": 0.75})
    ada = made["/etc/systemd/system/bulkhead-ada.slice"]
    assert {f"MemoryMax={256 << 20}", "MemorySwapMax=0", "CPUQuota=100%", "TasksMax=256"} <= set(ada)
    # More memory of one's own is not more swap.
    grace = made["/etc/systemd/system/bulkhead-grace.slice"]
    assert {f"MemoryMax={512 << 20}", "MemorySwapMax=0", "CPUQuota=150%"} <= set(grace)


def test_swap_is_what_stands_above_the_memory():
    (lines,) = units({"name": "ada", "memory_swap": "192m"}, count=1).values()
    assert f"MemorySwapMax={64 << 20}" in lines


def test_the_least_share_of_a_processor_is_not_none():
    (lines,) = units({"name": "ada", "cpus": 0.01}, count=1).values()
    assert "CPUQuota=1%" in lines


def test_further_properties_come_after_the_limits():
    (lines,) = units({"name": "ada"}, MemoryHigh="200M", IOWriteBandwidthMax="/var/lib/docker 20M").values()
    assert lines[-2:] == ["MemoryHigh=200M", "IOWriteBandwidthMax=/var/lib/docker 20M"]


@pytest.mark.parametrize(
    ("properties", "limits", "message"),
    [
        ({"MemoryMax": "1G"}, COMMON, "MemoryMax may not be set"),
        ({"ExecStart": "/bin/true"}, COMMON, "ExecStart may not be set"),
        ({"MemoryHigh": "infinity"}, COMMON, "would lift a limit"),
        ({"IOWeight": ""}, COMMON, "would lift a limit"),
        ({}, {**COMMON, "pids_limit": -1}, "ada: memory_swap, pids_limit and the number"),
        ({}, {**COMMON, "memory_swap": "unlimited"}, "ada: memory_swap, pids_limit and the number"),
        ({}, {**COMMON, "memory": "lots"}, "ada: memory: 'lots' is no size"),
        ({}, {"memory": "1g"}, "ada: 'memory_swap'"),
    ],
)
def test_no_property_lifts_a_limit(properties, limits, message):
    with pytest.raises(SliceError, match=message):
        units({"name": "ada"}, limits=limits, **properties)


def test_a_parent_that_is_no_slice_is_named():
    with pytest.raises(SliceError, match="'/docker' is no slice"):
        slice_files([], COMMON, "/docker", 2, {})


def test_only_slices_of_students_who_left_are_removed():
    specs = file_set.parse(slice_files([{"name": "ada"}], COMMON, PARENT, 2, {}))
    names = ("bulkhead-ada.slice", "bulkhead-left.slice", "bulkhead.slice", "bulkhead-isolation.timer", "ssh.slice")
    found = {spec.path: file_set.Found("directory", entries=names) for spec in specs if spec.state == "directory"}
    found |= {spec.path: file_set.Found("file", spec.content, spec.mode) for spec in specs if spec.state == "present"}
    found["/etc/systemd/system"] = file_set.Found("directory", mode=0o755, entries=names)
    steps = file_set.plan([file_set.Wanted(spec) for spec in specs], found)
    assert [(step.action, step.path) for step in steps] == [("remove", "/etc/systemd/system/bulkhead-left.slice")]


def test_the_fleet_and_the_verification_mean_the_same_slice():
    students = [{"name": "mary-ann"}]
    (made,) = containers(students, {"mary-ann": "c1,c2"}, "/homes", "workspace-", PARENT)
    (want,) = expected(students, {**COMMON, "cgroup_parent": PARENT}, ["engine1"])
    assert made["cgroup_parent"] == want["cgroup_parent"] == "bulkhead-mary_ann.slice"
    assert "cgroup_parent" not in expected(students, COMMON, ["engine1"])[0]


def problems(memory=2 * GIB, processors=2, **limits):
    return slice_problems({**ROOM, **limits}, memory, processors)


def test_the_defaults_fit_every_host():
    assert [problems(memory=size * GIB) for size in (1, 2, 64)] == [[], [], []]


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"memory_max": ""}, "memory_max is '', which is no limit"),
        ({"memory_max": "infinity"}, "memory_max is 'infinity', which is no limit"),
        ({"swap_max": "max"}, "swap_max is 'max', which is no limit"),
        ({"tasks_max": " "}, "tasks_max is ' ', which is no limit"),
        ({"memory_max": "4G"}, r"are more than the host has \(2048 MiB\)"),
        ({"memory_max": "95%"}, "memory_max 95% and system_memory_min 10% are more than the host has"),
        ({"memory_max": "lots"}, "memory_max is 'lots', which is no size"),
        ({"memory_high": "1800M"}, "memory_high 1800M is above memory_max 75%"),
        ({"system_memory_low": "5%"}, "system_memory_low is below system_memory_min"),
        ({"cpu_quota": "1.5"}, "cpu_quota is '1.5', which is no share"),
        ({"cpu_quota": "250%"}, "cpu_quota 250% is more than the host's 2 processors"),
    ],
)
def test_what_does_not_fit_is_named(limits, message):
    (found,) = problems(**limits)
    assert re.search(message, found), found


def test_all_problems_are_named_at_once():
    assert len(problems(memory_high="90%", cpu_quota="900%")) == 2
