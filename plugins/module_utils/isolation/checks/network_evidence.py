# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the checks of networks ask of the facts. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    Fact,
    as_list,
    as_mapping,
    fact_from,
    formed,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container, Host, Item, Room


def container_fact(container: Container, key: str, kind: type) -> Fact:
    """One of a container's facts about networks; of another form than `kind` it is an error."""
    fact = fact_from(as_mapping(container.record.get("network")).get(key), f"{container.name} network.{key}")
    fact = formed(fact, kind)
    if key == "networks" and not all(isinstance(one, str) for one in as_mapping(fact.value).values()):
        return Fact(fact.path, error="EINVAL recorded with a network that has no id")
    return fact


def host_fact(host: Host, key: str, kind: type) -> Fact:
    return formed(fact_from(as_mapping(host.facts.get("network")).get(key), f"network.{key}"), kind)


def network_fact(item: Item, key: str, kind: type) -> Fact:
    return formed(item.fact(key), kind)


def rows(fact: Fact, *keys: str) -> list[Mapping[str, Any]] | None:
    """A list of tables with these keys; None when one is not whole."""
    found = [as_mapping(entry) for entry in as_list(fact.value)]
    return found if all(key in entry for entry in found for key in keys) else None


def in_host_namespace(container: Container, room: Room) -> tuple[bool, list[Fact]]:
    """Whether it is the host's network that it has, and what could not be read of that."""
    own, hosts = container_fact(container, "namespace", str), room.host_of(container).namespaces("net")
    known = {fact.value for fact in hosts if fact.known}
    if not hosts:
        hosts = [Fact("/proc/self/ns/net", error="the host's own namespaces are not recorded")]
    return own.known and own.value in known, [fact for fact in (own, *hosts) if not fact.known]


def inside(address: str, subnets: Iterable[str]) -> bool:
    """Whether an address is in one of the subnets; what is neither is in none."""
    try:
        number = ipaddress.ip_address(address)
        return any(number in ipaddress.ip_network(subnet, strict=False) for subnet in subnets)
    except ValueError:
        return False


def index_networks(room: Room, host: str, container: Container) -> None:
    """Who is in which network, and whose workspace it is."""
    if not container.running:
        return
    student = container.labels.get(room.policy.student_label)
    for identifier in as_mapping(container_fact(container, "networks", dict).value).values():
        if student:
            room.add("student", host, identifier, str(student))
