# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the preflight reads of a hypervisor, with programs that a test wrote in place of the host's."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[3] / "roles" / "classroom_preflight" / "files" / "observe.py"
LINKS = [
    {"ifname": "lo", "addr_info": [{"local": "127.0.0.1", "prefixlen": 8}]},
    {"ifname": "eth0", "addr_info": [{"local": "10.0.0.7", "prefixlen": 24}, {"local": "10.9.0.1", "prefixlen": 32}]},
    {"ifname": "virbr7", "addr_info": [{"local": "192.168.150.1", "prefixlen": 24}]},
    {"ifname": "down0"},
]


@pytest.fixture
def observe():
    """The script as a module; loaded anew, so that a test may give it another path for programs."""
    specification = importlib.util.spec_from_file_location("observe", SOURCE)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def host(observe, tmp_path):
    """A host whose programs print what the test says; those without words do not exist there."""
    observe.PROGRAMS = str(tmp_path / "bin")
    observe.NETWORKS = tmp_path / "networks"
    observe.RUNNING = tmp_path / "running"
    (tmp_path / "bin").mkdir()

    def program(name, text):
        path = tmp_path / "bin" / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    return program


def test_a_host_without_programs_has_nothing_to_say(observe, host):
    assert observe.output("virsh", "list") == ""
    assert observe.own_bridge("classroom") == ""
    assert observe.networks("") == []


def test_networks_leave_out_single_addresses_and_the_classrooms_own(observe, host):
    host("ip", f"echo '{json.dumps(LINKS)}'")
    assert observe.networks("virbr7") == [
        {"name": "lo", "subnet": "127.0.0.1/8"},
        {"name": "eth0", "subnet": "10.0.0.7/24"},
    ]
    assert {"name": "virbr7", "subnet": "192.168.150.1/24"} in observe.networks("")


def test_the_bridge_of_the_classroom_is_read_from_its_network(observe, host):
    host("virsh", """[ "$4" = classroom ] && echo "<network><bridge name='virbr7'/></network>" """)
    assert observe.own_bridge("classroom") == "virbr7"
    assert observe.own_bridge("other") == ""


def test_machines_of_other_classrooms_are_not_this_ones(observe, host, tmp_path):
    host("virsh", "printf '%s\\n' engine1.classroom registry.classroom2 engine2.my-classroom other")
    for classroom, name in (("classroom", "engine1"), ("classroom2", "engine9")):
        disk = tmp_path / classroom / name / "root.qcow2"
        disk.parent.mkdir(parents=True)
        disk.touch()
    (tmp_path / "classroom" / "half-made").mkdir()
    free = observe.free("classroom", tmp_path)
    assert free["running"] == ["engine1"]
    assert free["existing"] == ["engine1"]
    assert free["memory_mib"] > 0


def test_the_disk_is_asked_of_the_folder_that_exists(observe, host, tmp_path):
    free = observe.free("classroom", tmp_path / "not" / "made" / "yet")
    assert free["disk_gib"] >= 0
    assert free["existing"] == []


def test_a_stopped_libvirt_still_owns_its_network_and_its_machines(observe, host, tmp_path):
    for path, text in (
        ("networks/classroom.xml", "<!-- kept --><network><bridge name='virbr7'/></network>"),
        ("running/engine1.classroom.xml", "<domstatus/>"),
    ):
        (tmp_path / path).parent.mkdir()
        (tmp_path / path).write_text(text)
    host("virsh", "exit 1")
    assert observe.own_bridge("classroom") == "virbr7"
    assert observe.free("classroom", tmp_path)["running"] == ["engine1"]
