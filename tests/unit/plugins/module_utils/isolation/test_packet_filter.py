# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gets through the rules: the forms that engines from 20.10 to 28 write, each rule of them that counts taken away,
and rules that people write before them."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.packet_filter import (
    CLOSED,
    OPEN,
    PORTS,
    UNSURE,
    Chains,
    Filter,
    Way,
    through,
)
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts_networks

A, B = "10.1.0.0/24", "10.2.0.0/24"
BETWEEN = Way({"a": (A,)}, "b", (B,))
WITHIN = Way({"a": (A,)}, "a", (A,))
NOBODY = Way({"?": ()}, "!")
STATEFUL = "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
# a without communication, b with, each engine's chains as its version makes them.
TWENTY = facts_networks.rules("a", "b")
PORT = "-A DOCKER -d 10.2.0.9/32 ! -i b -o b -p tcp -m tcp --dport 80 -j ACCEPT"
OLD_28 = [
    ":FORWARD ACCEPT",
    "-A FORWARD -j DOCKER-USER",
    "-A FORWARD -j DOCKER-FORWARD",
    PORT,
    "-A DOCKER ! -i a -o a -j DROP",
    "-A DOCKER ! -i b -o b -j DROP",
    f"-A DOCKER-FORWARD -m set --match-set docker-ext-bridges-v4 dst {STATEFUL}",
    "-A DOCKER-FORWARD -j DOCKER-ISOLATION-STAGE-1",
    "-A DOCKER-FORWARD -m set --match-set docker-ext-bridges-v4 dst -j DOCKER",
    "-A DOCKER-FORWARD -i b -j ACCEPT",
    "-A DOCKER-FORWARD -i a -o a -j DROP",
    "-A DOCKER-FORWARD -i a ! -o a -j ACCEPT",
    "-A DOCKER-ISOLATION-STAGE-1 -i a ! -o a -j DOCKER-ISOLATION-STAGE-2",
    "-A DOCKER-ISOLATION-STAGE-1 -i b ! -o b -j DOCKER-ISOLATION-STAGE-2",
    "-A DOCKER-ISOLATION-STAGE-2 -o b -j DROP",
    "-A DOCKER-ISOLATION-STAGE-2 -o a -j DROP",
    "-A DOCKER-USER -j RETURN",
]
NEW_28 = [
    ":FORWARD ACCEPT",
    ":DOCKER-INTERNAL -",
    ":DOCKER-USER -",
    "-A FORWARD -j DOCKER-USER",
    "-A FORWARD -j DOCKER-FORWARD",
    PORT,
    "-A DOCKER ! -i a -o a -j DROP",
    "-A DOCKER ! -i b -o b -j DROP",
    "-A DOCKER-BRIDGE -o a -j DOCKER",
    "-A DOCKER-BRIDGE -o b -j DOCKER",
    f"-A DOCKER-CT -o a {STATEFUL}",
    f"-A DOCKER-CT -o b {STATEFUL}",
    "-A DOCKER-FORWARD -j DOCKER-CT",
    "-A DOCKER-FORWARD -j DOCKER-INTERNAL",
    "-A DOCKER-FORWARD -j DOCKER-BRIDGE",
    "-A DOCKER-FORWARD -i a -o a -j DROP",
    "-A DOCKER-FORWARD -i a ! -o a -j ACCEPT",
    "-A DOCKER-FORWARD -i b -j ACCEPT",
]
# b is internal: nothing of another network's gets in or out, and it may forge no address.
INTERNAL = [
    ":FORWARD DROP",
    ":DOCKER-ISOLATION-STAGE-2 -",
    "-A FORWARD -j DOCKER-ISOLATION-STAGE-1",
    "-A FORWARD -i a ! -o a -j ACCEPT",
    f"-A DOCKER-ISOLATION-STAGE-1 ! -s {B} -o b -j DROP",
    f"-A DOCKER-ISOLATION-STAGE-1 ! -d {B} -i b -j DROP",
    "-A DOCKER-ISOLATION-STAGE-1 -i a ! -o a -j DOCKER-ISOLATION-STAGE-2",
]


def status(lines, way=BETWEEN):
    return Chains(lines).answer(way).status


def without(lines, *parts):
    left = [line for line in lines if not any(part in line for part in parts)]
    assert len(left) < len(lines)
    return left


@pytest.mark.parametrize(
    ("lines", "between"),
    [(TWENTY, CLOSED), (OLD_28, CLOSED), (NEW_28, PORTS), (INTERNAL, CLOSED)],
    ids=["20.10", "28.0", "28", "internal"],
)
def test_what_an_engine_writes_keeps_networks_apart(lines, between):
    assert status(lines) == between
    if lines is not INTERNAL:
        assert status(lines, WITHIN) == CLOSED


GONE = [
    (TWENTY, WITHIN, ["-i a -o a -j DROP"], CLOSED),
    ([":FORWARD ACCEPT", *TWENTY[1:]], WITHIN, ["-i a -o a -j DROP"], OPEN),
    (TWENTY, BETWEEN, ["STAGE-2 -o b"], OPEN),
    (TWENTY, BETWEEN, ["STAGE-1 -i a"], OPEN),
    (TWENTY, BETWEEN, ["-A FORWARD -j DOCKER-ISOLATION"], OPEN),
    (OLD_28, BETWEEN, ["STAGE-2 -o b"], UNSURE),
    (NEW_28, BETWEEN, ["-A DOCKER ! -i b -o b -j DROP"], OPEN),
    (NEW_28, BETWEEN, ["-A DOCKER-BRIDGE -o b"], OPEN),
    (NEW_28, BETWEEN, ["--dport 80"], CLOSED),
    (NEW_28, WITHIN, ["-i a -o a -j DROP"], OPEN),
    (INTERNAL, BETWEEN, ["-o b -j DROP"], OPEN),
]


@pytest.mark.parametrize(("lines", "way", "gone", "expected"), GONE, ids=str)
def test_a_rule_that_is_gone_opens_what_it_closed(lines, way, gone, expected):
    assert status(without(lines, *gone), way) == expected


BEFORE = [
    ("-A DOCKER-USER -j ACCEPT", OPEN),
    ("-A DOCKER-USER -i a -j ACCEPT", OPEN),
    ("-A DOCKER-USER -i b -j ACCEPT", CLOSED),
    ("-A DOCKER-USER ! -i b -j ACCEPT", OPEN),
    ("-A DOCKER-USER -i a+ -o b+ -j ACCEPT", OPEN),
    ("-A DOCKER-USER -i eth+ -j ACCEPT", CLOSED),
    ("-A DOCKER-USER -p tcp -m tcp --dport 22 -j ACCEPT", OPEN),
    ("-A DOCKER-USER -p tcp -m multiport --dports 22,80 -j ACCEPT", OPEN),
    (f"-A DOCKER-USER -s {A} -d {B} -j ACCEPT", OPEN),
    ("-A DOCKER-USER -s 10.0.0.0/8 -j ACCEPT", OPEN),
    ("-A DOCKER-USER -s 10.1.0.7/32 -j ACCEPT", OPEN),
    ("-A DOCKER-USER -s 192.0.2.0/24 -j ACCEPT", CLOSED),
    ("-A DOCKER-USER ! -s 192.0.2.0/24 -j ACCEPT", OPEN),
    ("-A DOCKER-USER -d 192.0.2.0/24 -j ACCEPT", CLOSED),
    (f"-A DOCKER-USER ! -d {B} -j ACCEPT", CLOSED),
    (f"-A DOCKER-USER {STATEFUL}", CLOSED),
    ("-A DOCKER-USER -m state --state RELATED,ESTABLISHED -j ACCEPT", CLOSED),
    ("-A DOCKER-USER -m conntrack --ctstate NEW -j ACCEPT", OPEN),
    ("-A DOCKER-USER -m conntrack ! --ctstate INVALID -j ACCEPT", OPEN),
    ("-A DOCKER-USER -m conntrack ! --ctstate NEW,INVALID,UNTRACKED -j ACCEPT", CLOSED),
    ("-A DOCKER-USER -m conntrack --ctstate DNAT -j ACCEPT", OPEN),
    ('-A DOCKER-USER -m comment --comment "of -j DROP" -j ACCEPT', OPEN),
    # Not understood: it may let through.
    ("-A DOCKER-USER -m mark --mark 0x1 -j ACCEPT", UNSURE),
    ("-A DOCKER-USER -m owner --uid-owner 0 -j ACCEPT", UNSURE),
    ("-A DOCKER-USER -m addrtype --dst-type LOCAL -p tcp -j ACCEPT", UNSURE),
    ("-A DOCKER-USER -j NFQUEUE --queue-num 1", UNSURE),
    ("-A DOCKER-USER -s 10.0.0.0/255.0.255.0 -j ACCEPT", UNSURE),
    ("-A DOCKER-USER -j LOG --log-prefix x", CLOSED),
    ("-A DOCKER-USER -m mark --mark 0x1 -j DROP", CLOSED),
    # Ends the chain, and no more than that.
    ("-A DOCKER-USER -j RETURN", CLOSED),
    ("-A DOCKER-USER -i a -g DOCKER-ISOLATION-STAGE-2", CLOSED),
]


@pytest.mark.parametrize(("line", "expected"), BEFORE, ids=str)
def test_a_rule_before_the_engines_counts_first(line, expected):
    lines = [TWENTY[0], *(one for one in TWENTY[1:] if one.startswith(":")), line]
    assert status([*lines, *(one for one in TWENTY if one.startswith("-"))]) == expected


def test_what_was_not_understood_and_might_have_stopped_it_leaves_it_unsure():
    assert status([":FORWARD ACCEPT", "-A FORWARD -m mark --mark 0x1 -j DROP"]) == UNSURE
    assert status([":FORWARD ACCEPT", "-A FORWARD -p tcp -j DROP"]) == OPEN
    assert status([":FORWARD ACCEPT", "-A FORWARD -m mark --mark 0x1 -j ACCEPT"]) == OPEN


def test_a_port_of_a_service_of_a_swarm_is_open_between_all_networks():
    ingress = ["-A FORWARD -j DOCKER-INGRESS", "-A DOCKER-INGRESS -p tcp -m tcp --dport 8080 -j ACCEPT"]
    answer = Chains([TWENTY[0], *ingress, *TWENTY[1:]]).answer(BETWEEN)
    assert answer.status == OPEN and answer.through == (("a", ingress[1]),)


def test_only_those_who_are_let_through_are_named_with_the_rule():
    way = Way({"a": (A,), "c": ("10.3.0.0/24",), "d": ()}, "b", (B,))
    lines = [":FORWARD DROP", "-A FORWARD -i a -j DROP", f"-A FORWARD -s {A} -j ACCEPT", "-A FORWARD -i c -j ACCEPT"]
    # Of d no subnet is known: it might have such an address.
    assert Chains(lines).answer(way).through == (("c", lines[3]), ("d", lines[2]))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], OPEN),
        ([":FORWARD ACCEPT"], OPEN),
        ([":FORWARD DROP"], CLOSED),
        ([":FORWARD ACCEPT", "-A FORWARD -j REJECT --reject-with icmp-host-prohibited"], CLOSED),
        (TWENTY, CLOSED),
        ([":FORWARD ACCEPT", *TWENTY[1:]], OPEN),
        ([":FORWARD DROP", "-A FORWARD -i eth0 -j ACCEPT"], CLOSED),
    ],
    ids=str,
)
def test_what_nobody_named(lines, expected):
    assert status(lines, NOBODY) == expected


def test_a_packet_has_to_get_through_both_kinds_of_tables():
    open_, closed = Chains([]), Chains([":FORWARD DROP"])
    for tables, expected in (({}, OPEN), ({"nft": open_}, OPEN), ({"nft": open_, "legacy": closed}, CLOSED)):
        assert through(Filter(Fact("x", {}), tables), BETWEEN).status == expected


@pytest.mark.parametrize("times", [1, 3])
def test_a_circle_of_chains_comes_to_an_end_and_proves_nothing(times):
    lines = [":FORWARD DROP", ":A -", ":B -", "-A FORWARD -j A"]
    assert status([*lines, *["-A A -j B"] * times, *["-A B -j A"] * times]) == UNSURE
