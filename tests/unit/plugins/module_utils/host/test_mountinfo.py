# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mount tables: which mount covers a path, and where in its file system a path lies."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.host import mountinfo

TABLE = """\
1 0 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,errors=remount-ro
2 1 0:24 / /run rw,nosuid - tmpfs tmpfs rw,size=1k
3 1 254:16 /data /var/lib/docker rw - xfs /dev/vdb rw,prjquota
4 1 254:0 /srv/a\\040b /mnt/a\\040b ro - ext4 /dev/vda rw
5 2 0:99 / /run rw - tmpfs later rw
no mount at all
"""
MOUNTS = mountinfo.parse(TABLE)


def test_every_line_that_is_a_mount_is_read_and_no_other():
    assert [mount.target for mount in MOUNTS] == ["/", "/run", "/var/lib/docker", "/mnt/a b", "/run"]
    assert MOUNTS[3].root == "/srv/a b"


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/", ("254:0", "/")),
        ("/etc/ssh", ("254:0", "/etc/ssh")),
        ("/run/docker.sock", ("0:99", "/docker.sock")),
        ("/run", ("0:99", "/")),
        ("/running", ("254:0", "/running")),
        ("/var/lib/docker/volumes", ("254:16", "/data/volumes")),
        ("/mnt/a b", ("254:0", "/srv/a b")),
    ],
)
def test_a_path_lies_on_the_deepest_and_latest_mount(path, place):
    assert mountinfo.place_of(MOUNTS, path) == place


def test_without_a_root_nothing_covers_a_path():
    assert mountinfo.place_of(MOUNTS[1:], "/etc") is None


@pytest.mark.parametrize(
    ("options", "super_options", "expected"),
    [("ro,relatime", "rw", True), ("rw", "ro,size=1k", True), ("rw", "rw,errors=remount-ro", False)],
)
def test_read_only_is_the_mount_or_the_file_system(options, super_options, expected):
    (mount,) = mountinfo.parse(f"1 0 0:1 / / {options} - ext4 /dev/vda {super_options}")
    assert mount.read_only is expected


def test_a_shortened_line_reads_the_same_but_for_the_rest_of_the_options():
    for line in TABLE.splitlines()[:5]:
        (before,), (after,) = mountinfo.parse(line), mountinfo.parse(mountinfo.shortened(line))
        assert after[:6] == before[:6] and after.read_only == before.read_only


@pytest.mark.parametrize(
    ("options", "kept", "label"),
    [
        ('rw,context="a:b:c:s0:c1,c2",lowerdir=/a:/b,upperdir=/c', 'rw,context="a:b:c:s0:c1,c2"', "a:b:c:s0:c1,c2"),
        ("rw,context=a:b:c:s0,size=64k,mode=755", "rw,context=a:b:c:s0,size=64k", "a:b:c:s0"),
        ('rw,fscontext="a:b:c:s0:c1,c2",seclabel', "rw", ""),
        ("rw", "rw", ""),
        ("", "", ""),
    ],
)
def test_the_label_that_a_mount_gives_is_kept(options, kept, label):
    line = mountinfo.shortened(f"1 0 0:42 / / ro - overlay overlay {options}")
    assert line.endswith(f" {kept}")
    (mount,) = mountinfo.parse(line)
    assert mountinfo.context(mount) == label
