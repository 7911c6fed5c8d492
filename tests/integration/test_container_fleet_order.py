# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""container_fleet on a real engine: order, health, ports, addresses, force, and what was written behind its back."""

from __future__ import annotations

import re
import socket
import time
from datetime import datetime
from pathlib import Path

import pytest
from ansible_collections.bulkhead.classroom.tests.integration.support.look import Look

FLEET = "bht-order"


@pytest.fixture
def fleet(run_module, engine, base_image):
    def call(*containers, check=False, **changes):
        shared = {"image": base_image, "command": ["sleep", "3600"], "network_mode": "none", "stop_timeout": 0}
        arguments = {"name": FLEET, "defaults": shared, "containers": list(containers), **changes}
        return run_module("container_fleet", arguments, check=check)

    yield call
    gone = call(state="absent", prune=True)
    assert not gone.get("failed"), gone


def ids(result):
    return [one["id"] for one in result["containers"]]


def actions(result):
    return [one["action"] for one in result["containers"]]


def errors(result):
    return {one["name"]: one["error"] for one in result["containers"] if one["error"]}


def moment(text: str) -> datetime:
    """The engine writes nanoseconds."""
    return datetime.fromisoformat(re.sub(r"([.]\d{6})\d*", r"\1", text).replace("Z", "+00:00"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_dependent_starts_when_its_dependency_is_healthy(fleet, engine):
    slow = {
        "name": "bht-store",
        "command": ["sh", "-c", "sleep 2; touch /ready; sleep 3600"],
        "healthcheck": {"test": ["test -e /ready"], "interval": "500ms", "retries": 20},
        "wait_healthy": 30,
    }
    page = {"name": "bht-page", "depends_on": ["bht-store"]}
    result = fleet(page, slow)
    assert not errors(result) and actions(result) == ["create", "create"]
    states = [Look(engine.client, name).document["State"] for name in ("bht-store", "bht-page")]
    assert states[0]["Health"]["Status"] == "healthy"
    healthy = min(moment(one["End"]) for one in states[0]["Health"]["Log"] if one["ExitCode"] == 0)
    assert moment(states[1]["StartedAt"]) > healthy
    assert not fleet(page, slow)["changed"]

    ill = {
        **slow,
        "name": "bht-ill",
        "healthcheck": {"test": ["echo no chalk; false"], "interval": "300ms", "retries": 2},
    }
    result = fleet(page, slow, ill, {"name": "bht-waits", "depends_on": ["bht-ill"]})
    assert set(errors(result)) == {"bht-ill", "bht-waits"}
    assert "bht-ill is unhealthy: no chalk" in errors(result)["bht-ill"]
    assert engine.client.inspect_container("bht-waits")["State"]["Status"] == "created"
    # Nothing to do, and still not well.
    assert set(errors(fleet(page, slow, ill))) == {"bht-ill"}


def test_restarted(fleet, engine):
    before = fleet({"name": "bht-ada"})
    pid = Look(engine.client, "bht-ada").pid
    result = fleet({"name": "bht-ada", "state": "restarted"})
    assert actions(result) == ["restart"] and ids(result) == ids(before) and Look(engine.client, "bht-ada").pid != pid


def test_a_port_is_published_changed_and_taken_back(fleet, engine):
    first, second = free_port(), free_port()
    serve = ["sh", "-c", "while true; do echo chalk | nc -l -p 80; done"]

    def wish(*ports):
        return {"name": "bht-web", "network_mode": "bridge", "command": serve, "init": True, "ports": list(ports)}

    def answer(port: int) -> bytes:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            return connection.recv(100)

    assert not errors(fleet(wish(f"127.0.0.1:{first}:80", "81/udp")))
    time.sleep(0.5)
    assert answer(first) == b"chalk\n" and not fleet(wish(f"127.0.0.1:{first}:80", "81/udp"))["changed"]
    changed = fleet(wish(f"127.0.0.1:{second}:80"))
    assert actions(changed) == ["recreate"] and [c["property"] for c in changed["containers"][0]["changes"]] == [
        "ports"
    ]
    time.sleep(0.5)
    assert answer(second) == b"chalk\n"
    with pytest.raises(OSError, match="refused"):
        answer(first)
    assert actions(fleet(wish())) == ["recreate"] and not fleet(wish())["changed"]


def test_a_port_that_is_taken_is_an_error_of_that_container_alone(fleet, engine):
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))  # noqa: S104 - the very point
        taken.listen()
        port = taken.getsockname()[1]
        web = {"name": "bht-web", "network_mode": "bridge", "ports": [f"{port}:80"]}
        result = fleet(web, {"name": "bht-ada"})
        assert set(errors(result)) == {"bht-web"} and engine.client.inspect_container("bht-ada")["State"]["Running"]
        assert str(port) in errors(result)["bht-web"] and "publish another one under ports" in errors(result)["bht-web"]
    assert actions(fleet(web, {"name": "bht-ada"})) == ["start", "none"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"memory": "1m"}, "Minimum memory limit allowed"),
        ({"cpus": 4000}, "Range of CPUs"),
        ({"cpuset_cpus": "4000"}, "Requested CPUs are not available"),
        ({"memory": "32m", "memory_reservation": "64m"}, "reservation"),
        ({"storage_opt": {"size": "1g"}}, "storage-opt is supported only"),
        ({"runtime": "nowhere"}, "nowhere"),
        ({"devices": ["/dev/nowhere"]}, "nowhere"),
        ({"sysctls": {"kernel.panic": 1}}, "kernel.panic"),
        ({"log_driver": "nowhere"}, "nowhere"),
        ({"blkio_weight": 100}, "Take the option out"),
    ],
)
def test_an_impossible_limit_is_named_and_holds_up_nobody(fleet, engine, options, words):
    if "blkio_weight" in options and Path("/sys/fs/cgroup/blkio/blkio.weight").exists():
        pytest.skip("this kernel has weights for disks")
    result = fleet({"name": "bht-bad", **options}, {"name": "bht-ada"})
    assert set(errors(result)) == {"bht-bad"} and words in errors(result)["bht-bad"], errors(result)
    assert engine.client.inspect_container("bht-ada")["State"]["Running"]


def test_privileged_is_set_and_taken_back(fleet, engine):
    # Not started: it would need rights that the host of the tests may not have.
    assert actions(fleet({"name": "bht-ada", "privileged": True}, state="stopped")) == ["create"]
    assert engine.client.inspect_container("bht-ada")["HostConfig"]["Privileged"]
    assert actions(fleet({"name": "bht-ada"}, state="stopped")) == ["recreate"]
    assert not engine.client.inspect_container("bht-ada")["HostConfig"]["Privileged"]


def test_addresses_and_networks_change_while_it_runs(fleet, engine):
    networks = {
        "networks": [{"name": f"bht-{one}", "subnet": f"10.215.{number}.0/24"} for number, one in ((7, "a"), (8, "b"))]
    }

    def wish(**second):
        places = [{"name": "bht-a", "ipv4_address": "10.215.7.7"}, *([{"name": "bht-b", **second}] if second else [])]
        return {"name": "bht-ada", "network_mode": None, "networks": places}

    def own(*containers, **changes):
        defaults = {"defaults": {"image": "bulkhead-test/base:1", "command": ["sleep", "3600"], "stop_timeout": 0}}
        return fleet(*containers, **networks, **defaults, **changes)

    before = own(wish())
    pid = Look(engine.client, "bht-ada").pid
    assert "inet 10.215.7.7/" in Look(engine.client, "bht-ada").run("ip", "address")
    for second in ({"ipv4_address": "10.215.8.8"}, {"ipv4_address": "10.215.8.9", "aliases": ["board"]}, {}):
        predicted, done = own(wish(**second), check=True), own(wish(**second))
        assert not errors(done) and actions(done) == actions(predicted) == ["update"] and ids(done) == ids(before)
        addresses = Look(engine.client, "bht-ada").run("ip", "address")
        assert ("inet 10.215.8." in addresses) is bool(second) and second.get("ipv4_address", "10.215.7.7") in addresses
        assert Look(engine.client, "bht-ada").pid == pid and not own(wish(**second))["changed"]


def test_what_was_written_into_the_control_group_is_put_back(fleet, engine):
    wish = {"name": "bht-ada", "memory": "32m", "memory_swap": "32m", "pids_limit": 20, "cpus": 0.5, "cpu_shares": 512}
    fleet(wish)
    look = Look(engine.client, "bht-ada")
    writes = {("pids", "pids.max"): "max", ("cpu", "cpu.cfs_quota_us"): "-1", ("cpu", "cpu.shares"): "1024"}
    held = {place: look.cgroup(*place) for place in writes}
    for (controller, file), text in writes.items():
        path = next(
            line.split(":")[2]
            for line in look.proc("cgroup").splitlines()
            if controller in line.split(":")[1].split(",")
        )
        Path(f"/sys/fs/cgroup/{controller}{path}/{file}").write_text(text)
    assert engine.client.inspect_container("bht-ada")["HostConfig"]["PidsLimit"] == 20
    predicted, result = fleet(wish, check=True), fleet(wish)
    assert predicted["steps"] == result["steps"] == ["update container bht-ada (cpus, cpu_shares, pids_limit)"]
    assert {place: look.cgroup(*place) for place in writes} == held and not fleet(wish)["changed"]


def test_force_takes_a_name_and_nothing_less_does(fleet, engine, base_image):
    config = {"Image": base_image, "Cmd": ["sleep", "3600"]}
    stranger = engine.client.create_container_from_config(config, "bht-ada")["Id"]
    engine.client.start(stranger)
    assert "set force" in errors(fleet({"name": "bht-ada"}))["bht-ada"]
    predicted, result = fleet({"name": "bht-ada"}, check=True, force=True), fleet({"name": "bht-ada"}, force=True)
    assert predicted["steps"] == result["steps"] == ["recreate container bht-ada (fleet)"] and not errors(result)
    assert ids(result) != [stranger] and not fleet({"name": "bht-ada"})["changed"]


def test_an_address_of_version_6_in_a_network_of_others(fleet, engine):
    body = {"Name": "bht-six", "CheckDuplicate": True, "EnableIPv6": True}
    body["IPAM"] = {"Config": [{"Subnet": "10.215.9.0/24"}, {"Subnet": "fd00:b017::/64"}]}
    key = engine.client._result(engine.client._post_json(engine.client._url("/networks/create"), data=body), True)["Id"]
    defaults = {"image": "bulkhead-test/base:1", "command": ["sleep", "3600"], "stop_timeout": 0}

    def call(*addresses):
        places = [{"name": "bht-six", "ipv6_address": one} for one in addresses] or [{"name": "bht-six"}]
        return fleet({"name": "bht-ada", "networks": places}, defaults=defaults)

    try:
        for addresses in (["fd00:b017::7"], ["fd00:b017::8"], []):
            result = call(*addresses)
            assert not errors(result) and actions(result)[0] in ("create", "update")
            shown = Look(engine.client, "bht-ada").run("ip", "address")
            assert all(f"inet6 {one}/" in shown for one in addresses) and not call(*addresses)["changed"]
    finally:
        fleet(state="absent", prune=True)
        engine.client.remove_network(key)
