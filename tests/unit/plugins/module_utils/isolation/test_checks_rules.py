# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What rests on the packet filter's rules: networks apart, published ports, the host that forwards."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts, facts_networks
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import (
    ADA,
    changed,
    find,
    judged,
    put,
    red,
)

APART, POLICY, RULES, WRITTEN, ICC = (
    *("network-apart", "daemon-forward-policy", "network-ports-rules", "daemon-iptables"),
    "daemon-icc",
)
OURS, GRACES, DEFAULT = (f"{facts.HOST}/network/{name}" for name in ("workspace-ada", "workspace-grace", "bridge"))
GOOD = facts_networks.rules("docker0", "br-ada", "br-grace")
FORWARDING = {"settings.ip_forward.value": "1"}
PORT = {"inside": 80, "protocol": "tcp", "address": "127.0.0.1", "port": 8080}
SENT = "-A DOCKER{at} ! -i br-ada -p {protocol} -m tcp --dport {port} -j DNAT --to-destination 172.20.0.2:80"


def filtered(lines, nat=()):
    return facts.fact({"nft": {"filter": list(lines), "nat": list(nat)}}, "iptables-nft-save")


def without(*parts):
    left = [line for line in GOOD if not any(part in line for part in parts)]
    assert len(left) < len(GOOD)
    return left


def after(*changes, ada=()):
    """Paths of the host's, or of Ada's record."""

    def change(document, record):
        for path, value in changes:
            put(document["host"], path, value)
        for path, value in ada:
            put(record, path, value)

    return judged(changed(change))


NETS = [
    (GOOD, {}),
    (without("STAGE-2 -o br-ada"), {OURS: "fail"}),
    (without("STAGE-1 -i br-grace"), {OURS: "fail"}),
    (without("-A FORWARD -j DOCKER-ISOLATION"), {OURS: "fail", GRACES: "fail"}),
    (["-A DOCKER-USER -p icmp -j ACCEPT", *GOOD], {OURS: "fail", GRACES: "fail"}),
    (["-A DOCKER-USER -m owl --hoot -j ACCEPT", *GOOD], {OURS: "error", GRACES: "error"}),
    (["-A DOCKER-USER -d 172.20.0.2/32 -o br-ada -p tcp -m tcp --dport 80 -j ACCEPT", *GOOD], {OURS: "informational"}),
    ([], {OURS: "fail", GRACES: "fail"}),
]


@pytest.mark.parametrize(("lines", "wanted"), NETS, ids=lambda value: str(value)[:70])
def test_networks_are_apart_or_red(lines, wanted):
    result = after(("network.rules.ipv4", filtered(lines)))
    found = {subject: find(result, APART, subject)["status"] for subject in (OURS, GRACES, DEFAULT)}
    assert found == {OURS: "pass", GRACES: "pass", DEFAULT: "pass", **wanted}
    others = {check for _subject, check in red(result)} - {APART}
    # What is let through everywhere is let through within the default bridge, too.
    assert others <= {WRITTEN, ICC}


def test_who_reaches_a_network_is_named_with_the_rule():
    result = after(("network.rules.ipv4", filtered(without("STAGE-2 -o br-ada"))))
    found = find(result, APART, OURS)
    assert found["observed"] == "reached from workspace-grace"
    assert found["evidence"][0]["raw"] == "-A FORWARD -i br-grace ! -o br-grace -j ACCEPT"


def test_a_bridge_from_which_nothing_is_forwarded_reaches_nobody():
    closed = {name: {"forwarding": "0"} for name in ("all", "default", "br-grace")}
    rules = ("network.rules.ipv4", filtered([":FORWARD ACCEPT"]))
    result = after(rules, ("settings.interfaces.value", closed))
    assert {find(result, APART, one)["status"] for one in (OURS,)} == {"pass"}
    assert find(result, APART, GRACES)["status"] == "fail"


def test_version_six_counts_where_a_network_has_it():
    def change(document, _ada):
        put(next(one for one in document["networks"] if one["name"] == "workspace-ada"), "ipv6.value", True)

    found = red(judged(changed(change)))
    assert found == {(OURS, APART): "error"}


def test_another_driver_and_a_network_alone_have_nothing_to_reach():
    def alone(document, _ada):
        put(document["host"], "network.rules.ipv4", filtered([":FORWARD ACCEPT"]))
        for one in document["networks"]:
            put(one, "attached.value", ["workspace-ada"] if one["name"] == "workspace-ada" else [])

    result = judged(changed(alone))
    assert {find(result, APART, one)["status"] for one in (OURS, GRACES, DEFAULT)} == {"pass"}

    def overlay(document, _ada):
        put(next(one for one in document["networks"] if one["name"] == "workspace-ada"), "driver.value", "macvlan")

    assert find(judged(changed(overlay)), APART, OURS)["status"] == "notapplicable"


@pytest.mark.parametrize("part", ["driver", "bridge", "attached", "subnets", "ipv6"])
def test_what_is_not_known_of_a_network_is_an_error(part):
    def change(document, _ada):
        put(next(one for one in document["networks"] if one["name"] == "workspace-ada"), part, facts.unread("/x"))

    assert find(judged(changed(change)), APART, OURS)["status"] == "error"


def test_facts_that_were_read_before_there_were_rules_are_an_error():
    def change(document, _ada):
        document["host"]["network"].pop("rules")
        for one in document["networks"]:
            one.pop("bridge")
            one.pop("ipv6")

    found = red(judged(changed(change)))
    assert set(found.values()) == {"error"}
    assert {check for _subject, check in found} >= {APART, RULES, WRITTEN, ICC}


FORWARD = [
    (GOOD, "1", "pass"),
    ([":FORWARD ACCEPT", *GOOD[1:]], "1", "fail"),
    ([":FORWARD ACCEPT", *GOOD[1:], "-A FORWARD -j REJECT"], "1", "pass"),
    ([":FORWARD ACCEPT", *GOOD[1:]], "0", "pass"),
    ([], "1", "fail"),
    (["-A FORWARD -m owl --hoot -j ACCEPT", *GOOD], "1", "error"),
]


@pytest.mark.parametrize(("lines", "forwards", "status"), FORWARD, ids=lambda value: str(value)[-60:])
def test_what_nobody_allowed_is_not_forwarded(lines, forwards, status):
    result = after(("network.rules.ipv4", filtered(lines)), ("settings.ip_forward.value", forwards))
    assert find(result, POLICY, facts.HOST)["status"] == status


@pytest.mark.parametrize(
    ("changes", "iptables", "icc"),
    [
        ([("network.rules.ipv4", filtered([":FORWARD DROP"]))], "fail", "pass"),
        ([("network.rules.ipv4", filtered(without("-i docker0 -o docker0")))], "pass", "pass"),
        (
            [("network.rules.ipv4", filtered([":FORWARD ACCEPT", *without("-i docker0 -o docker0")[1:]]))],
            "pass",
            "fail",
        ),
        ([("network.bridge_filter.value", "0")], "pass", "fail"),
        ([("daemon.file.value.iptables", False)], "fail", "pass"),
        ([("network.rules.ipv4", facts.unread("/x"))], "error", "error"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_the_engine_may_and_what_is_in_force(changes, iptables, icc):
    result = after(*changes)
    found = {check: find(result, check, facts.HOST)["status"] for check in (WRITTEN, ICC)}
    assert found == {WRITTEN: iptables, ICC: icc}


def sent(at=" -d 127.0.0.1/32", protocol="tcp", port="8080"):
    return SENT.format(at=at, protocol=protocol, port=port)


PORTS = [
    ([], [], "pass"),
    ([sent()], [PORT], "pass"),
    ([sent("")], [{**PORT, "address": "0.0.0.0"}], "pass"),
    ([sent()], [{**PORT, "address": "0.0.0.0"}], "pass"),
    ([sent("")], [PORT], "fail"),
    ([sent(" -d 10.0.0.1/32")], [PORT], "fail"),
    ([sent()], [], "fail"),
    ([sent(port="8081")], [PORT], "fail"),
    ([sent(protocol="udp")], [PORT], "fail"),
    ([sent(port="8080:8090")], [PORT], "fail"),
    ([sent().replace(":80", "")], [PORT], "fail"),
    ([sent(), sent(port="22")], [PORT], "fail"),
    ([sent().replace("172.20.0.2", "172.21.0.9")], [], "pass"),
    ([sent().replace("172.20.0.2", "172.20.0.1-172.20.0.9")], [], "error"),
    ([], [PORT], "informational"),
    ([], [{**PORT, "address": "::1"}], "pass"),
]


@pytest.mark.parametrize(("lines", "ports", "status"), PORTS, ids=lambda value: str(value)[:90])
def test_only_what_was_published_is_passed_on(lines, ports, status):
    served = facts.fact([{"address": "0.0.0.0", "port": 80}], "/proc/2001/net/tcp")
    ada = [("network.published.value", ports), ("network.listeners", served)]
    result = after(("network.rules.ipv4", filtered(GOOD, lines)), ada=ada)
    assert find(result, RULES)["status"] == status
    assert {subject for subject, _check in red(result)} <= {ADA, f"{facts.HOST}/workspace-grace"}


@pytest.mark.parametrize(
    "ada",
    [
        [("network.namespace.value", facts.HOST_NAMESPACES["net"])],
        [("network.networks.value", {})],
    ],
)
def test_whose_addresses_are_anothers_is_judged_with_the_other(ada):
    assert find(after(ada=ada), RULES)["status"] == "notapplicable"
