# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks of a fleet: what is wanted, what is there, what to do."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.container_changes import Change
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.container_params import check_name, strings
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.container_spec import BUILT_IN_NETWORKS
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.fleet_labels import ASKED, FLEET
from ansible_collections.bulkhead.classroom.plugins.module_utils.units import SpecError

# Options that newer engines report without having been asked.
_ENGINE_OPTIONS = ("com.docker.network.enable_ipv4", "com.docker.network.enable_ipv6")


@dataclass(frozen=True)
class NetworkSpec:
    """An empty subnet or gateway means that the engine takes one from its pools."""

    name: str
    driver: str = "bridge"
    internal: bool = False
    options: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    subnet: str = ""
    gateway: str = ""

    @property
    def asked(self) -> str:
        return ",".join(name for name in ("subnet", "gateway") if getattr(self, name))


@dataclass(frozen=True)
class Network:
    """A network as the engine reports it."""

    spec: NetworkSpec
    id: str
    asked: str = ""
    # Names of the running containers in it, by id.
    containers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class NetworkStep:
    action: str
    name: str
    id: str = ""
    spec: NetworkSpec | None = None
    changes: tuple[Change, ...] = ()


def network_from_params(params: Mapping[str, Any], fleet: str, labels: Mapping[str, Any]) -> NetworkSpec:
    name = str(params["name"])
    try:
        check_name(name)
        if name in BUILT_IN_NETWORKS:
            raise SpecError("the engine's own networks cannot be managed; choose another name")
        own = strings(params.get("labels") or {}, "labels", refused=(FLEET, ASKED))
        return NetworkSpec(
            name=name,
            driver=str(params.get("driver") or "bridge"),
            internal=bool(params.get("internal")),
            options=strings(params.get("options") or {}, "options"),
            labels={**strings(labels, "labels", refused=(FLEET, ASKED)), **own, FLEET: fleet},
            **_addresses(params),
        )
    except SpecError as error:
        raise SpecError(f"network {name}: {error}") from error


def _addresses(params: Mapping[str, Any]) -> dict[str, str]:
    subnet, gateway = str(params.get("subnet") or ""), str(params.get("gateway") or "")
    try:
        network = ipaddress.ip_network(subnet) if subnet else None
        if gateway and (network is None or ipaddress.ip_address(gateway) not in network):
            raise SpecError(
                f"gateway: {gateway} is not inside subnet {subnet or '(none given)'}; give both, or neither"
            )
    except ValueError as error:
        raise SpecError(f"subnet or gateway: {error}; write them like 172.30.5.0/24 and 172.30.5.1") from error
    return {"subnet": subnet, "gateway": gateway}


def network_from_inspect(document: Mapping[str, Any]) -> Network:
    labels = dict(document.get("Labels") or {})
    asked = labels.pop(ASKED, "")
    pools = (document.get("IPAM") or {}).get("Config") or [{}]
    options = {key: text for key, text in (document.get("Options") or {}).items() if key not in _ENGINE_OPTIONS}
    spec = NetworkSpec(
        name=str(document["Name"]),
        driver=str(document["Driver"]),
        internal=bool(document.get("Internal")),
        options=options,
        labels=labels,
        subnet=str(pools[0].get("Subnet") or ""),
        gateway=str(pools[0].get("Gateway") or ""),
    )
    containers = {key: str(one.get("Name") or "") for key, one in (document.get("Containers") or {}).items()}
    return Network(spec, str(document["Id"]), asked, containers)


def network_body(spec: NetworkSpec) -> dict[str, Any]:
    """For POST /networks/create."""
    body: dict[str, Any] = {
        "Name": spec.name,
        # The engine allows two networks with one name otherwise.
        "CheckDuplicate": True,
        "Driver": spec.driver,
        "Internal": spec.internal,
        "Options": dict(spec.options),
        "Labels": {**spec.labels, ASKED: spec.asked},
    }
    if spec.subnet:
        pool = {"Subnet": spec.subnet, **({"Gateway": spec.gateway} if spec.gateway else {})}
        body["IPAM"] = {"Driver": "default", "Config": [pool]}
    return body


def compare_network(want: NetworkSpec, have: Network) -> tuple[Change, ...]:
    changes = []
    for name in ("driver", "internal", "options", "labels", "subnet", "gateway"):
        after, before = getattr(want, name), getattr(have.spec, name)
        # The engine fills in the addresses; a difference is only what is asked for now or was asked for then.
        if name in ("subnet", "gateway") and not after and name not in have.asked.split(","):
            continue
        if after != before:
            changes.append(Change(name, before, after))
    return tuple(changes)


def plan_networks(
    wanted: Iterable[NetworkSpec],
    have: Iterable[Network],
    fleet: str,
    staying: Mapping[str, frozenset[str]],
    drop: bool,
    prune: bool,
) -> tuple[list[NetworkStep], dict[str, str]]:
    """Steps, and by network what stands in the way.

    `drop`: the wanted ones go. `staying`: by the id of our containers, the networks that they will still need.
    """
    wanted, present = list(wanted), {network.spec.name: network for network in have}
    steps: list[NetworkStep] = []
    problems: dict[str, str] = {}
    for spec in wanted:
        network = present.get(spec.name)
        if network and network.spec.labels.get(FLEET) != fleet:
            problems[spec.name] = (
                f"network {spec.name} exists and is not of fleet {fleet}: remove it, or choose another name"
            )
            continue
        step = _remove(network) if drop else _converge(spec, network)
        _admit(step, network, staying, steps, problems)
    listed = {spec.name for spec in wanted}
    for name, network in sorted(present.items()):
        if prune and name not in listed and network.spec.labels.get(FLEET) == fleet:
            _admit(_remove(network), network, staying, steps, problems)
    return steps, problems


def _converge(spec: NetworkSpec, network: Network | None) -> NetworkStep | None:
    if network is None:
        return NetworkStep("create", spec.name, spec=spec)
    changes = compare_network(spec, network)
    return NetworkStep("recreate", spec.name, network.id, spec, changes) if changes else None


def _remove(network: Network | None) -> NetworkStep | None:
    return NetworkStep("remove", network.spec.name, network.id) if network else None


def _admit(
    step: NetworkStep | None,
    network: Network | None,
    staying: Mapping[str, frozenset[str]],
    steps: list[NetworkStep],
    problems: dict[str, str],
) -> None:
    """A network is not taken away from under a container that needs it."""
    if step is None:
        return
    inside = network.containers if network else {}
    strangers = sorted(name for key, name in inside.items() if key not in staying)
    kept = sorted(name for key, name in inside.items() if step.name in staying.get(key, ()))
    if strangers:
        problems[step.name] = (
            f"network {step.name} must be {step.action}d, but containers that are not of the fleet are in it: "
            f"{', '.join(strangers)}. Disconnect them first"
        )
    elif kept and step.action == "remove":
        problems[step.name] = (
            f"network {step.name} must be removed, but members of the fleet that stay are in it: {', '.join(kept)}. "
            "Remove them too (list them, or set prune), or keep the network"
        )
    else:
        steps.append(step)
