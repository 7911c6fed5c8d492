# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine says about one container, as a Spec."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils import units
from ansible_collections.bulkhead.classroom.plugins.module_utils.container_spec import (
    ASKED,
    BUILT_IN_NETWORKS,
    FLEET,
    MEMBER,
    SUCCESSOR,
    Endpoint,
    Member,
    Spec,
    tmpfs_words,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.mounts import mounts_from_inspect
from ansible_collections.bulkhead.classroom.plugins.module_utils.security import capabilities, security_options


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
        stop_timeout=config.get("StopTimeout"),
        networks=_endpoints_from_inspect(networks, str(document["Id"])),
        **_host_from_inspect(host),
    )
    ids = {name: str(network.get("NetworkID") or "") for name, network in networks.items()}
    words = frozenset(filter(None, asked.split(",")))
    return Member(spec, str(document["Id"]), str(document["Image"]), status, words, ids)


def _host_from_inspect(host: Mapping[str, Any]) -> dict[str, Any]:
    mode = str(host.get("NetworkMode") or "default")
    return {
        "memory": host.get("Memory") or 0,
        "memory_swap": host.get("MemorySwap") or 0,
        "memory_reservation": host.get("MemoryReservation") or 0,
        "cpus": host.get("NanoCpus") or 0,
        "cpu_shares": host.get("CpuShares") or 0,
        "cpu_quota": host.get("CpuQuota") or 0,
        "pids_limit": max(host.get("PidsLimit") or 0, 0),
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
        "network_mode": "bridge" if mode == "default" else mode,
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
            address = (network.get("IPAMConfig") or {}).get("IPv4Address") or ""
            endpoints.append(Endpoint(name, tuple(sorted(aliases)), address))
    return tuple(endpoints)
