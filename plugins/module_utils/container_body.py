# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Spec in the words of the engine's API."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.container_changes import Change
from ansible_collections.bulkhead.classroom.plugins.module_utils.container_spec import ASKED, Endpoint, Spec
from ansible_collections.bulkhead.classroom.plugins.module_utils.mounts import mounts_to_api
from ansible_collections.bulkhead.classroom.plugins.module_utils.units import restart_to_api

_UPDATE_WORDS = {
    "memory": "Memory",
    "memory_swap": "MemorySwap",
    "memory_reservation": "MemoryReservation",
    "cpus": "NanoCpus",
    "cpu_shares": "CpuShares",
    "pids_limit": "PidsLimit",
}


def create_body(spec: Spec) -> dict[str, Any]:
    """For POST /containers/create. What the task leaves open is left out, so that image and engine decide."""
    config: dict[str, Any] = {
        "Image": spec.image,
        "Cmd": None if spec.command is None else list(spec.command),
        # An empty list is sent: it takes the image's entrypoint away.
        "Entrypoint": None if spec.entrypoint is None else list(spec.entrypoint),
        "Env": [f"{name}={value}" for name, value in sorted(spec.env.items())],
        "User": spec.user,
        "WorkingDir": spec.workdir,
        "Hostname": spec.hostname,
        # Always there, even when empty: an image that was committed from a member brings the label along.
        "Labels": {**spec.labels, ASKED: ",".join(sorted(spec.asked))},
        "StopTimeout": spec.stop_timeout,
    }
    body: dict[str, Any] = {name: value for name, value in config.items() if value is not None}
    body["HostConfig"] = _host_config(spec)
    if spec.networks:
        first = spec.networks[0]
        body["NetworkingConfig"] = {"EndpointsConfig": {first.name: endpoint_body(first)}}
    return body


def _host_config(spec: Spec) -> dict[str, Any]:
    host = {
        "Memory": spec.memory,
        "MemorySwap": spec.memory_swap,
        "MemoryReservation": spec.memory_reservation,
        "NanoCpus": spec.cpus,
        "CpuShares": spec.cpu_shares,
        "PidsLimit": spec.pids_limit,
        "Ulimits": [{"Name": name, "Soft": soft, "Hard": hard} for name, soft, hard in spec.ulimits],
        "CapAdd": list(spec.cap_add),
        "CapDrop": list(spec.cap_drop),
        "SecurityOpt": list(spec.security_opts),
        "Privileged": spec.privileged,
        "ReadonlyRootfs": spec.read_only,
        "Tmpfs": dict(spec.tmpfs),
        "StorageOpt": dict(spec.storage_opt),
        "NetworkMode": spec.networks[0].name if spec.networks else spec.network_mode,
        "CgroupParent": spec.cgroup_parent,
        "PidMode": spec.pid_mode,
        "IpcMode": spec.ipc_mode,
        "UTSMode": spec.uts_mode,
        "UsernsMode": spec.userns_mode,
        "CgroupnsMode": spec.cgroupns_mode,
        **mounts_to_api(spec.mounts),
    }
    body = {name: value for name, value in host.items() if value}
    body["RestartPolicy"] = restart_to_api(spec.restart_policy)
    if spec.init is not None:
        body["Init"] = spec.init
    return body


def endpoint_body(endpoint: Endpoint) -> dict[str, Any]:
    body: dict[str, Any] = {"Aliases": list(endpoint.aliases)} if endpoint.aliases else {}
    if endpoint.ipv4_address:
        body["IPAMConfig"] = {"IPv4Address": endpoint.ipv4_address}
    return body


def update_body(changes: Iterable[Change], expected: Spec) -> dict[str, Any]:
    """For POST /containers/{id}/update."""
    names = {change.name for change in changes}
    if names & {"memory", "memory_swap"}:
        # The engine refuses a memory limit above the old memory_swap unless both come together.
        names |= {"memory", "memory_swap"}
    body: dict[str, Any] = {_UPDATE_WORDS[name]: getattr(expected, name) for name in names if name in _UPDATE_WORDS}
    if "restart_policy" in names:
        body["RestartPolicy"] = restart_to_api(expected.restart_policy)
    return body
