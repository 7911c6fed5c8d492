# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of the good document about processes: limits, and users of an engine that gives each container a range."""

from __future__ import annotations

from typing import Any

RANGE = 65536
BASES = {"ada": 100000, "grace": 300000, "neighbour": 500000}
NULL = ["fd/0", "/dev/null", "c 1:3"]
ULIMITS = [["nofile", 1024, 1024], ["core", 0, 0]]
RLIMITS = {
    "Max cpu time": "unlimited unlimited",
    "Max file size": "unlimited unlimited",
    "Max data size": "unlimited unlimited",
    "Max stack size": "8388608 unlimited",
    "Max core file size": "0 0",
    "Max resident set": "unlimited unlimited",
    "Max processes": "100 100",
    "Max open files": "1024 1024",
    "Max locked memory": "8388608 8388608",
    "Max address space": "unlimited unlimited",
    "Max file locks": "unlimited unlimited",
    "Max pending signals": "15000 15000",
    "Max msgqueue size": "819200 819200",
    "Max nice priority": "0 0",
    "Max realtime priority": "0 0",
    "Max realtime timeout": "unlimited unlimited",
}
GROUP_NUMBERS = {"root": 0, "disk": 6, "kmem": 15, "sudo": 27, "shadow": 42, "users": 100, "docker": 998, "staff": 995}


def _fact(value: Any, path: str) -> dict[str, Any]:
    return {"value": value, "path": path}


def identities(name: str) -> dict[str, str]:
    """User 1000 of the container, as the host shows it."""
    number = str(BASES[name] + 1000)
    return {"Uid": " ".join([number] * 4), "Gid": " ".join([number] * 4), "Groups": ""}


def user_namespaces(name: str, number: int) -> dict[str, Any]:
    maps = {kind: _fact([[0, BASES[name], RANGE]], f"/proc/{number}/{kind}") for kind in ("uid_map", "gid_map")}
    return {f"4:{number}5": maps}


def host() -> dict[str, Any]:
    ranges = [["dockremap", 100000, RANGE], ["instructor", 300000, RANGE]]
    return {
        "group_numbers": _fact(dict(GROUP_NUMBERS), "/etc/group"),
        "subordinate_ids": {"users": _fact(ranges, "/etc/subuid"), "groups": _fact(ranges, "/etc/subgid")},
    }
