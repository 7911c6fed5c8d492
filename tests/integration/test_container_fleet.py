# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""container_fleet on a real engine, read back from inspect, from control groups and from /proc."""

from __future__ import annotations

from pathlib import Path

import pytest

FLEET = "bht-fleet"


@pytest.fixture
def fleet(run_module, engine, base_image):
    """Calls the module with what these tests share; the fleet is gone afterwards."""

    def call(*containers, check=False, **changes):
        shared = {"image": base_image, "command": ["sleep", "3600"], "init": True, "network_mode": "none"}
        shared.update(memory="32m", memory_swap="32m", pids_limit=20, stop_timeout=2)
        arguments = {"name": FLEET, "defaults": shared, "containers": list(containers), **changes}
        return run_module("container_fleet", arguments, check=check)

    yield call
    gone = call(state="absent", prune=True)
    assert not gone.get("failed"), gone


ROOM = ({"name": "bht-ada"}, {"name": "bht-grace"})


def ids(result):
    return [one["id"] for one in result["containers"]]


def actions(result):
    return [one["action"] for one in result["containers"]]


def cgroup(engine, name: str, controller: str, file: str) -> str:
    """What the kernel enforces, on version 1 and on version 2."""
    pid = engine.client.inspect_container(name)["State"]["Pid"]
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        number, controllers, path = line.split(":", 2)
        if controller in controllers.split(",") or (number == "0" and not controllers):
            for folder in (f"/sys/fs/cgroup/{controller}{path}", f"/sys/fs/cgroup{path}"):
                if Path(folder, file).exists():
                    return Path(folder, file).read_text().strip()
    raise AssertionError(f"{file} of {name} is nowhere")


def pids_max(engine, name: str) -> str:
    return cgroup(engine, name, "pids", "pids.max")


def test_check_mode_then_create_then_nothing(fleet, engine):
    predicted = fleet(*ROOM, check=True)
    assert engine.client.containers(all=True, filters={"label": f"org.bulkhead.fleet={FLEET}"}) == []
    first, second = fleet(*ROOM), fleet(*ROOM)
    assert predicted["steps"] == first["steps"] == ["create container bht-ada", "create container bht-grace"]
    assert not first.get("failed"), first
    assert not second["changed"] and second["steps"] == [] and ids(first) == ids(second)
    assert pids_max(engine, "bht-ada") == "20"


def test_limits_change_under_a_running_process(fleet, engine):
    before = fleet(*ROOM)
    pid = engine.client.inspect_container("bht-ada")["State"]["Pid"]
    wish = ({"name": "bht-ada", "pids_limit": 30, "cpus": 0.5, "memory": "48m", "memory_swap": "64m"}, ROOM[1])
    predicted, after = fleet(*wish, check=True), fleet(*wish)
    assert not after.get("failed"), after
    assert predicted["steps"] == after["steps"] and actions(after) == ["update", "none"] and ids(before) == ids(after)
    assert engine.client.inspect_container("bht-ada")["State"]["Pid"] == pid
    assert pids_max(engine, "bht-ada") == "30"
    assert not fleet(*wish)["changed"]
    lifted = fleet({**wish[0], "pids_limit": -1}, ROOM[1])
    assert actions(lifted) == ["update", "none"] and pids_max(engine, "bht-ada") == "max"


def test_a_limit_that_somebody_changed_is_put_back(fleet, engine):
    fleet(*ROOM)
    engine.client.update_container("bht-ada", mem_limit="64m", memswap_limit="64m")
    result = fleet(*ROOM)
    assert actions(result) == ["update", "none"]
    assert engine.client.inspect_container("bht-ada")["HostConfig"]["Memory"] == 32 << 20


def test_lifting_swap_reaches_the_kernel(fleet, engine):
    fleet(*ROOM)
    wish = ({"name": "bht-ada", "memory_swap": "-1"}, ROOM[1])
    assert actions(fleet(*wish)) == ["recreate", "none"]
    assert engine.client.inspect_container("bht-ada")["HostConfig"]["MemorySwap"] == -1
    assert not fleet(*wish)["changed"]


def test_another_image_replaces_and_the_same_under_another_name_does_not(fleet, engine, base_image, rootfs):
    before = fleet(*ROOM)
    engine.client.tag(base_image, "bulkhead-test/other", "1")
    assert not fleet({"name": "bht-ada", "image": "bulkhead-test/other:1"}, ROOM[1])["changed"]
    engine.client.import_image_from_file(str(rootfs), repository="bulkhead-test/other", tag="1", changes=["USER 1000"])
    wish = ({"name": "bht-ada", "image": "bulkhead-test/other:1"}, ROOM[1])
    after = fleet(*wish)
    assert actions(after) == ["recreate", "none"] and ids(before)[0] != ids(after)[0]
    assert engine.client.inspect_container("bht-ada")["State"]["Running"] and not fleet(*wish)["changed"]


ISOLATION = {
    "cap_drop": ["ALL"],
    "cap_add": ["CHOWN"],
    "security_opts": ["no-new-privileges"],
    "read_only": True,
    "tmpfs": {"/tmp": "size=1m,mode=1777"},
    "user": "1000:1000",
}


def test_isolation_is_real_and_dropping_it_is_noticed(fleet, engine):
    fleet({"name": "bht-ada", **ISOLATION}, ROOM[1])
    assert not fleet({"name": "bht-ada", **ISOLATION}, ROOM[1])["changed"]
    pid = engine.client.inspect_container("bht-ada")["State"]["Pid"]
    status = dict(
        line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line
    )
    assert status["NoNewPrivs"] == "1" and status["CapBnd"].strip() == f"{1:016x}"
    for option in ISOLATION:
        kept = {name: value for name, value in ISOLATION.items() if name != option}
        result = fleet({"name": "bht-ada", **kept}, ROOM[1], check=True)
        assert [change["property"] for change in result["containers"][0]["changes"]] == [option]
    assert actions(fleet(*ROOM)) == ["recreate", "none"] and not fleet(*ROOM)["changed"]


def test_prune_removes_what_is_not_listed(fleet, engine):
    fleet(*ROOM)
    assert not fleet(ROOM[0])["changed"]
    result = fleet(ROOM[0], prune=True)
    assert result["steps"] == ["remove container bht-grace"]
    assert [one["Names"] for one in engine.client.containers(all=True)] == [["/bht-ada"]]


def test_stopped_and_started_again(fleet, engine):
    before = fleet(*ROOM)
    stopped = fleet(*ROOM, state="stopped")
    assert actions(stopped) == ["stop", "stop"] and not fleet(*ROOM, state="stopped")["changed"]
    engine.client.start("bht-grace")
    engine.client.pause("bht-grace")
    again = fleet(*ROOM)
    assert actions(again) == ["start", "start"] and ids(before) == ids(again)
    assert all(engine.client.inspect_container(key)["State"]["Status"] == "running" for key in ids(again))
