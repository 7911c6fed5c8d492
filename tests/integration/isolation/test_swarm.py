# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A swarm of one member, at the loopback address of a network of its own: as people make it, and as it should be."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.verdict import verdict
from ansible_collections.bulkhead.classroom.tests.integration.support.rootfs import imported
from ansible_collections.bulkhead.classroom.tests.integration.support.walled import WalledEngine

SECRET = "hunter2x-of-the-service"
BAD = {"swarm-off", "swarm-address", "swarm-autolock", "swarm-certificates", "swarm-data-path", "swarm-secrets"}


def judged(engine) -> dict[tuple[str, str], str]:
    facts = engine.facts()
    assert SECRET not in json.dumps(facts)
    return {(one["subject"], one["check"]): one["status"] for one in verdict({"here": facts})["findings"]}


def own(found: dict) -> dict[str, str]:
    return {check: status for (subject, check), status in found.items() if subject == "here" and "swarm-" in check}


@pytest.fixture
def engine(workshop):
    with tempfile.TemporaryDirectory(prefix="bhs") as folder:
        engine = WalledEngine(Path(folder))
        try:
            yield engine.start()
        finally:
            engine.stop()


def test_no_swarm_is_the_best_one(engine):
    found = own(judged(engine))
    assert found.pop("swarm-off") == "pass" and set(found.values()) == {"notapplicable"}


def test_a_swarm_as_people_make_it_is_red(engine, rootfs):
    long = engine.client.create_swarm_spec(node_cert_expiry=10**17)
    engine.client.init_swarm(advertise_addr="127.0.0.1", swarm_spec=long)
    image = imported(engine, rootfs)
    task = {"ContainerSpec": {"Image": image, "Command": ["sleep", "60"], "Env": [f"DB_PASSWORD={SECRET}"]}}
    ports = {"Ports": [{"PublishedPort": 8080, "TargetPort": 80, "Protocol": "tcp"}]}
    engine.client.create_service(task, name="web", endpoint_spec=ports, mode={"Replicated": {"Replicas": 0}})
    found = own(judged(engine))
    assert {check for check, status in found.items() if status == "fail"} == BAD, found
    assert (found["swarm-managers"], found["swarm-ca"], found["swarm-unlock-key"]) == ("pass", "pass", "notapplicable")


def test_a_swarm_as_it_should_be_is_green(engine):
    locked = engine.client.create_swarm_spec(autolock_managers=True)
    engine.client.init_swarm(
        advertise_addr="127.0.0.1", listen_addr="127.0.0.1:2377", data_path_addr="127.0.0.2", swarm_spec=locked
    )
    found = own(judged(engine))
    # Whether the key was ever changed nothing shows.
    assert found.pop("swarm-off") == "fail" and found.pop("swarm-unlock-key") == "notchecked"
    assert set(found.values()) == {"pass"}, found
