# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Originals of every kind have a twin that answers every probe: names of users, joined namespaces, mounts over the
folders of an interpreter, programs of the engine's own, small limits.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.judge import findings

PREFIX, LABEL = "bht-original-", "bht.original"
MIB = 1 << 20
ORIGINALS = {
    "plain": {},
    "named-user": {"User": "student", "group_add": ["student", "5"]},
    "init": {"init": True},
    "tmpfs": {"read_only": True, "tmpfs": {"/run": "size=1m", "/tmp": "", "/.bulkhead/room": "size=1m"}},
    "ulimits": {"ulimits": [{"Name": "nproc", "Soft": 4096, "Hard": 4096}, {"Name": "nofile", "Soft": 64, "Hard": 64}]},
    "sysctls": {"sysctls": {"net.ipv4.ip_unprivileged_port_start": "0"}, "dns": ["192.0.2.1"], "shm_size": 1 << 20},
    "joined-pid": {"pid_mode": f"container:{PREFIX}plain"},
    "joined-ipc": {"ipc_mode": f"container:{PREFIX}shareable"},
    "joined-network": {"network_mode": f"container:{PREFIX}plain"},
    "cpuset": {"cpuset_cpus": "0", "cpu_shares": 512, "cpu_period": 50_000, "cpu_quota": 25_000},
    "killed-first": {"oom_score_adj": 500, "mem_limit": 256 * MIB, "mem_reservation": 128 * MIB},
    "tiny": {"mem_limit": 8 * MIB, "memswap_limit": 8 * MIB, "pids_limit": 12, "nano_cpus": 100_000_000},
    "parent": {"cgroup_parent": "/bht-parent"},
    "removes-itself": {"auto_remove": True},
    "another-runtime": {"runtime": "second"},
    "covered": {"binds": ["/usr/share:/usr:ro", "/usr/share:/lib64:ro", "/usr/share:/lib:ro", "/usr/share:/root:ro"]},
    "anonymous-volume": {"Volumes": {"/data": {}}},
    "published": {"network_mode": "bridge", "port_bindings": {"80/tcp": None}},
    "hosts": {"network_mode": "host", "uts_mode": "host", "ipc_mode": "host", "pid_mode": "host"},
}


@pytest.fixture(scope="module")
def probed(engine, base_image, run_module):
    client = engine.client
    try:
        for name, changes in {"shareable": {"ipc_mode": "shareable"}, **ORIGINALS}.items():
            options = {"network_mode": "none", **changes}
            config = {key: options.pop(key) for key in [*options] if key[0].isupper()}
            host = client.create_host_config(**options)
            body = {
                "Image": base_image,
                "Cmd": ["sleep", "3600"],
                "Labels": {LABEL: "yes"},
                "HostConfig": host,
                **config,
            }
            client.start(client.create_container_from_config(body, PREFIX + name)["Id"])
        before = [len(client.containers(all=True)), len(client.volumes()["Volumes"] or [])]
        result = run_module("isolation_probe", {"labels": {LABEL: ""}})
        assert "probes" in result, result
        assert before == [len(client.containers(all=True)), len(client.volumes()["Volumes"] or [])]
        yield {one["name"]: one for one in result["probes"]}
    finally:
        for listed in client.containers(all=True, filters={"label": LABEL}):
            client.remove_container(listed["Id"], force=True, v=True)
        # The engine leaves a parent that it made.
        for left in (*Path("/sys/fs/cgroup").glob("*/bht-parent"), *Path("/sys/fs/cgroup").glob("bht-parent")):
            left.rmdir()


@pytest.mark.parametrize("name", ORIGINALS)
def test_every_probe_is_answered(probed, name):
    found = findings("here", [probed[PREFIX + name]])
    errors = {one["check"]: one["reason"] for one in found if one["status"] == "error"}
    assert errors == {} and len(found) > 30


@pytest.mark.parametrize("name", ["plain", "named-user", "tiny", "cpuset"])
def test_who_and_what_it_is_shows(probed, name):
    record = probed[PREFIX + name]
    status = {one["check"]: one["status"] for one in findings("here", [record])}
    # Root is root already; everybody else could become it.
    assert status["probe-set-uid"] == ("fail" if name == "named-user" else "notapplicable")
    limited = {"tiny": {"memory", "pids"}, "cpuset": set()}.get(name, set())
    assert {one for one in ("memory", "pids") if status[f"probe-{one}"] == "pass"} == limited
