# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The twin of a container: the same host configuration, and nothing of its own to lose. Pure.

What would outlive the twin, reach somebody else or write into the original's data is left out, and named. Limits of
memory and processes are lowered where they are large: a probe reaches them on purpose, and what it costs the host is
bounded by them. That the large value is in force is another check's business (cgroup-memory-limit).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import as_list, as_mapping

LABEL = "org.bulkhead.probe"
NAME = "bulkhead-probe"
_CALLED = re.compile(rf"{NAME}-[0-9a-f]{{12}}-[0-9a-f]{{12}}")
MIB = 1 << 20
# Below this an interpreter does not start.
MEMORY_LEAST = 24 * MIB
MEMORY_MOST = 64 * MIB
PIDS_MOST = 64
# Whose effect lasts, or which mean the original itself: its files, ports, names and links.
LEFT_OUT = (
    "Binds",
    "Mounts",
    "VolumesFrom",
    "VolumeDriver",
    "PortBindings",
    "PublishAllPorts",
    "Links",
    "ContainerIDFile",
    "KernelMemory",
)
FORCED: dict[str, Any] = {
    "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
    # The twin removes itself never: two removals at a time can hang an engine of the 20.10 line (moby#46661).
    "AutoRemove": False,
    # Nothing is logged anywhere, and so nothing is sent to a collector of logs.
    "LogConfig": {"Type": "none", "Config": {}},
}


class Twin(NamedTuple):
    body: dict[str, Any]
    # What differs from the original, in words.
    differs: tuple[str, ...]


class Identity(NamedTuple):
    """Who the original runs as, in the numbers of its own user namespace."""

    user: str
    groups: tuple[str, ...]


def name_for(run: str, identifier: str) -> str:
    """run: digits that no other run has; identifier: the original's."""
    return f"{NAME}-{run[:12]}-{identifier[:12]}"


def is_twin(name: str, labels: Mapping[str, Any]) -> bool:
    """By the name as well: a label can come from an image, and would keep a container from being probed, or have it
    removed."""
    return LABEL in labels and bool(_CALLED.fullmatch(name.lstrip("/")))


def make(
    inspected: Mapping[str, Any],
    identity: Identity,
    image: str,
    command: list[str],
    labels: Mapping[str, str],
    exists: Callable[[str], bool],
) -> Twin:
    """exists: whether the host has a path, because the engine would make the source of a bind that is not there."""
    declared = as_mapping(inspected.get("HostConfig"))
    host = {key: value for key, value in declared.items() if key not in LEFT_OUT}
    differs = [f"{key} is left out" for key in ("PortBindings", "Links") if declared.get(key)]
    host.update(FORCED)
    host["GroupAdd"] = list(identity.groups)
    mounts, missing = binds(inspected, exists)
    host["Mounts"] = mounts
    differs += [f"{mount['Target']} is read-only" for mount in mounts if mount.pop("writable")]
    differs += [f"{target} is left out, its source is gone" for target in missing]
    differs += bound(host)
    body = {
        "Image": image,
        # No entry point: the command is the whole of it.
        "Entrypoint": [],
        "Cmd": command,
        "User": identity.user,
        "Labels": dict(labels),
        "HostConfig": host,
        "Tty": False,
        "OpenStdin": False,
    }
    return Twin(body, tuple(differs))


def binds(inspected: Mapping[str, Any], exists: Callable[[str], bool]) -> tuple[list[dict[str, Any]], list[str]]:
    """Everything that is mounted, read-only and for this container alone; and the targets whose source is gone.

    By its path on the host, a volume too: mounting a volume by its name relabels its files. How mounts spread is left
    to the engine: by its default nothing comes out of the container (rprivate, or rslave in its own folder).
    """
    found: list[dict[str, Any]] = []
    missing: list[str] = []
    for mount in map(as_mapping, as_list(inspected.get("Mounts"))):
        source, target = str(mount.get("Source") or ""), str(mount.get("Destination") or "")
        if not source.startswith("/") or not target:
            continue
        if not exists(source):
            missing.append(target)
            continue
        found.append(
            {
                "Type": "bind",
                "Source": source,
                "Target": target,
                "ReadOnly": True,
                "writable": bool(mount.get("RW")),
            }
        )
    return found, missing


def bound(host: dict[str, Any]) -> list[str]:
    """Changes the configuration; says how. What has no limit gets none: that is what is to be found out."""
    differs = []
    memory = host.get("Memory") or 0
    if memory > 0:
        host["Memory"] = min(max(memory, MEMORY_LEAST), MEMORY_MOST)
        if host["Memory"] != memory:
            differs.append(f"memory is limited to {host['Memory'] // MIB} MiB")
        # A probe that fills the host's swap would be slow, and felt by everybody.
        host["MemorySwap"] = host["Memory"]
        host["MemoryReservation"] = min(host.get("MemoryReservation") or 0, host["Memory"])
    pids = host.get("PidsLimit") or 0
    if pids > PIDS_MOST:
        host["PidsLimit"] = PIDS_MOST
        differs.append(f"processes are limited to {PIDS_MOST}")
    return differs


def unmapped(number: int, table: str) -> int | None:
    """A number of the host in the user namespace whose uid_map (or gid_map) is `table`; None when it is not in it."""
    for line in table.splitlines():
        words = line.split()
        if len(words) == 3:
            inside, outside, count = map(int, words)
            if outside <= number < outside + count:
                return inside + number - outside
    return None
