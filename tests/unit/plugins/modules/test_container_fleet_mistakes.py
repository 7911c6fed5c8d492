# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.units import SpecError
from ansible_collections.bulkhead.classroom.plugins.modules.container_fleet import wished


def task(*containers, **changes):
    shared = {"image": "base:1", "memory": "64m", "networks": [{"name": "quiet"}]}
    params = {"name": "room", "labels": {}, "networks": [], "defaults": shared, "containers": list(containers)}
    return {**params, "state": "started", "prune": False, "force": False, "parallel": 4, **changes}


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"memory": "0"}, "memory: 0 would mean no limit"),
        ({"memory": "much"}, "memory: 'much' is no size"),
        ({"memory_swap": "32m"}, "memory_swap: 32m is less than memory"),
        ({"cpus": 0.0}, "cpus: 0.0 is below"),
        ({"pids_limit": 0}, "pids_limit: 0 would mean no limit"),
        ({"restart_policy": "sometimes"}, "restart_policy: 'sometimes' is unknown"),
        ({"network_mode": "none"}, "exclude each other"),
        ({"pid_mode": "container:x"}, "pid_mode: sharing"),
        ({"labels": {"org.bulkhead.fleet": "x"}}, "labels: org.bulkhead.fleet is set by this module"),
        ({"security_opts": ["seccomp=/nowhere.json"]}, "cannot read the seccomp profile /nowhere.json"),
        ({"name": "a"}, "name: 'a' is refused by engines"),
        ({"name": "ada.next"}, "kept for successors"),
        ({"name": "grace"}, "grace is listed twice"),
    ],
)
def test_mistakes_are_named_before_anything_is_asked_of_the_engine(options, word):
    with pytest.raises(SpecError, match="Nothing was changed") as caught:
        wished(task({"name": "ada", **options}, {"name": "grace"}))
    assert word in str(caught.value)


def test_all_mistakes_are_named_at_once():
    with pytest.raises(SpecError) as caught:
        wished(task({"name": "ada", "memory": "0"}, {"name": "grace", "cpus": "few"}, networks=[{"name": "bridge"}]))
    assert all(word in str(caught.value) for word in ("ada: memory", "grace: cpus", "network bridge"))


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"subnet": "172.30.5.0/33"}, "subnet or gateway"),
        ({"subnet": "172.30.5.1/24"}, "has host bits set"),
        ({"gateway": "172.30.5.1"}, "gateway: 172.30.5.1 is not inside"),
        ({"subnet": "172.30.5.0/24", "gateway": "172.30.6.1"}, "gateway: 172.30.6.1 is not inside"),
        ({"labels": {"org.bulkhead.asked": "x"}}, "set by this module"),
    ],
)
def test_mistakes_in_networks(options, word):
    with pytest.raises(SpecError, match="network quiet: ") as caught:
        wished(task(networks=[{"name": "quiet", **options}]))
    assert word in str(caught.value)


@pytest.mark.parametrize(
    ("mount", "word"),
    [
        ({"target": "b", "source": "v"}, "'b' is not absolute"),
        ({"target": "/b", "type": "bind", "source": "a"}, "absolute source path"),
        ({"target": "/b", "source": "v", "size": "1m"}, "size belongs to type tmpfs"),
        ({"target": "/b", "type": "tmpfs", "mode": "rwx"}, "'rwx' is not octal"),
        ({"target": "/x/"}, "two mounts have the target /x"),
    ],
)
def test_mistakes_in_mounts(mount, word):
    with pytest.raises(SpecError, match="mounts: ") as caught:
        wished(task({"name": "ada", "mounts": [mount, {"target": "/x"}]}))
    assert word in str(caught.value)
