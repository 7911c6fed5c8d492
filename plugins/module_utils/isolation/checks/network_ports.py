# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports of a container that its host passes on: which, at which addresses, and whether anybody serves them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    FAIL,
    INFORMATIONAL,
    NOTAPPLICABLE,
    PASS,
    Check,
    Decide,
    Outcome,
    broken,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.network_evidence import (
    container_fact,
    host_fact,
    in_host_namespace,
    rows,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.network_rules import (
    IPV4,
    wires_of,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.daemon_view import address_text
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.packet_rule import Rule
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container, Room

Port = Mapping[str, Any]
KEYS = ("inside", "protocol", "address", "port")
PRIVILEGED = 1024
EVERYWHERE = ("0.0.0.0", "::")
NONE = "no port is published"
PUBLISHED = "NetworkSettings.Ports of inspect"


def published(container: Container) -> tuple[Fact, list[Port]]:
    """A port that is no number is a hole in the evidence, not a high number."""
    fact = container_fact(container, "published", list)
    found = rows(fact, *KEYS)
    if fact.known and (found is None or not all(isinstance(one["port"], int) for one in found)):
        return Fact(fact.path, error="EINVAL no list of addresses and ports"), []
    return fact._replace(raw=", ".join(map(text_of, found or [])) or NONE), list(found or [])


def text_of(port: Port) -> str:
    outside = address_text({"kind": "tcp", "address": port["address"], "port": port["port"]})
    return f"{outside} to {port['inside']}/{port['protocol']}"


def key_of(port: Port) -> str:
    return f"{port['port']}/{port['protocol']}"


def judging(fault: Callable[[Port], bool], words: str) -> Decide:
    """Red when one of the published ports is at fault."""

    def decide(container: Container, room: Room) -> Outcome:
        fact, ports = published(container)
        if not fact.known:
            return missing([fact])
        bad = [text_of(port) for port in ports if fault(port)]
        if not bad:
            return Outcome(PASS, fact.raw, (fact,), inspected=fact.raw)
        return Outcome(FAIL, f"{words}: {', '.join(bad)}", (fact, *held(container, room, ports)), inspected=fact.raw)

    return decide


def held(container: Container, room: Room, ports: list[Port]) -> list[Fact]:
    """The host's own sockets at these ports: there are some where the engine has a helper program for each."""
    fact = host_fact(room.host_of(container), "listeners", list)
    numbers = {port["port"] for port in ports}
    found = [one for one in rows(fact, "address", "port") or [] if one["port"] in numbers]
    texts = [address_text({"kind": "tcp", **one}) for one in found]
    return [Fact(fact.path, texts, ", ".join(texts))] if texts else []


def decide_expected(container: Container, room: Room) -> Outcome:
    fact, ports = published(container)
    wanted = room.policy_for(container).published_ports
    if not fact.known:
        return missing([fact])
    if wanted is None:
        return Outcome(NOTAPPLICABLE, fact.raw, (fact,), reason="the policy names no published_ports")
    bad = [text_of(port) for port in ports if key_of(port) not in wanted]
    expected = f"only {', '.join(wanted)}" if wanted else "none"
    said = f"not in the policy: {', '.join(bad)}" if bad else fact.raw
    return Outcome(FAIL if bad else PASS, said, (fact,), expected, inspected=fact.raw)


def decide_served(container: Container, _room: Room) -> Outcome:
    """Only of TCP: a socket of UDP looks the same whether it takes strangers' packets or not."""
    fact, ports = published(container)
    if not fact.known:
        return missing([fact])
    wanted = [port for port in ports if port["protocol"] == "tcp"]
    if not wanted:
        return Outcome(PASS, fact.raw, (fact,), inspected=fact.raw)
    listeners = container_fact(container, "listeners", list)
    found = rows(listeners, "address", "port")
    if not listeners.known or found is None:
        return broken(listeners, "EINVAL no list of ports")
    served = {one["port"] for one in found}
    idle = [text_of(port) for port in wanted if port["inside"] not in served]
    if idle:
        reason = "whoever is inside may serve it, and the host passes it on"
        said = f"nobody listens: {', '.join(idle)}"
        return Outcome(INFORMATIONAL, said, (listeners, fact), reason=reason, inspected=fact.raw)
    return Outcome(PASS, fact.raw, (listeners, fact), inspected=fact.raw)


def decide_rules(container: Container, room: Room) -> Outcome:
    """What the kernel sends to this container in the place of an address of the host's. Only of version 4."""
    fact, ports = published(container)
    addresses, joined = container_fact(container, "addresses", list), container_fact(container, "networks", dict)
    in_hosts, unread = in_host_namespace(container, room)
    if in_hosts or (joined.known and not joined.value and addresses.value):
        reason = (
            "the host's own addresses are its" if in_hosts else "its addresses are another container's, who has its"
        )
        return Outcome(NOTAPPLICABLE, "not judged", (fact,), reason=f"{reason} network")
    rules = wires_of(room, room.host_of(container)).filters[IPV4]
    own = [rule for address in addresses.value or [] for rule in rules.sent.get(address, [])]
    bad = list(dict.fromkeys(filter(None, (unpublished(rule, ports) for rule in own))))
    evidence = rules.fact._replace(raw=", ".join(rule.text for rule in own) or "no rule leads to it")
    if fact.known and bad:
        return Outcome(FAIL, "; ".join(bad), (evidence, fact), inspected=fact.raw)
    unread += [one for one in (fact, addresses, joined, rules.fact) if not one.known]
    unread += [Fact(rules.fact.path, error=f"ENOTSUP not understood: {rule.text}") for rule in rules.sent.get("", [])]
    if unread:
        return missing(unread)
    wanted = [one for one in ports if ":" not in one["address"]]
    idle = [text_of(one) for one in wanted if not any(serves(rule, one) for rule in own)]
    if idle:
        reason = "what listens there is a program of the host's, as a rule the engine's own docker-proxy"
        return Outcome(
            INFORMATIONAL, f"no rule for {', '.join(idle)}", (evidence, fact), reason=reason, inspected=fact.raw
        )
    return Outcome(PASS, fact.raw, (evidence, fact), inspected=fact.raw)


def serves(rule: Rule, port: Port) -> bool:
    """Is this the rule of a published port? The address where it is published is another question."""
    inner = rule.sent_to.rpartition(":")[2]
    return (rule.protocol, rule.port, inner) == (port["protocol"], str(port["port"]), str(port["inside"]))


def unpublished(rule: Rule, ports: list[Port]) -> str:
    """What a rule passes on beyond what was published, or nothing."""
    given = [one["address"] for one in ports if serves(rule, one)]
    at = rule.destination.name.partition("/")[0] if rule.destination and not rule.destination.negated else EVERYWHERE[0]
    if not given:
        return f"passed on, and not published: {rule.text}"
    if EVERYWHERE[0] in given or at in given:
        return ""
    return f"published at {', '.join(given)}, and passed on at {at}: {rule.text}"


CHECKS: tuple[Check, ...] = (
    Check(
        id="network-ports-privileged",
        title="No privileged port of the host is given away",
        concept="network",
        severity="medium",
        expected=f"no published port below {PRIVILEGED}",
        remedy="Publish a higher port, and pass it on with the host's own proxy where it must be a low one.",
        why="Clients take what answers at a low port for a service of the host's administrator.",
        how=f"{PUBLISHED}; the host's own listening sockets beside it.",
        decide=judging(lambda port: 0 < port["port"] < PRIVILEGED, f"below {PRIVILEGED}"),
        cis=("5.8",),
        nist=("4.4.2",),
    ),
    Check(
        id="network-ports-address",
        title="Ports are published at chosen addresses only",
        concept="network",
        severity="medium",
        expected="no published port at 0.0.0.0 or [::]",
        remedy="Name the address: -p 127.0.0.1:8080:80, or that of one interface.",
        why="At every address it is there for every network of the host, and past the packet filter that the "
        "administrator wrote: the engine's own rules come first.",
        how=f"{PUBLISHED}, both versions of addresses; the host's own listening sockets beside it.",
        decide=judging(lambda port: port["address"] in EVERYWHERE, "at every address of the host"),
        cis=("5.14",),
        nist=("4.4.2",),
    ),
    Check(
        id="network-ports-rules",
        title="The kernel passes on what was published, and nothing else",
        concept="network",
        severity="medium",
        expected="rules for published ports alone, at the addresses that were named",
        remedy="Remove the rule (iptables --table nat --delete ...), or publish the port with the container.",
        why="A rule that nobody declared is a way in that no list of ports shows.",
        how=f"iptables-nft-save and iptables-legacy-save (nat, DNAT) against {PUBLISHED} and /proc/PID/net/fib_trie.",
        decide=decide_rules,
        cis=("5.14",),
        nist=("4.4.2",),
    ),
    Check(
        id="network-ports-expected",
        title="Only ports that were agreed on are published",
        concept="network",
        severity="medium",
        expected="those that the policy names",
        remedy="Create the container without the port, or name it in published_ports of the policy.",
        why="Each published port is a way in that somebody has to answer for.",
        how=f"{PUBLISHED} against published_ports.",
        variable="isolation_audit_policy.published_ports",
        decide=decide_expected,
        cis=("5.9",),
        nist=("4.4.2",),
    ),
    Check(
        id="network-ports-served",
        title="What is published is served",
        concept="network",
        severity="low",
        expected="somebody listens at each published TCP port",
        remedy="Create the container without the port that nobody serves.",
        why="Such a port is not needed, and open for whatever starts inside some day.",
        how=f"{PUBLISHED} against /proc/PID/net/tcp and tcp6 of the first process.",
        decide=decide_served,
        cis=("5.9",),
    ),
)
