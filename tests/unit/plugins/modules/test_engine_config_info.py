# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""engine_config_info on a tree of files."""

from __future__ import annotations

import json
import os
import socket

import pytest
from ansible_collections.bulkhead.classroom.plugins.modules.engine_config_info import ARGUMENT_SPEC, run

ACTIVE = {"ActiveState": "active", "ActiveEnterTimestamp": "@1700000100", "MainPID": "42"}
CONFIG = {"live-restore": True}


@pytest.fixture
def host(tmp_path):
    def write(path, text, time=1700000000.0):
        place = tmp_path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        os.utime(place, (time, time))

    write("usr/lib/systemd/system/docker.service", "[Service]\nExecStart=/usr/sbin/dockerd -H fd:// $DOCKER_OPTS\n")
    write("proc/42/cmdline", "/usr/sbin/dockerd\0-H\0fd://\0")
    write("etc/docker/daemon.json", json.dumps(CONFIG))
    return write


@pytest.fixture
def ask(tmp_path, host):
    def call(properties=None, **change):
        given = {name: option.get("default") for name, option in ARGUMENT_SPEC.items()}
        return run({**given, "config": CONFIG, **change}, tmp_path, properties or ACTIVE)

    return call


def test_an_engine_with_nothing_to_do(ask):
    assert ask() == {
        "changed": False,
        "problems": [],
        "action": "none",
        "reasons": [],
        "command": "/usr/sbin/dockerd -H fd:// $DOCKER_OPTS",
    }


def test_a_killed_run_left_a_file_that_nothing_read(ask, host):
    host("etc/docker/daemon.json", json.dumps(CONFIG), 1700000200.0)
    assert ask()["action"] == "restart"
    # With the record of a reload it is known what the engine took, and what is still to be done.
    host("run/bulkhead/daemon.json", json.dumps(CONFIG), 1700000150.0)
    assert ask()["action"] == "none"
    assert ask(config={**CONFIG, "labels": ["a=b"]})["action"] == "reload"


def test_an_engine_that_does_not_run_needs_nothing(ask):
    assert ask({"ActiveState": "inactive", "ActiveEnterTimestamp": "", "MainPID": "0"})["action"] == "none"


def test_a_listener_that_does_not_run_yet_needs_a_restart(ask):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        remote = [f"--host=tcp://127.0.0.1:{port}", "--tlsverify"]
        probe.listen()
        assert "would not start" in ask(remote=remote)["problems"][0]
    found = ask(remote=remote)
    assert (found["problems"], found["action"]) == ([], "restart")


def test_an_address_of_another_host_is_refused(ask):
    (problem,) = ask(remote=["--host=tcp://192.0.2.1:2376", "--tlsverify"])["problems"]
    assert "192.0.2.1" in problem and "engine_host_remote_address" in problem


def test_the_listener_of_the_running_engine_is_no_stranger(ask, host):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        remote = [f"--host=tcp://127.0.0.1:{listener.getsockname()[1]}", "--tlsverify"]
        host("proc/42/cmdline", "\0".join(["/usr/sbin/dockerd", "-H", "fd://", *remote]))
        found = ask(remote=remote)
    assert (found["problems"], found["action"]) == ([], "none")


def test_what_the_defaults_file_opens_is_seen(ask, host):
    unit = "[Service]\nEnvironmentFile=-/etc/default/docker\nExecStart=/d $OPTS\n"
    host("usr/lib/systemd/system/docker.service", unit)
    assert ask()["problems"] == []
    host("etc/default/docker", 'OPTS="-H tcp://0.0.0.0:2375"\n')
    assert "tcp://0.0.0.0:2375" in ask()["problems"][0]
