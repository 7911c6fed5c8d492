# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about mounts and devices beside the kernel's own tables: promises, the layer, sources, peers, numbers."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.host import cgroups
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts import device_facts, mount_facts
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.fake_host import OwnedKernel
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.fake_kernel import FakeKernel, identifier

NUMBER = "b 7:0"
EMPTY = {
    **{"masked": [], "read_only": [], "absent": [], "tmpfs": {}, "propagation": {}, "anonymous": []},
    "layer": {"path": "", "driver": ""},
}


@pytest.fixture
def fake(tmp_path):
    fake = FakeKernel(tmp_path)
    fake.kernel = OwnedKernel(str(tmp_path))
    return fake


def test_what_was_promised_and_what_this_kernel_lacks(fake):
    fake.write("/proc/kcore", "")
    mounts = [
        {"Type": "volume", "Name": "a" * 64, "Destination": "/data", "Propagation": ""},
        {"Type": "volume", "Name": "named", "Destination": "/named"},
        {"Type": "bind", "Destination": "/home", "Propagation": "rshared"},
    ]
    host = {"MaskedPaths": ["/proc/kcore", "/proc/acpi"], "ReadonlyPaths": ["/proc/bus"], "Tmpfs": {"/tmp": "size=1m"}}
    found = mount_facts.read_mounting(fake.kernel, {"HostConfig": host, "Mounts": mounts})
    assert found["absent"] == ["/proc/acpi", "/proc/bus"] and found["masked"] == ["/proc/kcore", "/proc/acpi"]
    assert found["tmpfs"] == {"/tmp": "size=1m"} and found["anonymous"] == ["/data"]
    assert found["propagation"] == {"/data": "", "/named": "", "/home": "rshared"}


@pytest.mark.parametrize(
    "inspected",
    [{}, {"HostConfig": None, "Mounts": None}, {"HostConfig": [], "Mounts": {}, "GraphDriver": "x"}],
)
def test_an_engine_that_says_nothing(fake, inspected):
    assert mount_facts.read_mounting(fake.kernel, inspected) == EMPTY


def test_the_layer_of_a_driver_that_has_no_folder_is_not_walked(fake):
    for data in (None, {}, {"UpperDir": ""}, {"UpperDir": "relative"}):
        found = mount_facts.read_layer(fake.kernel, {"GraphDriver": {"Name": "vfs", "Data": data}})
        assert found == {"path": "", "driver": "vfs"}


def test_the_layer_is_walked_and_a_link_in_its_place_is_refused(fake):
    fake.write("/layer/diff/bin/su", "")
    (fake.root / "layer/diff/bin/su").chmod(0o4755)
    fake.write("/layer/diff/new\nline\x1b[2J", "")
    (fake.root / "layer/link").symlink_to("diff")
    found = {
        name: mount_facts.read_layer(fake.kernel, {"GraphDriver": {"Data": {"UpperDir": f"/layer/{name}"}}})
        for name in ("diff", "link", "gone")
    }
    assert [entry.split()[0] for entry in found["diff"]["setid"]] == ["/bin/su"] and found["diff"]["entries"] == 3
    assert found["link"]["error"] and found["gone"]["error"].startswith("ENOENT")


@pytest.mark.parametrize(("closed", "expected"), [("", ""), ("srv", "/srv"), ("srv/ada", "/srv/ada")])
def test_a_source_is_as_open_as_the_folders_above_it(fake, closed, expected):
    fake.write("/srv/ada/home/x", "")
    for folder in (".", "srv", "srv/ada", "srv/ada/home"):
        (fake.root / folder).chmod(0o755)
    if closed:
        (fake.root / closed).chmod(0o750)
    found = mount_facts.read_source_mode(fake.kernel, "/srv/ada/home")
    assert found["value"]["mode"] == "0755" and found["value"]["closed_by"] == expected


def test_a_source_that_is_gone_is_an_error(fake):
    for source in ("/gone", "/a\0b"):
        assert mount_facts.read_source_mode(fake.kernel, source)["error"]


def test_groups_of_mounts_that_tell_one_another_are_read_of_reader_and_engine(fake):
    shared = "30 1 0:30 / {} rw shared:{} - tmpfs tmpfs rw\n"
    fake.write("/proc/self/mountinfo", shared.format("/run", 5) + "31 1 0:31 / /own rw - tmpfs tmpfs rw\n")
    fake.write("/proc/801/mountinfo", shared.format("/engine", 5) + shared.format("/a\\040b\\012c", 6))
    found = mount_facts.read_peer_groups(fake.kernel, 801)
    assert found["value"] == {"5": "/run", "6": "/a b\nc"} and found["path"].count("mountinfo") == 2
    assert mount_facts.read_peer_groups(fake.kernel, 4242)["error"].startswith("ENOENT")
    assert mount_facts.read_peer_groups(fake.kernel, None)["value"] == {"5": "/run"}


class Nodes(OwnedKernel):
    """Who is not root cannot make a device."""

    def device(self, path):
        return Fact(path, NUMBER) if path.endswith("loop0") else super().device(path)


def test_numbers_of_devices_get_the_first_name_that_the_host_has(fake):
    for name in ("loop0", "null-but-a-file", "mapper/loop0"):
        fake.write(f"/dev/{name}", "")
    assert device_facts.read_device_names(Nodes(str(fake.root))) == {NUMBER: "/dev/loop0"}
    assert device_facts.read_device_names(fake.kernel) == {}


def test_devices_as_the_engine_was_told():
    host = {
        "Devices": [{"PathOnHost": "/dev/fuse", "CgroupPermissions": "rwm"}, None],
        "DeviceCgroupRules": ["b *:* rwm"],
        "DeviceRequests": [{"Driver": "", "Capabilities": [["gpu"]]}],
    }
    assert device_facts.declared_by({"HostConfig": host}) == {
        "devices": ["/dev/fuse rwm", "None None"],
        "rules": ["b *:* rwm"],
        "requests": ["any driver: [['gpu']]"],
    }
    assert device_facts.declared_by({}) == {"devices": [], "rules": [], "requests": []}


def v1(folder):
    return cgroups.Hierarchy(1, folder, "/")


def test_the_list_of_devices_is_the_containers_own(fake):
    group = f"/docker/{identifier('a')}"
    fake.write(f"/sys/fs/cgroup/devices{group}/devices.list", "c 1:3 rwm\n")
    found, inspected = {"devices": v1("/sys/fs/cgroup/devices")}, {"Id": identifier("a")}
    inside = [{"cgroups": {group: ["devices"]}}]
    listed = device_facts.read_devices(fake.kernel, found, inspected, inside)
    assert listed["version"] == 1 and listed["list"]["value"] == "c 1:3 rwm"
    outside = [{"cgroups": {"/system.slice": ["devices"]}}]
    assert device_facts.read_devices(fake.kernel, found, inspected, outside)["list"]["error"]
    assert device_facts.read_devices(fake.kernel, {}, inspected, inside)["version"] == 0
