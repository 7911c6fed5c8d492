# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbers that users and groups of a container have on the host, and the ranges that the host gives away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host import id_ranges
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel

MAPS = ("uid_map", "gid_map")
SUBORDINATES = {"users": "/etc/subuid", "groups": "/etc/subgid"}


def read_user_namespaces(kernel: Kernel, processes: list[dict[str, Any]]) -> dict[str, Any]:
    """User namespace to its two maps: as a rule all processes of a container share one."""
    first_of: dict[str, int] = {}
    for process in processes:
        first_of.setdefault(str(process["namespaces"].get("user")), process["pids"][0])
    return {
        namespace: {name: read_map(kernel, f"/proc/{pid}/{name}").document() for name in MAPS}
        for namespace, pid in first_of.items()
    }


def read_map(kernel: Kernel, path: str) -> Fact:
    """The numbers outside are those of the reader's user namespace: the kernel shows them so."""
    text = kernel.read(path)
    if not text.known:
        return text
    try:
        return text._replace(value=id_ranges.parse_map(str(text.value)))
    except ValueError as error:
        return Fact(path, error=f"EINVAL {error}")


def read_subordinates(kernel: Kernel, names: Mapping[int, str]) -> dict[str, Any]:
    """Ranges that the host lets its users map into namespaces. names: of the host's users, by number."""
    return {kind: _subordinates(kernel, path, names).document() for kind, path in SUBORDINATES.items()}


def _subordinates(kernel: Kernel, path: str, names: Mapping[int, str]) -> Fact:
    text = kernel.read(path)
    if text.error.startswith("ENOENT"):
        return Fact(path, [], "no such file")
    if not text.known:
        return text
    try:
        ranges = id_ranges.parse_subordinates(str(text.value))
    except ValueError as error:
        return Fact(path, error=f"EINVAL {error}")
    # A line may name its owner by number.
    named = [[names.get(int(owner), owner) if owner.isdecimal() else owner, *rest] for owner, *rest in ranges]
    return Fact(path, named)
