# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probes in the container itself, and a container that is not there any more."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes import entered

NAME = "bht-entered"
HOST = {"network_mode": "none", "cap_drop": ["ALL"], "security_opt": ["no-new-privileges"], "read_only": True}
# The host's own, for an image that has none.
PYTHON = ["/usr:/usr:ro", "/lib:/lib:ro", "/lib64:/lib64:ro"]


@pytest.fixture(scope="module")
def image(engine, base_image, tmp_path_factory):
    """With a login in it, where no twin would see it."""
    folder = tmp_path_factory.mktemp("image")
    (folder / "Dockerfile").write_text(
        f"FROM {base_image}\nRUN mkdir -p /root/.docker && echo {{}} > /root/.docker/config.json\n"
    )
    list(engine.client.build(path=str(folder), tag="bht/login:1", rm=True, decode=True))
    yield "bht/login:1"
    engine.client.remove_image("bht/login:1", force=True)


@pytest.fixture
def started(engine):
    made = []

    def start(name, of, **changes):
        host = engine.client.create_host_config(**{**HOST, **changes})
        config = {"Image": of, "Cmd": ["sleep", "3600"], "HostConfig": host}
        made.append(engine.client.create_container_from_config(config, name)["Id"])
        engine.client.start(made[-1])
        return made[-1]

    yield start
    for key in made:
        engine.client.remove_container(key, force=True)


def changes(engine, key) -> list[str]:
    return sorted(f"{one['Kind']} {one['Path']}" for one in engine.client.diff(key))


def found_in(result, name=NAME) -> dict[str, str]:
    assert "findings" in result, result
    return {one["check"][len("probe-") :]: one["status"] for one in result["findings"] if one["container"] == name}


def test_in_the_container_itself_its_own_files_are_tried_and_it_stays_as_it_is(engine, image, started, run_module):
    key = started(NAME, image, binds=PYTHON)
    before = [one["Id"] for one in engine.client.containers(all=True)], changes(engine, key)
    result = run_module("isolation_probe", {"containers": [NAME], "mode": "exec"})
    found = found_in(result)
    assert {name for name, status in found.items() if status == "notchecked"} == set(entered.LEFT_OUT), result
    assert found["registry-logins"] == "fail" and found["hostname"] == "pass" and found["process-visible"] == "pass"
    assert ([one["Id"] for one in engine.client.containers(all=True)], changes(engine, key)) == before
    assert len(engine.client.top(key)["Processes"]) == 1
    twin = found_in(run_module("isolation_probe", {"containers": [NAME], "probes": ["registry-logins"]}))
    assert twin == {"registry-logins": "pass"}


def test_a_weakened_container_is_red_by_itself(image, started, run_module):
    started(NAME, image, binds=PYTHON, pid_mode="host", cap_add=["SYS_ADMIN"])
    found = found_in(run_module("isolation_probe", {"containers": [NAME], "mode": "exec"}))
    assert {"hostname", "process-visible", "unshare-mount"} <= {one for one in found if found[one] == "fail"}, found


def test_without_a_python_it_is_one_error(base_image, started, run_module):
    started(NAME, base_image)
    result = run_module("isolation_probe", {"containers": [NAME], "mode": "exec"})
    assert [(one["check"], one["status"]) for one in result["findings"]] == [("probes-tried", "error")], result
    assert "python3" in result["findings"][0]["reason"]


def test_who_ended_meanwhile_is_one_error_and_the_others_are_probed(engine, base_image, started, run_module):
    started(NAME, base_image)
    ended = started("bht-ended", base_image)
    engine.client.kill(ended)
    result = run_module("isolation_probe", {"containers": ["nobody", ended, NAME], "probes": ["hostname", "mount"]})
    errors = sorted((one["container"], one["check"]) for one in result["findings"] if one["status"] == "error")
    assert errors == [("bht-ended", "probes-tried"), ("nobody", "probes-tried")] and not result["ok"], result
    assert found_in(result) == {"hostname": "pass", "mount": "pass"}
