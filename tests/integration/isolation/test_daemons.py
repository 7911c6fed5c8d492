# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real engines that were started badly, and one that was started well: each fault turns its check red.

Several faults share one start, because a start costs seconds. All of these checks are green on the good engine.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_reading import reading
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.gather import gather
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.verdict import verdict
from ansible_collections.bulkhead.classroom.tests.integration.support.daemons import Engine

STRAY = "ab" * 32
GOOD = {
    "no-new-privileges": True,
    "live-restore": True,
    "userland-proxy": False,
    "log-driver": "json-file",
    "log-opts": {"max-size": "10m"},
    "default-ulimits": {"nofile": {"Name": "nofile", "Soft": 1024, "Hard": 4096}},
}
BAD = {
    "icc": True,
    "debug": True,
    "experimental": True,
    "log-level": "debug",
    "insecure-registries": ["registry.test:5000", "10.0.0.0/8"],
    "registry-mirrors": ["http://mirror.test"],
    "userland-proxy": True,
    "cgroup-parent": "/",
}
BAD_CHECKS = (
    *("daemon-icc", "daemon-debug", "daemon-experimental", "daemon-log-level", "daemon-userland-proxy"),
    *("daemon-live-restore", "daemon-no-new-privileges", "daemon-ulimits", "daemon-log-rotation", "daemon-tls"),
    *("daemon-address", "daemon-cgroup-parent", "registry-insecure", "registry-mirrors"),
    *("engine-file-mode", "engine-file-owner", "engine-socket-mode", "containers-known"),
)
# The good engine writes no packet filter rules, and refuses to close its bridge without them; containers-known has a
# test of its own.
NOT_GREEN = ("daemon-icc", "containers-known")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("0.0.0.0", 0))
        return int(probe.getsockname()[1])


def start(folder: Path, options: dict, *flags: str) -> Engine:
    engine = Engine(folder)
    (folder / "daemon.json").write_text(json.dumps(options))
    engine.daemon.argv += flags
    return engine.start()


def statuses(engine: Engine) -> dict[str, tuple[str, str]]:
    read = gather(reading({"docker_host": engine.url}), Kernel(), {}, engine.url)
    found = verdict({"here": read})["findings"]
    return {one["check"]: (one["status"], one["observed"]) for one in found if one["subject"] == "here"}


@pytest.fixture(scope="module")
def good(workshop):
    with tempfile.TemporaryDirectory(prefix="bhg") as folder:
        engine = start(Path(folder), GOOD)
        try:
            yield statuses(engine)
        finally:
            engine.stop()


@pytest.fixture(scope="module")
def bad(workshop):
    with tempfile.TemporaryDirectory(prefix="bhb") as name:
        folder = Path(name)
        # No certificate, on every interface of both protocols: only for the seconds of this test.
        engine = start(folder, BAD, "-H", f"tcp://0.0.0.0:{free_port()}")
        state = folder / "exec" / "runtime-runc" / "moby" / STRAY
        state.mkdir(parents=True)
        (folder / "daemon.json").chmod(0o606)
        os.chown(folder / "daemon.json", 65534, 0)
        (folder / "docker.sock").chmod(0o666)
        try:
            first = statuses(engine)
            (folder / "daemon.json").write_text(json.dumps({**BAD, "debug": False}))
            stamp = (folder / "daemon.json").stat().st_mtime + 60
            os.utime(folder / "daemon.json", (stamp, stamp))
            yield first, statuses(engine)
        finally:
            engine.stop()


@pytest.mark.parametrize("check", BAD_CHECKS)
def test_an_engine_that_was_started_badly_is_red(bad, check):
    assert bad[0][check][0] == "fail", bad[0][check]


@pytest.mark.parametrize("check", [one for one in BAD_CHECKS if one not in NOT_GREEN])
def test_the_same_checks_are_green_on_a_good_engine(good, check):
    assert good[check][0] == "pass", good[check]


def test_the_container_without_a_record_is_named_on_the_bad_engine_alone(good, bad):
    # Other engines of the machine may run containers meanwhile: the id tells ours.
    assert STRAY[:12] in bad[0]["containers-known"][1] and STRAY[:12] not in good["containers-known"][1]


def test_a_file_that_was_changed_after_the_start_is_red_and_proves_nothing(good, bad):
    assert good["daemon-file-in-force"][0] == "pass" and bad[0]["daemon-file-in-force"][0] == "pass"
    status, observed = bad[1]["daemon-file-in-force"]
    assert status == "fail" and "after the engine was started" in observed and "debug is False" in observed
    assert bad[1]["daemon-no-new-privileges"][0] == "error"


def test_every_check_of_the_engine_had_its_evidence(good, bad):
    for found in (good, bad[0]):
        assert {check: one for check, one in found.items() if one[0] == "error"} == {}


def test_an_engine_whose_file_is_no_json_does_not_start_and_the_file_is_red(workshop, tmp_path):
    file = tmp_path / "daemon.json"
    file.write_text("{")
    refused = subprocess.run(
        ["dockerd", f"--config-file={file}", "--bridge=none", f"--data-root={tmp_path}/data"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert refused.returncode and "unable to configure" in refused.stderr
