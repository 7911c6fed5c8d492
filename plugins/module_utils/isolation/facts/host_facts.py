# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about an engine host that its containers are compared with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host import cgroups, mountinfo
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel, listener_pid
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.device_facts import read_device_names
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.lsm_facts import read_lsm
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.mount_facts import read_peer_groups
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.processes import NAMESPACES
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.selinux_facts import read_selinux

SOCKETS = (
    "/run/docker.sock",
    "/run/containerd/containerd.sock",
    "/run/docker/containerd/containerd.sock",
    "/run/podman/podman.sock",
    "/run/crio/crio.sock",
    "/run/cri-dockerd.sock",
    "/run/buildkit/buildkitd.sock",
    "/run/k3s/containerd/containerd.sock",
)
# Engines of users: below the folder of each.
USERS = "/run/user"
USER_SOCKETS = ("docker.sock", "podman/podman.sock", "containerd/containerd.sock")
TREES = (
    "/boot",
    "/dev",
    "/etc",
    "/etc/docker",
    "/etc/kubernetes",
    "/etc/shadow",
    "/etc/ssh",
    "/lib/modules",
    "/proc",
    "/root",
    "/run",
    "/sys",
    "/usr",
    "/var/lib/containerd",
    "/var/lib/containers",
    "/var/lib/docker",
    "/var/lib/kubelet",
)
# A folder made for one container may well lie in these; they themselves hold everybody's.
PARENTS = ("/home", "/srv", "/var", "/var/lib")
PROTECTED_PATHS = (
    "/proc/acpi",
    "/proc/asound",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/firmware",
    "/proc/bus",
    "/proc/fs",
    "/proc/irq",
    "/proc/sys",
    "/proc/sysrq-trigger",
    "/sys",
)
# Each lets a program run as root outside of all containers, or stops the machine.
KERNEL_SWITCHES = (
    "/proc/sys/fs/binfmt_misc",
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/kernel/hotplug",
    "/proc/sys/kernel/modprobe",
    "/proc/sys/kernel/sysrq",
    "/proc/sys/vm/panic_on_oom",
    "/proc/sysrq-trigger",
    "/sys/firmware/efi/efivars",
    "/sys/kernel/debug",
    "/sys/kernel/security",
    "/sys/kernel/tracing",
    "/sys/kernel/uevent_helper",
    "/sys/power/state",
)
ENGINE_PROGRAM = "dockerd"


def socket_path(docker_host: str) -> str:
    """The path of a unix socket, or nothing for an engine that is reached in another way."""
    return docker_host[len("unix://") :] if docker_host.startswith("unix://") else ""


def engine_pid(kernel: Kernel, socket: str) -> int | None:
    """The engine's process: who listens on its socket, or (with socket activation) the only one of that name."""
    pid = listener_pid(socket) if socket and not kernel.root else None
    if pid and _is_engine(kernel, pid):
        return pid
    engines = [number for number in kernel.pids() if _is_engine(kernel, number)]
    return engines[0] if len(engines) == 1 else None


def _is_engine(kernel: Kernel, pid: int) -> bool:
    return str(kernel.read(f"/proc/{pid}/comm").value) == ENGINE_PROGRAM


def read_host(kernel: Kernel, engine: Mapping[str, Any], docker_host: str) -> dict[str, Any]:
    socket = socket_path(docker_host)
    pid = engine_pid(kernel, socket)
    return {
        "kernel": kernel.read("/proc/sys/kernel/osrelease").document(),
        "namespaces": read_namespaces(kernel, pid),
        "selinux": read_selinux(kernel),
        "lsm": read_lsm(kernel),
        "cgroup_version": cgroups.version_of(read_hierarchies(kernel)),
        "engine": {**engine, "pid": pid},
        "machine": read_machine(kernel),
        "places": read_places(kernel, pid, socket, str(engine.get("data_root") or "")),
        "kernel_switches": [path for path in KERNEL_SWITCHES if kernel.exists(path)],
        "peer_groups": read_peer_groups(kernel, pid),
        "device_names": read_device_names(kernel),
        "protected_paths": [path for path in PROTECTED_PATHS if kernel.exists(path)],
    }


def read_namespaces(kernel: Kernel, engine: int | None) -> dict[str, Any]:
    """Of this reader and of the engine: the host's namespaces. /proc/1/ns may be closed even to root."""
    owners = {"reader": "self"}
    if engine:
        owners["engine"] = str(engine)
    return {
        owner: {kind: kernel.identity(f"/proc/{number}/ns/{kind}").document() for kind in NAMESPACES}
        for owner, number in owners.items()
    }


def read_hierarchies(kernel: Kernel) -> dict[str, cgroups.Hierarchy]:
    mounts = mountinfo.parse(str(kernel.read("/proc/self/mountinfo").value or ""))
    unified = next((mount.target for mount in mounts if mount.filesystem == "cgroup2"), "")
    controllers = kernel.read(f"{unified}/cgroup.controllers").value if unified else ""
    return cgroups.hierarchies(mounts, str(controllers or ""))


def read_machine(kernel: Kernel) -> dict[str, Any]:
    meminfo = kernel.read("/proc/meminfo")
    sizes: dict[str, int] = {}
    for line in str(meminfo.value or "").splitlines():
        name, _colon, rest = line.partition(":")
        if name in ("MemTotal", "SwapTotal"):
            sizes[name] = int(rest.split()[0]) * 1024
    return {
        "memory": meminfo._replace(value=sizes.get("MemTotal"), raw="").document(),
        "swap": meminfo._replace(value=sizes.get("SwapTotal"), raw="").document(),
        "cpus": os.cpu_count(),
    }


def read_places(kernel: Kernel, engine: int | None, socket: str, data_root: str) -> list[dict[str, Any]]:
    """Sockets and directories that no container may see, by device and path inside the file system.

    They are looked up with the engine's mounts: what a container is given is cut out of those.
    """
    text = kernel.read(f"/proc/{engine}/mountinfo").value if engine else None
    mounts = mountinfo.parse(str(text or kernel.read("/proc/self/mountinfo").value or ""))
    users = kernel.names(USERS).value or []
    wanted = [("socket", path) for path in dict.fromkeys((socket, *SOCKETS)) if path]
    wanted += [("socket", f"{USERS}/{user}/{name}") for user in users for name in USER_SOCKETS]
    wanted += [("tree", "/"), *([("data root", data_root)] if data_root else [])]
    wanted += [("tree", path) for path in TREES] + [("parent", path) for path in PARENTS]
    places: dict[tuple[str, str], dict[str, Any]] = {}
    for kind, path in wanted:
        if not kernel.exists(path):
            continue
        place = mountinfo.place_of(mounts, kernel.real(path))
        if place:
            # The first one keeps the place: the engine's data is more than a directory.
            places.setdefault(place, {"kind": kind, "path": path, "device": place[0], "inside": place[1]})
    return list(places.values())
