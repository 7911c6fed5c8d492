# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about devices: what a container's group lets it open, what the engine was told, and what the numbers mean.

Version 1 has a list to read. Version 2 has programs in the kernel: of each container the tags are recorded, and their
instructions once for the host.
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host import cgroups
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact, as_list, as_mapping
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel

NODE_LIMIT = 2048
FOLDERS = ("/dev", "/dev/dri", "/dev/input", "/dev/mapper", "/dev/net", "/dev/snd", "/dev/vfio")


def read_devices(
    kernel: Kernel,
    found: dict[str, cgroups.Hierarchy],
    inspected: Mapping[str, Any],
    processes: list[dict[str, Any]],
) -> dict[str, Any]:
    memberships = [process["cgroups"] for process in processes]
    folder = cgroups.own_folder(found, memberships, "devices", str(inspected.get("Id", "")))
    listed = Fact(folder.path, error=folder.error)
    if folder.known:
        listed = kernel.read(f"{folder.value}/devices.list")
    # Nothing but version 2 goes without this controller: there devices are the business of programs.
    version = 1 if "devices" in found else 2 if "" in found else 0
    return {
        "version": version,
        "list": listed.document(),
        "programs": read_programs(kernel, found[""], memberships) if version == 2 else [],
        "declared": declared_by(inspected),
    }


def read_programs(
    kernel: Kernel, unified: cgroups.Hierarchy, memberships: list[dict[str, list[str]]]
) -> list[dict[str, Any]]:
    """Of each group that a process is in: who left the container's own is bound by the programs of another one."""
    paths = {cgroups.path_for(membership, "", unified) or "" for membership in memberships}
    facts = [
        Fact("/proc/PID/cgroup", error=f"ENOENT no group of version 2 (read: {path})")
        if not path or path.startswith("/..")
        else kernel.device_programs(unified.folder(path) or "/")
        for path in sorted(paths)
    ]
    return [fact.document() for fact in facts]


def read_instructions(kernel: Kernel) -> dict[str, dict[str, str]]:
    """The programs that were met, by tag, in the form and byte order that this processor has them in."""
    return {
        tag: {"order": sys.byteorder, "code": base64.b64encode(code).decode("ascii")}
        for tag, code in sorted(kernel.programs.items())
    }


def declared_by(inspected: Mapping[str, Any]) -> dict[str, Any]:
    host = as_mapping(inspected.get("HostConfig"))
    devices = map(as_mapping, as_list(host.get("Devices")))
    requests = map(as_mapping, as_list(host.get("DeviceRequests")))
    return {
        "devices": [f"{entry.get('PathOnHost')} {entry.get('CgroupPermissions')}" for entry in devices],
        "rules": [str(rule) for rule in as_list(host.get("DeviceCgroupRules"))],
        "requests": [f"{entry.get('Driver') or 'any driver'}: {entry.get('Capabilities')}" for entry in requests],
    }


def read_device_names(kernel: Kernel) -> dict[str, str]:
    """'b 254:0' to '/dev/vda', for the nodes that the host has: a number alone tells nobody anything."""
    names: dict[str, str] = {}
    for folder in FOLDERS:
        for name in (kernel.names(folder).value or [])[:NODE_LIMIT]:
            node = kernel.device(f"{folder}/{name}")
            if node.known:
                names.setdefault(str(node.value), node.path)
    return names
