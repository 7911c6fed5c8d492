# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks of an engine: who is in one, and whether those can reach each other; what of the host they can reach."""

from __future__ import annotations

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact, texts
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    FAIL,
    INFORMATIONAL,
    NOTAPPLICABLE,
    PASS,
    Check,
    Outcome,
    broken,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.network_evidence import (
    host_fact,
    inside,
    network_fact,
    rows,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.network_rules import (
    BRIDGE,
    separation,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.daemon_view import address_text
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Host, Item, Room

# Networks that connect nobody: one without anything, and the host's own (which the check of namespaces judges).
NO_WIRE = ("null", "host")
EVERYWHERE = ("0.0.0.0", "::")


def kind_of(item: Item) -> tuple[str, Outcome | None]:
    driver = network_fact(item, "driver", str)
    if not driver.known:
        return "", missing([driver])
    if driver.value in NO_WIRE:
        return "", Outcome(NOTAPPLICABLE, "not judged", (driver,), reason="this network connects nobody")
    return str(driver.value), None


def decide_icc(item: Item, room: Room) -> Outcome:
    driver, answer = kind_of(item)
    attached = texts(network_fact(item, "attached", list))
    if answer or not attached.known:
        return answer or missing([attached])
    if driver != BRIDGE:
        reason = f"the driver {driver} has no such setting; who shares it is judged by network-shared"
        return Outcome(NOTAPPLICABLE, "not judged", (attached,), reason=reason)
    if len(attached.value) < 2:
        return Outcome(PASS, f"nobody to reach: {', '.join(attached.value) or 'no container'}", (attached,))
    status, words, evidence = separation(item, room)
    if not status:
        return missing(evidence)
    icc = network_fact(item, "icc", bool)
    told = f"icc {'on' if icc.value else 'off'}{', internal' if item.fact('internal').value is True else ''}"
    said = f"{', '.join(attached.value)}: {words}"
    if status == FAIL and icc.value:
        reason = "containers that work together need it; of different students it is a fault (network-shared)"
        return Outcome(INFORMATIONAL, said, (attached, *evidence), reason=reason, inspected=told)
    return Outcome(status, said, (attached, *evidence), inspected=told)


def decide_shared(item: Item, room: Room) -> Outcome:
    driver, answer = kind_of(item)
    if answer:
        return answer
    identifier = str(item.record.get("id") or "")
    if not identifier:
        return missing([Fact(f"network {item.name}", error="ENOENT recorded without an id")])
    students = sorted(room.by_key.get(("student", item.host, identifier), set()))
    evidence = Fact("inspect NetworkSettings.Networks", students, ", ".join(students) or "no workspace")
    if len(students) < 2:
        return Outcome(PASS, f"of one student at most: {evidence.raw}", (evidence,))
    if driver != BRIDGE:
        return Outcome(FAIL, f"{evidence.raw} reach each other ({driver})", (evidence, item.fact("driver")))
    status, words, more = separation(item, room)
    if not status:
        return missing(more)
    return Outcome(status, f"{evidence.raw}: {words}", (evidence, *more))


def decide_encrypted(item: Item, _room: Room) -> Outcome:
    driver, answer = kind_of(item)
    if answer or driver != "overlay":
        reason = "its packets do not leave the host as an overlay's do"
        return answer or Outcome(NOTAPPLICABLE, "not judged", (item.fact("driver"),), reason=reason)
    fact = network_fact(item, "encrypted", bool)
    if not fact.known:
        return missing([fact])
    said = "encrypted" if fact.value else "in clear text between the hosts"
    return Outcome(PASS if fact.value else FAIL, said, (fact,), inspected=said)


def decide_listeners(host: Host, _room: Room) -> Outcome:
    """What containers of a bridge can reach at the address of the host that the bridge has."""
    fact = host_fact(host, "listeners", list)
    found = rows(fact, "address", "port")
    if not fact.known or found is None:
        return broken(fact, "EINVAL no list of addresses and ports")
    told = [(network_fact(item, "driver", str), network_fact(item, "subnets", list)) for item in host.networks]
    unread = [one for pair in told for one in pair if not one.known]
    if unread or not told:
        return missing(unread or [Fact("/networks", error="ENOENT no network is recorded")])
    bridges = [str(subnet) for driver, subnets in told if driver.value == BRIDGE for subnet in subnets.value]
    open_to_them = [one for one in found if one["address"] in EVERYWHERE or inside(str(one["address"]), bridges)]
    texts = [address_text({"kind": "tcp", **one}) for one in open_to_them]
    evidence = (Fact(fact.path, texts, ", ".join(texts) or f"{len(found)} sockets, none of them"),)
    if not texts:
        return Outcome(PASS, "none", evidence)
    reason = "whether a packet filter stands before them is not read"
    return Outcome(INFORMATIONAL, ", ".join(texts), evidence, reason=reason)


CHECKS: tuple[Check, ...] = (
    Check(
        id="network-icc",
        title="Containers of one network are kept apart",
        concept="network",
        severity="medium",
        expected="one container in it, or icc off and in force",
        remedy="Give each container a network of its own; for icc=false load br_netfilter, set "
        "net.bridge.bridge-nf-call-iptables to 1, and let the engine write its rules.",
        why="In one bridge each container reaches every port of the others, published or not.",
        how="GET /networks (enable_icc); /sys/class/net/*/brif/*/isolated; bridge-nf-call-iptables and -ip6tables, and "
        "the rules of iptables-nft-save and iptables-legacy-save, followed from FORWARD on.",
        variable="student_workspaces entry point main",
        decide_network=decide_icc,
        nist=("4.4.2",),
    ),
    Check(
        id="network-shared",
        title="No two students are in one network",
        concept="network",
        severity="high",
        expected="workspaces of one student, or no communication between them",
        remedy="Give each workspace a network of its own.",
        why="A student reaches whatever another one starts, and can stand between others and the outside.",
        how="Networks and student labels in each inspection; as for network-icc whether they are kept apart.",
        variable="student_workspaces entry point main",
        decide_network=decide_shared,
        nist=("4.3.3", "4.4.2"),
    ),
    Check(
        id="network-encrypted",
        title="Overlay networks are encrypted",
        concept="network",
        severity="medium",
        expected="the option encrypted",
        remedy="Create the network anew with --opt encrypted.",
        why="Packets between hosts go over wires where others read and forge them.",
        how="GET /networks: only the engine knows it.",
        decide_network=decide_encrypted,
        cis=("7.3",),
        nist=("4.3.3",),
    ),
    Check(
        id="network-listeners-host",
        title="What of the host containers can reach",
        concept="network",
        severity="low",
        expected="for information",
        remedy="Bind services to the address of one interface, or close them to the bridges with the packet filter.",
        why="Each bridge has an address of the host's: what listens there, or everywhere, listens for containers too.",
        how="/proc/PID/net/tcp and tcp6 of the engine; subnets of GET /networks. UDP is not read.",
        decide_host=decide_listeners,
        nist=("4.5.1",),
    ),
)
