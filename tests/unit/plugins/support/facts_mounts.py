# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of the good document about mounts."""

from __future__ import annotations

from typing import Any

# A kernel without the magic key has no /proc/sysrq-trigger.
SWITCHES = ("/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/sys/kernel/debug", "/sys/power/state")
PEER_GROUPS = {"value": {"1": "/", "25": "/run"}, "path": "/proc/self/mountinfo /proc/801/mountinfo"}


def mounting(identifier: str, labels: dict[str, Any]) -> dict[str, Any]:
    return {
        "masked": ["/proc/kcore", "/proc/keys", "/proc/asound", "/sys/firmware"],
        "read_only": ["/proc/bus", "/proc/irq", "/proc/sys"],
        "absent": ["/proc/asound"],
        "tmpfs": {"/tmp": "rw,noexec,nosuid,nodev,size=32m"},
        "propagation": {"/home/student": "rprivate"},
        "anonymous": [],
        "layer": {
            "path": f"/var/lib/docker/overlay2/{identifier}/diff",
            "driver": "overlay2",
            "setid": [],
            "devices": [],
            "entries": 7,
            "cut": False,
            "error": "",
            **labels,
        },
    }


def mode(source: str) -> dict[str, Any]:
    return {"value": {"mode": "0700", "uid": 1000, "gid": 1000, "closed_by": ""}, "path": source, "raw": "0700 1000"}
