# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A document as isolation_info returns it: a host with SELinux and cgroup v2, and two workspaces that are well made.

tests/integration/isolation/test_isolation_info.py compares its form with a document that was really read.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import SCHEMA
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import (
    facts_host,
    facts_images,
    facts_mounts,
    facts_networks,
    facts_processes,
    facts_reach,
    facts_resources,
    facts_selinux,
)

HOST = "engine1"
CLASSROOM, STUDENT = "org.bulkhead.classroom", "org.bulkhead.student"
MIB = 1 << 20
PAIRS = facts_selinux.PAIRS
label = facts_selinux.label
KINDS = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts", "time")
# An engine gives no time namespace: all have the host's.
OWN = tuple(kind for kind in KINDS if kind != "time")
HOST_NAMESPACES = {kind: f"4:402653183{number}" for number, kind in enumerate(KINDS)} | {"user": "4:4026531837"}
SIZES = {"memory": 512 * MIB, "memory_swap": 512 * MIB, "cpus": 0.5, "pids_limit": 100}
NOBODY = dict.fromkeys(("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"), "0000000000000000")
PLACES = (
    ("socket", "/run/docker.sock", "0:24", "/docker.sock"),
    ("socket", "/run/containerd/containerd.sock", "0:24", "/containerd/containerd.sock"),
    ("tree", "/", "254:1", "/"),
    ("data root", "/var/lib/docker", "254:1", "/var/lib/docker"),
    ("tree", "/etc", "254:1", "/etc"),
    ("tree", "/etc/docker", "254:1", "/etc/docker"),
    ("tree", "/lib/modules", "254:1", "/usr/lib/modules"),
    ("tree", "/var/lib/kubelet", "254:1", "/var/lib/kubelet"),
    ("tree", "/root", "254:1", "/root"),
    ("tree", "/usr", "254:1", "/usr"),
    ("tree", "/proc", "0:22", "/"),
    ("tree", "/run", "0:24", "/"),
    ("tree", "/sys", "0:21", "/"),
    ("parent", "/home", "254:1", "/home"),
    ("parent", "/var", "254:1", "/var"),
)
PROTECTED = ("/proc/kcore", "/proc/keys", "/sys/firmware", "/proc/bus", "/proc/irq", "/proc/sys", "/sys")


def fact(value: Any, path: str, raw: str = "") -> dict[str, Any]:
    return {"value": value, "path": path, **({"raw": raw} if raw else {})}


def unread(path: str, error: str = "EACCES Permission denied") -> dict[str, Any]:
    """What stands in a document for evidence that could not be read."""
    return {"value": None, "path": path, "error": error}


def host() -> dict[str, Any]:
    def own(number: str) -> dict[str, Any]:
        return {kind: fact(value, f"/proc/{number}/ns/{kind}") for kind, value in HOST_NAMESPACES.items()}

    return {
        **facts_host.engine_host(),
        **facts_processes.host(),
        "network": facts_networks.host_network(),
        "kernel": fact("6.12.43+deb13-amd64", "/proc/sys/kernel/osrelease"),
        "namespaces": {"reader": own("self"), "engine": own("801")},
        "selinux": facts_selinux.selinux(),
        "lsm": facts_selinux.lsm(),
        "cgroup_version": "v2",
        "engine": {
            "version": "26.1.5+dfsg1",
            "api_version": "1.45",
            "components": {"Engine": "28.5.2", "containerd": "1.7.29", "runc": "1.3.3"},
            "security_options": ["name=seccomp,profile=builtin", "name=selinux", "name=cgroupns"],
            "cgroup_driver": "systemd",
            "data_root": "/var/lib/docker",
            "storage_driver": "overlay2",
            "operating_system": "Debian GNU/Linux 13 (trixie)",
            "live_restore": True,
            "pid": 801,
        },
        "machine": {"memory": fact(4096 * MIB, "/proc/meminfo"), "swap": fact(0, "/proc/meminfo"), "cpus": 2},
        "places": [dict(zip(("kind", "path", "device", "inside"), place)) for place in PLACES],
        "image_store": facts_images.store(),
        "kernel_switches": list(facts_mounts.SWITCHES),
        "peer_groups": facts_mounts.PEER_GROUPS,
        "device_names": dict(facts_resources.DEVICE_NAMES),
        "device_programs": dict(facts_resources.PROGRAMS),
        "protected_paths": list(PROTECTED),
    }


def mount_lines(identifier: str, name: str) -> list[str]:
    data, home = (
        f"/var/lib/docker/containers/{identifier}",
        f"/var/lib/docker/bulkhead/workspaces/classroom/{name}/home",
    )
    return [
        f'500 400 0:90 / / ro,relatime - overlay overlay rw,context="{facts_selinux.file_label(name)}"',
        "501 500 0:91 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw",
        "502 500 0:92 / /dev rw,nosuid - tmpfs tmpfs rw",
        "503 502 0:93 / /dev/pts rw,nosuid,noexec,relatime - devpts devpts rw",
        "504 500 0:94 / /sys ro,nosuid,nodev,noexec,relatime - sysfs sysfs rw",
        "505 504 0:28 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw",
        "506 500 0:95 / /tmp rw,nosuid,nodev,noexec,relatime - tmpfs tmpfs rw,size=32768k",
        f"507 500 254:1 {data}/hosts /etc/hosts rw,relatime - ext4 /dev/vda1 rw",
        f"508 500 254:1 {home} /home/student rw,nosuid,nodev,relatime - ext4 /dev/vda1 rw",
        "509 501 0:91 /bus /proc/bus ro,nosuid,nodev,noexec,relatime - proc proc rw",
        "510 501 0:91 /irq /proc/irq ro,nosuid,nodev,noexec,relatime - proc proc rw",
        "511 501 0:91 /sys /proc/sys ro,nosuid,nodev,noexec,relatime - proc proc rw",
        "512 501 0:92 /null /proc/kcore rw,nosuid - tmpfs tmpfs rw",
        "513 501 0:92 /null /proc/keys rw,nosuid - tmpfs tmpfs rw",
        "514 504 0:96 / /sys/firmware ro,relatime - tmpfs tmpfs ro",
    ]


def process(name: str, number: int, identifier: str) -> dict[str, Any]:
    return {
        "pids": [number, number + 1],
        "names": ["tini", "sleep"],
        "namespaces": {**HOST_NAMESPACES, **{k: f"4:{number}{i}" for i, k in enumerate(OWN)}},
        "status": {**facts_processes.identities(name), **NOBODY}
        | {"NoNewPrivs": "1", "Seccomp": "2", "Seccomp_filters": "1"},
        "label": label(name),
        "cgroups": {f"/bulkhead.slice/docker-{identifier}.scope": [""]},
        "errors": {},
        "descriptors": [list(facts_processes.NULL)],
        "environment": [],
    }


def limits(identifier: str) -> dict[str, Any]:
    folder = f"/sys/fs/cgroup/bulkhead.slice/docker-{identifier}.scope"
    return {
        "memory": fact(SIZES["memory"], f"{folder}/memory.max", str(SIZES["memory"])),
        "swap": fact(0, f"{folder}/memory.swap.max", "0"),
        "cpu": fact(0.5, f"{folder}/cpu.max", "50000 100000"),
        "pids": fact(100, f"{folder}/pids.max", "100"),
    }


def declared(name: str) -> dict[str, Any]:
    source = f"/var/lib/docker/bulkhead/workspaces/classroom/{name}/home"
    return {
        "memory": SIZES["memory"],
        "memory_swap": SIZES["memory_swap"],
        "nano_cpus": 500_000_000,
        "cpu_quota": 0,
        "cpu_period": 0,
        "pids_limit": 100,
        "cgroup_parent": "bulkhead.slice",
        "privileged": False,
        "read_only": True,
        "cap_add": None,
        "cap_drop": ["ALL"],
        "network_mode": f"workspace-{name}",
        "pid_mode": "",
        "ipc_mode": "private",
        "uts_mode": "",
        "cgroupns_mode": "private",
        "userns_mode": "",
        "security_opts": ["no-new-privileges", f"label=level:s0:{PAIRS[name]}"],
        "ulimits": [list(limit) for limit in facts_processes.ULIMITS],
        "process_label": label(name),
        "mount_label": facts_selinux.file_label(name),
        "apparmor_profile": "",
        "mounts": [{"type": "bind", "source": source, "target": "/home/student", "writable": True}],
    }


def container(name: str, number: int) -> dict[str, Any]:
    identifier = f"{number:064x}"
    source, text = declared(name)["mounts"][0]["source"], declared(name)["mount_label"]
    return {
        "id": identifier,
        "name": f"workspace-{name}",
        "image": "registry.classroom.test/course/base@sha256:" + "0" * 64,
        "labels": {CLASSROOM: "classroom", STUDENT: name},
        "state": "running",
        "pid": number,
        "declared": declared(name),
        "processes": [process(name, number, identifier)],
        "mounts": {f"4:{number}2": fact(mount_lines(identifier, name), f"/proc/{number}/mountinfo")},
        "limits": limits(identifier),
        "mounting": facts_mounts.mounting(identifier, facts_selinux.layer(text)),
        "resources": facts_resources.resources(f"/sys/fs/cgroup/bulkhead.slice/docker-{identifier}.scope", number),
        "devices": facts_resources.devices(),
        "lifecycle": facts_reach.lifecycle(name),
        "rlimits": dict(facts_processes.RLIMITS),
        "user_namespaces": facts_processes.user_namespaces(name, number),
        "environment": fact([], "inspect Config.Env"),
        "network": facts_networks.network(name, number),
        "sources": [
            {
                "target": "/home/student",
                "identity": fact(f"65025:{number}", source),
                "label": fact(text, source, text),
                "labels": {text: source},
                "mode": facts_mounts.mode(source),
            }
        ],
    }


def document() -> dict[str, Any]:
    """Fresh at every call: tests change it."""
    containers = [container("ada", 2001), container("grace", 3001)]
    images = [facts_images.image([one["id"] for one in containers])]
    selection: dict[str, Any] = {"labels": {}, "containers": [], "images": []}
    parts = {"host": host(), "selection": selection, "containers": containers, "neighbours": []}
    parts.update(images=images, networks=facts_networks.networks(*PAIRS))
    return deepcopy({"schema": SCHEMA, **parts})


def neighbour(name: str = "registry-cache", number: int = 4001) -> dict[str, Any]:
    """A container of the same host that is not judged."""
    made = container("ada", number)
    first = {**made["processes"][0], "pids": [number], "label": "system_u:system_r:container_t:s0:c90,c91"}
    source = {"target": "/data", "identity": fact(f"65025:{number}", "/srv/data")}
    maps = facts_processes.user_namespaces("neighbour", number)
    kept = {key: made[key] for key in ("id", "image", "state", "pid")}
    return deepcopy({**kept, "name": name, "processes": [first], "sources": [source], "user_namespaces": maps})
