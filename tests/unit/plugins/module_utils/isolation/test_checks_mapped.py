# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an engine that maps users mounts otherwise, and what is no less a fault there."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import (
    ADA,
    add_line,
    changed,
    find,
    judged,
    put,
    red,
    replace_line,
)

FILES, HOST_MOUNTS, KNOWN = "cgroup-files-read-only", "host-mounts", "mounts-known"
DEVICES = {"kind": "tree", "path": "/dev", "device": "0:6", "inside": "/"}
NODE = "600 502 0:6 {} {} rw,nosuid - devtmpfs udev rw"
INITIAL = "4:4026531837"


@pytest.mark.parametrize(
    ("path", "value", "status"),
    [
        ("name", "workspace-ada", "informational"),
        # Not proved to be nobody's root: the host's namespace, one whose map has root in it, one without a map.
        ("processes.0.namespaces.user", INITIAL, "fail"),
        ("user_namespaces.4:20015.uid_map.value", [[0, 0, 10]], "fail"),
        ("user_namespaces.4:20015.gid_map.value", [[5, 0, 1]], "fail"),
        ("user_namespaces.4:20015.uid_map", facts.unread("/proc/2001/uid_map"), "fail"),
        ("user_namespaces", {}, "fail"),
        ("processes.0.namespaces.user", None, "fail"),
    ],
)
def test_writable_group_files_are_a_fault_unless_root_inside_is_nobody_outside(path, value, status):
    def weaken(_document, ada):
        replace_line(ada, "/sys/fs/cgroup ro", "/sys/fs/cgroup rw")
        put(ada, path, value)

    assert find(judged(changed(weaken)), FILES)["status"] == status


@pytest.mark.parametrize(
    ("root", "target", "user", "checks"),
    [
        ("/null", "/dev/null", "4:20015", set()),
        ("/null", "/proc/asound", "4:20015", set()),
        ("/urandom", "/dev/urandom", "4:20015", set()),
        ("/sda", "/dev/sda", "4:20015", {HOST_MOUNTS, KNOWN}),
        ("/", "/dev/all", "4:20015", {HOST_MOUNTS, KNOWN}),
        ("/null/x", "/dev/x", "4:20015", {HOST_MOUNTS, KNOWN}),
        # Where nobody is mapped the runtime makes the nodes itself.
        ("/null", "/dev/null", INITIAL, {HOST_MOUNTS, KNOWN}),
    ],
)
def test_nodes_that_hold_nothing_are_bound_where_none_can_be_made(root, target, user, checks):
    def bind(document, ada):
        document["host"]["places"].append(DEVICES)
        add_line(ada, NODE.format(root, target))
        put(ada, "processes.0.namespaces.user", user)

    found = {check for subject, check in red(judged(changed(bind))) if subject == ADA}
    assert found & {HOST_MOUNTS, KNOWN} == checks
