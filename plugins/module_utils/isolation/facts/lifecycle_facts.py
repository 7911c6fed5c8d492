# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about how the engine keeps a container going, in the engine's words: the kernel knows none of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    Fact,
    as_list,
    as_mapping,
    clipped,
)

# A health check that was taken back has this as its test.
NO_TEST = "NONE"


def read_lifecycle(inspected: Mapping[str, Any]) -> dict[str, Any]:
    """Each answer with its field; a field that the engine did not fill in stays without a value, and so undecided."""
    host, config = as_mapping(inspected.get("HostConfig")), as_mapping(inspected.get("Config"))
    restart, log = as_mapping(host.get("RestartPolicy")), as_mapping(host.get("LogConfig"))
    told = {
        "restart": ("HostConfig.RestartPolicy", _restart(restart)),
        "health": ("State.Health", _health(config, as_mapping(inspected.get("State")))),
        "log": ("HostConfig.LogConfig", _log(log)),
        # Not filled in means the engine's default, which is none.
        "init": ("HostConfig.Init", bool(host.get("Init")) if host else None),
        "auto_remove": ("HostConfig.AutoRemove", host.get("AutoRemove")),
        "execs": ("ExecIDs", len(as_list(inspected.get("ExecIDs"))) if "ExecIDs" in inspected else None),
        "runtime": ("HostConfig.Runtime", host.get("Runtime")),
        "image": ("Config.Image", str(config.get("Image") or "") or None),
        "image_id": ("Image", inspected.get("Image")),
    }
    return {key: Fact(f"inspect {field}", value).document() for key, (field, value) in told.items()}


def _restart(policy: Mapping[str, Any]) -> dict[str, Any] | None:
    """An empty name is the engine's old way to say no."""
    if "Name" not in policy:
        return None
    return {"name": str(policy.get("Name") or "no"), "retries": int(policy.get("MaximumRetryCount") or 0)}


def _health(config: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, Any] | None:
    """Whether there is a check at all, and its last answer."""
    if not config:
        return None
    test = as_list(as_mapping(config.get("Healthcheck")).get("Test"))
    health = as_mapping(state.get("Health"))
    return {
        "checked": bool(test) and test[0] != NO_TEST,
        "status": str(health.get("Status") or ""),
        "failures": int(health.get("FailingStreak") or 0),
    }


def _log(config: Mapping[str, Any]) -> dict[str, Any] | None:
    """Only the options that bound a log: others may hold an address with a login in it."""
    if not config.get("Type"):
        return None
    options = as_mapping(config.get("Config"))
    kept = {key: clipped(str(options[key])) for key in ("max-size", "max-file") if key in options}
    return {"driver": str(config["Type"]), "options": kept}
