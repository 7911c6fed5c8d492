# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers that the engine does not know: control groups of processes and the runtimes' own state."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact, as_mapping
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel

IDENTIFIER = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
TASKS = "io.containerd.runtime.v2.task"
SHIMS = f"/run/containerd/{TASKS}"
RUNC, CRUN = "/run/runc", "/run/crun"
PODMAN = "/run/containers/storage/overlay-containers"
PATH = "/proc/PID/cgroup and the runtimes' folders below /run"


def scan(kernel: Kernel) -> dict[int, tuple[str, str]]:
    """Name and control groups of every process, in one pass. What ended meanwhile is left out."""
    found = {}
    for pid in kernel.pids():
        name, group = kernel.read(f"/proc/{pid}/comm"), kernel.read(f"/proc/{pid}/cgroup")
        if name.known and group.known:
            found[pid] = (str(name.value), str(group.value))
    return found


def read_strays(
    kernel: Kernel,
    daemon: Mapping[str, Any],
    processes: Mapping[int, tuple[str, str]],
    is_known: Callable[[str], bool],
) -> Fact:
    """[{id, owner, path}]. owner: whose container it seems to be (podman, a namespace of containerd), or nothing."""
    seen: dict[str, tuple[str, str]] = {}
    for key, owner, path in (*_by_group(processes), *_by_state(kernel, daemon)):
        # A named owner says more than the first trace that was found.
        if key not in seen or (owner and not seen[key][0]):
            seen[key] = (owner, path)
    podmans = set(kernel.names(PODMAN).value or [])
    strays = [
        {"id": key, "owner": "podman" if key in podmans else owner, "path": path}
        for key, (owner, path) in sorted(seen.items())
        # The engine answers to names and to beginnings of ids too, and a runtime's own container may be called so.
        if not (IDENTIFIER.fullmatch(key) and is_known(key))
    ]
    unread = [
        fact for fact in map(kernel.names, _folders(daemon)) if fact.error and not fact.error.startswith("ENOENT")
    ]
    if unread and not strays:
        return unread[0]
    return Fact(PATH, strays, f"{len(seen)} seen, {len(strays)} unknown")


def _by_group(processes: Mapping[int, tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    for pid, (_name, groups) in processes.items():
        for line in groups.split("\n"):
            for key in IDENTIFIER.findall(line):
                yield key, "podman" if f"libpod-{key}" in line else "", f"/proc/{pid}/cgroup"


def _by_state(kernel: Kernel, daemon: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    *by_space, runc, crun = _folders(daemon)
    for folder in by_space:
        for space in kernel.names(folder).value or []:
            for key in kernel.names(f"{folder}/{space}").value or []:
                if IDENTIFIER.fullmatch(key):
                    yield key, "" if space == "moby" else f"containerd ({space})", f"{folder}/{space}/{key}"
    for folder in (runc, crun):
        for key in kernel.names(folder).value or []:
            # Names here are the caller's: any name is a container.
            if not key.startswith("."):
                yield key, "", f"{folder}/{key}"


def _folders(daemon: Mapping[str, Any]) -> tuple[str, ...]:
    """Where runtimes keep their state; in the last two each name is a container's, in the others a namespace's."""
    root = _exec_root(daemon)
    return SHIMS, f"{root}/runtime-runc", f"{root}/containerd/daemon/{TASKS}", RUNC, CRUN


def _exec_root(daemon: Mapping[str, Any]) -> str:
    for part in ("command", "file"):
        root = as_mapping(as_mapping(daemon.get(part)).get("value")).get("exec-root")
        if root:
            return str(root)
    return "/run/docker"
