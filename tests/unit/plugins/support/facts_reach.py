# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of the good document about lifecycle, networks and images."""

from __future__ import annotations

from typing import Any

IMAGE_ID = "sha256:" + "1" * 64
IMAGE = "registry.classroom.test/course/base@sha256:" + "0" * 64


def _fact(value: Any, path: str) -> dict[str, Any]:
    return {"value": value, "path": path}


def lifecycle(name: str) -> dict[str, Any]:
    told = {
        "restart": ("HostConfig.RestartPolicy", {"name": "unless-stopped", "retries": 0}),
        "health": ("State.Health", {"checked": True, "status": "healthy", "failures": 0}),
        "log": ("HostConfig.LogConfig", {"driver": "json-file", "options": {"max-size": "10m", "max-file": "3"}}),
        "init": ("HostConfig.Init", True),
        "auto_remove": ("HostConfig.AutoRemove", False),
        "execs": ("ExecIDs", 0),
        "runtime": ("HostConfig.Runtime", "runc"),
        "image": ("Config.Image", IMAGE),
        "image_id": ("Image", IMAGE_ID),
    }
    return {key: _fact(value, f"inspect {field}") for key, (field, value) in told.items()}
