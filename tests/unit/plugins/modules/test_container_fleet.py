# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole module against an engine in memory."""

from __future__ import annotations

import json

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.plugins.modules.container_fleet import run
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.fake_engine_containers import (
    FakeContainerEngine,
)


@pytest.fixture
def engine():
    engine = FakeContainerEngine()
    for name in ("base:1", "base:2"):
        engine.add_image(name)
    return engine


def task(containers=(), **changes):
    shared = {
        "image": "base:1",
        "memory": "64m",
        "memory_swap": "64m",
        "pids_limit": 10,
        "networks": [{"name": "quiet"}],
    }
    params = {"name": "room", "labels": {}, "networks": [{"name": "quiet"}], "defaults": shared, "state": "started"}
    params.update({"containers": list(containers), "prune": False, "force": False, "parallel": 4})
    return {**params, **changes}


ROOM = [{"name": "ada"}, {"name": "grace"}]


def ids(result):
    return {one["name"]: one["id"] for one in result["containers"]}


def actions(result):
    return {one["name"]: one["action"] for one in result["containers"]}


def test_second_run_changes_nothing(engine):
    first = run(task(ROOM), engine, False)
    engine.calls.clear()
    second = run(task(ROOM), engine, False)
    assert first["changed"] and "failed" not in first
    assert not second["changed"] and engine.calls == [] and ids(first) == ids(second)


def test_check_mode_predicts_and_touches_nothing(engine):
    predicted = run(task(ROOM), engine, True)
    assert engine.calls == [] and engine.containers == {}
    assert run(task(ROOM), engine, False)["steps"] == predicted["steps"]


@pytest.mark.parametrize(
    ("options", "properties"),
    [
        ({"pids_limit": 20}, ["pids_limit"]),
        ({"pids_limit": -1}, ["pids_limit"]),
        ({"memory": "128m", "memory_swap": "128m"}, ["memory", "memory_swap"]),
        ({"cpus": 0.5}, ["cpus"]),
        ({"restart_policy": "always"}, ["restart_policy"]),
    ],
)
def test_limits_change_without_a_restart(engine, options, properties):
    before = run(task(ROOM), engine, False)
    after = run(task([{"name": "ada", **options}, ROOM[1]]), engine, False)
    assert ids(before) == ids(after) and actions(after) == {"ada": "update", "grace": "none"}
    assert [change["property"] for change in after["containers"][0]["changes"]] == properties
    assert not run(task([{"name": "ada", **options}, ROOM[1]]), engine, False)["changed"]


@pytest.mark.parametrize(
    ("options", "properties"),
    [
        ({"image": "base:2"}, ["image"]),
        ({"command": ["true"]}, ["command"]),
        ({"env": {"A": "b"}}, ["env"]),
        ({"hostname": "box"}, ["hostname"]),
        ({"ipc_mode": "shareable"}, ["ipc_mode"]),
        ({"cap_drop": ["ALL"], "read_only": True}, ["cap_drop", "read_only"]),
        ({"ulimits": [{"name": "nofile", "soft": 9}]}, ["ulimits"]),
        ({"privileged": True}, ["security_opts", "privileged"]),
        ({"mounts": [{"type": "bind", "source": "/a", "target": "/b", "selinux": "private"}]}, ["mounts"]),
    ],
)
def test_everything_else_replaces_and_dropping_it_does_too(engine, options, properties):
    before = run(task(ROOM), engine, False)
    after = run(task([{"name": "ada", **options}, ROOM[1]]), engine, False)
    assert actions(after) == {"ada": "recreate", "grace": "none"} and ids(before)["ada"] != ids(after)["ada"]
    assert [change["property"] for change in after["containers"][0]["changes"]] == properties
    dropped = run(task(ROOM), engine, False)
    assert actions(dropped) == {"ada": "recreate", "grace": "none"}
    assert [change["property"] for change in dropped["containers"][0]["changes"]] == properties
    assert not run(task(ROOM), engine, False)["changed"]


def test_lifting_the_limit_of_swap_replaces(engine):
    # The engine answers such an update with success, and the kernel never hears of it.
    run(task(ROOM), engine, False)
    assert actions(run(task([{"name": "ada", "memory_swap": "-1"}, ROOM[1]]), engine, False))["ada"] == "recreate"
    assert actions(run(task(ROOM), engine, False))["ada"] == "update"


def test_dropping_a_limit_of_memory_replaces(engine):
    run(task(ROOM), engine, False)
    shared = {"image": "base:1", "networks": [{"name": "quiet"}], "pids_limit": 10}
    result = run(task(ROOM, defaults=shared), engine, False)
    assert set(actions(result).values()) == {"recreate"}
    assert not run(task(ROOM, defaults=shared), engine, False)["changed"]


def test_a_container_that_ends_at_once_is_an_error(engine):
    engine.start = lambda key, name: engine.containers[key]["State"].update(Status="exited", ExitCode=127)
    result = run(task(ROOM[:1]), engine, False)
    assert "ada ended at once with exit code 127: no such command" in result["msg"]


def test_a_hanging_engine_is_not_asked_again(engine):
    run(task(ROOM), engine, False)

    def hang(key, name, timeout):
        engine.calls.append(("hang", name))
        raise EngineError("Cannot stop: no answer within the time limit")

    engine.stop = hang
    result = run(task(ROOM, state="stopped"), engine, False)
    assert engine.calls.count(("hang", "ada")) == 1 and ("hang", "grace") not in engine.calls
    assert "grace: Not tried, because the engine stopped answering" in result["msg"]


def test_the_old_one_stays_when_the_successor_cannot_be_made(engine):
    before = run(task(ROOM), engine, False)
    engine.broken = {"create": {"ada.next"}}
    after = run(task(ROOM, defaults={**task()["defaults"], "image": "base:2"}), engine, False)
    assert after["failed"] and "ada.next: told to fail" in after["msg"] and "grace" not in after["msg"]
    assert engine.container("ada")["State"]["Status"] == "running"
    assert (
        engine.container("ada")["Id"] == ids(before)["ada"] and engine.container("grace")["Id"] != ids(before)["grace"]
    )


@pytest.mark.parametrize("verb", ["stop", "remove", "rename", "start"])
def test_an_interrupted_replacement_is_finished_by_the_next_run(engine, verb):
    run(task(ROOM), engine, False)
    wish = task([{"name": "ada", "read_only": True}, ROOM[1]])
    engine.broken = {verb: {"ada"}}
    assert run(wish, engine, False)["failed"]
    successor = next(key for key, one in engine.containers.items() if one["HostConfig"].get("ReadonlyRootfs"))
    engine.broken = {}
    result = run(wish, engine, False)
    assert "failed" not in result and sorted(engine.member_names("room")) == ["ada", "grace"]
    assert engine.container("ada")["Id"] == successor and engine.container("ada")["State"]["Status"] == "running"
    assert not run(wish, engine, False)["changed"]


def test_a_stale_successor_is_cleared_away(engine):
    run(task(ROOM), engine, False)
    engine.broken = {"stop": {"ada"}}
    run(task([{"name": "ada", "read_only": True}, ROOM[1]]), engine, False)
    engine.broken = {}
    assert actions(run(task(ROOM), engine, False))["ada"] == "remove"
    assert sorted(engine.member_names("room")) == ["ada", "grace"] and not run(task(ROOM), engine, False)["changed"]


def test_prune_removes_members_only(engine):
    run(task(ROOM), engine, False)
    stranger = {"Image": "base:1", "Labels": {"org.bulkhead.fleet": "room", "org.bulkhead.container": "ada"}}
    # Started from an image that was committed from ada: it carries the labels of the fleet, but another name.
    engine.create("visitor", {**stranger, "HostConfig": {}})
    result = run(task(ROOM[:1], prune=True), engine, False)
    assert actions(result) == {"ada": "none", "grace": "remove"} and engine.container("visitor")


def test_a_strangers_name_is_an_error_and_the_stranger_stays(engine):
    engine.create("ada", {"Image": "base:1", "Labels": {}, "HostConfig": {}})
    result = run(task(ROOM), engine, False)
    assert result["failed"] and "not of this fleet" in result["msg"] and actions(result)["grace"] == "create"
    assert engine.container("ada")["State"]["Status"] == "created"


def test_a_missing_image_does_not_hold_up_the_others(engine):
    wish = task([{"name": "ada", "image": "nowhere:1"}, ROOM[1]])
    assert "failed" not in run(wish, engine, True)
    result = run(wish, engine, False)
    assert "ada: image nowhere:1 is not on this engine" in result["msg"] and engine.container("grace")


def test_a_network_is_replaced_under_its_members(engine):
    before = run(task(ROOM), engine, False)
    after = run(task(ROOM, networks=[{"name": "quiet", "internal": True}]), engine, False)
    assert ids(before) == ids(after) and after["steps"] == ["recreate network quiet (internal)"]
    assert not run(task(ROOM, networks=[{"name": "quiet", "internal": True}]), engine, False)["changed"]


def test_a_network_with_a_stranger_inside_is_left_alone(engine):
    run(task(ROOM), engine, False)
    stranger = engine.create("visitor", {"Image": "base:1", "Labels": {}, "HostConfig": {}}).id
    engine.join("quiet", stranger, {})
    engine.start(stranger, "visitor")
    result = run(task(ROOM, networks=[{"name": "quiet", "internal": True}]), engine, False)
    assert result["failed"] and "visitor" in result["msg"]


def test_a_network_that_members_still_need_is_not_removed(engine):
    run(task(ROOM), engine, False)
    result = run(task(state="absent"), engine, False)
    assert "members of the fleet that stay are in it: ada, grace" in result["msg"] and not result["changed"]
    result = run(task(ROOM, networks=[], prune=True), engine, False)
    assert "network quiet does not exist" not in result["msg"] and len(engine.networks()) == 4


def test_absent_takes_containers_and_networks(engine):
    run(task(ROOM), engine, False)
    result = run(task(networks=[], state="absent", prune=True), engine, False)
    assert engine.containers == {} and [net["Name"] for net in engine.networks()] == ["bridge", "host", "none"]
    assert result["steps"][-1] == "remove network quiet"
    assert not run(task(networks=[], state="absent", prune=True), engine, False)["changed"]


def test_values_of_env_appear_nowhere(engine):
    wish = task([{"name": "ada", "env": {"A": "hidden-one"}, "secret_env": {"TOKEN": "hidden-two"}}])
    shown = [run(wish, engine, True), run(wish, engine, False)]
    shown.append(run(task([{"name": "ada", "env": {"A": "hidden-three"}}]), engine, False))
    assert "hidden" not in json.dumps(shown) and '"TOKEN": "*** ' in json.dumps(shown)
