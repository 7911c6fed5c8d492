# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a run of probes begins and ends: through Ansible, in check mode, killed in the middle, beside another run; and
controls that no option of a container makes, but a hand from outside.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes import (
    image,
    twin,
)

ROOT = Path(__file__).parents[3]
RUNNER = ROOT / "tests/integration/support/run_module.py"
NAME, MIB = "bht-victim", 1 << 20
HOST = {
    "network_mode": "none",
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "mem_limit": 32 * MIB,
    "memswap_limit": 32 * MIB,
    "nano_cpus": 500_000_000,
    "pids_limit": 20,
    "restart_policy": {"Name": "always", "MaximumRetryCount": 0},
}


@pytest.fixture
def victim(engine, base_image):
    """As root, so that nothing but the container's own walls is in the way; with a volume, a port and variables."""
    host = engine.client.create_host_config(**HOST, binds=["bht-volume:/data"], port_bindings={"80/tcp": None})
    config = {"Image": base_image, "Cmd": ["sleep", "3600"], "HostConfig": host, "Env": ["SECRET=x"]}
    key = engine.client.create_container_from_config(config, NAME)["Id"]
    engine.client.start(key)
    yield engine.client.inspect_container(key)
    engine.client.remove_container(key, force=True)
    engine.client.remove_volume("bht-volume")


def groups(engine) -> list[str]:
    """Control groups of containers of this engine that are gone: by the ids of all that it ever made."""
    events = engine.client.events(since=0, until=int(time.time()), filters={"event": "create"}, decode=True)
    made = {event["Actor"]["ID"] for event in events} - {one["Id"] for one in engine.client.containers(all=True)}
    top = Path("/sys/fs/cgroup")
    roots = [top, *(path for path in top.iterdir() if path.is_dir())]
    places = (root / place for root in roots for key in made for place in (f"docker/{key}", f"docker-{key}.scope"))
    return sorted(str(path) for path in places if path.exists())


def state(engine) -> dict:
    """What a run could leave behind, and what the victim is."""
    return {
        "containers": sorted(one["Id"] for one in engine.client.containers(all=True)),
        "volumes": sorted(one["Name"] for one in engine.client.volumes()["Volumes"] or []),
        "networks": sorted(one["Id"] for one in engine.client.networks()),
        "images": sorted(one["Id"] for one in engine.client.images() if image.IMAGE_LABEL not in (one["Labels"] or {})),
        "groups": groups(engine),
        "files": sorted(path.name for folder in ("/tmp", "/run") for path in Path(folder).glob("bulkhead-probe*")),
        "victim": engine.client.inspect_container(NAME)["State"],
    }


def kept(engine) -> list[dict]:
    """The probe image."""
    return engine.client.images(filters={"label": image.IMAGE_LABEL})


def twins(engine) -> list[dict]:
    return engine.client.containers(all=True, filters={"label": twin.LABEL})


def begun(engine, **arguments) -> subprocess.Popen:
    given = {"docker_host": engine.url, "containers": [NAME], **arguments}
    process = subprocess.Popen(
        [sys.executable, str(RUNNER), "isolation_probe"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "collections")},
    )
    process.stdin.write(json.dumps(given))
    process.stdin.close()
    end = time.monotonic() + 60
    while not any(one["State"] == "running" for one in twins(engine)):
        assert process.poll() is None and time.monotonic() < end, "no twin came"
        time.sleep(0.01)
    return process


def test_a_run_leaves_nothing(engine, victim, run_module):
    before = state(engine)
    result = run_module("isolation_probe", {"containers": [NAME], "keep_image": False})
    assert result["swept"] == [] and len(result["probes"]) == 1, result
    assert "/data is read-only" in result["probes"][0]["differs"]
    assert state(engine) == before and not kept(engine)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_run_that_is_told_to_stop_cleans_up_first(engine, victim, how):
    before = state(engine)
    process = begun(engine, keep_image=False)
    process.send_signal(how)
    assert process.wait(60) != 0
    assert state(engine) == before and not kept(engine)


def test_what_a_killed_run_left_goes_with_the_next(engine, victim, run_module):
    run_module("isolation_probe", {"containers": [NAME], "probes": ["hostname"]})
    before = state(engine)
    process = begun(engine)
    process.kill()
    process.wait(60)
    left = twins(engine)
    assert len(left) == 1
    result = run_module("isolation_probe", {"containers": [NAME], "probes": ["hostname"]})
    assert result["swept"] == [left[0]["Names"][0][1:]] and result["ok"], result
    assert state(engine) == before


def test_a_label_from_an_image_hides_nobody(engine, base_image, run_module):
    """Else whoever builds an image could have its containers left out, or removed."""
    labels = {twin.LABEL: "x", image.IMAGE_LABEL: "x"}
    host = engine.client.create_host_config(network_mode="none")
    config = {"Image": base_image, "Cmd": ["sleep", "3600"], "HostConfig": host, "Labels": labels}
    key = engine.client.create_container_from_config(config, "bht-labelled")["Id"]
    try:
        engine.client.start(key)
        result = run_module("isolation_probe", {"labels": {twin.LABEL: "x"}, "probes": ["hostname"]})
        assert [one["name"] for one in result["probes"]] == ["bht-labelled"] and result["swept"] == []
        assert engine.client.inspect_container(key)["State"]["Running"]
    finally:
        engine.client.remove_container(key, force=True)


def test_two_runs_do_not_meet(engine, victim, run_module):
    folder = os.open(engine.client.info()["DockerRootDir"], os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        result = run_module("isolation_probe", {"containers": [NAME]})
    finally:
        os.close(folder)
    assert result["failed"] and "Another run of probes is going on" in result["msg"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"probes": ["hostnam"]}, "there is no probe hostnam"),
        ({"probes": ["peers"]}, "Set network to true"),
    ],
)
def test_a_mistake_is_said_and_nothing_is_tried(engine, victim, run_module, arguments, said):
    result = run_module("isolation_probe", {"containers": [NAME], **arguments})
    assert result["failed"] and said in result["msg"], result


@pytest.fixture
def strangers(engine, base_image):
    """Two containers, each in a network of its own."""
    networks, made = [], []
    for name in ("bht-red", "bht-blue"):
        networks.append(engine.client.create_network(name, driver="bridge")["Id"])
        host = engine.client.create_host_config(network_mode=name)
        config = {"Image": base_image, "Cmd": ["sleep", "3600"], "HostConfig": host}
        made.append(engine.client.create_container_from_config(config, f"{name}-victim")["Id"])
        engine.client.start(made[-1])
    yield "bht-red-victim"
    for key in made:
        engine.client.remove_container(key, force=True)
    for key in networks:
        engine.client.remove_network(key)


def test_a_container_of_another_network_is_knocked_at(engine, strangers, run_module):
    """This engine makes no rules, so the kernel alone decides: it forwards between bridges, or it does not."""
    arguments = {"containers": [strangers], "probes": ["peers"], "network": True}
    found = run_module("isolation_probe", arguments)["findings"][0]
    forwards = Path("/proc/sys/net/ipv4/ip_forward").read_text().strip() == "1"
    assert found["status"] == ("fail" if forwards else "pass"), found
    assert "port 9" in found["evidence"][0]["path"]


def test_through_ansible_and_never_in_check_mode(engine, victim, tmp_path):
    (tmp_path / "ansible.cfg").write_text("[defaults]\nlocalhost_warning = false\nstdout_callback = json\n")
    environment = {
        **os.environ,
        "ANSIBLE_CONFIG": str(tmp_path / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"),
    }
    arguments = {"docker_host": engine.url, "containers": [NAME], "probes": ["probe-hostname"]}
    command = [str(Path(sys.executable).with_name("ansible")), "localhost", "-m", "bulkhead.classroom.isolation_probe"]
    command += ["-a", json.dumps(arguments), "-e", f"ansible_python_interpreter={sys.executable}"]
    before = state(engine)
    checked = subprocess.run([*command, "--check"], env=environment, capture_output=True, text=True, check=True)
    assert '"skipped": true' in checked.stdout or "SKIPPED" in checked.stdout, checked.stdout
    assert state(engine) == before
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert '"ok": true' in done.stdout and '"probe-hostname"' in done.stdout, done.stdout
