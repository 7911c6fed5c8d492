# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks on a real engine: good ones are green, and each bad one turns its checks red and no others.

The engine of these tests writes no rules of the packet filter, so what it was told of icc is not in force: a tool that
believes the option prints PASS.
"""

from __future__ import annotations

import contextlib
import socket
import tempfile
from pathlib import Path

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_reading import reading
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import fact_from
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.gather import gather
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.verdict import verdict
from ansible_collections.bulkhead.classroom.tests.integration.support.walled import WalledEngine

LABEL, STUDENT, PREFIX = "bht.networks", "org.bulkhead.student", "bht-net-"
ICC = "com.docker.network.bridge.enable_icc"
OFF, ON = {ICC: "false"}, {ICC: "true"}
SERVES = ("nc", "-l", "-p", "8080")
ABSTRACT = "/containerd-shim/bht-networks.sock"
BRIDGE, SYSCTLS, SOCKETS = "network-not-default-bridge", "network-sysctls", "network-abstract-sockets"
LOW, ADDRESS, EXPECTED, SERVED = (f"network-ports-{name}" for name in ("privileged", "address", "expected", "served"))
# Containers by name: the checks that are red.
RED = {
    "good": set(),
    "nowhere": set(),
    "default": {BRIDGE},
    # In no network, says the engine: only the address shows it.
    "joined": {BRIDGE},
    "low": {LOW},
    "wide": {ADDRESS},
    "unexpected": {EXPECTED},
    "idle": set(),
    "localnet": {SYSCTLS},
    "source-route": {SYSCTLS},
    "host": {SOCKETS},
}
# Networks by name: the options, the students in it, and what network-icc and network-shared say.
NETWORKS = {
    "alone": (ON, ("ada",), "pass", "pass"),
    "same": (ON, ("ada", "ada"), "informational", "pass"),
    "open": (ON, ("ada", "grace"), "informational", "fail"),
    "said": (OFF, ("ada", "grace"), "fail", "fail"),
    "isolated": (ON, ("ada", "grace"), "pass", "pass"),
}


def free_port(numbers) -> int:
    for number in numbers:
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("0.0.0.0", number))
            return int(probe.getsockname()[1])
    raise AssertionError("no free port")


def network(engine, name: str, options: dict) -> str:
    return engine.client.create_network(PREFIX + name, "bridge", options=options, labels={LABEL: "yes"})["Id"]


def made(engine, image: str, name: str, mode: str, student: str = "", command=("sleep", "3600"), **more) -> str:
    host = engine.client.create_host_config(network_mode=mode, **more)
    labels = {LABEL: "yes", **({STUDENT: student} if student else {})}
    config = {"Image": image, "Cmd": list(command), "Labels": labels, "HostConfig": host, "User": "1000:1000"}
    if "port_bindings" in more:
        config["ExposedPorts"] = {"8080/tcp": {}}
    key = engine.client.create_container_from_config(config, PREFIX + name)["Id"]
    engine.client.start(key)
    return key


def made_alone(engine, image: str, ports: dict) -> None:
    """Each in a network of its own, or in what is wrong with it."""
    for name in ("good", "low", "wide", "unexpected", "idle", "localnet", "source-route"):
        network(engine, name, OFF)
    first = made(engine, image, "default", "bridge")
    for name, mode in {
        "good": PREFIX + "good",
        "nowhere": "none",
        "joined": f"container:{first}",
        "host": "host",
    }.items():
        made(engine, image, name, mode)
    for name, (address, port) in ports.items():
        command = ("sleep", "3600") if name == "idle" else SERVES
        binding = {"port_bindings": {8080: (address, port)}}
        made(engine, image, name, PREFIX + name, command=command, **binding)
    conf = "net.ipv4.conf.all"
    made(engine, image, "localnet", PREFIX + "localnet", sysctls={f"{conf}.route_localnet": "1"})
    way = {f"{conf}.accept_source_route": "1", "net.ipv4.conf.default.accept_source_route": "1"}
    made(engine, image, "source-route", PREFIX + "source-route", sysctls=way)


def made_together(engine, image: str) -> None:
    for name, (options, students, _icc, _shared) in NETWORKS.items():
        key = network(engine, name, options)
        for number, student in enumerate(students):
            made(engine, image, f"{name}-{number}", PREFIX + name, student)
        if name == "isolated":
            for port in Path(f"/sys/class/net/br-{key[:12]}/brif").iterdir():
                (port / "isolated").write_text("1")


def clear(engine) -> None:
    for listed in engine.client.containers(all=True, filters={"label": LABEL}):
        engine.client.remove_container(listed["Id"], force=True)
    for listed in engine.client.networks(filters={"label": LABEL}):
        engine.client.remove_network(listed["Id"])


@pytest.fixture(scope="module")
def read(engine, base_image):
    ports = {
        "low": ("127.0.0.1", free_port(range(600, 1024))),
        "wide": ("", free_port([0])),
        "unexpected": ("127.0.0.1", free_port([0])),
        "idle": ("127.0.0.1", free_port([0])),
    }
    try:
        with socket.socket(socket.AF_UNIX) as reachable:
            reachable.bind(f"\0{ABSTRACT}")
            reachable.listen()
            made_alone(engine, base_image, ports)
            made_together(engine, base_image)
            facts = gather(reading({"docker_host": engine.url}), Kernel(), {LABEL: "yes"}, engine.url)
        yield (
            facts,
            {"published_ports": [str(port) for name, (_address, port) in ports.items() if name != "unexpected"]},
        )
    finally:
        clear(engine)


def findings(facts: dict, **policy) -> list[dict]:
    found = verdict({"here": facts}, {"selinux": "absent", **policy})["findings"]
    return [one for one in found if one["concept"] == "network"]


@pytest.fixture(scope="module")
def judged(read):
    facts, policy = read
    return {(one["subject"], one["check"]): one for one in findings(facts, **policy)}


def of(judged, subject: str) -> dict:
    found = {check: one for (owner, check), one in judged.items() if owner == subject}
    assert found, f"{subject} was not judged"
    return found


@pytest.mark.parametrize("name", RED)
def test_a_container_turns_its_checks_red_and_no_others(judged, name):
    found = of(judged, f"here/{PREFIX}{name}")
    red = {check: one["observed"] + one["reason"] for check, one in found.items() if one["status"] in ("fail", "error")}
    assert set(red) == RED[name], red
    assert {found[check]["status"] for check in RED[name]} <= {"fail"}


@pytest.mark.parametrize("name", NETWORKS)
def test_who_is_in_a_network_with_whom(judged, name):
    found = of(judged, f"here/network/{PREFIX}{name}")
    _options, _students, icc, shared = NETWORKS[name]
    assert {check: found[f"network-{check}"]["status"] for check in ("icc", "shared")} == {"icc": icc, "shared": shared}
    assert found["network-encrypted"]["status"] == "notapplicable"


def test_what_the_packet_filter_does_not_do_is_said(judged):
    assert "not in force" in of(judged, f"here/network/{PREFIX}said")["network-icc"]["observed"]


def test_a_port_that_nobody_serves_is_noted_and_one_that_is_served_passes(judged):
    assert of(judged, f"here/{PREFIX}idle")[SERVED]["status"] == "informational"
    assert of(judged, f"here/{PREFIX}wide")[SERVED]["status"] == "pass"


def test_the_host_is_open_at_the_address_of_a_published_port(judged):
    shown = judged["here", "network-listeners-host"]
    wide = of(judged, f"here/{PREFIX}wide")[ADDRESS]["inspected"].split(" ")[0]
    assert shown["status"] == "informational" and f":{wide.rpartition(':')[2]}" in shown["evidence"][0]["raw"]


def test_every_namespace_was_entered_and_this_process_is_where_it_was(read):
    facts, _policy = read
    for container in facts["containers"]:
        settings = fact_from(container["network"]["settings"])
        in_hosts = container["network"]["namespace"]["value"] == Kernel().identity("/proc/self/ns/net").value
        assert settings.known is not in_hosts, (container["name"], settings)
        assert in_hosts == (container["name"] == f"{PREFIX}host")


def test_an_overlay_in_clear_text_is_red_and_an_encrypted_one_is_green():
    """Only a member of a swarm has such networks, so an engine of its own becomes one."""
    with tempfile.TemporaryDirectory(prefix="bhs") as folder:
        engine = WalledEngine(Path(folder))
        try:
            client = engine.start().client
            client.init_swarm(advertise_addr="127.0.0.1", listen_addr=f"127.0.0.1:{free_port([0])}")
            for name, options in {"clear": {}, "encrypted": {"encrypted": ""}}.items():
                client.create_network(name, "overlay", options=options)
            facts = engine.facts()
        finally:
            engine.stop()
    found = {one["subject"]: one["status"] for one in findings(facts) if one["check"] == "network-encrypted"}
    assert (found["here/network/clear"], found["here/network/encrypted"]) == ("fail", "pass")
    assert found["here/network/bridge"] == "notapplicable"
