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
ICC, SHARED, ENCRYPTED, LISTENERS = "network-icc", "network-shared", "network-encrypted", "network-listeners-host"
ADA = facts_networks.identifier("ada")
ISOLATED = {"veth0": "1", "veth1": "1"}
FILTER = "network.bridge_filter"


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


KEPT_APART = [
    ([], "notchecked", "notchecked"),
    ([("ports.value", ISOLATED)], "pass", "pass"),
    ([("ports.value", ISOLATED), ("icc.value", True)], "pass", "pass"),
    ([("ports.value", {**ISOLATED, "veth1": "0"}), ("icc.value", True)], "informational", "fail"),
    ([("icc.value", True)], "informational", "fail"),
    ([(f"host.{FILTER}.value", "0")], "fail", "fail"),
    ([(f"host.{FILTER}", facts.unread("/x", "ENOENT No such file"))], "fail", "fail"),
    ([("host.daemon.file.value.iptables", False)], "fail", "fail"),
    ([(f"host.{FILTER}", facts.unread("/x"))], "error", "error"),
    ([("icc", facts.unread("/x"))], "error", "error"),
    ([("icc", None), ("ports", None)], "error", "error"),
    ([("driver.value", "overlay"), ("encrypted.value", True)], "notapplicable", "fail"),
    ([("driver.value", "null")], "notapplicable", "notapplicable"),
    ([("attached", {})], "error", "notchecked"),
]


@pytest.mark.parametrize(("changes", "icc", "shared"), KEPT_APART, ids=lambda value: str(value)[:60])
def test_two_students_in_a_network_are_kept_apart_or_red(changes, icc, shared):
    result = together(*changes)
    assert (find(result, ICC, OURS)["status"], find(result, SHARED, OURS)["status"]) == (icc, shared)
    wanted = {ICC: icc, SHARED: shared}
    # An engine that writes no rules is red itself, too.
    found = {check: status for (subject, check), status in red(result).items() if subject != facts.HOST}
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
        **dict.fromkeys(((OURS, check) for check in (ICC, SHARED, ENCRYPTED)), "error"),
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
