# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples in the documentation of image_commit, image_layers_info and layers_svg, run as one playbook, twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from ansible_collections.bulkhead.classroom.plugins.modules import image_commit, image_layers_info

ROOT = Path(__file__).parents[2]
FILTER = ROOT / "plugins/filter/layers_svg.yml"


@pytest.fixture
def builder(engine, base_image):
    """What the examples take for granted."""
    engine.client.tag(base_image, "course/base", "1")
    host = engine.client.create_host_config(network_mode="none")
    engine.client.create_container("course/base:1", ["sleep", "3600"], name="builder", host_config=host)
    engine.client.start("builder")
    key = engine.client.exec_create("builder", ["sh", "-c", "mkdir /srv; echo hello > /srv/greeting"])["Id"]
    engine.client.exec_start(key)
    yield
    engine.client.remove_container("builder", force=True)
    for name in ("course/by-hand:1", "course/clean:1", "course/base:1"):
        if engine.client.images(name):
            engine.client.remove_image(name, force=True)


def run(engine, folder: Path) -> dict:
    texts = [image_commit.EXAMPLES, image_layers_info.EXAMPLES, yaml.safe_load(FILTER.read_text())["EXAMPLES"]]
    tasks = [task for text in texts for task in yaml.safe_load(text)]
    for number, task in enumerate(tasks):
        task.setdefault("register", f"step{number}")
    results = ", ".join(f"{json.dumps(task['name'])}: {task['register']}" for task in tasks)
    dump = {"content": "{{ {" + results + "} | to_json }}", "dest": str(folder / "results.json"), "mode": "0600"}
    tasks.append({"name": "Dump", "ansible.builtin.copy": dump})
    play = [{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}]
    (folder / "examples.yml").write_text(yaml.safe_dump(play))
    settings = {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "DOCKER_HOST": engine.url}
    argv = [
        "ansible-playbook",
        "-i",
        "localhost,",
        "-e",
        f"ansible_python_interpreter={sys.executable}",
        "examples.yml",
    ]
    environment = {**os.environ, **settings}
    done = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((folder / "results.json").read_text())


def test_the_examples_run(engine, builder, tmp_path):
    first = run(engine, tmp_path)
    assert first["Keep what was installed in the container by hand"]["changed"]
    assert first["Show what the layer holds"]["msg"] == "2 added, 6 bytes"
    assert first["Show what the commit took along"]["msg"] == ["/srv/greeting", "/srv"]
    proof = first["Compare a commit with its base, and prove that the base never changes"]["proofs"][0]
    assert proof["immutable"]
    config = engine.client.inspect_image("course/by-hand:1")["Config"]
    assert config["Labels"]["org.opencontainers.image.title"] == "Made by hand"
    drawn = ElementTree.parse(tmp_path / "layers.svg").getroot()
    text = "".join(drawn.itertext())
    assert "Two ways to make an image" in text and "course/by-hand:1" in text and "builder" in text
    again = run(engine, tmp_path)
    assert not [name for name, result in again.items() if result.get("changed")]
