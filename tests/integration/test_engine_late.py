# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading without the SDK gives what the SDK gives, and gives way to it when something is in the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_containers import ContainerEngine
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_images import Images
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_socket import SocketReader, Unreadable
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.late_containers import LateContainers
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.late_images import LateImages
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_name import ImageName

FLEET = "bht-late"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def member(engine, base_image):
    config = {"Image": base_image, "Cmd": ["sleep", "60"], "Labels": {"org.bulkhead.fleet": FLEET}}
    key = engine.client.create_container_from_config({**config, "HostConfig": {"NetworkMode": "none"}}, "bht-late")[
        "Id"
    ]
    yield key
    engine.client.remove_container(key, force=True)


def test_both_ways_read_the_same(engine, member, base_image):
    late, full = LateContainers({"docker_host": engine.url, "api_timeout": 5}), ContainerEngine(engine.client)
    assert late.member_names(FLEET) == full.member_names(FLEET) == ["bht-late"]
    for name in ("bht-late", member, member[:12], "bht-nobody"):
        assert late.container(name) == full.container(name)
    assert late.container(member)["Id"] == member and late.container(member[:12]) is None
    assert late.image(base_image) == full.image(base_image) and late.image("bulkhead-test/nowhere:1") is None
    networks = late.networks()
    assert sorted(map(str, networks)) == sorted(map(str, full.networks()))
    assert late.network(networks[0]["Id"]) == full.network(networks[0]["Id"]) and late.network("bht-none") is None
    assert late.swap_limit() == full.swap_limit() and late.api_version() == full.api_version()
    assert late._loaded is None


def test_a_change_loads_the_sdk(engine, member):
    late = LateContainers({"docker_host": engine.url, "api_timeout": 5})
    late.rename(member, "bht-later")
    assert late.container("bht-later")["Id"] == member
    late.rename(member, "bht-late")


def test_nothing_to_do_needs_no_sdk(engine, base_image, run_module):
    task = {"name": FLEET, "containers": [{"name": "bht-idle", "image": base_image, "network_mode": "none"}]}
    task["containers"][0]["command"] = ["sleep", "60"]
    assert run_module("container_fleet", task)["changed"]
    loaded = "import sys, json\n" + (
        "from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.late_containers "
        "import LateContainers\n"
        "from ansible_collections.bulkhead.classroom.plugins.modules.container_fleet import run\n"
        "task = json.load(sys.stdin)\n"
        "engine = LateContainers({'docker_host': task['docker_host'], 'api_timeout': 5})\n"
        "print(run(task, engine, False)['changed'], 'docker' in sys.modules)\n"
    )
    full = {
        "labels": {},
        "networks": [],
        "defaults": {},
        "state": "started",
        "prune": False,
        "force": False,
        "parallel": 2,
    }
    given = json.dumps({**full, **task, "docker_host": engine.url})
    env = {**os.environ, "PYTHONPATH": str(ROOT / "collections")}
    argv = [sys.executable, "-c", loaded]
    done = subprocess.run(argv, input=given, capture_output=True, text=True, check=False, env=env)
    assert done.stdout.split() == ["False", "False"], done.stderr
    assert not run_module("container_fleet", {"name": FLEET, "state": "absent", "prune": True}).get("failed")


def test_images_are_read_the_same_way(engine, base_image, run_module, open_registry):
    name = f"{open_registry.host}/late/base:1"
    run_module("image_push", {"images": [{"name": base_image, "repository": name}]})
    late, full = LateImages({"docker_host": engine.url, "api_timeout": 5}), Images(engine.client)
    assert late.inspect(name) == full.inspect(name) and late.inspect(f"{open_registry.host}/late/base:2") is None
    wanted = ImageName.parse(name)
    assert late.remote_digest(wanted, {}) == full.remote_digest(wanted, {}) and late._loaded is None
    # That there is nothing is for the SDK to find out: registries say it in several ways.
    assert late.remote_digest(ImageName.parse(f"{open_registry.host}/late/base:2"), {}) is None
    engine.client.remove_image(name)


def test_what_is_in_the_way_is_explained_by_the_sdk(workshop):
    with pytest.raises(Unreadable):
        SocketReader(str(workshop / "nobody.sock"), 1).networks()
    with pytest.raises(EngineError, match="the socket does not exist"):
        LateContainers({"docker_host": f"unix://{workshop}/nobody.sock", "api_timeout": 1}).networks()
