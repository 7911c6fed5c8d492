# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The packet filter of a real engine: its own rules are green, and each one that is taken away or put before them turns
exactly its checks red. Who is said to be reached is tried: with one datagram, because an answer may be dropped still.

Once with the tables of nft and once with the old ones: the engine's network is a namespace of its own.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.verdict import verdict
from ansible_collections.bulkhead.classroom.tests.integration.support.modules import ROOT
from ansible_collections.bulkhead.classroom.tests.integration.support.rootfs import imported
from ansible_collections.bulkhead.classroom.tests.integration.support.walled import WalledEngine

STUDENT = "org.bulkhead.student"
BRIDGE = "com.docker.network.bridge"
# In a container's network, with the host's Python: who is heard until the input ends, and one datagram to each address.
HEARS = """
import select, socket, sys
hears = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
hears.bind(("", 9999))
print(flush=True)
while hears in select.select([hears, sys.stdin], [], [])[0]:
    print(hears.recv(99).decode())
"""
# What is on its way when all is said: the neighbour has to be asked for its address first.
SETTLED = 0.5
SAYS = """
import socket, sys
says = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for address in sys.argv[2:]:
    says.sendto(sys.argv[1].encode(), (address, 9999))
"""
ICC, SHARED, APART, RULES = "network-icc", "network-shared", "network-apart", "network-ports-rules"
WRITTEN, POLICY = "daemon-iptables", "daemon-forward-policy"
KNOWN = (ICC, SHARED, APART, RULES, WRITTEN, POLICY)
# Container to its network and its student. In "room" two strangers are, without communication.
CONTAINERS = {"ada": ("room", "ada"), "grace": ("room", "grace"), "eve": ("other", "eve"), "mallory": ("third", "m")}
ROOM = {("network/room", ICC): "fail", ("network/room", SHARED): "fail"}
EVERY = {(f"network/{name}", APART): "fail" for name in ("room", "other", "third")}
ACROSS = [("ada", "eve"), ("mallory", "eve"), ("mallory", "ada"), ("eve", "mallory")]
TRIED = [("ada", "grace"), *ACROSS]
TO_EVE = "-p tcp --dport 22 -j DNAT --to-destination {eve}:8080"
# Name: what is done (D: a rule is taken away; I: one is put first; a setting), what is red then, and who reaches whom.
BROKEN = {
    "no drop in the bridge": ("-D FORWARD -i room -o room -j DROP", ROOM, [("ada", "grace")]),
    "let through in the bridge": ("-I FORWARD -i room -o room -j ACCEPT", ROOM, [("ada", "grace")]),
    "one port in the bridge": (
        "-I DOCKER-USER -i room -o room -p udp --dport 9999 -j ACCEPT",
        ROOM,
        [("ada", "grace")],
    ),
    "not filtered in the bridge": ("net/bridge/bridge-nf-call-iptables", ROOM, [("ada", "grace")]),
    "a network without its drop": (
        "-D DOCKER-ISOLATION-STAGE-2 -o other -j DROP",
        {("network/other", APART): "fail"},
        [("ada", "eve"), ("mallory", "eve")],
    ),
    "a network that is not sent there": (
        "-D DOCKER-ISOLATION-STAGE-1 -i third ! -o third -j DOCKER-ISOLATION-STAGE-2",
        {("network/other", APART): "fail", ("network/room", APART): "fail"},
        [("mallory", "eve"), ("mallory", "ada")],
    ),
    "the stage left out": ("-D FORWARD -j DOCKER-ISOLATION-STAGE-1", EVERY, ACROSS),
    "all that comes from a network": (
        "-I DOCKER-USER -i third -j ACCEPT",
        {("network/other", APART): "fail", ("network/room", APART): "fail"},
        [("mallory", "eve"), ("mallory", "ada")],
    ),
    "a rule that is not understood": (
        "-I DOCKER-USER -m mark --mark 0x7 -j ACCEPT",
        dict.fromkeys((*ROOM, *EVERY), "error"),
        [],
    ),
    "a port that nobody published": (f"-t nat -I DOCKER {TO_EVE}", {("eve", RULES): "fail"}, []),
}


def started(engine, image: str) -> dict[str, str]:
    """Name to address. One port is published at the loopback address."""
    for name, icc in {"room": "false", "other": "true", "third": "true"}.items():
        engine.client.create_network(name, "bridge", options={f"{BRIDGE}.enable_icc": icc, f"{BRIDGE}.name": name})
    found = {}
    for name, (network, student) in CONTAINERS.items():
        ports = {"port_bindings": {8080: ("127.0.0.1", 8081)}} if name == "mallory" else {}
        host = engine.client.create_host_config(network_mode=network, **ports)
        config = {"Image": image, "Cmd": ["sleep", "3600"], "Labels": {STUDENT: student}, "HostConfig": host}
        config.update({"ExposedPorts": {"8080/tcp": {}}} if ports else {})
        key = engine.client.create_container_from_config(config, name)["Id"]
        engine.client.start(key)
        found[name] = engine.client.inspect_container(key)["NetworkSettings"]["Networks"][network]["IPAddress"]
    return found


@pytest.fixture(scope="module", params=["nft", "legacy"])
def room(request, workshop, rootfs):
    """The engine, and the addresses of its containers."""
    with tempfile.TemporaryDirectory(prefix="bhw") as folder:
        # Who forwards already keeps the policy of FORWARD: what no rule of the engine's drops gets through.
        engine = WalledEngine(Path(folder), request.param, forwards=True)
        try:
            engine.start()
            yield engine, started(engine, imported(engine, rootfs))
        finally:
            engine.stop()


def judged(engine) -> dict[tuple[str, str], tuple[str, str]]:
    """(subject without the host, check) to status and what was said."""
    found = verdict({"here": engine.facts()}, {"selinux": "absent"})["findings"]
    own = [one for one in found if one["check"] in KNOWN]
    return {
        (one["subject"].partition("/")[2], one["check"]): (one["status"], one["observed"] + one["reason"])
        for one in own
    }


def red(found: dict) -> dict[tuple[str, str], str]:
    return {key: status for key, (status, _said) in found.items() if status in ("fail", "error")}


@contextlib.contextmanager
def broken(engine, change: str, addresses: dict[str, str]):
    """One change. Afterwards all rules are as they were."""
    saved = engine.folder / "rules"
    engine.run("sh", "-c", f"iptables-{engine.kind}-save > {saved}")
    if change.startswith("net/"):
        engine.set(change, "0")
    else:
        engine.run("iptables", *change.format(**addresses).split())
    try:
        yield
    finally:
        engine.run("sh", "-c", f"iptables-{engine.kind}-restore < {saved}")
        engine.set("net/bridge/bridge-nf-call-iptables", "1")


def inside(engine, name: str, code: str, *words: str) -> subprocess.Popen:
    pid = engine.client.inspect_container(name)["State"]["Pid"]
    command = ["nsenter", f"--net=/proc/{pid}/ns/net", sys.executable, "-I", "-c", code, *words]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def arrived(engine, addresses: dict[str, str]) -> list[tuple[str, str]]:
    """Whose datagram of TRIED gets to the other one."""
    hear = {whom: inside(engine, whom, HEARS) for whom in dict.fromkeys(pair[1] for pair in TRIED)}
    for one in hear.values():
        one.stdout.readline()
    for who in dict.fromkeys(pair[0] for pair in TRIED):
        assert inside(engine, who, SAYS, who, *(addresses[whom] for one, whom in TRIED if one == who)).wait() == 0
    time.sleep(SETTLED)
    return sorted((who, whom) for whom, one in hear.items() for who in one.communicate()[0].split())


def test_what_the_engine_writes_is_green_but_for_the_policy(room):
    engine, addresses = room
    found = judged(engine)
    assert red(found) == {("", POLICY): "fail"}, red(found)
    assert {found["network/room", ICC][0], found["network/room", SHARED][0]} == {"pass"}
    assert {found[f"network/{name}", APART][0] for name in ("room", "other", "third")} == {"pass"}
    assert {found[name, RULES][0] for name in CONTAINERS} == {"pass"} and "8081" in found["mallory", RULES][1]
    assert arrived(engine, addresses) == []


@pytest.mark.parametrize("name", BROKEN)
def test_a_change_turns_exactly_its_checks_red(room, name):
    engine, addresses = room
    change, wanted, reached = BROKEN[name]
    with broken(engine, change, addresses):
        found = judged(engine)
        assert red(found) == {("", POLICY): "fail", **wanted}, {key: found[key] for key in red(found)}
        assert arrived(engine, addresses) == sorted(reached)


def test_with_a_policy_that_drops_a_rule_that_is_gone_opens_nothing(room):
    engine, addresses = room
    with broken(engine, BROKEN["no drop in the bridge"][0], addresses):
        engine.run("iptables", "-P", "FORWARD", "DROP")
        assert red(judged(engine)) == {} and arrived(engine, addresses) == []


def test_a_port_at_more_addresses_than_were_named_is_red(room):
    engine, addresses = room
    wide = f"-t nat -I DOCKER -p tcp --dport 8081 -j DNAT --to-destination {addresses['mallory']}:8080"
    with broken(engine, wide, addresses):
        found = judged(engine)
        assert red(found) == {("", POLICY): "fail", ("mallory", RULES): "fail"}
        assert "passed on at 0.0.0.0" in found["mallory", RULES][1]


def test_reading_changes_neither_a_rule_nor_what_is_loaded(room):
    engine, _addresses = room

    def state() -> list[str]:
        names = ["/proc/net/ip_tables_names", "/proc/net/ip6_tables_names"]
        saved = engine.run("sh", "-c", f"iptables-nft-save; cat {' '.join(names)}; lsmod 2>/dev/null || true")
        return [line for line in saved.splitlines() if not line.startswith("#")]

    before = state()
    engine.facts()
    assert state() == before


def test_the_rights_of_the_watch_are_enough_to_read_them(room):
    engine, _addresses = room
    unit = (ROOT / "roles/isolation_audit/templates/bulkhead-isolation.service.j2").read_text()
    rights = next(line for line in unit.splitlines() if line.startswith("CapabilityBoundingSet=")).partition("=")[2]
    names = ",".join(name.lower().replace("cap_", "+", 1) for name in rights.split())
    found = engine.facts("setpriv", "--no-new-privs", f"--bounding-set=-all,{names}")["host"]["network"]["rules"]
    assert found == engine.facts()["host"]["network"]["rules"] and engine.kind in found["ipv4"]["value"]
    refused = engine.facts("setpriv", f"--bounding-set=-all,{names.replace('+net_admin,', '')}")
    assert refused["host"]["network"]["rules"]["ipv4"]["error"]


def test_rules_that_were_flushed_are_red_everywhere(room):
    """The last one: the engine writes them again when it is started again."""
    engine, addresses = room
    engine.run("iptables", "-F")
    found = red(judged(engine))
    assert found == {**ROOM, **EVERY, ("", POLICY): "fail", ("", WRITTEN): "fail"}
    assert arrived(engine, addresses) == sorted(TRIED)
