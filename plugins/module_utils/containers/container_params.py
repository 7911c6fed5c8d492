# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task says about one container, as a Spec."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils import units
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.container_spec import (
    BUILT_IN_NETWORKS,
    SHARES,
    SUCCESSOR,
    Endpoint,
    Spec,
    tmpfs_words,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.devices import (
    devices_from_params,
    rates_from_params,
    rules_from_params,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.fleet_labels import (
    FLEET,
    MEMBER,
    OWN_LABELS,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.healthcheck import healthcheck_from_params
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.mounts import all_mounts
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.ports import ports_from_params
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.security import (
    capabilities,
    security_options,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.units import SpecError

_NAME = re.compile(r"^[a-zA-Z0-9][a-zA-Z0-9_.-]+$")
# Options of which defaults and the container's own value are merged; any other one is replaced whole.
_MERGED = ("env", "secret_env", "labels")


def from_params(params: Mapping[str, Any], defaults: Mapping[str, Any], fleet: str, labels: Mapping[str, Any]) -> Spec:
    """One entry of `containers`, with `defaults` under it; raises SpecError with the container's name in front."""
    name = str(params["name"])
    try:
        return _from_params(name, _merge(params, defaults), fleet, labels)
    except SpecError as error:
        raise SpecError(f"container {name}: {error}") from error


def _merge(params: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    merged = {key: value for key, value in defaults.items() if value is not None}
    merged.update({key: value for key, value in params.items() if value is not None})
    for key in _MERGED:
        merged[key] = {**(defaults.get(key) or {}), **(params.get(key) or {})}
    return merged


def _from_params(name: str, params: Mapping[str, Any], fleet: str, labels: Mapping[str, Any]) -> Spec:
    check_name(name)
    memory = units.parse_size(params["memory"], "memory") if "memory" in params else 0
    own = {FLEET: fleet, MEMBER: name}
    spec = Spec(
        name=name,
        image=str(params.get("image") or ""),
        state=str(params.get("state") or "started"),
        env=strings({**params["env"], **params["secret_env"]}, "env"),
        labels={**strings({**labels, **params["labels"]}, "labels", refused=OWN_LABELS), **own},
        memory=memory,
        memory_swap=units.parse_swap(params["memory_swap"], memory) if "memory_swap" in params else None,
        memory_reservation=_optional(params, "memory_reservation"),
        ulimits=_ulimits(params.get("ulimits") or ()),
        cap_add=capabilities(params.get("cap_add")),
        cap_drop=capabilities(params.get("cap_drop")),
        security_opts=security_options(params.get("security_opts")),
        tmpfs=_tmpfs(params.get("tmpfs") or {}),
        mounts=all_mounts(params.get("mounts"), params.get("volumes")),
        storage_opt=strings(params.get("storage_opt") or {}, "storage_opt"),
        networks=_endpoints(params.get("networks") or ()),
        depends_on=tuple(dict.fromkeys(map(str, params.get("depends_on") or ()))),
        healthcheck=healthcheck_from_params(params.get("healthcheck")),
        **_devices(params),
        **{key: parse(params[key]) for key, parse in _PARSED.items() if key in params},
        **{key: params[key] for key in _PLAIN if key in params},
    )
    _check(spec)
    return spec


def _check(spec: Spec) -> None:
    """What single options cannot tell."""
    if spec.state != "absent" and not spec.image:
        raise SpecError("image: is missing; give it here or in defaults")
    if spec.networks and spec.network_mode:
        raise SpecError("networks and network_mode exclude each other; drop one of them")
    if spec.ports and spec.network_mode in ("host", "none"):
        raise SpecError(f"ports: nothing can be published with network_mode {spec.network_mode}; drop one of them")
    for option in ("network_mode", "pid_mode", "ipc_mode"):
        if str(getattr(spec, option) or "").startswith("container:"):
            raise SpecError(f"{option}: sharing a namespace with another container is not offered; drop it")


def _devices(params: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "devices": devices_from_params(params.get("devices")),
        "device_cgroup_rules": rules_from_params(params.get("device_cgroup_rules")),
        **rates_from_params(params),
    }


def _words(words: Iterable[Any]) -> tuple[str, ...]:
    return tuple(map(str, words))


def _shares(value: int) -> int:
    return 0 if value == SHARES else units.in_range(value, 2, 1 << 18, "cpu_shares")


_PLAIN = (
    *("user", "workdir", "hostname", "privileged", "read_only", "init", "network_mode", "cgroup_parent", "pid_mode"),
    *("ipc_mode", "uts_mode", "userns_mode", "cgroupns_mode", "tty", "interactive", "runtime"),
    "log_driver",
)
_PARSED: dict[str, Callable[[Any], Any]] = {
    "command": _words,
    "entrypoint": _words,
    "group_add": lambda words: tuple(sorted(map(str, words))),
    "cpus": units.parse_cpus,
    "cpu_shares": _shares,
    "cpuset_cpus": lambda value: units.parse_set(value, "cpuset_cpus"),
    "cpuset_mems": lambda value: units.parse_set(value, "cpuset_mems"),
    "pids_limit": units.parse_pids,
    "blkio_weight": lambda value: units.in_range(value, 10, 1000, "blkio_weight"),
    "oom_score_adj": lambda value: units.in_range(value, -1000, 1000, "oom_score_adj"),
    "shm_size": lambda value: units.parse_size(value, "shm_size"),
    "sysctls": lambda values: strings(values, "sysctls"),
    "ports": ports_from_params,
    "dns": _words,
    "dns_search": _words,
    "dns_options": _words,
    "extra_hosts": lambda values: strings(values, "extra_hosts"),
    "log_options": lambda values: strings(values, "log_options"),
    "restart_policy": units.parse_restart,
    "stop_signal": units.parse_signal,
    "stop_timeout": lambda value: units.in_range(value, 0, 1 << 20, "stop_timeout"),
    "wait_healthy": lambda value: units.in_range(value, 0, 1 << 20, "wait_healthy"),
}


def check_name(name: str) -> None:
    if not _NAME.match(name):
        raise SpecError(f"name: '{name}' is refused by engines; use two or more letters, digits, and _ . - inside")
    if name.endswith(SUCCESSOR):
        raise SpecError(f"name: the ending {SUCCESSOR} is kept for successors while containers are replaced")


def _optional(params: Mapping[str, Any], option: str) -> int:
    return units.parse_size(params[option], option) if option in params else 0


def strings(values: Mapping[str, Any], option: str, refused: Iterable[str] = ()) -> dict[str, str]:
    for key, value in values.items():
        if key in refused:
            raise SpecError(f"{option}: {key} is set by this module; take it out")
        if value is None or isinstance(value, (list, dict)) or "=" in str(key):
            raise SpecError(f"{option}: {key} needs a name without = and one plain value")
    # The words of YAML and JSON, not Python's.
    return {str(key): str(value).lower() if isinstance(value, bool) else str(value) for key, value in values.items()}


def _ulimits(entries: Iterable[Mapping[str, Any]]) -> tuple[tuple[str, int, int], ...]:
    ulimits = []
    for entry in entries:
        soft = int(entry["soft"])
        hard = soft if entry.get("hard") is None else int(entry["hard"])
        if soft > hard >= 0:
            raise SpecError(f"ulimits: {entry['name']} has a soft limit above the hard one; raise hard or lower soft")
        ulimits.append((str(entry["name"]), soft, hard))
    return tuple(sorted(ulimits))


def _tmpfs(entries: Mapping[str, Any]) -> dict[str, str]:
    for target in entries:
        if not str(target).startswith("/"):
            raise SpecError(f"tmpfs: '{target}' is not absolute; write a path that begins with /")
    return tmpfs_words(entries)


def _address(text: Any, version: int) -> str:
    try:
        address = ipaddress.ip_address(str(text)) if text else None
    except ValueError as error:
        raise SpecError(f"networks: ipv{version}_address: {error}") from error
    if address and address.version != version:
        raise SpecError(f"networks: ipv{version}_address: {text} is of version {address.version}")
    return str(address or "")


def _endpoints(entries: Iterable[Mapping[str, Any]]) -> tuple[Endpoint, ...]:
    """In the order of the task: the first one is the container's network mode."""
    endpoints = tuple(
        Endpoint(
            str(entry["name"]),
            tuple(sorted(entry.get("aliases") or ())),
            _address(entry.get("ipv4_address"), 4),
            _address(entry.get("ipv6_address"), 6),
        )
        for entry in entries
    )
    names = [endpoint.name for endpoint in endpoints]
    for name in names:
        if name in BUILT_IN_NETWORKS:
            raise SpecError(f"networks: {name} is built in; write network_mode: {name} instead")
        if names.count(name) > 1:
            raise SpecError(f"networks: {name} is listed twice; drop one of them")
    return endpoints
