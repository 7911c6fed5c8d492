# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about the running engine: its command line, its file, what it says of itself, and where it listens."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host import mountinfo
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact, as_list, as_mapping
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts import daemon_flags
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.daemon_listeners import read_listeners

TICKS = 100
# Written by whoever reloaded the engine, once the engine said that it took the file (role engine_host).
RECORD = "/run/bulkhead/daemon.json"
NO_PROCESS = "ESRCH the engine's process was not found on this host"
# Of /info, what a check needs.
INFO = (
    *("Debug", "LiveRestoreEnabled", "ExperimentalBuild", "LoggingDriver", "Driver", "DockerRootDir"),
    *("CgroupDriver", "DefaultRuntime", "SecurityOptions"),
)


def read_daemon(kernel: Kernel, info: Mapping[str, Any], pid: int | None, bridge: Fact) -> dict[str, Any]:
    command = read_command(kernel, pid)
    path = str(as_mapping(command.value).get("config-file") or daemon_flags.CONFIG_FILE)
    return {
        "command": command.document(),
        "file": read_file(kernel, path).document(),
        "file_age": read_file_age(kernel, path, pid).document(),
        "info": read_info(info).document(),
        "swarm": read_swarm(info).document(),
        "listeners": read_listeners(kernel, pid).document(),
        "uid_map": read_user(kernel, pid).document(),
        "bridge": bridge.document(),
        "data_root": read_data_root(kernel, pid, str(info.get("DockerRootDir") or "")).document(),
    }


def read_command(kernel: Kernel, pid: int | None) -> Fact:
    if not pid:
        return Fact("/proc/PID/cmdline", error=NO_PROCESS)
    fact = kernel.read(f"/proc/{pid}/cmdline")
    if not fact.known:
        return fact
    # The words themselves are not recorded: one of them may be a password.
    return Fact(fact.path, daemon_flags.from_command(str(fact.value).split("\0")[1:]))


def read_file(kernel: Kernel, path: str) -> Fact:
    fact = kernel.read(path)
    if not fact.known:
        return fact
    try:
        return Fact(path, daemon_flags.from_file(str(fact.value)))
    except ValueError as error:
        return Fact(path, error=f"EINVAL the engine cannot use it: {error}")


def read_file_age(kernel: Kernel, path: str, pid: int | None) -> Fact:
    """Seconds from when the engine read the file to its last change: positive is a file that the engine never read.

    It read it when it was started, and again on a reload, of which RECORD is the proof: a copy of what it took.
    """
    status = kernel.status(path)
    if not status.known:
        return status
    start = started(kernel, pid)
    if not start.known:
        return start
    changed, record = float(status.value["changed"]), kernel.status(RECORD)
    if record.known and record.value["uid"] == 0 and float(record.value["changed"]) > max(changed, float(start.value)):
        taken, now = kernel.read(RECORD), kernel.read(path)
        if taken.known and now.known and taken.value == now.value:
            return Fact(path, round(changed - float(record.value["changed"]), 1), f"reloaded as {RECORD}")
    return Fact(path, round(changed - float(start.value), 1))


def started(kernel: Kernel, pid: int | None) -> Fact:
    """The time at which a process was started, to about a second."""
    if not pid:
        return Fact("/proc/PID/stat", error=NO_PROCESS)
    fact = kernel.read(f"/proc/{pid}/stat")
    boot = kernel.read("/proc/stat")
    if not fact.known or not boot.known:
        return boot if fact.known else fact
    lines = [line.split() for line in str(boot.value).splitlines()]
    try:
        # The name may have brackets and blanks in it: fields are counted after the last bracket.
        ticks = int(str(fact.value).rpartition(")")[2].split()[19])
        return Fact(fact.path, next(int(line[1]) for line in lines if line[:1] == ["btime"]) + ticks / TICKS)
    except (IndexError, ValueError, StopIteration):
        return fact._replace(value=None, error="EINVAL not the form of /proc/PID/stat, or no btime in /proc/stat")


def read_info(info: Mapping[str, Any]) -> Fact:
    kept = {key: info[key] for key in INFO if key in info}
    kept["Authorization"] = as_list(as_mapping(info.get("Plugins")).get("Authorization"))
    registries = as_mapping(info.get("RegistryConfig"))
    kept["InsecureCIDRs"] = [str(entry) for entry in as_list(registries.get("InsecureRegistryCIDRs"))]
    indexes = as_mapping(registries.get("IndexConfigs"))
    kept["InsecureIndexes"] = sorted(str(name) for name, one in indexes.items() if not as_mapping(one).get("Secure"))
    kept["Mirrors"] = [daemon_flags.without_user(str(entry)) for entry in as_list(registries.get("Mirrors"))]
    # Without this key the three above would look like good values.
    kept["RegistryConfig"] = bool(registries)
    return Fact("/info", kept)


def read_swarm(info: Mapping[str, Any]) -> Fact:
    swarm = as_mapping(info.get("Swarm"))
    if not swarm.get("LocalNodeState"):
        return Fact("/info Swarm", error="ENOENT the engine does not say whether it is part of a swarm")
    spec = as_mapping(as_mapping(swarm.get("Cluster")).get("Spec"))
    return Fact(
        "/info Swarm",
        {
            "state": swarm.get("LocalNodeState"),
            "manager": bool(swarm.get("ControlAvailable")),
            "managers": swarm.get("Managers"),
            "autolock": as_mapping(spec.get("EncryptionConfig")).get("AutoLockManagers"),
            "certificate_expiry": as_mapping(spec.get("CAConfig")).get("NodeCertExpiry"),
        },
    )


def read_user(kernel: Kernel, pid: int | None) -> Fact:
    """The user that the engine's root is on the host: the second number of the first line of uid_map."""
    return kernel.read(f"/proc/{pid}/uid_map") if pid else Fact("/proc/PID/uid_map", error=NO_PROCESS)


def read_data_root(kernel: Kernel, pid: int | None, data_root: str) -> Fact:
    """The devices of the data root and of the directory above it. A bind of a directory on itself, which the engine
    makes when propagation wants it, is a mount point too, and no file system of its own."""
    table = kernel.read(f"/proc/{pid or 'self'}/mountinfo")
    if not table.known:
        return table
    mounts = mountinfo.parse(str(table.value))
    real = kernel.real(data_root) if data_root else ""
    own = mountinfo.place_of(mounts, real) if real else None
    above = mountinfo.place_of(mounts, str(PurePosixPath(real).parent)) if real else None
    if not own or not above:
        return Fact(table.path, error=f"ENOENT no mount holds the data root {data_root!r}")
    return Fact(table.path, {"path": data_root, "device": own[0], "above": above[0]})
