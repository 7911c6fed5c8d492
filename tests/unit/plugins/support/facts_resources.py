# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of the good document about resources and devices. The host has version 2; a device list is version 1's."""

from __future__ import annotations

from typing import Any

from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import device_programs

DEVICE_NAMES = {"b 254:0": "/dev/vda", "b 254:1": "/dev/vda1", "c 1:3": "/dev/null", "c 10:229": "/dev/fuse"}
# As read from a real container of version 1.
DEFAULT_LIST = """b *:* m
c *:* m
c 1:3 rwm
c 1:5 rwm
c 1:7 rwm
c 1:8 rwm
c 1:9 rwm
c 5:0 rwm
c 5:1 rwm
c 5:2 rwm
c 10:200 rwm
c 136:* rwm"""


def _fact(value: Any, path: str) -> dict[str, Any]:
    return {"value": value, "path": path}


def resources(folder: str, number: int) -> dict[str, Any]:
    return {
        "cpu_weight": _fact("20", f"{folder}/cpu.weight"),
        "cpuset": _fact("0-1", f"{folder}/cpuset.cpus.effective"),
        "memory_reservation": _fact("268435456", f"{folder}/memory.low"),
        "oom": _fact("0", f"{folder}/memory.oom.group"),
        "io": _fact("254:0 rbps=max wbps=10485760 riops=max wiops=max", f"{folder}/io.max"),
        "oom_scores": [_fact("0", f"/proc/{number}/oom_score_adj")],
        "declared": {
            "cpu_shares": 512,
            "cpuset_cpus": "0-1",
            "memory_reservation": 268435456,
            "oom_kill_disable": None,
            "oom_score_adj": 0,
            "io": ["/dev/vda WriteBps=10485760"],
        },
    }


# Tag to program: what runc makes of the engine's default, as all containers have it.
TAG = device_programs.REAL["default"]["tag"]
PROGRAMS = {TAG: {"order": "little", "code": device_programs.REAL["default"]["code"]}}


def devices() -> dict[str, Any]:
    unlisted = {"value": None, "path": "/sys/fs/cgroup", "error": "ENOENT no control group hierarchy has devices"}
    group = {**_fact([TAG], "/sys/fs/cgroup/bulkhead.slice/docker-ID.scope"), "raw": "programs 41"}
    declared: dict[str, list[str]] = {"devices": [], "rules": [], "requests": []}
    return {"version": 2, "list": unlisted, "programs": [group], "declared": declared}


def listed_devices(text: str = DEFAULT_LIST) -> dict[str, Any]:
    """What a host with version 1 records."""
    return {
        **devices(),
        "version": 1,
        "programs": [],
        "list": _fact(text, "/sys/fs/cgroup/devices/docker/ID/devices.list"),
    }
