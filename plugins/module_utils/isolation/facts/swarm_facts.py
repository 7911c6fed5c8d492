# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about a swarm: its services' variables, the age of its own CA, and where the packets of containers travel.

No key and no token is asked for.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_reading import Readable
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.certificate import validity
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    Fact,
    as_list,
    as_mapping,
    printable,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.image_secrets import variables

DAY = 24 * 3600
NO_MANAGER = "ENODATA not read, because this engine is no manager of a swarm"
NO_SWARM = "ENODATA not read, because this engine is no member of a swarm"
STATE = "swarm/docker-state.json"


def read_swarm_facts(engine: Readable, kernel: Kernel, info: Mapping[str, Any]) -> dict[str, Any]:
    swarm = as_mapping(info.get("Swarm"))
    member = swarm.get("LocalNodeState") not in (None, "", "inactive")
    services, authority, addresses = Fact("/services", error=NO_MANAGER), Fact("/info Swarm", error=NO_MANAGER), None
    if swarm.get("ControlAvailable"):
        services, authority = read_services(engine), read_authority(as_mapping(swarm.get("Cluster")), time.time())
    if member:
        addresses = read_addresses(kernel, str(info.get("DockerRootDir") or ""))
    found = {
        "swarm_services": services,
        "swarm_ca": authority,
        "swarm_addresses": addresses or Fact(STATE, error=NO_SWARM),
    }
    return {name: fact.document() for name, fact in found.items()}


def read_services(engine: Readable) -> Fact:
    """Each service with the names of its variables that look like a secret's."""
    try:
        listed = [as_mapping(as_mapping(one).get("Spec")) for one in as_list(engine.services())]
    except EngineError as error:
        return Fact("/services", error=str(error))
    found = []
    for spec in listed:
        container = as_mapping(as_mapping(spec.get("TaskTemplate")).get("ContainerSpec"))
        names = [{**one, "name": printable(one["name"])} for one in variables(as_list(container.get("Env")))]
        secrets = len(as_list(container.get("Secrets")))
        found.append({"name": printable(str(spec.get("Name") or "?")), "variables": names, "secrets": secrets})
    return Fact("/services", found)


def read_authority(cluster: Mapping[str, Any], now: float) -> Fact:
    """Days since the certificate of the swarm's CA began, and until it ends."""
    path = "/info Swarm.Cluster.TLSInfo.TrustRoot"
    try:
        begins, ends = validity(str(as_mapping(cluster.get("TLSInfo")).get("TrustRoot") or ""))
    except ValueError as error:
        return Fact(path, error=f"EINVAL {error}")
    value = {
        "age_days": int((now - begins.timestamp()) // DAY),
        "left_days": int((ends.timestamp() - now) // DAY),
        "rotating": bool(cluster.get("RootRotationInProgress")),
    }
    return Fact(path, value, f"from {begins:%Y-%m-%d} to {ends:%Y-%m-%d}")


def read_addresses(kernel: Kernel, data_root: str) -> Fact:
    """Where the swarm gives orders (control), and where the packets of containers travel (data), as it was joined."""
    fact = kernel.read(f"{data_root.rstrip('/')}/{STATE}")
    if not fact.known:
        return fact
    try:
        state = as_mapping(json.loads(str(fact.value)))
    except ValueError as error:
        return Fact(fact.path, error=f"EINVAL {error}")
    control = address_of(str(state.get("AdvertiseAddr") or "")) or str(state.get("LocalAddr") or "")
    return Fact(fact.path, {"control": control, "data": address_of(str(state.get("DataPathAddr") or ""))})


def address_of(text: str) -> str:
    """Without the port: 10.0.0.1:2377, [fd00::1]:2377, eth0."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text
