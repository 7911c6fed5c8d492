# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Order, waiting, restarts, force, and what the kernel or the engine does otherwise than it was told."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.units import SpecError
from ansible_collections.bulkhead.classroom.plugins.modules.container_fleet import run
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.fake_engine_containers import (
    FakeContainerEngine,
)


@pytest.fixture
def engine():
    engine = FakeContainerEngine()
    engine.add_image("base:1")
    engine.add_image("ill:1", Healthcheck=None)
    return engine


def task(*containers, **changes):
    params = {"name": "room", "labels": {}, "networks": [], "defaults": {"image": "base:1"}, "state": "started"}
    params.update({"containers": list(containers), "prune": False, "force": False, "parallel": 2})
    return {**params, **changes}


def actions(result):
    return {one["name"]: one["action"] for one in result["containers"]}


def errors(result):
    return {one["name"]: one["error"] for one in result["containers"] if one["error"]}


# Listed against their order: page needs api, and api needs store.
CHAIN = (
    {"name": "page", "depends_on": ["api"]},
    {"name": "api", "depends_on": ["store"]},
    {"name": "store", "wait_healthy": 1},
)


def test_dependencies_start_first_and_stop_last(engine):
    run(task(*CHAIN), engine, False)
    assert [name for verb, name in engine.calls if verb == "start"] == ["store", "api", "page"]
    engine.calls.clear()
    result = run(task(*CHAIN, state="stopped"), engine, False)
    assert engine.calls == [("stop", "page"), ("stop", "api"), ("stop", "store")]
    assert result["steps"] == ["stop container page", "stop container api", "stop container store"]
    run(task(*CHAIN, state="absent"), engine, False)
    assert engine.calls[3:] == [("remove", "page"), ("remove", "api"), ("remove", "store")]


def test_who_depends_on_a_failure_is_left_alone_and_others_are_not(engine):
    engine.health = {"store": "unhealthy"}
    result = run(task(*CHAIN, {"name": "ada"}), engine, False)
    assert "store is unhealthy: no chalk" in errors(result)["store"]
    assert "depends on store" in errors(result)["api"] and "depends on api" in errors(result)["page"]
    assert "ada" not in errors(result) and [name for verb, name in engine.calls if verb == "start"] == ["store", "ada"]
    engine.health = {}
    engine.stop(engine.container("store")["Id"], "store", 1)
    result = run(task(*CHAIN, {"name": "ada"}), engine, False)
    assert not errors(result) and not run(task(*CHAIN, {"name": "ada"}), engine, False)["changed"]


def test_a_replacement_waits_for_its_dependency_or_stays_as_it_was(engine):
    run(task(*CHAIN), engine, False)
    before = engine.container("api")["Id"]
    wish = [{**CHAIN[0]}, {**CHAIN[1], "read_only": True}, {**CHAIN[2], "image": "nowhere:1"}]
    result = run(task(*wish), engine, False)
    assert "not on this engine" in errors(result)["store"] and "Left as it is" in errors(result)["api"]
    assert engine.container("api")["Id"] == before and engine.container("api")["State"]["Status"] == "running"


@pytest.mark.parametrize(
    ("containers", "word"),
    [
        ([{"name": "ada", "depends_on": ["grace"]}], "grace is not listed"),
        ([{"name": "ada", "depends_on": ["ada"]}], "ada -> ada is a circle"),
        (
            [{"name": "ada", "depends_on": ["grace"]}, {"name": "grace", "depends_on": ["ada"]}],
            "ada -> grace -> ada is a circle",
        ),
        ([{"name": "ada", "depends_on": ["grace"]}, {"name": "grace", "state": "stopped"}], "grace shall be stopped"),
        ([{"name": "ada", "ports": ["80:80"]}, {"name": "grace", "ports": ["80:1"]}], "taken by ada"),
        ([{"name": "ada", "ports": ["80:80"], "network_mode": "host"}], "nothing can be published"),
        ([{"name": "ada", "wait_healthy": -1}], "wait_healthy: -1 is not between"),
        ([{"name": "ada", "networks": [{"name": "quiet", "ipv4_address": "::1"}]}], "::1 is of version 6"),
    ],
)
def test_mistakes_between_containers(engine, containers, word):
    with pytest.raises(SpecError, match="Nothing was changed") as caught:
        run(task(*containers), engine, False)
    assert word in str(caught.value) and engine.calls == []


def test_an_unhealthy_container_that_nothing_changed_fails_too(engine):
    wish = task({"name": "ada", "wait_healthy": 1})
    assert not errors(run(wish, engine, False))
    engine.containers[engine.container("ada")["Id"]]["State"]["Health"] = {"Status": "starting", "Log": None}
    assert not errors(run(wish, engine, True))
    result = run(wish, engine, False)
    assert "ada is starting after 1 s" in errors(result)["ada"] and not result["changed"]
    assert (
        "no health check"
        in errors(run(task({"name": "alan", "image": "ill:1", "wait_healthy": 1}), engine, False))["alan"]
    )


def test_restarted_restarts_what_runs_each_time(engine):
    first = run(task({"name": "ada"}, state="restarted"), engine, False)
    key = engine.container("ada")["Id"]
    engine.calls.clear()
    second = run(task({"name": "ada", "pids_limit": 5}, state="restarted"), engine, False)
    assert actions(first) == {"ada": "create"} and actions(second) == {"ada": "restart"}
    assert (
        engine.calls == [("update", "ada"), ("stop", "ada"), ("start", "ada")] and engine.container("ada")["Id"] == key
    )


def test_force_replaces_a_stranger_when_its_successor_exists(engine):
    stranger = engine.create("ada", {"Image": "base:1", "Labels": {}, "HostConfig": {}}).id
    engine.create("grace.next", {"Image": "base:1", "Labels": {}, "HostConfig": {}})
    wish = [{"name": "ada"}, {"name": "grace"}]
    assert "set force" in errors(run(task(*wish), engine, False))["ada"]
    engine.calls.clear()
    engine.broken = {"create": {"ada.next"}}
    assert errors(run(task(*wish, force=True), engine, False)) and stranger in engine.containers
    engine.broken = {}
    result = run(task(*wish, force=True), engine, False)
    assert not errors(result) and actions(result)["ada"] == "recreate" and stranger not in engine.containers
    assert sorted(engine.member_names("room")) == ["ada", "grace"]
    assert not run(task(*wish), engine, False)["changed"]


def test_force_removes_a_stranger_that_shall_be_absent(engine):
    engine.create("ada", {"Image": "base:1", "Labels": {}, "HostConfig": {}})
    engine.create("alan", {"Image": "base:1", "Labels": {}, "HostConfig": {}})
    assert errors(run(task({"name": "ada"}, state="absent"), engine, False))
    result = run(task({"name": "ada"}, state="absent", force=True, prune=True), engine, False)
    assert result["steps"] == ["remove container ada (fleet)"] and engine.container("alan")


def test_a_limit_that_the_engine_drops_is_an_error_and_leaves_nothing(engine):
    dropped = "Your kernel does not support Block I/O weight. Weight discarded."
    engine.warnings = {("create", "ada"): dropped, ("create", "grace"): "IPv4 forwarding is disabled."}
    result = run(task({"name": "ada", "blkio_weight": 100}, {"name": "grace"}), engine, False)
    assert "would drop a limit: Your kernel" in errors(result)["ada"] and engine.container("ada") is None
    assert result["warnings"] == ["IPv4 forwarding is disabled."] and "grace" not in errors(result)
    engine.warnings = {("update", "grace"): dropped, ("create", "grace.next"): dropped}
    assert "dropped a limit" in errors(run(task({"name": "grace", "blkio_weight": 100}), engine, False))["grace"]
    before = engine.container("grace")["Id"]
    wish = task({"name": "grace", "blkio_weight": 100, "read_only": True})
    assert errors(run(wish, engine, False)) and engine.container("grace")["Id"] == before


def test_an_engine_that_is_too_old_says_so(engine):
    wish = task({"name": "ada", "healthcheck": {"start_interval": "1s"}}, {"name": "grace"})
    engine.api = (1, 41)
    result = run(wish, engine, False)
    assert (
        "needs API 1.44 (Docker 25), and this engine speaks 1.41" in errors(result)["ada"] and len(errors(result)) == 1
    )
    engine.api = (1, 44)
    assert not errors(run(wish, engine, False))


class Groups:
    """Control groups in which somebody wrote."""

    def __init__(self, **values):
        self.values = values

    def limits(self, member):
        return self.values if member.spec.name == "ada" else {}


def test_what_the_control_group_holds_counts(engine):
    wish = task({"name": "ada", "memory": "64m", "pids_limit": 10}, {"name": "grace", "pids_limit": 10})
    run(wish, engine, False)
    engine.calls.clear()
    honest = Groups(memory=64 << 20, memory_swap=128 << 20, pids_limit=10)
    assert not run(wish, engine, False, honest)["changed"]
    result = run(wish, engine, False, Groups(memory=64 << 20, pids_limit=99))
    assert actions(result) == {"ada": "update", "grace": "none"} and engine.calls == [("update", "ada")]
    assert result["containers"][0]["changes"] == [{"property": "pids_limit", "before": 99, "after": 10}]


def test_networks_are_joined_and_left_while_the_container_runs(engine):
    networks = [{"name": name} for name in ("quiet", "loud", "far")]

    def wish(*names, **more):
        return task({"name": "ada", "networks": [{"name": name, **more} for name in names]}, networks=networks)

    run(wish("quiet", "loud"), engine, False)
    key = engine.container("ada")["Id"]
    for change in (wish("quiet", "far"), wish("quiet", "far", aliases=["desk"]), wish("quiet"), wish("quiet", "loud")):
        result = run(change, engine, False)
        assert actions(result) == {"ada": "update"} and result["steps"] == ["update container ada (networks)"]
        assert engine.container("ada")["Id"] == key and not run(change, engine, False)["changed"]
    assert set(engine.container("ada")["NetworkSettings"]["Networks"]) == {"quiet", "loud"}
    # The first one is the container's mode.
    assert actions(run(wish("loud"), engine, False)) == {"ada": "recreate"}


def test_a_member_with_a_problem_keeps_the_network_that_is_replaced(engine):
    member = {"name": "ada", "networks": [{"name": "quiet"}]}
    run(task(member, networks=[{"name": "quiet"}]), engine, False)
    result = run(task({**member, "image": "nowhere:1"}, networks=[{"name": "quiet", "internal": True}]), engine, False)
    assert errors(result) and "quiet" in engine.container("ada")["NetworkSettings"]["Networks"]


def test_engines_with_the_fix_take_down_several_at_once(engine):
    wish = [{"name": name} for name in ("ada", "grace", "alan", "edsger")]
    run(task(*wish), engine, False)
    run(task(*wish, state="stopped"), engine, False)
    assert engine.peak == 1
    engine.safe = True
    assert not errors(run(task(*wish, state="absent"), engine, False)) and engine.containers == {}
    assert engine.peak == 2


@pytest.mark.parametrize("words", ["id already in use: unknown", f"task {'a1' * 32}: already exists"])
def test_a_container_whose_start_was_interrupted_is_made_again(engine, words):
    run(task({"name": "ada"}, {"name": "grace"}, state="stopped"), engine, False)
    stuck, start = engine.container("ada")["Id"], engine.start

    def refuse(key, name):
        if key == stuck:
            raise EngineError(f"Cannot start container ada: {words}")
        start(key, name)

    engine.start = refuse
    engine.containers[stuck]["State"]["StartedAt"] = "2026-01-01T00:00:00Z"
    # It has run: whatever is in its writable layer is not ours to throw away.
    assert words in errors(run(task({"name": "ada"}, {"name": "grace"}), engine, False))["ada"]
    engine.containers[stuck]["State"]["StartedAt"] = "0001-01-01T00:00:00Z"
    result = run(task({"name": "ada"}, {"name": "grace"}), engine, False)
    assert not errors(result) and result["containers"][0]["id"] == engine.container("ada")["Id"] != stuck
    assert not run(task({"name": "ada"}, {"name": "grace"}), engine, False)["changed"]
