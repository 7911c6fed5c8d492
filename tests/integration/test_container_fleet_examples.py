# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples in the documentation of container_fleet, one after the other, on a real engine."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.bulkhead.classroom.plugins.modules.container_fleet import EXAMPLES

NAME = "bulkhead.classroom.container_fleet"
TASKS = [task[NAME] for task in yaml.safe_load(EXAMPLES)]


@pytest.fixture
def images(engine, rootfs):
    """What the examples take for granted: images that stay up."""
    containers = [one for task in TASKS for one in task.get("containers", ())]
    wanted = {one.get("image") or task["defaults"]["image"] for task in TASKS for one in task.get("containers", ())}
    assert containers
    for name in wanted:
        repository, tag = name.split(":")
        engine.client.import_image_from_file(
            str(rootfs), repository=repository, tag=tag, changes=['CMD ["sleep", "3600"]']
        )
    yield
    for task in TASKS:
        # Whatever a failed example left.
        for one in engine.client.containers(all=True, filters={"label": f"org.bulkhead.fleet={task['name']}"}):
            engine.client.remove_container(one["Id"], force=True, v=True)
    for name in wanted:
        engine.client.remove_image(name, force=True)


def test_the_examples_do_what_they_say(run_module, images, engine):
    for task in TASKS:
        predicted = run_module("container_fleet", task, check=True)
        done = run_module("container_fleet", task)
        assert not done.get("failed"), done["msg"]
        assert done["changed"] and done["steps"] == predicted["steps"]
        again = run_module("container_fleet", task)
        restarts = [one for one in task.get("containers", ()) if one.get("state") == "restarted"]
        assert again["changed"] is bool(restarts), again["steps"]
    assert not [one for one in engine.client.containers(all=True) if "org.bulkhead.fleet" in one["Labels"]]
