# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""container_fleet on a real engine when something is in the way, and its networks."""

from __future__ import annotations

import random

import pytest

FLEET = "bht-trouble"
ROOM = ({"name": "bht-alan"}, {"name": "bht-edsger"})
OCTET = random.randrange(256)


@pytest.fixture
def fleet(run_module, engine, base_image):
    def call(*containers, check=False, **changes):
        shared = {"image": base_image, "command": ["sleep", "3600"], "init": True, "stop_timeout": 2}
        arguments = {"name": FLEET, "defaults": shared, "containers": list(containers), **changes}
        return run_module("container_fleet", arguments, check=check)

    yield call
    gone = call(state="absent", prune=True)
    assert not gone.get("failed"), gone


@pytest.fixture
def stranger(engine, base_image):
    def make(name, **config):
        config = {"Image": base_image, "Cmd": ["sleep", "3600"], **config}
        made.append(engine.client.create_container_from_config(config, name)["Id"])
        engine.client.start(made[-1])
        return made[-1]

    made: list[str] = []
    yield make
    for key in made:
        engine.client.remove_container(key, force=True)


def actions(result):
    return [one["action"] for one in result["containers"]]


def ids(result):
    return [one["id"] for one in result["containers"]]


def test_a_strangers_container_is_never_touched(fleet, engine, stranger):
    key = stranger("bht-alan")
    for check in (True, False):
        result = fleet(*ROOM, prune=True, check=check)
        assert (
            result["failed"] and "bht-alan: a container named bht-alan exists and is not of this fleet" in result["msg"]
        )
        assert actions(result) == ["none", "create"] and result["containers"][1]["error"] is None
    assert engine.client.inspect_container("bht-alan")["Id"] == key
    assert engine.client.inspect_container("bht-edsger")["State"]["Running"]


def test_a_container_of_a_committed_image_is_a_stranger(fleet, engine, stranger):
    fleet(ROOM[0])
    image = engine.client.commit("bht-alan", repository="bulkhead-test/committed", tag="1")["Id"]
    key = stranger("bht-visitor", Image=image)
    assert engine.client.inspect_container(key)["Config"]["Labels"]["org.bulkhead.fleet"] == FLEET
    assert not fleet(ROOM[0], prune=True)["changed"]
    # And the fleet runs such an image itself, without a quarrel about the labels.
    wish = {"name": "bht-alan", "image": "bulkhead-test/committed:1"}
    assert actions(fleet(wish)) == ["recreate"] and not fleet(wish)["changed"]


def test_one_bad_one_does_not_hide_the_others(fleet, engine):
    bad = [
        {"name": "bht-image", "image": "bulkhead-test/nowhere:1"},
        {"name": "bht-command", "command": ["/no/such/thing"], "init": False},
        {"name": "bht-exit", "command": ["sh", "-c", "echo out of chalk; exit 3"], "init": False},
    ]
    result = fleet(*bad, *ROOM)
    errors = {one["name"]: one["error"] for one in result["containers"]}
    assert result["failed"] and "image bulkhead-test/nowhere:1 is not on this engine" in errors["bht-image"]
    assert "/no/such/thing" in errors["bht-command"]
    assert "exit code 3: out of chalk" in errors["bht-exit"]
    assert errors["bht-alan"] is errors["bht-edsger"] is None
    assert all(name in result["msg"] for name in ("bht-image", "bht-command", "bht-exit"))
    assert engine.client.inspect_container("bht-edsger")["State"]["Running"]


def test_a_finished_successor_is_taken_over_and_another_is_cleared_away(fleet, engine):
    before = fleet(*ROOM)
    wish = ({"name": "bht-alan", "read_only": True}, {"name": "bht-edsger"})
    fleet(*wish)
    successor = engine.client.inspect_container("bht-alan")["Id"]
    # As a run leaves it that was killed after the creation of the successor, and before anything was taken down.
    engine.client.rename("bht-alan", "bht-alan.next")
    engine.client.stop("bht-alan.next", timeout=1)
    result = fleet(*wish)
    assert result["steps"] == ["create container bht-alan"] and ids(result)[0] == successor != ids(before)[0]
    assert engine.client.inspect_container("bht-alan")["State"]["Running"]
    engine.client.rename("bht-alan", "bht-alan.next")
    assert fleet(*ROOM)["steps"] == ["remove container bht-alan.next", "create container bht-alan"]
    assert not fleet(*ROOM)["changed"]
    assert sorted(one["Names"][0] for one in engine.client.containers(all=True)) == ["/bht-alan", "/bht-edsger"]


def networked(**changes):
    quiet = {"name": "bht-quiet", "internal": True, "subnet": f"10.214.{OCTET}.0/28", **changes}
    loose = {"name": "bht-loose", "subnet": f"10.214.{OCTET}.16/28"}
    return {"networks": [quiet, loose]}


MEMBER = {"name": "bht-alan", "networks": [{"name": "bht-quiet", "aliases": ["board"]}, {"name": "bht-loose"}]}


def test_networks_come_first_and_go_last(fleet, engine):
    member = {**MEMBER, "hostname": "desk"}
    result = fleet(member, **networked())
    assert result["steps"] == ["create network bht-quiet", "create network bht-loose", "create container bht-alan"]
    assert not result.get("failed"), result
    assert not fleet(member, **networked())["changed"]
    assert engine.client.inspect_network("bht-quiet")["Internal"]
    inside = engine.client.inspect_container("bht-alan")["NetworkSettings"]["Networks"]
    assert set(inside) == {"bht-quiet", "bht-loose"} and "board" in inside["bht-quiet"]["Aliases"]
    gone = fleet(state="absent", prune=True)
    assert gone["steps"][0] == "remove container bht-alan" and not gone.get("failed"), gone


def test_a_network_is_replaced_under_running_members(fleet, engine):
    before = fleet(MEMBER, ROOM[1], **networked())
    pid = engine.client.inspect_container("bht-alan")["State"]["Pid"]
    change = networked(options={"com.docker.network.bridge.enable_icc": "false"})
    result = fleet(MEMBER, ROOM[1], **change)
    assert result["steps"] == ["recreate network bht-quiet (options)"] and ids(before) == ids(result)
    assert engine.client.inspect_container("bht-alan")["State"]["Pid"] == pid
    assert not fleet(MEMBER, ROOM[1], **change)["changed"]


def test_a_network_with_a_stranger_inside_stays(fleet, engine, stranger):
    fleet(MEMBER, **networked())
    stranger("bht-visitor", HostConfig={"NetworkMode": "bht-quiet"})
    result = fleet(MEMBER, ROOM[1], **networked(internal=False))
    assert result["failed"] and "containers that are not of the fleet are in it: bht-visitor" in result["msg"]
    assert engine.client.inspect_network("bht-quiet")["Internal"] and actions(result) == ["none", "create"]
    engine.client.disconnect_container_from_network("bht-visitor", "bht-quiet", force=True)


def test_a_stopped_member_survives_the_loss_of_its_network(fleet, engine):
    fleet(MEMBER, state="stopped", **networked())
    fleet(MEMBER, **networked())
    engine.client.stop("bht-alan", timeout=1)
    engine.client.remove_network("bht-quiet")
    result = fleet(MEMBER, **networked())
    assert not result.get("failed"), result
    assert actions(result) == ["recreate"] and engine.client.inspect_container("bht-alan")["State"]["Running"]
    assert not fleet(MEMBER, **networked())["changed"]
