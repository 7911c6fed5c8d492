# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a container's network namespace has in it: addresses, settings of interfaces, sockets without a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact, as_mapping
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    FAIL,
    INFORMATIONAL,
    NOTAPPLICABLE,
    PASS,
    Check,
    Outcome,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.network_evidence import (
    container_fact,
    host_fact,
    in_host_namespace,
    inside,
    network_fact,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container, Room

HOSTS = "it has the host's network, which ns-net-private judges"
# Parts of the names of sockets whose owners act with more rights than a container.
POWERFUL = ("buildkit", "containerd", "crio", "dbus", "docker", "podman", "systemd")
KEYS = ("route_localnet", "rp_filter", "accept_redirects", "accept_source_route", "forwarding")
Interfaces = Mapping[str, Mapping[str, str]]


def decide_default_bridge(container: Container, room: Room) -> Outcome:
    """By the engine's word, and by the addresses: who joined another's network is in none, says the engine."""
    joined, addresses = container_fact(container, "networks", dict), container_fact(container, "addresses", list)
    in_hosts, unread = in_host_namespace(container, room)
    if in_hosts:
        return Outcome(NOTAPPLICABLE, "not judged", (joined,), reason=HOSTS)
    known = {str(item.record.get("id")): item for item in room.host_of(container).networks}
    ours = [fact for fact in (joined, addresses, *unread) if not fact.known]
    for name, identifier in as_mapping(joined.value).items():
        if identifier not in known:
            ours.append(Fact(f"network {name}", error="ENOENT the network is not recorded in the facts"))
    bridges = {key: network_fact(item, "default_bridge", bool) for key, item in known.items()}
    subnets = {key: network_fact(item, "subnets", list) for key, item in known.items() if bridges[key].value}
    named = [name for name, identifier in as_mapping(joined.value).items() if identifier in subnets]
    ranges = [str(subnet) for fact in subnets.values() for subnet in fact.value or []]
    reached = [str(address) for address in addresses.value or [] if inside(str(address), ranges)]
    told = ", ".join(map(str, as_mapping(joined.value))) or "no network"
    said = [f"is in {', '.join(named)}"] if named else []
    said += [f"has the address {', '.join(reached)}"] if reached else []
    if said:
        return Outcome(FAIL, f"{' and '.join(said)} of the default bridge", (addresses, joined), inspected=told)
    unknown = [*ours, *(fact for fact in (*bridges.values(), *subnets.values()) if not fact.known)]
    if unknown:
        return missing(unknown)
    return Outcome(PASS, ", ".join(map(str, addresses.value)) or "no address", (addresses, joined), inspected=told)


def decide_settings(container: Container, room: Room) -> Outcome:
    in_hosts, unread = in_host_namespace(container, room)
    if in_hosts:
        return Outcome(NOTAPPLICABLE, "not judged", (), reason=f"{HOSTS}, and kernel-* its settings")
    own = container_fact(container, "settings", dict)
    hosts = host_fact(room.host_of(container), "settings", dict)
    joined = container_fact(container, "networks", dict)
    own, hosts = whole(own), whole(hosts)
    tables: Interfaces = as_mapping(own.value)
    said = [*faults(tables), *(looser(tables, hosts.value) if hosts.known else ())]
    evidence = own._replace(raw=shown(tables))
    if said:
        return Outcome(FAIL, "; ".join(said), (evidence, hosts._replace(raw=shown(as_mapping(hosts.value)))))
    holes = [fact for fact in (own, hosts, joined, *unread) if not fact.known]
    if holes:
        return missing(holes)
    if tables["all"]["forwarding"] == "1" and len(joined.value) > 1:
        reason = "it forwards, as the host does: who is in one of its networks can reach the others through it"
        return Outcome(INFORMATIONAL, f"stands between {', '.join(joined.value)}", (evidence, joined), reason=reason)
    return Outcome(PASS, "as strict as the host, or stricter", (evidence,))


def whole(fact: Fact) -> Fact:
    tables = as_mapping(fact.value)
    full = all(isinstance(as_mapping(one).get(key), str) for one in tables.values() for key in KEYS)
    if fact.known and not (full and {"all", "default"} <= set(tables)):
        return Fact(fact.path, error="ENOENT settings of an interface are not recorded")
    return fact


def shown(tables: Interfaces) -> str:
    return "; ".join(f"{name}: {' '.join(f'{key}={one[key]}' for key in KEYS)}" for name, one in tables.items())


def judged(tables: Interfaces) -> Iterator[tuple[str, Mapping[str, str], Mapping[str, str]]]:
    """Each interface with its own settings and those of all together."""
    for name, one in tables.items():
        if name not in ("lo", "default"):
            yield name, one, tables["all"]


def faults(tables: Interfaces) -> Iterator[str]:
    for name, one, everywhere in judged(tables):
        if "1" in (one["route_localnet"], everywhere["route_localnet"]):
            yield f"{name} takes packets for 127.0.0.0/8 (route_localnet)"
        # Here the kernel wants both.
        if one["accept_source_route"] != "0" and everywhere["accept_source_route"] != "0":
            yield f"{name} lets a sender choose the way (accept_source_route)"


def looser(tables: Interfaces, host: Interfaces) -> Iterator[str]:
    """A new namespace begins with the host's settings, so what is looser was changed for this container."""
    theirs = host["default"]
    for name, one, everywhere in judged(tables):
        if redirected(one, everywhere) and not redirected(theirs, host["all"]):
            yield f"{name} lets strangers change its routes (accept_redirects), and the host does not"
        if not filtering(one, everywhere) and filtering(theirs, host["all"]):
            yield f"{name} takes packets from forged addresses (rp_filter), and the host does not"


def redirected(one: Mapping[str, str], everywhere: Mapping[str, str]) -> bool:
    """An interface that forwards wants both settings, one that does not takes either."""
    both = (one["accept_redirects"] != "0", everywhere["accept_redirects"] != "0")
    return all(both) if one["forwarding"] == "1" else any(both)


def filtering(one: Mapping[str, str], everywhere: Mapping[str, str]) -> bool:
    """The stricter of the two counts."""
    return one["rp_filter"] != "0" or everywhere["rp_filter"] != "0"


def decide_abstract(container: Container, room: Room) -> Outcome:
    fact, own = container_fact(container, "abstract", list), container_fact(container, "namespace", str)
    in_hosts, unread = in_host_namespace(container, room)
    names = [str(name) for name in fact.value or []]
    evidence = (fact._replace(raw=", ".join(names) or "none"), own)
    powerful = [name for name in names if any(word in name.lower() for word in POWERFUL)]
    if in_hosts and powerful:
        return Outcome(FAIL, f"reaches {', '.join(powerful)} of the host", evidence)
    holes = [one for one in (fact, *unread) if not one.known]
    if holes:
        return missing(holes)
    others = room.sharers("ns-net", container, own.value)
    sharers = ["the host"] * in_hosts + others
    if not sharers or not names:
        return Outcome(PASS, f"shared with nobody: {evidence[0].raw}" if not sharers else "there are none", evidence)
    reason = "they ask for no file, so only who answers decides who may; that the network is shared is judged elsewhere"
    return Outcome(INFORMATIONAL, f"shared with {', '.join(sharers)}: {', '.join(names)}", evidence, reason=reason)


CHECKS: tuple[Check, ...] = (
    Check(
        id="network-not-default-bridge",
        title="Not in the engine's default network",
        concept="network",
        severity="medium",
        expected="a network of its own, or none",
        remedy="Make a network, and create the container with it.",
        why="All that nobody gave a network are together there, strangers beside one another.",
        how="GET /networks (default_bridge, subnets); addresses in /proc/PID/net/fib_trie; NetworkSettings.Networks.",
        variable="student_workspaces entry point main",
        decide=decide_default_bridge,
        cis=("5.30",),
        nist=("4.3.3", "4.4.2"),
    ),
    Check(
        id="network-sysctls",
        title="The container's interfaces are no looser than the host's",
        concept="network",
        severity="medium",
        expected="route_localnet and accept_source_route off; accept_redirects and rp_filter no looser than the host's",
        remedy="Create the container anew without that sysctl, or with the strict value.",
        why="Services that listen at 127.0.0.1 alone are then in reach of neighbours, and packets can be led astray.",
        how="/proc/sys/net/ipv4/conf inside of its network namespace, which a child process enters to read.",
        variable="containers[].sysctls",
        decide=decide_settings,
        nist=("4.4.3",),
    ),
    Check(
        id="network-abstract-sockets",
        title="No socket of the host without a file",
        concept="network",
        severity="high",
        expected="none of an engine's or the init system's",
        remedy="Create the container with a network of its own.",
        why="Such a socket belongs to the network namespace: no mount and no permission of a file keeps anybody away.",
        how="/proc/PID/net/unix: names that begin with a NUL, of those who listen.",
        decide=decide_abstract,
        nist=("4.4.2",),
    ),
)
