# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is judged once for a network or a host, however many containers are in it."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts, facts_networks
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import (
    changed,
    find,
    judged,
    put,
    red,
)

OURS = f"{facts.HOST}/network/workspace-ada"
GRACES = f"{facts.HOST}/network/workspace-grace"
ICC, SHARED, ENCRYPTED, LISTENERS = "network-icc", "network-shared", "network-encrypted", "network-listeners-host"
APART = "network-apart"
ADA = facts_networks.identifier("ada")
ISOLATED = {"veth0": "1", "veth1": "1"}
FILTER = "network.bridge_filter"
RULES = "host.network.rules.ipv4"
IN_FORCE = [one for one in facts_networks.rules("br-ada") if "-i br-ada -o br-ada" not in one]
LET_IN = "-A DOCKER-USER -i br-ada -p tcp -m tcp --dport 22 -j ACCEPT"
STRANGE = "-A DOCKER-USER -m owl --hoot -j ACCEPT"


def together(*changes, students=("ada", "grace")):
    """Both workspaces in Ada's network, and what differs there; a path that begins with 'host.' is the host's."""

    def change(document, _ada):
        network = next(one for one in document["networks"] if one["id"] == ADA)
        put(network, "attached.value", [f"workspace-{name}" for name in ("ada", "grace")])
        put(network, "ports.value", {"veth0": "0", "veth1": "0"})
        for container, student in zip(document["containers"], students):
            put(container, "network.networks.value", {"workspace-ada": ADA})
            container["labels"][facts.STUDENT] = student
        for path, value in changes:
            whole = path.startswith("host.")
            put(document["host"] if whole else network, path[len("host.") :] if whole else path, value)

    return judged(changed(change), {"capabilities": []})


def filtered(*lines):
    return facts.fact({"nft": {"filter": list(lines), "nat": []}}, "iptables-nft-save")


KEPT_APART = [
    ([], "pass", "pass"),
    ([(RULES, filtered(*IN_FORCE))], "pass", "pass"),
    ([(RULES, filtered(*[one.replace("DROP", "ACCEPT") for one in IN_FORCE]))], "fail", "fail"),
    ([(RULES, filtered(LET_IN, *facts_networks.rules("br-ada")))], "fail", "fail"),
    ([(RULES, filtered(STRANGE, *facts_networks.rules("br-ada")))], "error", "error"),
    ([(RULES, facts.fact({}, "/x"))], "fail", "fail"),
    ([(RULES, facts.unread("/x"))], "error", "error"),
    ([(RULES, facts.fact({"nft": {"filter": ["no rule"], "nat": []}}, "/x"))], "error", "error"),
    ([("ipv6.value", True)], "error", "error"),
    ([("ipv6.value", True), ("host.network.bridge_filter6.value", "0")], "fail", "fail"),
    ([("ipv6.value", True), ("host.network.rules.ipv6", filtered())], "fail", "fail"),
    ([("ipv6.value", True), ("host.network.rules.ipv6", filtered(*facts_networks.rules("br-ada")))], "pass", "pass"),
    ([("ipv6", None)], "error", "error"),
    ([("bridge", None)], "error", "error"),
    ([("ports.value", ISOLATED)], "pass", "pass"),
    ([("ports.value", ISOLATED), ("icc.value", True)], "pass", "pass"),
    ([("ports.value", {**ISOLATED, "veth1": "0"}), ("icc.value", True)], "informational", "fail"),
    ([("icc.value", True)], "informational", "fail"),
    ([(f"host.{FILTER}.value", "0")], "fail", "fail"),
    ([(f"host.{FILTER}", facts.unread("/x", "ENOENT No such file"))], "fail", "fail"),
    # What the kernel has counts, whoever wrote it.
    ([("host.daemon.file.value.iptables", False)], "pass", "pass"),
    ([(f"host.{FILTER}", facts.unread("/x"))], "error", "error"),
    ([("icc", facts.unread("/x"))], "error", "error"),
    ([("icc", None), ("ports", None)], "error", "error"),
    ([("driver.value", "overlay"), ("encrypted.value", True)], "notapplicable", "fail"),
    ([("driver.value", "null")], "notapplicable", "notapplicable"),
    ([("attached", {})], "error", "pass"),
]


@pytest.mark.parametrize(("changes", "icc", "shared"), KEPT_APART, ids=lambda value: str(value)[:60])
def test_two_students_in_a_network_are_kept_apart_or_red(changes, icc, shared):
    result = together(*changes)
    assert (find(result, ICC, OURS)["status"], find(result, SHARED, OURS)["status"]) == (icc, shared)
    wanted = {ICC: icc, SHARED: shared}
    # What else rests on the rules is red, too: that is judged in test_checks_rules.py.
    found = {check: one for (_subject, check), one in red(result).items() if check in (ICC, SHARED)}
    assert found == {check: status for check, status in wanted.items() if status in ("fail", "error")}


def test_two_containers_of_one_student_may_be_together():
    result = together(("icc.value", True), students=("ada", "ada"))
    assert red(result) == {} and find(result, SHARED, OURS)["status"] == "pass"
    assert find(result, ICC, OURS)["status"] == "informational"


def test_a_neighbour_in_the_network_counts_for_icc():
    def change(document, _ada):
        document["neighbours"].append(facts.neighbour())
        network = next(one for one in document["networks"] if one["id"] == ADA)
        put(network, "attached.value", ["registry-cache", "workspace-ada"])
        put(network, "icc.value", True)

    found = find(judged(changed(change)), ICC, OURS)
    assert found["status"] == "informational" and "registry-cache" in found["observed"]


@pytest.mark.parametrize(("encrypted", "status"), [(True, "pass"), (False, "fail"), (None, "error"), ("yes", "error")])
def test_an_overlay_is_encrypted(encrypted, status):
    def change(document, _ada):
        network = next(one for one in document["networks"] if one["id"] == ADA)
        put(network, "driver.value", "overlay")
        put(network, "encrypted.value", encrypted)

    result = judged(changed(change))
    assert find(result, ENCRYPTED, OURS)["status"] == status
    assert red(result) == ({(OURS, ENCRYPTED): status} if status != "pass" else {})


@pytest.mark.parametrize("hole", [None, {}, facts.unread("/x"), facts.fact(7, "/x")], ids=repr)
def test_a_network_without_a_driver_is_an_error(hole):
    def change(document, _ada):
        put(next(one for one in document["networks"] if one["id"] == ADA), "driver", hole)

    found = red(judged(changed(change)))
    assert found == {
        **dict.fromkeys(((OURS, check) for check in (ICC, SHARED, ENCRYPTED, APART)), "error"),
        # It might be a bridge from which others are reached.
        (GRACES, APART): "error",
        (facts.HOST, LISTENERS): "error",
    }


def test_facts_without_networks_are_an_error():
    found = red(judged(changed(lambda document, _ada: document.pop("networks"))))
    assert set(found.values()) == {"error"} and (facts.HOST, LISTENERS) in found


OPEN = [
    ([{"address": "0.0.0.0", "port": 22}], "informational"),
    ([{"address": "::", "port": 22}], "informational"),
    ([{"address": "172.20.0.1", "port": 53}], "informational"),
    ([{"address": "192.0.2.7", "port": 22}], "pass"),
    ([], "pass"),
    ([{"port": 22}], "error"),
    ("22", "error"),
    (None, "error"),
]


@pytest.mark.parametrize(("sockets", "status"), OPEN, ids=str)
def test_what_containers_can_reach_of_the_host_is_noted(sockets, status):
    result = judged(changed(lambda document, _ada: put(document["host"], "network.listeners.value", sockets)))
    assert find(result, LISTENERS, facts.HOST)["status"] == status
