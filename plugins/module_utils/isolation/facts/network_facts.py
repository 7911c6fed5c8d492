# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about networks: the engine's, the host's listeners, and what each container has and can reach."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host import net_namespaces, programs
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    Fact,
    as_list,
    as_mapping,
    fact_from,
    printable,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.net_tables import (
    read_abstract,
    read_addresses,
    read_tcp,
)

BRIDGE_OPTION = "com.docker.network.bridge."
DEFAULT_BRIDGE = BRIDGE = "bridge"
# Without it, frames within a bridge pass no packet filter, whatever rules there are.
BRIDGE_FILTERS = {
    "bridge_filter": "/proc/sys/net/bridge/bridge-nf-call-iptables",
    "bridge_filter6": "/proc/sys/net/bridge/bridge-nf-call-ip6tables",
}
HOSTS_OWN = "the container has the host's own network, whose settings are judged with the host"
STARTED_LATER = "the container was started while the settings were read; read them again"
NOTHING_PUBLISHED = "ENODATA not read, because no port of the container is published"


def read_networks(
    kernel: Kernel, listed: Iterable[Mapping[str, Any]], inspected: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Every network of the engine. Who is in it the list does not say; each container's own inspection does."""
    inside: dict[str, list[str]] = {}
    for record in inspected:
        if as_mapping(record.get("State")).get("Pid"):
            for identifier in networks_of(record).values():
                inside.setdefault(identifier, []).append(str(record.get("Name") or "").lstrip("/"))
    return [_network(kernel, as_mapping(entry), inside) for entry in listed]


def networks_of(inspected: Mapping[str, Any]) -> dict[str, str]:
    """Names of a container's networks to their ids."""
    joined = as_mapping(as_mapping(inspected.get("NetworkSettings")).get("Networks"))
    return {str(name): str(as_mapping(entry).get("NetworkID") or "") for name, entry in joined.items()}


def _network(kernel: Kernel, entry: Mapping[str, Any], inside: Mapping[str, list[str]]) -> dict[str, Any]:
    identifier, name = str(entry.get("Id") or ""), str(entry.get("Name") or "")
    options = as_mapping(entry.get("Options"))
    ranges = map(as_mapping, as_list(as_mapping(entry.get("IPAM")).get("Config")))
    driver = str(entry.get("Driver") or "") or None
    bridge = str(options.get(f"{BRIDGE_OPTION}name") or f"br-{identifier[:12]}")
    told = {
        "driver": driver,
        "bridge": bridge if driver == BRIDGE else None,
        "icc": _on(options.get(f"{BRIDGE_OPTION}enable_icc", "true")),
        "default_bridge": name == DEFAULT_BRIDGE or _on(options.get(f"{BRIDGE_OPTION}default_bridge")),
        # With the key alone the engine encrypts.
        "encrypted": "encrypted" in options and str(options["encrypted"]).lower() != "false",
        "internal": entry.get("Internal"),
        "ipv6": entry.get("EnableIPv6"),
        "subnets": [str(part["Subnet"]) for part in ranges if part.get("Subnet")],
        "attached": sorted(map(printable, inside.get(identifier, []))),
    }
    record: dict[str, Any] = {"id": identifier, "name": name}
    record.update({key: Fact(f"network {printable(name)}: {key}", value).document() for key, value in told.items()})
    record["ports"] = read_ports(kernel, bridge).document()
    return record


def _on(option: Any) -> bool:
    return str(option).lower() in ("true", "1")


def read_ports(kernel: Kernel, bridge: str) -> Fact:
    """The ports of a bridge, and whether each is isolated ('1': it exchanges nothing with others that are)."""
    folder = f"/sys/class/net/{bridge}/brif"
    names = kernel.names(folder)
    if not names.known:
        return names
    return Fact(folder, {port: str(kernel.read(f"{folder}/{port}/isolated").value) for port in names.value})


def read_host_network(kernel: Kernel, engine: int | None) -> dict[str, Any]:
    """The engine's namespace is the host's; this reader may have one of its own."""
    settings: dict[str, dict[str, str]] = {}
    unread: list[Fact] = []
    for name in ("all", "default"):
        facts = {one: kernel.read(f"{net_namespaces.FOLDER}/{name}/{one}") for one in net_namespaces.SETTINGS}
        unread += [fact for fact in facts.values() if not fact.known]
        settings[name] = {one: str(fact.value) for one, fact in facts.items()}
    return {
        "listeners": read_tcp(kernel, str(engine or "self")).document(),
        **{key: read_setting(kernel, engine, path).document() for key, path in BRIDGE_FILTERS.items()},
        "settings": (unread[0] if unread else Fact(net_namespaces.FOLDER, settings)).document(),
    }


def read_setting(kernel: Kernel, engine: int | None, path: str) -> Fact:
    """A setting of the engine's network namespace. /proc/sys/net shows whoever looks there his own."""
    before = () if kernel.root else programs.entered(kernel, engine)
    return programs.printed((*before, "cat", path)) if before else kernel.read(path)


def read_network(kernel: Kernel, inspected: Mapping[str, Any]) -> dict[str, Any]:
    """Of one container. Its settings are added by add_settings, for all containers at once."""
    owner = str(as_mapping(inspected.get("State")).get("Pid") or 0)
    settings = as_mapping(inspected.get("NetworkSettings"))
    published = published_by(settings)
    listeners = Fact(f"/proc/{owner}/net/tcp", error=NOTHING_PUBLISHED)
    return {
        "namespace": kernel.identity(f"/proc/{owner}/ns/net").document(),
        "addresses": read_addresses(kernel, owner).document(),
        "abstract": read_abstract(kernel, owner).document(),
        "networks": Fact("inspect NetworkSettings.Networks", networks_of(inspected) if settings else None).document(),
        "published": Fact("inspect NetworkSettings.Ports", published).document(),
        # A look through all connections of the machine: only where there is a question.
        "listeners": (read_tcp(kernel, owner) if published else listeners).document(),
    }


def published_by(settings: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """[{inside, protocol, address, port}], or None when the engine said nothing. An empty address is every one."""
    if not settings:
        return None
    found: list[dict[str, Any]] = []
    for inner, bindings in as_mapping(settings.get("Ports")).items():
        number, _slash, protocol = str(inner).partition("/")
        for binding in map(as_mapping, as_list(bindings)):
            outer = str(binding.get("HostPort"))
            entry = {
                "inside": int(number) if number.isdigit() else number,
                "protocol": protocol or "tcp",
                "address": str(binding.get("HostIp") or "0.0.0.0"),
                "port": int(outer) if outer.isdigit() else outer,
            }
            found.append(entry)
    return found


def begin_settings(kernel: Kernel, pids: Iterable[int], host: Mapping[str, Any]) -> net_namespaces.Reading:
    """Reads the settings of interfaces in each network namespace that is not the host's, by one child for all of them.
    A recorded tree has no namespaces that could be entered."""
    spaces = [] if kernel.root else [(kernel.identity(f"/proc/{pid}/ns/net"), pid) for pid in pids if pid]
    hosts = _of_host(host)
    return net_namespaces.Reading({str(one.value): pid for one, pid in spaces if one.known and one.value not in hosts})


def add_settings(
    reading: net_namespaces.Reading, containers: Iterable[dict[str, Any]], host: Mapping[str, Any]
) -> None:
    """What was begun comes to its end, and goes into the records."""
    found, hosts = reading.answers(), _of_host(host)
    for record in containers:
        if isinstance(record.get("network"), dict):
            space = fact_from(record["network"]["namespace"])
            why = HOSTS_OWN if space.value in hosts else STARTED_LATER
            unread = Fact(f"{net_namespaces.FOLDER} in {space.path}", error=space.error or f"ENODATA not read: {why}")
            record["network"]["settings"] = found.get(str(space.value), unread).document()


def _of_host(host: Mapping[str, Any]) -> set[Any]:
    return {as_mapping(as_mapping(owner).get("net")).get("value") for owner in host["namespaces"].values()}
