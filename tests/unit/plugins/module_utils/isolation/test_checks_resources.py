# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Control groups beyond limits, and devices: one change turns exactly its check, and a hole is an error."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.resources import (
    most_weight,
    processors,
)
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import (
    ADA,
    changed,
    expected,
    find,
    judged,
    policy,
    put,
    red,
)
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_resources import (
    DEFAULT_LIST,
    listed_devices,
)

V1 = "/sys/fs/cgroup/memory/docker/x"
UNREAD = facts.unread("/somewhere")
HANGS = facts.fact("oom_kill_disable 1\nunder_oom 0", f"{V1}/memory.oom_control")
ENDS = facts.fact("oom_kill_disable 0\nunder_oom 0", f"{V1}/memory.oom_control")
SPARED = [facts.fact("0", "/proc/2001/oom_score_adj"), facts.fact("-500", "/proc/2002/oom_score_adj")]
BARE = {"devices": [], "rules": [], "requests": []}

CHANGES = [
    ("resources.cpu_weight.value", "10000", "cgroup-cpu-weight", "fail"),
    ("resources.cpu_weight.value", "100", "cgroup-cpu-weight", "fail"),
    ("resources.cpu_weight", facts.fact("512", "/x/cpu.shares"), "cgroup-cpu-weight", "pass"),
    ("resources.cpu_weight", facts.fact("1024", "/x/cpu.shares"), "cgroup-cpu-weight", "fail"),
    ("resources.declared.cpu_shares", 0, "cgroup-cpu-weight", "pass"),
    ("resources.cpuset.value", "0-3", "cgroup-cpuset", "fail"),
    ("resources.declared.cpuset_cpus", "", "cgroup-cpuset", "informational"),
    ("resources.memory_reservation.value", "0", "cgroup-memory-reservation", "informational"),
    ("resources.memory_reservation.value", "9223372036854771712", "cgroup-memory-reservation", "informational"),
    ("resources.memory_reservation.value", "max", "cgroup-memory-reservation", "pass"),
    ("resources.oom", HANGS, "cgroup-oom-killer", "fail"),
    ("resources.oom", ENDS, "cgroup-oom-killer", "pass"),
    ("resources.oom_scores", SPARED, "cgroup-oom-score", "fail"),
    ("resources.io.value", "", "cgroup-io-limit", "fail"),
    # What the kernel lets through decides, and not what was asked for.
    ("devices.declared", {**BARE, "devices": ["/dev/vda rwm"]}, "cgroup-devices", "pass"),
    ("devices", listed_devices(), "cgroup-devices", "pass"),
    ("devices", listed_devices("a *:* rwm"), "cgroup-devices", "fail"),
    ("devices", listed_devices(f"{DEFAULT_LIST}\nb 254:0 r"), "cgroup-devices", "fail"),
]
HOLES = [
    *((f"resources.{name}", f"cgroup-{check}") for name, check in (("cpu_weight", "cpu-weight"), ("io", "io-limit"))),
    *((f"resources.{name}", f"cgroup-{name}") for name in ("cpuset",)),
    ("resources.memory_reservation", "cgroup-memory-reservation"),
    ("resources.oom", "cgroup-oom-killer"),
    ("resources.oom_scores", "cgroup-oom-score"),
    ("devices", "cgroup-devices"),
]
GARBAGE = ["", "lots", "--5", "\u00b2", [], {}]


@pytest.mark.parametrize(("path", "value", "check", "status"), CHANGES, ids=lambda value: str(value)[:50])
def test_a_change_turns_its_check_and_no_other(path, value, check, status):
    result = judged(changed(lambda _document, ada: put(ada, path, value)))
    assert find(result, check)["status"] == status
    assert red(result) == ({(ADA, check): "fail"} if status == "fail" else {})


@pytest.mark.parametrize(("path", "check"), HOLES)
@pytest.mark.parametrize("hole", [None, {}, [], UNREAD], ids=repr)
def test_missing_evidence_is_an_error(path, check, hole):
    result = judged(changed(lambda _document, ada: put(ada, path, hole)))
    assert red(result) == {(ADA, check): "error"}
    assert find(result, check)["reason"].startswith("cannot read ")


@pytest.mark.parametrize("value", GARBAGE, ids=repr)
@pytest.mark.parametrize("name", ["cpu_weight", "cpuset", "memory_reservation", "oom"])
def test_what_is_no_value_is_an_error(name, value):
    found = red(judged(changed(lambda _document, ada: put(ada, f"resources.{name}.value", value))))
    assert set(found.values()) == {"error"} and len(found) == 1


@pytest.mark.parametrize("text", ["", "nonsense", f"{DEFAULT_LIST}\nwhat is this"])
def test_a_list_of_devices_that_is_none_is_an_error(text):
    document = changed(lambda _document, ada: put(ada, "devices", listed_devices(text)))
    assert red(judged(document)) == {(ADA, "cgroup-devices"): "error"}


def test_no_io_limit_is_worth_knowing_and_no_fault_where_none_was_declared():
    def change(_document, ada):
        put(ada, "resources.io.value", "")
        put(ada, "resources.declared.io", [])

    result = judged(changed(change))
    assert red(result) == {} and find(result, "cgroup-io-limit")["status"] == "informational"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("b 254:0 rw", "/dev/vda (b 254:0) rw"),
        ("c 1:1 r", "a device without a name here (c 1:1) r"),
        ("b *:* rwm", "every block device *:* rwm (here /dev/vda, /dev/vda1)"),
        ("c 10:* rw", "every character device of number 10:* rw (here /dev/fuse)"),
        ("a *:* rwm", "every device (*:*) rwm"),
    ],
)
def test_a_device_is_named(line, words):
    document = changed(lambda _document, ada: put(ada, "devices", listed_devices(f"{DEFAULT_LIST}\n{line}")))
    assert find(judged(document), "cgroup-devices")["observed"] == words


def test_three_values_stand_side_by_side():
    document = changed(lambda _document, ada: put(ada, "limits.memory.value", 8 << 30))
    found = find(judged(document), "cgroup-memory-limit")
    assert (found["expected"], found["inspected"]) == ("at most 536870912", "536870912")
    assert found["observed"].startswith("8589934592, more than was declared")


@pytest.mark.parametrize("value", [None, 0, -1])
def test_each_way_of_saying_no_limit_is_no_limit(value):
    document = changed(lambda _document, ada: put(ada, "declared.pids_limit", value))
    found = find(judged(document), "cgroup-pids-limit")
    assert (found["status"], found["inspected"]) == ("fail", "no limit")


OWN, ELSEWHERE = f"/docker/{2001:064x}", "/system.slice/ssh.service"
GROUPS = [
    # Path, what the engine was told, what the policy expects, and the verdict.
    (OWN, "", None, "pass"),
    (f"/nested{OWN}", "", None, "pass"),
    (f"/course/{2001:064x}", "", None, "informational"),
    (f"/course/{2001:064x}", "/course", None, "pass"),
    (OWN, "/course", None, "fail"),
    (OWN, "", "/course", "fail"),
    (f"/course/a/{2001:064x}", "/docker", "/course", "pass"),
    (ELSEWHERE, "", None, "notapplicable"),
]


@pytest.mark.parametrize(("path", "told", "wanted", "status"), GROUPS)
def test_the_parent_of_a_group(path, told, wanted, status):
    def change(_document, ada):
        put(ada, "declared.cgroup_parent", told)
        put(ada, "processes.0.cgroups", {path: ["memory", "pids"], ELSEWHERE: [""]})

    wants = policy(expected=[expected("ada", cgroup_parent=wanted), expected("grace")])
    result = judged(changed(change), wants)
    assert find(result, "cgroup-parent")["status"] == status
    outside = {(ADA, "cgroup-membership"): "fail"} if path == ELSEWHERE else {}
    assert red(result) == (outside or ({(ADA, "cgroup-parent"): "fail"} if status == "fail" else {}))


def test_a_list_of_processors():
    assert processors("0-2,5") == {0, 1, 2, 5} and processors("") == set()
    assert processors("2-1") is None and processors("0-99999999999") is None and processors("x") is None


def test_both_formulas_of_a_weight_are_allowed():
    assert most_weight(1024) == 100 and most_weight(2) == 1 and most_weight(262144) == 10000
