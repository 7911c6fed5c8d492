# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The twin of a container, what it is told of its limits, and whose door it knocks at."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.cgroups import Hierarchy
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes import (
    addresses,
    chosen,
    groups,
    run,
    twin,
)

MIB = 1 << 20
WHO = twin.Identity("1000:1000", ("2000",))


def inspected(mounts=(), **host) -> dict:
    declared = {
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges"],
        "MaskedPaths": [],
        "RestartPolicy": {"Name": "always", "MaximumRetryCount": 0},
        "AutoRemove": True,
        "LogConfig": {"Type": "syslog", "Config": {"syslog-address": "udp://log.example:514"}},
        **host,
    }
    return {
        "Id": "a" * 64,
        "Name": "/ada",
        "Config": {"Env": ["PASSWORD=x"], "Labels": {"org.bulkhead.fleet": "room"}, "Volumes": {"/data": {}}},
        "HostConfig": declared,
        "Mounts": list(mounts),
    }


def made(record: dict, exists=lambda path: True) -> twin.Twin:
    return twin.make(record, WHO, "bulkhead-probe:1", ["idle"], {twin.LABEL: "run"}, exists)


def test_a_twin_has_the_walls_of_its_original():
    body = made(inspected()).body
    assert body["HostConfig"]["CapDrop"] == ["ALL"] and body["HostConfig"]["SecurityOpt"] == ["no-new-privileges"]
    assert body["HostConfig"]["MaskedPaths"] == [] and body["HostConfig"]["GroupAdd"] == ["2000"]
    assert body["User"] == "1000:1000"


def test_a_twin_has_nothing_that_lasts_or_tells():
    shown = inspected(PortBindings={"80/tcp": [{}]}, Binds=["/a:/a:Z"], VolumesFrom=["eve"], Links=["eve"])
    body, differs = made(shown)
    host = body["HostConfig"]
    assert not {"Binds", "VolumesFrom", "PortBindings", "Links"} & set(host)
    assert (host["RestartPolicy"]["Name"], host["AutoRemove"], host["LogConfig"]["Type"]) == ("no", False, "none")
    assert body["Labels"] == {twin.LABEL: "run"} and "Env" not in body and "Volumes" not in body
    assert differs == ("PortBindings is left out", "Links is left out")


MOUNTS = [
    {"Type": "bind", "Source": "/run", "Destination": "/given", "RW": True},
    {"Type": "volume", "Name": "home", "Source": "/data/volumes/home/_data", "Destination": "/home", "RW": True},
    {"Type": "bind", "Source": "/gone", "Destination": "/lost", "RW": False},
    {"Type": "tmpfs", "Source": "", "Destination": "/tmp", "RW": True},
]


def test_mounts_are_read_only_and_by_path_and_none_is_made():
    body, differs = made(inspected(MOUNTS), lambda path: path != "/gone")
    mounts = body["HostConfig"]["Mounts"]
    assert [mount["Target"] for mount in mounts] == ["/given", "/home"]
    assert all(mount["ReadOnly"] and mount["Type"] == "bind" for mount in mounts)
    assert not any("BindOptions" in mount for mount in mounts)
    assert differs == ("/given is read-only", "/home is read-only", "/lost is left out, its source is gone")


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ({"Memory": 8 << 30, "MemorySwap": -1}, {"Memory": 64 * MIB, "MemorySwap": 64 * MIB}),
        ({"Memory": 32 * MIB, "MemorySwap": 64 * MIB}, {"Memory": 32 * MIB, "MemorySwap": 32 * MIB}),
        ({"Memory": 8 << 30, "MemoryReservation": 4 << 30}, {"MemoryReservation": 64 * MIB}),
        ({"Memory": 6 * MIB, "MemorySwap": 6 * MIB}, {"Memory": 24 * MIB, "MemorySwap": 24 * MIB}),
        ({"Memory": 0, "MemorySwap": -1}, {"Memory": 0, "MemorySwap": -1}),
        ({"PidsLimit": 4096}, {"PidsLimit": 64}),
        ({"PidsLimit": 20}, {"PidsLimit": 20}),
        ({"PidsLimit": -1}, {"PidsLimit": -1}),
        ({"PidsLimit": None}, {"PidsLimit": None}),
    ],
)
def test_limits_are_bounded_and_never_made(declared, expected):
    host = made(inspected(**declared)).body["HostConfig"]
    assert {key: host[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("number", "table", "expected"),
    [
        (1000, "0 0 4294967295", 1000),
        (101000, "0 100000 65536", 1000),
        (0, "0 100000 65536", None),
        (5, "", None),
        (300001, "0 100000 65536\n70000 300000 10", 70001),
    ],
)
def test_numbers_are_those_of_the_containers_own_namespace(number, table, expected):
    assert twin.unmapped(number, table) == expected


def test_a_user_that_cannot_be_told_is_an_error(tmp_path):
    with pytest.raises(EngineError, match="who the container runs as"):
        run.identity(Kernel(str(tmp_path)), {"State": {"Pid": 7}})


def test_a_user_of_nobodys_namespace_is_an_error(tmp_path):
    (tmp_path / "proc/7").mkdir(parents=True)
    (tmp_path / "proc/7/status").write_text("Uid:\t5\t5\t5\t5\nGid:\t5\t5\t5\t5\nGroups:\t \n")
    for name in ("uid_map", "gid_map"):
        (tmp_path / "proc/7" / name).write_text("0 100000 65536\n")
    with pytest.raises(EngineError, match="not in its user namespace"):
        run.identity(Kernel(str(tmp_path)), {"State": {"Pid": 7}})
    for name in ("uid_map", "gid_map"):
        (tmp_path / "proc/7" / name).write_text("0 0 4294967295\n")
    assert run.identity(Kernel(str(tmp_path)), {"State": {"Pid": 7}}) == twin.Identity("5:5", ())


# A tree as version 2 has it: the twin's group below two others.
GROUP = "/slice/docker/twin"


@pytest.fixture
def tree(tmp_path):
    files = {
        "/proc/7/cgroup": f"0::{GROUP}",
        "/proc/meminfo": f"MemAvailable: {8 << 20} kB\nSwapTotal: 0 kB",
        f"{GROUP}/memory.max": str(32 * MIB),
        f"{GROUP}/memory.swap.max": "0",
        f"{GROUP}/memory.events": "low 0\noom_kill 2",
        f"{GROUP}/pids.max": "20",
        f"{GROUP}/pids.events": "max 0",
        f"{GROUP}/cpu.max": "50000 100000",
        f"{GROUP}/cpu.stat": "usage_usec 1\nnr_throttled 4",
        "/slice/memory.max": "max",
        "/slice/memory.current": "1",
        "/slice/pids.max": "max",
        "/slice/pids.current": "1",
    }

    def write(**changes: str | None):
        for path, text in {**files, **{key.replace("__", "/"): text for key, text in changes.items()}}.items():
            place = tmp_path / (path if path.startswith("/proc") else f"/cg{path}").lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            if text is not None:
                place.write_text(f"{text}\n")
        found = {name: Hierarchy(2, "/cg", "/") for name in ("memory", "pids", "cpu", "")}
        return groups.Groups(Kernel(str(tmp_path)), found, 7)

    return write


def test_limits_that_may_be_reached_are_told_to_the_twin(tree):
    given, records = groups.plan(tree(), 2, False)
    assert given == {"memory": 32 * MIB, "pids": 20, "cpu": 0.5}
    assert {name: one["before"]["value"] for name, one in records.items()} == {"memory": 2, "pids": 0, "cpu": 4}
    assert not any(one["obstacle"] for one in records.values())


OBSTACLES = {
    "no limit": ("memory", {"__slice__docker__twin__memory.max": "max"}, ""),
    "a limit of an ancestor": ("memory", {"__slice__memory.max": str(MIB)}, "not the container's own"),
    "an ancestor that is nearly full": ("memory", {"__slice__memory.max": str(40 * MIB)}, "too little is free above"),
    "a host that is nearly full": ("memory", {"__proc__meminfo": "MemAvailable: 40000 kB"}, "too little free memory"),
    "a host that says nothing": ("memory", {"__proc__meminfo": ""}, "too little free memory"),
    "swap without a limit": (
        "memory",
        {
            "__proc__meminfo": f"MemAvailable: {8 << 20} kB\nSwapTotal: 9 kB",
            "__slice__docker__twin__memory.swap.max": "max",
        },
        "swap has no limit",
    ),
    "too few processes above": ("pids", {"__slice__pids.max": "30"}, "too little is free above"),
    "a quota of all processors": ("cpu", {"__slice__docker__twin__cpu.max": "200000 100000"}, "cannot be exceeded"),
    "a broken limit": ("pids", {"__slice__docker__twin__pids.max": "many"}, "could not be read"),
}


@pytest.mark.parametrize("name", OBSTACLES)
def test_a_limit_that_may_not_be_reached_is_not_tried(tree, name):
    limit, changes, why = OBSTACLES[name]
    given, records = groups.plan(tree(**changes), 2, False)
    assert limit not in given and why in records[limit]["obstacle"]
    assert bool(records[limit]["obstacle"]) == bool(why)


def test_a_killer_that_is_off_would_be_waited_for(tree):
    given, records = groups.plan(tree(), 2, True)
    assert "memory" not in given and "switched off" in records["memory"]["obstacle"]


def test_a_label_alone_makes_no_twin():
    name = twin.name_for("0123456789abcdef", "fedcba987654" * 4)
    assert name == "bulkhead-probe-0123456789ab-fedcba987654"
    assert twin.is_twin(f"/{name}", {twin.LABEL: "run"})
    assert not twin.is_twin(f"/{name}", {}) and not twin.is_twin("/ada", {twin.LABEL: "run"})


def listed(key: str, **networks: str) -> dict:
    ends = {name: {"NetworkID": name, "IPAddress": address} for name, address in networks.items()}
    return {"Id": key, "Labels": {}, "NetworkSettings": {"Networks": ends}}


def test_peers_are_those_of_other_networks_only():
    ada, eve = listed("ada", red="10.0.0.2"), listed("eve", blue="10.1.0.2")
    both, none = listed("bob", red="10.0.0.3", blue="10.1.0.3"), listed("joe", none="")
    name = twin.name_for("0123456789abcdef", "fedcba987654" * 4)
    probe = {**listed("twin", green="10.2.0.2"), "Labels": {twin.LABEL: "run"}, "Names": [f"/{name}"]}
    room = [ada, eve, both, none, probe]
    assert addresses.peers(ada, room) == [("10.1.0.2", 9)]
    joined = {"Id": "kim", "HostConfig": {"NetworkMode": "container:ada"}, "NetworkSettings": {"Networks": {}}}
    assert addresses.peers(joined, room) == [("10.1.0.2", 9)]
    many = [listed(f"c{number}", **{f"n{number}": f"10.3.0.{number}"}) for number in range(9)]
    assert len(addresses.peers(ada, many)) == addresses.PEERS_MOST


def test_probes_that_connect_are_for_those_who_ask():
    assert "metadata" not in chosen.probes(None, False) and "metadata" in chosen.probes(None, True)
    assert chosen.probes(["probe-memory", "mount"], False) == ["mount", "memory"]
    for wanted, network in ((["peers"], False), (["nothing"], True), ([], True)):
        with pytest.raises(InputError, match="probes: "):
            chosen.probes(wanted, network)
