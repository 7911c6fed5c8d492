# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine says about one container, as a Spec."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils import units
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.container_spec import (
    BUILT_IN_NETWORKS,
    SHARES,
    SUCCESSOR,
    Endpoint,
    Member,
    Spec,
    tmpfs_words,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.devices import (
    devices_from_inspect,
    rates_from_inspect,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.fleet_labels import ASKED, FLEET, MEMBER
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.healthcheck import healthcheck_from_inspect
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.mounts import mounts_from_inspect
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.ports import ports_from_inspect
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.security import (
    capabilities,
    security_options,
)


def member_of(document: Mapping[str, Any], fleet: str) -> bool:
    """Whether the engine's document is a member of the fleet, under its own name or as a successor."""
    labels = (document.get("Config") or {}).get("Labels") or {}
    own = labels.get(MEMBER, "")
    return labels.get(FLEET) == fleet and bool(own) and document["Name"].lstrip("/") in (own, own + SUCCESSOR)


def from_inspect(document: Mapping[str, Any]) -> Member:
    config, host = document["Config"], document["HostConfig"]
    labels = dict(config.get("Labels") or {})
    asked = labels.pop(ASKED, "")
    networks = (document.get("NetworkSettings") or {}).get("Networks") or {}
    status = str(document["State"]["Status"])
    spec = Spec(
        name=str(document["Name"]).lstrip("/"),
        image=str(config.get("Image") or ""),
        state="started" if status in ("running", "restarting") else "stopped",
        command=tuple(config.get("Cmd") or ()),
        entrypoint=tuple(config.get("Entrypoint") or ()),
        env=env_from_list(config.get("Env")),
        user=config.get("User") or "",
        workdir=config.get("WorkingDir") or "",
        hostname=config.get("Hostname") or "",
        labels=labels,
        tty=bool(config.get("Tty")),
        interactive=bool(config.get("OpenStdin")),
        healthcheck=healthcheck_from_inspect(config.get("Healthcheck")),
        stop_signal=units.signal_name(config.get("StopSignal")),
        stop_timeout=config.get("StopTimeout"),
        networks=_endpoints_from_inspect(networks, str(document["Id"])),
        **_host_from_inspect(host),
    )
    ids = {name: str(network.get("NetworkID") or "") for name, network in networks.items()}
    words = frozenset(filter(None, asked.split(",")))
    state = document["State"]
    return Member(
        spec,
        str(document["Id"]),
        str(document["Image"]),
        status,
        words,
        ids,
        health=str((state.get("Health") or {}).get("Status") or ""),
        pid=int(state.get("Pid") or 0) if status == "running" else 0,
    )


def _host_from_inspect(host: Mapping[str, Any]) -> dict[str, Any]:
    return {**_limits(host), **_surroundings(host), **_names(host)}


def _limits(host: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "memory": host.get("Memory") or 0,
        "memory_swap": host.get("MemorySwap") or 0,
        "memory_reservation": host.get("MemoryReservation") or 0,
        "cpus": host.get("NanoCpus") or 0,
        "cpu_shares": 0 if host.get("CpuShares") == SHARES else host.get("CpuShares") or 0,
        "cpuset_cpus": units.set_name(host.get("CpusetCpus")),
        "cpuset_mems": units.set_name(host.get("CpusetMems")),
        "cpu_quota": host.get("CpuQuota") or 0,
        "pids_limit": max(host.get("PidsLimit") or 0, 0),
        "blkio_weight": host.get("BlkioWeight") or 0,
        **rates_from_inspect(host),
        "oom_score_adj": host.get("OomScoreAdj") or 0,
        "shm_size": host.get("ShmSize") or 0,
    }


def _surroundings(host: Mapping[str, Any]) -> dict[str, Any]:
    """What of the host a container sees, and what it may do there."""
    return {
        "sysctls": dict(host.get("Sysctls") or {}),
        "devices": devices_from_inspect(host.get("Devices")),
        "device_cgroup_rules": tuple(sorted(host.get("DeviceCgroupRules") or ())),
        "group_add": tuple(sorted(host.get("GroupAdd") or ())),
        "ulimits": tuple(sorted((u["Name"], u["Soft"], u["Hard"]) for u in host.get("Ulimits") or ())),
        "cap_add": capabilities(host.get("CapAdd")),
        "cap_drop": capabilities(host.get("CapDrop")),
        "security_opts": security_options(host.get("SecurityOpt")),
        "privileged": bool(host.get("Privileged")),
        "read_only": bool(host.get("ReadonlyRootfs")),
        "init": host.get("Init"),
        "tmpfs": tmpfs_words(host.get("Tmpfs") or {}),
        "mounts": mounts_from_inspect(host),
        "storage_opt": dict(host.get("StorageOpt") or {}),
    }


def _names(host: Mapping[str, Any]) -> dict[str, Any]:
    mode = str(host.get("NetworkMode") or "default")
    return {
        "network_mode": "bridge" if mode == "default" else mode,
        "ports": ports_from_inspect(host.get("PortBindings")),
        "dns": tuple(host.get("Dns") or ()),
        "dns_search": tuple(host.get("DnsSearch") or ()),
        "dns_options": tuple(host.get("DnsOptions") or ()),
        "extra_hosts": {name: rest for name, _c, rest in (one.partition(":") for one in host.get("ExtraHosts") or ())},
        "runtime": host.get("Runtime") or "",
        "log_driver": (host.get("LogConfig") or {}).get("Type") or "",
        "log_options": dict((host.get("LogConfig") or {}).get("Config") or {}),
        "cgroup_parent": host.get("CgroupParent") or "",
        "pid_mode": host.get("PidMode") or "",
        "ipc_mode": host.get("IpcMode") or "",
        "uts_mode": host.get("UTSMode") or "",
        "userns_mode": host.get("UsernsMode") or "",
        "cgroupns_mode": host.get("CgroupnsMode") or "",
        "restart_policy": units.restart_from_inspect(host.get("RestartPolicy")),
    }


def env_from_list(entries: Iterable[str] | None) -> dict[str, str]:
    return {name: value for name, _equals, value in (entry.partition("=") for entry in entries or ())}


def _endpoints_from_inspect(networks: Mapping[str, Any], container: str) -> tuple[Endpoint, ...]:
    endpoints = []
    for name, network in networks.items():
        if name not in BUILT_IN_NETWORKS:
            # The engine adds the short id to the aliases.
            aliases = [alias for alias in network.get("Aliases") or () if alias != container[:12]]
            fixed = network.get("IPAMConfig") or {}
            addresses = (str(fixed.get(word) or "") for word in ("IPv4Address", "IPv6Address"))
            endpoints.append(Endpoint(name, tuple(sorted(aliases)), *addresses))
    return tuple(endpoints)
