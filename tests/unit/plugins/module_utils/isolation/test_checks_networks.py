# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks: one change turns exactly its check, and a hole is an error."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.policy import Policy, PolicyError
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts, facts_networks
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import (
    ADA,
    changed,
    find,
    judged,
    policy,
    put,
    red,
)

PORT = {"inside": 80, "protocol": "tcp", "address": "127.0.0.1", "port": 8080}
DEFAULT = facts_networks.identifier(facts_networks.DEFAULT)
HOSTS = facts.HOST_NAMESPACES["net"]
BRIDGE, SYSCTLS, ABSTRACT = "network-not-default-bridge", "network-sysctls", "network-abstract-sockets"
LOW, ADDRESS, EXPECTED = "network-ports-privileged", "network-ports-address", "network-ports-expected"
SERVED, LISTENERS, RULES = "network-ports-served", "network-listeners-host", "network-ports-rules"
ICC, SHARED, ENCRYPTED = "network-icc", "network-shared", "network-encrypted"


def published(**changes):
    return [{**PORT, **changes}]


def listening(document, ada, port=80):
    put(ada, "network.listeners", facts.fact([{"address": "0.0.0.0", "port": port}], "/proc/2001/net/tcp"))


def after(*changes, served=True, **wanted):
    """The verdict after putting values into Ada's facts about networks."""

    def change(document, ada):
        if served:
            listening(document, ada)
        for path, value in changes:
            put(ada, f"network.{path}", value)

    return judged(changed(change), policy(**wanted))


PORTS = [
    ({}, LOW, "pass"),
    ({"port": 1023}, LOW, "fail"),
    ({"port": 1024}, LOW, "pass"),
    ({}, ADDRESS, "pass"),
    ({"address": "0.0.0.0"}, ADDRESS, "fail"),
    ({"address": "::"}, ADDRESS, "fail"),
    ({"address": "::1"}, ADDRESS, "pass"),
    ({"inside": 81}, SERVED, "informational"),
    ({"inside": 81, "protocol": "udp"}, SERVED, "pass"),
    ({}, SERVED, "pass"),
]


@pytest.mark.parametrize(("changes", "check", "status"), PORTS, ids=str)
def test_a_published_port_turns_its_check_and_no_other(changes, check, status):
    result = after(("published.value", published(**changes)))
    assert find(result, check)["status"] == status
    assert red(result) == ({(ADA, check): "fail"} if status == "fail" else {})


@pytest.mark.parametrize(
    ("ports", "status"), [(None, "notapplicable"), ([], "fail"), (["8080"], "pass"), (["8080/udp"], "fail")]
)
def test_only_ports_of_the_policy_are_expected(ports, status):
    result = after(("published.value", published()), published_ports=ports)
    assert find(result, EXPECTED)["status"] == status
    assert set(red(result)) == ({(ADA, EXPECTED)} if status == "fail" else set())


@pytest.mark.parametrize("wrong", ["8080", [{}], ["web"], ["80/http"]], ids=str)
def test_ports_that_are_none_are_refused(wrong):
    with pytest.raises(PolicyError, match="published_ports"):
        Policy.from_params({"published_ports": wrong}, frozenset())


def test_the_hosts_own_socket_is_shown_beside_a_port_at_every_address():
    def change(document, ada):
        listening(document, ada)
        put(ada, "network.published.value", published(address="0.0.0.0"))
        held = [{"address": "::", "port": 8080}, {"address": "::", "port": 22}]
        put(document["host"], "network.listeners.value", held)

    found = find(judged(changed(change)), ADDRESS)
    assert [one["raw"] for one in found["evidence"]] == ["0.0.0.0:8080 to 80/tcp", "[::]:8080"]


REACH = [
    (("networks.value", {"bridge": DEFAULT}), BRIDGE, "fail"),
    (("addresses.value", ["172.17.0.9"]), BRIDGE, "fail"),
    (("networks.value", {}), BRIDGE, "pass"),
    (("networks.value", {"gone": "f" * 64}), BRIDGE, "error"),
    (("settings.value.eth0.route_localnet", "1"), SYSCTLS, "fail"),
    (("settings.value.all.route_localnet", "1"), SYSCTLS, "fail"),
    (("settings.value.lo.route_localnet", "1"), SYSCTLS, "pass"),
    (("settings.value.eth0.accept_source_route", "1"), SYSCTLS, "pass"),
    (("settings.value.eth0.accept_redirects", "1"), SYSCTLS, "fail"),
    (("settings.value.eth0.rp_filter", "0"), SYSCTLS, "pass"),
    (("settings.value.eth0", {}), SYSCTLS, "error"),
    (("settings.value", {}), SYSCTLS, "error"),
    (("abstract.value", ["@a"]), ABSTRACT, "pass"),
]


@pytest.mark.parametrize(("change", "check", "status"), REACH, ids=str)
def test_what_is_in_the_namespace_turns_its_check_and_no_other(change, check, status):
    result = after(change)
    assert find(result, check)["status"] == status
    assert red(result) == ({(ADA, check): status} if status != "pass" else {})


@pytest.mark.parametrize(
    ("loose", "name", "value"),
    [({"rp_filter": "0"}, "rp_filter", "1"), ({"accept_redirects": "1"}, "accept_redirects", "0")],
)
def test_what_is_looser_than_the_host_is_red_and_what_came_from_it_is_not(loose, name, value):
    def change(document, ada):
        for interface in ("all", "eth0"):
            ada["network"]["settings"]["value"][interface].update(loose)

    assert red(judged(changed(change))) == {(ADA, SYSCTLS): "fail"}

    def both(document, ada):
        change(document, ada)
        for table in document["host"]["network"]["settings"]["value"].values():
            table.update(loose)

    assert red(judged(changed(both))) == {}


def test_a_source_route_needs_both_settings_and_a_forwarder_takes_redirects_by_both():
    both = [(f"settings.value.{name}.accept_source_route", "1") for name in ("all", "eth0")]
    assert red(after(*both)) == {(ADA, SYSCTLS): "fail"}
    forwards = [("settings.value.eth0.forwarding", "1"), ("settings.value.eth0.accept_redirects", "1")]
    assert red(after(*forwards)) == {}


def test_one_that_forwards_between_two_networks_is_noted():
    two = {"a": facts_networks.identifier("ada"), "b": facts_networks.identifier("grace")}
    result = after(("networks.value", two), ("settings.value.all.forwarding", "1"))
    assert find(result, SYSCTLS)["status"] == "informational"


@pytest.mark.parametrize(
    ("names", "status"),
    [(["@/containerd-shim/x.sock@"], "fail"), (["@/tmp/dbus-1"], "fail"), (["@game"], "informational"), ([], "pass")],
)
def test_sockets_without_a_file_count_where_the_network_is_the_hosts(names, status):
    result = after(("namespace.value", HOSTS), ("abstract.value", names))
    assert find(result, ABSTRACT)["status"] == status
    assert {find(result, check)["status"] for check in (BRIDGE, SYSCTLS)} == {"notapplicable"}
    assert set(red(result)) == ({(ADA, ABSTRACT)} if status == "fail" else set())


def test_sockets_without_a_file_are_noted_where_another_container_has_the_network_too():
    def change(document, ada):
        put(ada, "network.abstract.value", ["@containerd"])
        put(document["containers"][1], "processes.0.namespaces.net", ada["network"]["namespace"]["value"])

    found = find(judged(changed(change)), ABSTRACT)
    assert found["status"] == "informational" and "workspace-grace: @containerd" in found["observed"]


HOLES = {
    "namespace": {BRIDGE, SYSCTLS, ABSTRACT, RULES},
    "networks": {BRIDGE, SYSCTLS, RULES},
    "addresses": {BRIDGE, RULES},
    "settings": {SYSCTLS},
    "abstract": {ABSTRACT},
    "published": {LOW, ADDRESS, EXPECTED, SERVED, RULES},
}


@pytest.mark.parametrize("key", HOLES)
@pytest.mark.parametrize("hole", [None, {}, facts.unread("/somewhere"), facts.fact(7, "/x")], ids=repr)
def test_missing_evidence_about_a_container_is_an_error(key, hole):
    result = after((key, hole))
    assert red(result) == dict.fromkeys(((ADA, check) for check in HOLES[key]), "error")


@pytest.mark.parametrize("port", [{}, {"port": "None"}, {**PORT, "port": None}], ids=repr)
def test_a_port_that_is_none_is_an_error(port):
    assert set(red(after(("published.value", [port]))).values()) == {"error"}


def test_a_port_whose_listeners_were_not_read_is_an_error():
    result = after(("published.value", published()), served=False)
    assert red(result) == {(ADA, SERVED): "error"}
    assert set(red(judged(changed(lambda _document, ada: ada.pop("network"))))) >= {(ADA, BRIDGE), (ADA, LOW)}
