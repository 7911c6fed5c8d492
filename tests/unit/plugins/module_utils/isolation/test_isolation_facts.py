# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gathering facts over a tree of files: who belongs to a container, races, and what cannot be read."""

from __future__ import annotations

import json

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts import processes
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.gather import gather, selected
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.selection import Selection
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.fake_kernel import (
    FakeEngine,
    FakeKernel,
    identifier,
    inspection,
    stat,
)

SOCKET = "tcp://127.0.0.1:1"
HOST = {"user": "self", "cgroup": "self", "time": "self"}


def group(letter):
    return f"/workspaces.slice/docker-{identifier(letter)}.scope"


def read(fake, *inspections, labels=None, engine=None):
    return gather(engine or FakeEngine(*inspections), fake.kernel, labels or {}, SOCKET)


def pids(record):
    return sorted(pid for process in record["processes"] for pid in process["pids"])


@pytest.fixture(params=[1, 2])
def fake(tmp_path, request):
    fake = FakeKernel(tmp_path, request.param)
    fake.process(10, "/system.slice/ssh.service", share=dict.fromkeys(["pid", "mnt", "net"], "self"))
    fake.group(group("a"), (100, 101), memory_max="64", memory_limit_in_bytes="64")
    fake.process(100, group("a"), share=HOST)
    fake.process(101, group("a"), share={**HOST, **dict.fromkeys(["pid", "mnt", "net", "ipc", "uts"], "100")})
    return fake


def test_equal_processes_are_one_record_and_a_stranger_is_none_of_it(fake):
    (container,) = read(fake, inspection("a", 100))["containers"]
    assert [process["pids"] for process in container["processes"]] == [[100, 101]]
    assert container["limits"]["memory"]["value"] == 64
    assert container["processes"][0]["label"] == "system_u:system_r:container_t:s0:c1,c2"
    assert list(container["mounts"].values())[0]["value"] == ["9 8 0:90 / / ro,relatime - overlay overlay rw"]


def test_a_process_that_left_its_control_group_is_found_and_loosens_the_limits(fake):
    fake.process(102, "/elsewhere", share={"pid": "100", **HOST})
    fake.group("/elsewhere", memory_max="max", memory_limit_in_bytes="9223372036854771712")
    (container,) = read(fake, inspection("a", 100))["containers"]
    assert pids(container) == [100, 101, 102]
    assert container["limits"]["memory"]["value"] == "max"


def test_a_process_that_entered_the_mount_namespace_from_the_host_is_found(fake):
    fake.process(103, "/user.slice", share={"mnt": "100", "pid": "self", **HOST})
    assert 103 in pids(read(fake, inspection("a", 100))["containers"][0])


def test_a_process_of_another_container_that_joined_is_the_others(fake):
    fake.group(group("b"), (200,))
    fake.process(200, group("b"), share={"pid": "100", **HOST})
    ada, grace = read(fake, inspection("a", 100), inspection("b", 200))["containers"]
    assert (pids(ada), pids(grace)) == ([100, 101], [200])
    own, other = ada["processes"][0]["namespaces"], grace["processes"][0]["namespaces"]
    assert own["pid"] == other["pid"] and own["net"] != other["net"]


def test_a_container_in_the_hosts_pid_namespace_does_not_get_the_hosts_processes(fake):
    fake.group(group("b"), (200,))
    fake.process(200, group("b"), share={"pid": "self", **HOST})
    assert pids(read(fake, inspection("b", 200))["containers"][0]) == [200]


def test_one_that_the_labels_do_not_select_is_a_neighbour(fake):
    fake.process(200, group("b"), share=HOST)
    document = read(fake, inspection("a", 100, room="1"), inspection("b", 200, room="2"), labels={"room": "1"})
    assert [record["name"] for record in document["containers"]] == ["workspace-a"]
    assert [record["name"] for record in document["neighbours"]] == ["workspace-b"]
    assert document["neighbours"][0]["processes"][0]["namespaces"]["net"]


@pytest.mark.parametrize(
    ("labels", "expected"), [({}, True), ({"a": ""}, True), ({"a": "2"}, False), ({"b": ""}, False)]
)
def test_an_empty_value_asks_for_the_label_alone(labels, expected):
    assert selected(inspection("a", 1, a="1"), Selection(labels)) is expected


@pytest.mark.parametrize(
    ("names", "images", "chosen"),
    [
        (["workspace-a"], [], "a"),
        (["workspace-[bc]"], [], "b"),
        (["workspace-*"], ["course/workspace:latest"], "ab"),
        (["workspace-b"], ["course/*"], "b"),
        (["nothing"], [], ""),
        ([], ["other"], ""),
    ],
)
def test_containers_are_selected_by_name_and_image_and_the_rest_are_neighbours(fake, names, images, chosen):
    fake.process(200, group("b"), share=HOST)
    engine = FakeEngine(inspection("a", 100), inspection("b", 200))
    document = gather(engine, fake.kernel, {}, SOCKET, names, images)
    assert [record["name"] for record in document["containers"]] == [f"workspace-{letter}" for letter in chosen]
    assert len(document["neighbours"]) == 2 - len(chosen)
    assert document["selection"] == {"labels": {}, "containers": names, "images": images}


def test_a_stopped_container_is_recorded_without_processes(fake):
    (container,) = read(fake, inspection("a", 0))["containers"]
    assert container["state"] == "exited" and "processes" not in container


def test_a_container_that_restarts_while_it_is_read_is_inspected_again(fake):
    engine = FakeEngine(inspection("a", 999))
    engine.changes[identifier("a")] = [
        lambda: None,
        lambda: engine.inspections.update({identifier("a"): inspection("a", 100)}),
    ]
    (container,) = read(fake, engine=engine)["containers"]
    assert container["pid"] == 100 and len(engine.asked) == 2


def test_a_container_that_keeps_dying_is_an_error_and_not_an_empty_record(fake):
    (container,) = read(fake, inspection("a", 999))["containers"]
    assert container["error"].startswith("ESRCH") and "processes" not in container


class Reborn(Kernel):
    """A kernel that gives a number away between the two looks at its start time."""

    def __init__(self, root, starts):
        super().__init__(root)
        self.starts = starts

    def read(self, path):
        if path.endswith("/stat") and self.starts:
            self.at(path).write_text(stat(100, self.starts.pop(0)))
        return super().read(path)


def test_a_number_that_was_given_away_is_read_once_more(fake):
    record = processes.read_process(Reborn(str(fake.root), [1, 2]), 100)
    assert record is not None and record["start"] == "2"


def test_a_number_that_is_given_away_again_and_again_is_nobody(fake):
    assert processes.read_process(Reborn(str(fake.root), [1, 2, 3, 4]), 100) is None


def test_a_zombie_runs_nothing(fake):
    fake.write("/proc/101/stat", stat(101, 100, "Z"))
    assert pids(read(fake, inspection("a", 100))["containers"][0]) == [100]


@pytest.mark.parametrize("name", ["ns/net", "status", "attr/current", "cgroup"])
def test_what_cannot_be_read_is_recorded_with_its_error(fake, name):
    place = fake.root / "proc/101" / name
    place.unlink()
    if not name.startswith("ns/"):
        place.mkdir()
    process = read(fake, inspection("a", 100))["containers"][0]["processes"][1]
    assert process["errors"][name].startswith("ENOENT" if name.startswith("ns/") else "EISDIR")


def test_places_are_recorded_by_device_and_path_and_secrets_are_not_recorded_at_all(fake):
    fake.write("/var/lib/docker/x", "")
    fake.write("/run/docker.sock", "")
    labels = {"student": "ada", "api-token": "hunter2", "login": "https://ada:hunter2@x.test"}
    document = read(fake, inspection("a", 100, **labels), inspection("b", 0, **labels))
    assert document["containers"][0]["labels"]["student"] == "ada"
    places = {place["path"]: (place["kind"], place["device"], place["inside"]) for place in document["host"]["places"]}
    assert places["/run/docker.sock"] == ("socket", "254:0", "/run/docker.sock")
    assert places["/var/lib/docker"] == ("data root", "254:0", "/var/lib/docker")
    assert document["host"]["selinux"]["present"] is False
    assert "hunter2" not in json.dumps(document)


def test_the_host_is_described(fake):
    fake.write("/sys/fs/selinux/enforce", "1")
    fake.write("/sys/fs/selinux/mls", "1")
    host = read(fake, inspection("a", 100))["host"]
    assert (host["selinux"]["enforce"]["value"], host["cgroup_version"]) == ("1", f"v{fake.version}")
    assert host["machine"]["memory"]["value"] == 2048 * 1024
