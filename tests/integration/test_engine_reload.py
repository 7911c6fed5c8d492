# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The decision between reload and restart, held against what a real engine takes on a reload."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_config import RELOAD, RESTART, decide
from ansible_collections.bulkhead.classroom.tests.integration.support.daemons import Engine, running, wait_for
from ansible_collections.bulkhead.classroom.tests.integration.support.rootfs import imported

SET = {
    "debug": True,
    "default-runtime": "second",
    "insecure-registries": ["registry.example:5000"],
    "labels": ["room=1"],
    "live-restore": True,
    "registry-mirrors": ["https://mirror.example/"],
}


@pytest.fixture
def reloading(workshop):
    folder = workshop / "reloading"
    folder.mkdir(exist_ok=True)
    yield from running(Engine(folder))


def reload(engine, config, taken):
    (engine.folder / "daemon.json").write_text(json.dumps(config))
    os.kill(engine.daemon.process.pid, signal.SIGHUP)
    wait_for(lambda: taken(engine.client.info()), "the reload", engine.daemon.log)
    return said(engine.client.info())


def said(info):
    registries = info["RegistryConfig"]
    return {
        "debug": info["Debug"],
        "default-runtime": info["DefaultRuntime"],
        "insecure-registries": [name for name, one in registries["IndexConfigs"].items() if not one["Secure"]],
        "labels": info["Labels"],
        "live-restore": info["LiveRestoreEnabled"],
        "registry-mirrors": registries["Mirrors"],
    }


def test_a_reload_takes_what_is_said_to_be_taken_and_keeps_what_was_removed(reloading):
    before = json.loads((reloading.folder / "daemon.json").read_text())
    pid, start = reloading.daemon.process.pid, said(reloading.client.info())
    assert not {key for key in SET if start[key] == SET[key]}, "a value that was there before proves nothing"
    config = {**before, **SET}
    assert decide(before, config) == (RELOAD, sorted(SET))
    assert reload(reloading, config, lambda info: info["Debug"]) == SET
    # Taken away, they stay in the engine: only a restart is right.
    removed = {"labels", "insecure-registries", "registry-mirrors", "live-restore"}
    less = {key: value for key, value in config.items() if key not in removed}
    assert decide(config, less) == (RESTART, sorted(removed))
    left = reload(reloading, {**less, "debug": False}, lambda info: not info["Debug"])
    assert {key: left[key] for key in removed} == {key: SET[key] for key in removed}
    assert reloading.daemon.process.pid == pid and reloading.daemon.process.poll() is None


@pytest.mark.parametrize("live_restore", [True, False])
def test_containers_outlive_a_killed_engine_with_live_restore_only(reloading, rootfs, live_restore):
    reload(reloading, {"live-restore": live_restore, "debug": True}, lambda info: info["Debug"])
    client = reloading.client
    name = client.create_container(imported(reloading, rootfs), ["sleep", "600"], host_config={"NetworkMode": "none"})
    client.start(name)
    before = client.inspect_container(name)["State"]
    reloading.crash()
    reloading.launch()
    after = reloading.client.inspect_container(name)["State"]
    same = all(before[key] == after[key] for key in ("Status", "Pid", "StartedAt"))
    assert same is live_restore, after
    assert Path(f"/proc/{before['Pid']}").exists() is live_restore
