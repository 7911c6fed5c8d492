# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an engine makes of a container's configuration: fills in defaults, merges the image."""

from __future__ import annotations

import copy

DAEMON_LOG = {"max-file": "3"}
DAEMON_ULIMIT = {"Name": "nofile", "Soft": 1024, "Hard": 2048}


def merged(body, image, key: str) -> dict:
    """The engine's merge of a container's configuration with its image's."""
    command, entrypoint = body.get("Cmd"), body.get("Entrypoint")
    if not entrypoint:
        command = command or image["Cmd"]
        entrypoint = image["Entrypoint"] if entrypoint is None else []
    own = {entry.partition("=")[0] for entry in body.get("Env", [])}
    inherited = [entry for entry in image["Env"] if entry.partition("=")[0] not in own]
    return {
        "Image": body["Image"],
        "Cmd": command,
        "Entrypoint": entrypoint,
        "Env": body.get("Env", []) + inherited,
        "User": body.get("User") or image["User"],
        "WorkingDir": body.get("WorkingDir") or image["WorkingDir"],
        "Hostname": body.get("Hostname") or key[:12],
        "Labels": {**image["Labels"], **body["Labels"]},
        "StopTimeout": body.get("StopTimeout"),
        "StopSignal": body.get("StopSignal") or image.get("StopSignal", ""),
        "Healthcheck": checked(body.get("Healthcheck"), image.get("Healthcheck")),
        "Tty": body.get("Tty", False),
        "OpenStdin": body.get("OpenStdin", False),
    }


def checked(own, image):
    """The engine takes what a health check leaves open from the image."""
    filled_in = {word: value for word, value in (image or {}).items() if not (own or {}).get(word)}
    return {**(own or {}), **filled_in} or None


def filled(host, swap: bool) -> dict:
    host = copy.deepcopy(dict(host))
    if host.get("Memory"):
        host["MemorySwap"] = (host.get("MemorySwap") or 2 * host["Memory"]) if swap else -1
    exposed = host.get("Privileged") or "host" in (host.get("PidMode"), host.get("IpcMode"))
    if exposed and not any(option.startswith("label") for option in host.get("SecurityOpt", [])):
        host["SecurityOpt"] = [*host.get("SecurityOpt", []), "label=disable"]
    host["IpcMode"] = host.get("IpcMode") or "private"
    host["CgroupnsMode"] = host.get("CgroupnsMode") or "host"
    host["NetworkMode"] = host.get("NetworkMode") or "default"
    host["ShmSize"] = host.get("ShmSize") or 64 << 20
    host["Runtime"] = host.get("Runtime") or "runc"
    log = host.get("LogConfig") or {"Type": "", "Config": {}}
    defaults = DAEMON_LOG if log["Type"] in ("", "json-file") else {}
    host["LogConfig"] = {"Type": log["Type"] or "json-file", "Config": {**defaults, **log["Config"]}}
    ulimits = host.get("Ulimits", [])
    if all(one["Name"] != DAEMON_ULIMIT["Name"] for one in ulimits):
        host["Ulimits"] = [*ulimits, DAEMON_ULIMIT]
    return host
