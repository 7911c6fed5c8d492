# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels of a container's writable layer, on a real file system."""

from __future__ import annotations

import os

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.host import layer
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.labels import ATTRIBUTE
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.mount_facts import read_layer
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.fake_kernel import FakeKernel

OWN = "system_u:object_r:container_file_t:s0:c12,c34"
OTHER = "system_u:object_r:container_file_t:s0"
UPPER = "/var/lib/docker/overlay2/x/diff"
INSPECTED = {"GraphDriver": {"Name": "overlay2", "Data": {"UpperDir": UPPER}}}


@pytest.fixture
def fake(tmp_path):
    fake = FakeKernel(tmp_path)
    for name in ("home/notes", "home/more", "etc/passwd"):
        fake.write(f"{UPPER}/{name}", "x")
    try:
        for folder, folders, files in os.walk(f"{tmp_path}{UPPER}"):
            for name in (*folders, *files):
                os.setxattr(f"{folder}/{name}", ATTRIBUTE, OWN.encode() + b"\0")
    except OSError:
        pytest.skip("only root, and only on a file system with security attributes, writes labels")
    return fake


def test_each_label_is_there_once_with_an_entry_that_has_it(fake):
    os.setxattr(f"{fake.root}{UPPER}/home/notes", ATTRIBUTE, OTHER.encode())
    os.removexattr(f"{fake.root}{UPPER}/home/more", ATTRIBUTE)
    found = layer.walk(fake.kernel, UPPER)
    assert set(found.labels) == {OWN, OTHER, "ENODATA No data available"} and found.labelled == 5
    assert (found.labels[OTHER], found.labels["ENODATA No data available"]) == ("/home/notes", "/home/more")


def test_a_link_is_not_followed_to_its_label(fake):
    (fake.root / "outside").write_text("x")
    os.setxattr(fake.root / "outside", ATTRIBUTE, OTHER.encode())
    (fake.root / f"{UPPER}/link".lstrip("/")).symlink_to(fake.root / "outside")
    assert OTHER not in layer.walk(fake.kernel, UPPER).labels


def test_what_was_deleted_has_the_kernels_label_and_is_left_out(fake):
    os.mknod(f"{fake.root}{UPPER}/gone", 0o20000, os.makedev(0, 0))
    found = layer.walk(fake.kernel, UPPER)
    assert set(found.labels) == {OWN} and (found.entries, found.labelled) == (6, 5)


def test_the_sample_has_an_end(fake):
    found = layer.walk(fake.kernel, UPPER, sample=2)
    assert (found.entries, found.labelled) == (5, 2)


def test_labels_are_read_only_where_the_kernel_runs_selinux(fake):
    plain = read_layer(fake.kernel, INSPECTED)
    assert (plain["labels"], plain["labelled"]) == ({}, 0)
    fake.write("/sys/fs/selinux/enforce", "1")
    fake.kernel.forget()
    found = read_layer(fake.kernel, INSPECTED)
    assert list(found["labels"]) == [OWN] and found["label"]["path"] == UPPER
