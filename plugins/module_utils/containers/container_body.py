# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Spec in the words of the engine's API."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.container_changes import Change
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.container_spec import SHARES, Endpoint, Spec
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.devices import devices_to_api, rates_to_api
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.fleet_labels import ASKED
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.healthcheck import healthcheck_to_api
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.mounts import mounts_to_api
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.ports import ports_to_api
from ansible_collections.bulkhead.classroom.plugins.module_utils.units import restart_to_api

_UPDATE_WORDS = {
    "memory": "Memory",
    "memory_swap": "MemorySwap",
    "memory_reservation": "MemoryReservation",
    "cpus": "NanoCpus",
    "cpu_shares": "CpuShares",
    "cpuset_cpus": "CpusetCpus",
    "cpuset_mems": "CpusetMems",
    "pids_limit": "PidsLimit",
    "blkio_weight": "BlkioWeight",
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
        "StopSignal": spec.stop_signal,
        "Healthcheck": healthcheck_to_api(spec.healthcheck),
        "Tty": spec.tty or None,
        "OpenStdin": spec.interactive or None,
        "ExposedPorts": {port.container: {} for port in spec.ports} or None,
    }
    body: dict[str, Any] = {name: value for name, value in config.items() if value is not None}
    body["HostConfig"] = _host_config(spec)
    if spec.networks:
        first = spec.networks[0]
        body["NetworkingConfig"] = {"EndpointsConfig": {first.name: endpoint_body(first)}}
    return body


def _host_config(spec: Spec) -> dict[str, Any]:
    host = {
        **{word: getattr(spec, name) for name, word in _UPDATE_WORDS.items()},
        **rates_to_api(spec),
        "OomScoreAdj": spec.oom_score_adj,
        "ShmSize": spec.shm_size,
        "Sysctls": dict(spec.sysctls),
        "Devices": devices_to_api(spec.devices),
        "DeviceCgroupRules": list(spec.device_cgroup_rules),
        "GroupAdd": list(spec.group_add),
        "Ulimits": [{"Name": name, "Soft": soft, "Hard": hard} for name, soft, hard in spec.ulimits],
        "CapAdd": list(spec.cap_add),
        "CapDrop": list(spec.cap_drop),
        "SecurityOpt": list(spec.security_opts),
        "Privileged": spec.privileged,
        "ReadonlyRootfs": spec.read_only,
        "Tmpfs": dict(spec.tmpfs),
        "StorageOpt": dict(spec.storage_opt),
        "NetworkMode": spec.networks[0].name if spec.networks else spec.network_mode,
        "PortBindings": ports_to_api(spec.ports),
        "Dns": list(spec.dns),
        "DnsSearch": list(spec.dns_search),
        "DnsOptions": list(spec.dns_options),
        "ExtraHosts": [f"{name}:{address}" for name, address in sorted(spec.extra_hosts.items())],
        "Runtime": spec.runtime,
        "LogConfig": _log(spec),
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


def _log(spec: Spec) -> dict[str, Any] | None:
    if spec.log_driver is None and not spec.log_options:
        return None
    # An empty type is the engine's own.
    return {"Type": spec.log_driver or "", "Config": dict(spec.log_options)}


def endpoint_body(endpoint: Endpoint) -> dict[str, Any]:
    body: dict[str, Any] = {"Aliases": list(endpoint.aliases)} if endpoint.aliases else {}
    addresses = {"IPv4Address": endpoint.ipv4_address, "IPv6Address": endpoint.ipv6_address}
    given = {word: address for word, address in addresses.items() if address}
    return {**body, "IPAMConfig": given} if given else body


def update_body(changes: Iterable[Change], expected: Spec) -> dict[str, Any]:
    """For POST /containers/{id}/update."""
    names = {change.name for change in changes}
    if names & {"memory", "memory_swap"}:
        # The engine refuses a memory limit above the old memory_swap unless both come together.
        names |= {"memory", "memory_swap"}
    body: dict[str, Any] = {word: getattr(expected, name) for name, word in _UPDATE_WORDS.items() if name in names}
    if "cpu_shares" in names:
        body["CpuShares"] = expected.cpu_shares or SHARES
    if "restart_policy" in names:
        body["RestartPolicy"] = restart_to_api(expected.restart_policy)
    return body
