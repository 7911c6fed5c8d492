# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about one container: what the engine says, and what the kernel says about every process of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host import cgroups
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    Fact,
    as_list,
    as_mapping,
    clipped,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.descriptor_facts import (
    MountTable,
    read_table,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.device_facts import read_devices
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.image_secrets import shown
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.lifecycle_facts import read_lifecycle
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.mount_facts import (
    read_mounting,
    read_source_mode,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.network_facts import read_network
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.processes import grouped, read_process
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.resource_facts import read_resources
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.user_facts import read_user_namespaces
from ansible_collections.bulkhead.classroom.plugins.module_utils.secret_names import secret_variables

ENTRY_LIMIT = 256
DECLARED = {
    "memory": "Memory",
    "memory_swap": "MemorySwap",
    "nano_cpus": "NanoCpus",
    "cpu_quota": "CpuQuota",
    "cpu_period": "CpuPeriod",
    "pids_limit": "PidsLimit",
    "cgroup_parent": "CgroupParent",
    "privileged": "Privileged",
    "read_only": "ReadonlyRootfs",
    "cap_add": "CapAdd",
    "cap_drop": "CapDrop",
    "network_mode": "NetworkMode",
    "pid_mode": "PidMode",
    "ipc_mode": "IpcMode",
    "uts_mode": "UTSMode",
    "cgroupns_mode": "CgroupnsMode",
    "userns_mode": "UsernsMode",
}


def identity_of(inspected: Mapping[str, Any]) -> dict[str, Any]:
    """Who it is. Environment variables are left out on purpose: they hold secrets, as a label may."""
    config, state = as_mapping(inspected.get("Config")), as_mapping(inspected.get("State"))
    labels = as_mapping(config.get("Labels"))
    return {
        "id": str(inspected.get("Id", "")),
        "name": str(inspected.get("Name", "")).lstrip("/"),
        "image": str(config.get("Image", "")),
        "labels": {str(key): clipped(shown(str(key), str(value))) for key, value in labels.items()},
        "state": str(state.get("Status", "")),
        "pid": int(state.get("Pid") or 0),
    }


def declared_by(inspected: Mapping[str, Any]) -> dict[str, Any]:
    """What the engine was told. Kept beside the kernel's values; no verdict rests on it alone."""
    host = as_mapping(inspected.get("HostConfig"))
    declared = {ours: host.get(theirs) for ours, theirs in DECLARED.items()}
    declared["security_opts"] = [clipped(str(option)) for option in as_list(host.get("SecurityOpt"))]
    # The engine says null for none of its own.
    limits = [as_mapping(limit) for limit in as_list(host.get("Ulimits"))]
    declared["ulimits"] = [[str(one.get("Name")), one.get("Soft"), one.get("Hard")] for one in limits] if host else None
    declared["process_label"] = str(inspected.get("ProcessLabel") or "")
    declared["apparmor_profile"] = str(inspected.get("AppArmorProfile") or "")
    declared["mount_label"] = str(inspected.get("MountLabel") or "")
    declared["mounts"] = [
        {
            "type": str(mount.get("Type", "")),
            "source": str(mount.get("Source", "")),
            "target": str(mount.get("Destination", "")),
            "writable": bool(mount.get("RW")),
        }
        for mount in map(as_mapping, as_list(inspected.get("Mounts")))
    ]
    return declared


def read_container(
    kernel: Kernel, found: dict[str, cgroups.Hierarchy], inspected: Mapping[str, Any], mates: Iterable[int]
) -> dict[str, Any] | None:
    """The whole record; None when the first process died meanwhile (the caller inspects again).

    mates: processes seen in the container's pid or mount namespace, wherever their control group is.
    """
    record = identity_of(inspected)
    tables: dict[str, MountTable] = {}
    first = read_process(kernel, record["pid"], tables)
    if first is None:
        return None
    members = group_members(kernel, found, first["cgroups"], record["id"]) | set(mates) | {record["pid"]}
    others = [read_process(kernel, pid, tables) for pid in sorted(members) if pid != record["pid"]]
    processes = [first, *(process for process in others if process is not None)]
    declared = declared_by(inspected)
    record["declared"] = declared
    record["processes"] = grouped(processes)
    record["mounts"] = mounts_of(kernel, processes, tables)
    record["user_namespaces"] = read_user_namespaces(kernel, processes)
    record["environment"] = read_environment(inspected)
    record["limits"] = read_limits(kernel, found, processes)
    record["mounting"] = read_mounting(kernel, inspected)
    record["resources"] = read_resources(kernel, found, inspected, processes)
    record["devices"] = read_devices(kernel, found, inspected, processes)
    record["rlimits"] = read_rlimits(kernel, record["pid"])
    record["lifecycle"] = read_lifecycle(inspected)
    record["network"] = read_network(kernel, inspected)
    record["sources"] = [read_source(kernel, mount) for mount in declared["mounts"] if mount["writable"]]
    return record


def group_members(
    kernel: Kernel, found: dict[str, cgroups.Hierarchy], membership: dict[str, list[str]], identifier: str
) -> set[int]:
    """Every process below the container's own group, in whichever hierarchy."""
    members: set[int] = set()
    folders: set[str] = set()
    for controller, hierarchy in found.items():
        if controller in cgroups.OTHERS:
            continue
        path = cgroups.path_for(membership, controller, hierarchy)
        own = cgroups.own_group(path or "", identifier)
        if own:
            folders.update(kernel.directories(hierarchy.folder(own)))
    for folder in folders:
        listed = str(kernel.read(f"{folder}/cgroup.procs").value or "")
        members.update(int(line) for line in listed.split() if line.isdigit() and line != "0")
    return members


def mounts_of(
    kernel: Kernel, processes: list[dict[str, Any]], tables: Mapping[str, MountTable] | None = None
) -> dict[str, Any]:
    """Mounts by mount namespace: as a rule all processes of a container share one."""
    known = dict(tables or {})
    for process in processes:
        namespace = str(process["namespaces"].get("mnt"))
        if namespace not in known:
            known[namespace] = read_table(kernel, process["pids"][0])
    return {namespace: table.document for namespace, table in known.items()}


def read_environment(inspected: Mapping[str, Any]) -> dict[str, Any]:
    """Names of the variables that the engine gives to every process, of those that look like a secret's."""
    config = as_mapping(inspected.get("Config"))
    names = secret_variables(map(str, as_list(config.get("Env")))) if config else None
    return Fact("inspect Config.Env", names).document()


def read_limits(kernel: Kernel, found: dict[str, cgroups.Hierarchy], processes: list[dict[str, Any]]) -> dict[str, Any]:
    memberships = {repr(process["cgroups"]): process["cgroups"] for process in processes}
    return {
        limit: cgroups.loosest(
            [cgroups.effective(kernel, found, membership, limit) for membership in memberships.values()]
        ).document()
        for limit in cgroups.LIMITS
    }


def read_rlimits(kernel: Kernel, pid: int) -> dict[str, str]:
    """Each line of the table, soft and hard: the name is what stands before the first wide gap."""
    lines = str(kernel.read(f"/proc/{pid}/limits").value or "").splitlines()
    rows = (re.split(r"\s{2,}", line.strip()) for line in lines[1:])
    return {row[0]: " ".join(row[1:3]) for row in rows if len(row) > 2}


def read_source(kernel: Kernel, mount: Mapping[str, Any]) -> dict[str, Any]:
    """A writable directory that was given to the container: which one it is, and whose label its files carry."""
    source = str(mount["source"])
    own = kernel.label(source)
    labels: dict[str, str] = {}
    if own.known:
        labels[str(own.value)] = source
        for name in (kernel.names(source).value or [])[:ENTRY_LIMIT]:
            path = str(PurePosixPath(source, name))
            fact = kernel.label(path)
            labels.setdefault(str(fact.value) if fact.known else fact.error, path)
    return {
        "target": mount["target"],
        "identity": kernel.identity(source).document(),
        "label": own.document(),
        "labels": labels,
        "mode": read_source_mode(kernel, source),
    }
