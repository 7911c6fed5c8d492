# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""container_fleet when the engine dies or stops answering in the middle: nothing is lost, and the next run finishes."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

FLEET = "bht-broken"
ROOM = [{"name": f"bht-seat{number:02}"} for number in range(30)]
NAMES = {one["name"] for one in ROOM}


@pytest.fixture
def fleet(run_module, engine, base_image):
    def call(*containers, **changes):
        limits = {"memory": "32m", "pids_limit": 20}
        shared = {
            "image": base_image,
            "command": ["sleep", "3600"],
            "network_mode": "none",
            "stop_timeout": 0,
            **limits,
        }
        return run_module(
            "container_fleet", {"name": FLEET, "defaults": shared, "containers": list(containers), **changes}
        )

    yield call
    gone = call(state="absent", prune=True)
    assert not gone.get("failed"), gone


@pytest.fixture
def meanwhile(engine, fleet):
    """Runs the module, and does something when `count` containers are in a condition; returns the module's result."""

    def run(do, count, condition, *containers, **changes):
        results = []
        thread = threading.Thread(target=lambda: results.append(fleet(*containers, **changes)))
        thread.start()
        deadline = time.monotonic() + 60
        while len([one for one in members(engine) if condition(one)]) < count:
            assert time.monotonic() < deadline and thread.is_alive(), "the moment never came"
        do()
        thread.join(120)
        return results[0]

    return run


def members(engine):
    return engine.client.containers(all=True, filters={"label": f"org.bulkhead.fleet={FLEET}"})


def names(engine):
    return {one["Names"][0][1:] for one in members(engine)}


def errors(result):
    return {one["name"]: one["error"] for one in result["containers"] if one["error"]}


def settled(engine, fleet, *containers):
    """A rerun converges, and another one has nothing to do."""
    result = fleet(*containers)
    assert not errors(result) and not fleet(*containers)["changed"]
    assert names(engine) == NAMES and all(one["State"] == "running" for one in members(engine))
    return result


def test_the_engine_is_killed_while_containers_are_created(fleet, engine, meanwhile):
    result = meanwhile(engine.crash, 10, lambda one: True, *ROOM)
    assert result["failed"] and set(errors(result)) <= NAMES and len(errors(result)) >= 10
    assert all("socket" in text or "connection" in text.lower() for text in errors(result).values()), errors(result)
    engine.launch()
    assert len(names(engine)) >= 10 and names(engine) <= NAMES
    settled(engine, fleet, *ROOM)


def test_the_engine_is_killed_while_containers_are_replaced(fleet, engine, meanwhile):
    before = {one["name"]: one["id"] for one in fleet(*ROOM)["containers"]}
    wish = [{**one, "read_only": True} for one in ROOM]
    # Some are replaced already, some have a successor that waits, of some the old one is being stopped.
    result = meanwhile(
        engine.crash, 5, lambda one: one["Id"] not in before.values() and one["State"] == "running", *wish
    )
    assert errors(result)
    engine.launch()
    # Whatever the moment: of everybody there is the old one or its successor.
    assert {name.replace(".next", "") for name in names(engine)} == NAMES
    after = settled(engine, fleet, *wish)
    assert not {one["id"] for one in after["containers"]} & set(before.values())
    assert all(engine.client.inspect_container(name)["HostConfig"]["ReadonlyRootfs"] for name in NAMES)


def test_an_engine_that_stops_answering_is_named_and_waited_for_once(fleet, engine, meanwhile):
    pid = engine.daemon.process.pid
    stopped = []

    def freeze():
        os.kill(pid, signal.SIGSTOP)
        stopped.append(time.monotonic())

    try:
        result = meanwhile(freeze, 5, lambda one: True, *ROOM, api_timeout=3, parallel=2)
        # Two that were under way wait for the limit, and nobody after them.
        assert time.monotonic() - stopped[0] < 12
        hung = [text for text in errors(result).values() if "no answer within the time limit" in text]
        assert any("moby#46661" in text and "restart it" in text for text in hung)
        assert any(text.startswith("Not tried, because the engine stopped answering") for text in hung)
        assert len(errors(result)) >= 20
        # From the start, too.
        refused = fleet(*ROOM, api_timeout=2)
        assert refused["failed"] and "Cannot connect" in refused["msg"] and "no answer" in refused["msg"]
    finally:
        os.kill(pid, signal.SIGCONT)
    settled(engine, fleet, *ROOM)
