# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the packet filter of the kernel lets through: within a bridge, between two, and for those that nobody named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    Fact,
    as_mapping,
    fact_from,
    texts,
)
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
    host_fact,
    network_fact,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.packet_filter import (
    CLOSED,
    OPEN,
    PORTS,
    UNSURE,
    Answer,
    Filter,
    Way,
    filter_from,
    through,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import LISTED, Host, Item, Room

BRIDGE = "bridge"
# Containers of services are in it, and their own inspections do not say so.
GATEWAY = "docker_gwbridge"
IPV4, IPV6 = "ipv4", "ipv6"
FRAMES = {IPV4: "bridge_filter", IPV6: "bridge_filter6"}
# An interface and a bridge that no rule names.
ANYBODY, ELSEWHERE = "?", "!"


class Wire(NamedTuple):
    """A bridge with containers in it."""

    network: str
    subnets: tuple[str, ...]


class Wires(NamedTuple):
    filters: Mapping[str, Filter]
    # Bridge to what is on it; and what of it could not be read.
    bridges: Mapping[str, Wire]
    unread: list[Fact]
    # Bridges from which the kernel forwards nothing of version 4.
    silent: frozenset[str]


def index_wires(room: Room, host: Host) -> None:
    """Once for each host: every network is compared with all others."""
    rules = as_mapping(as_mapping(host.facts.get("network")).get("rules"))
    filters = {one: filter_from(fact_from(rules.get(one), f"network.rules.{one}")) for one in FRAMES}
    bridges: dict[str, Wire] = {}
    unread: list[Fact] = []
    for item in host.networks:
        driver = network_fact(item, "driver", str)
        facts = [network_fact(item, "bridge", str), texts(network_fact(item, "subnets", list)), people(item)]
        if driver.value == BRIDGE:
            unread += [fact for fact in facts if not fact.known]
            bridge, subnets, attached = facts
            if bridge.known and (attached.value or item.name == GATEWAY):
                bridges[bridge.value] = Wire(item.name, tuple(subnets.value or ()))
        elif not driver.known:
            unread.append(driver)
    room.wires[host.name] = Wires(filters, bridges, unread, frozenset(silent(host)))


def people(item: Item) -> Fact:
    return texts(network_fact(item, "attached", list))


def silent(host: Host) -> Iterator[str]:
    tables = fact_from(as_mapping(host.facts.get("settings")).get("interfaces"))
    for name, one in as_mapping(tables.value).items():
        if as_mapping(one).get("forwarding") == "0":
            yield str(name)


def wires_of(room: Room, host: Host) -> Wires:
    found: Wires = room.wires[host.name]
    return found


def versions(item: Item) -> tuple[list[str], list[Fact]]:
    """The versions of addresses in a network, and what of that is not known."""
    subnets, six = texts(network_fact(item, "subnets", list)), network_fact(item, "ipv6", bool)
    unread = [fact for fact in (subnets, six) if not fact.known]
    only_six = bool(subnets.value) and all(":" in subnet for subnet in subnets.value or ())
    return [IPV4] * (not only_six) + [IPV6] * bool(six.value), unread


def separation(item: Item, room: Room) -> tuple[str, str, list[Fact]]:
    """Whether containers of a bridge are kept apart, as a status: PASS, FAIL, or '' for missing evidence.

    Without communication is what the engine was asked for. It is in force by rules of the packet filter, which needs
    the frames of the bridge to pass there; or the kernel keeps the ports apart, whatever the engine was asked.
    """
    icc, ports = network_fact(item, "icc", bool), network_fact(item, "ports", dict)
    if ports.known and ports.value and set(ports.value.values()) == {"1"}:
        return PASS, "the kernel keeps all ports of the bridge apart", [ports]
    if not icc.known:
        return "", "", [icc]
    if icc.value:
        return FAIL, "they reach each other at every port (icc is on)", [icc, ports]
    families, unread = versions(item)
    evidence = [icc]
    for family in families:
        status, words, facts = _within(item, room, family)
        if status == FAIL:
            return FAIL, f"icc is off, and not in force: {words}", [icc, *facts]
        (evidence if status else unread).extend(facts)
    if unread:
        return "", "", unread
    return PASS, "the packet filter drops what one sends to another", evidence


def _within(item: Item, room: Room, family: str) -> tuple[str, str, list[Fact]]:
    host = room.host_of(item)
    frames, bridge = host_fact(host, FRAMES[family], str), network_fact(item, "bridge", str)
    found = wires_of(room, host).filters[family]
    if not frames.known and not frames.error.startswith("ENOENT"):
        return "", "", [frames]
    if frames.value != "1":
        return FAIL, f"what stays in a bridge passes no packet filter ({family})", [frames]
    unread = [fact for fact in (bridge, found.fact) if not fact.known]
    if unread:
        return "", "", unread
    subnets = tuple(texts(network_fact(item, "subnets", list)).value or ())
    answer = through(found, Way({bridge.value: subnets}, bridge.value, subnets))
    if answer.status == UNSURE:
        return "", "", [not_understood(found, answer)]
    rule = ", ".join(one for _source, one in answer.through)
    if answer.status == CLOSED:
        return PASS, "", [frames, found.fact]
    return FAIL, f"it is let through by {rule}", [frames, found.fact._replace(raw=rule)]


def not_understood(found: Filter, answer: Answer) -> Fact:
    rules = ", ".join(dict.fromkeys(rule for _source, rule in answer.through))
    return Fact(found.fact.path, error=f"ENOTSUP whether these rules let it through is not known here: {rules}")


def decide_apart(item: Item, room: Room) -> Outcome:
    """Containers of other bridges send to this one; what it answers them is no matter then."""
    host = room.host_of(item)
    wires = wires_of(room, host)
    driver, bridge, attached = network_fact(item, "driver", str), network_fact(item, "bridge", str), people(item)
    if not driver.known:
        return missing([driver])
    if driver.value != BRIDGE:
        reason = f"the driver {driver.value} makes no bridge on this host"
        return Outcome(NOTAPPLICABLE, "not judged", (driver,), reason=reason)
    families, unread = versions(item)
    unread += [fact for fact in (bridge, attached) if not fact.known]
    if not unread and not attached.value and item.name != GATEWAY:
        return Outcome(PASS, "nobody to reach: no container", (attached,))
    unread += wires.unread
    others = {name: wire for name, wire in wires.bridges.items() if name != bridge.value}
    if not unread and not others:
        return Outcome(PASS, "no other network of a bridge has a container", (attached,))
    answers = [_between(item, wires, family, others) for family in families if bridge.known]
    said = ", ".join(
        dict.fromkeys(name for answer, _fact in answers if answer.status == OPEN for name in _names(answer, others))
    )
    evidence = tuple(fact for _answer, fact in answers if fact.known)
    if said:
        return Outcome(FAIL, f"reached from {said}", evidence)
    unread += [fact for _answer, fact in answers if not fact.known]
    if unread:
        return missing(dict.fromkeys(unread))
    if any(answer.status == PORTS for answer, _fact in answers):
        reason = "single ports are let through, as for whatever is published"
        return Outcome(INFORMATIONAL, f"but for single ports, closed to {len(others)} others", evidence, reason=reason)
    return Outcome(PASS, f"closed to {len(others)} others", evidence)


def _between(item: Item, wires: Wires, family: str, others: Mapping[str, Wire]) -> tuple[Answer, Fact]:
    """How open it is, with the evidence; an unread one is not open, and proves nothing."""
    found = wires.filters[family]
    if not found.fact.known:
        return Answer(UNSURE), found.fact
    quiet = wires.silent if family == IPV4 else frozenset[str]()
    sources = {name: wire.subnets for name, wire in others.items() if name not in quiet}
    bridge = str(network_fact(item, "bridge", str).value)
    answer = through(found, Way(sources, bridge, tuple(texts(network_fact(item, "subnets", list)).value or ())))
    if answer.status == UNSURE:
        return answer, not_understood(found, answer)
    rules = ", ".join(list(dict.fromkeys(rule for _source, rule in answer.through))[:LISTED])
    return answer, found.fact._replace(raw=rules or found.fact.raw)


def _names(answer: Answer, others: Mapping[str, Wire]) -> list[str]:
    names = sorted(others[source].network for source, _rule in answer.through)
    more = len(names) - LISTED
    return [*names[:LISTED], f"{more} more"] if more > 0 else names


def decide_forward(host: Host, room: Room) -> Outcome:
    """What goes from an interface that no rule names to another one."""
    forwards = fact_from(as_mapping(host.facts.get("settings")).get("ip_forward"), "settings.ip_forward")
    if forwards.value == "0":
        return Outcome(PASS, "the host forwards nothing", (forwards,))
    found = wires_of(room, host).filters[IPV4]
    unread = [fact for fact in (forwards, found.fact) if not fact.known]
    if unread:
        return missing(unread)
    answer = through(found, Way({ANYBODY: ()}, ELSEWHERE))
    if answer.status == UNSURE:
        return missing([not_understood(found, answer)])
    rule = ", ".join(rule for _source, rule in answer.through)
    evidence = (found.fact._replace(raw=rule or found.fact.raw), forwards)
    if answer.status == CLOSED:
        return Outcome(PASS, "dropped", evidence)
    return Outcome(FAIL, f"the host forwards it: {rule}", evidence)


CHECKS: tuple[Check, ...] = (
    Check(
        id="network-apart",
        title="Networks of the engine do not reach each other",
        concept="network",
        severity="high",
        expected="nothing forwarded from another network's bridge, but for published ports",
        remedy="Let the engine write its rules (iptables), restart it when they are gone, and remove rules of others "
        "that let through what comes from a bridge (DOCKER-USER, DOCKER-INGRESS).",
        why="A network of one's own is no boundary when the host forwards packets between two of them.",
        how="iptables-nft-save and iptables-legacy-save (filter, from FORWARD on), followed rule by rule; "
        "/proc/sys/net/ipv4/conf/*/forwarding; GET /networks.",
        variable="engine_host_daemon_options",
        decide_network=decide_apart,
        nist=("4.3.3", "4.4.2"),
    ),
)
# What the engine made of its host: it stands with the checks of the engine.
OF_HOSTS: tuple[Check, ...] = (
    Check(
        id="daemon-forward-policy",
        title="What no rule allows is not forwarded",
        concept="daemon",
        severity="medium",
        expected="dropped, by the policy of FORWARD or a rule at its end",
        remedy="iptables --policy FORWARD DROP, at every start; the engine does it where it is the one that switches "
        "net.ipv4.ip_forward on.",
        why="The engine makes a router of the host: who is in a network beside it can reach containers, or others "
        "through it.",
        how="iptables-nft-save and iptables-legacy-save, followed from an interface that no rule names; "
        "/proc/sys/net/ipv4/ip_forward.",
        decide_host=decide_forward,
        nist=("4.3.3",),
    ),
)
