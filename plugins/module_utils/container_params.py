# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task says about one container, as a Spec."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils import units
from ansible_collections.bulkhead.classroom.plugins.module_utils.container_spec import (
    BUILT_IN_NETWORKS,
    FLEET,
    MEMBER,
    OWN_LABELS,
    SUCCESSOR,
    Endpoint,
    Spec,
    tmpfs_words,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.mounts import mounts_from_params
from ansible_collections.bulkhead.classroom.plugins.module_utils.security import capabilities, security_options
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
        cpus=units.parse_cpus(params["cpus"]) if "cpus" in params else 0,
        pids_limit=units.parse_pids(params["pids_limit"]) if "pids_limit" in params else 0,
        ulimits=_ulimits(params.get("ulimits") or ()),
        cap_add=capabilities(params.get("cap_add")),
        cap_drop=capabilities(params.get("cap_drop")),
        security_opts=security_options(params.get("security_opts")),
        tmpfs=_tmpfs(params.get("tmpfs") or {}),
        mounts=mounts_from_params(params.get("mounts")),
        storage_opt=strings(params.get("storage_opt") or {}, "storage_opt"),
        networks=_endpoints(params.get("networks") or ()),
        restart_policy=units.parse_restart(params.get("restart_policy", "no")),
        command=_words(params.get("command")),
        entrypoint=_words(params.get("entrypoint")),
        **{key: params[key] for key in _PLAIN if key in params},
    )
    if spec.state != "absent" and not spec.image:
        raise SpecError("image: is missing; give it here or in defaults")
    if spec.networks and spec.network_mode:
        raise SpecError("networks and network_mode exclude each other; drop one of them")
    for option in ("network_mode", "pid_mode", "ipc_mode"):
        if str(getattr(spec, option) or "").startswith("container:"):
            raise SpecError(f"{option}: sharing a namespace with another container is not offered; drop it")
    return spec


_PLAIN = (
    *("user", "workdir", "hostname", "cpu_shares", "privileged", "read_only", "init", "network_mode", "cgroup_parent"),
    *("pid_mode", "ipc_mode", "uts_mode", "userns_mode", "cgroupns_mode", "stop_timeout"),
)


def check_name(name: str) -> None:
    if not _NAME.match(name):
        raise SpecError(f"name: '{name}' is refused by engines; use two or more letters, digits, and _ . - inside")
    if name.endswith(SUCCESSOR):
        raise SpecError(f"name: the ending {SUCCESSOR} is kept for successors while containers are replaced")


def _words(words: Iterable[Any] | None) -> tuple[str, ...] | None:
    return None if words is None else tuple(map(str, words))


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


def _endpoints(entries: Iterable[Mapping[str, Any]]) -> tuple[Endpoint, ...]:
    """In the order of the task: the first one is the container's network mode."""
    endpoints = tuple(
        Endpoint(str(entry["name"]), tuple(sorted(entry.get("aliases") or ())), str(entry.get("ipv4_address") or ""))
        for entry in entries
    )
    names = [endpoint.name for endpoint in endpoints]
    for name in names:
        if name in BUILT_IN_NETWORKS:
            raise SpecError(f"networks: {name} is built in; write network_mode: {name} instead")
        if names.count(name) > 1:
            raise SpecError(f"networks: {name} is listed twice; drop one of them")
    return endpoints
