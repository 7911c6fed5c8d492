# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad states of containers on a real engine: each differs from a good one in one respect, and turns its checks red and
no others. All are made in one go, read once and judged once.

Tools that read the engine's inspect print PASS for several of these: a raised limit, a process outside of its group, a
parent directory of the socket, a rule for devices.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_reading import reading
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.gather import gather
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.verdict import verdict
from ansible_collections.bulkhead.classroom.tests.integration.support.isolated import GOOD

LABEL, PREFIX = "bht.states", "bht-state-"
LIMITS = {"memory", "swap", "cpu", "pids"}
LIMITLESS = {f"cgroup-{name}-limit" for name in LIMITS}
ALLOW_ALL = '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": []}'


def bind(source: str, mode: str = "rw") -> dict:
    return {"binds": [f"{source}:/given:{mode}"]}


# Only the folder itself is as it was asked for: what is mounted below it comes along as it is, and differs by machine.
WITH_MOUNTS_BELOW = {"host-root", "dev", "sys", "data-root"}
BELOW = {"host-file-systems", "host-kernel-switches", "cgroup-files-read-only", "mounts-tmpfs"}
# Name to the options that differ, and the checks that are red for it.
STATES = {
    "uts-host": ({"uts_mode": "host"}, {"ns-uts-private"}),
    "ipc-host": ({"ipc_mode": "host"}, {"ns-ipc-private"}),
    "cgroupns-host": ({"CgroupnsMode": "host"}, {"ns-cgroup-private"}),
    "no-limits": ({"mem_limit": 0, "memswap_limit": 0, "nano_cpus": 0, "pids_limit": 0}, LIMITLESS),
    "swap-unlimited": ({"memswap_limit": -1}, {"cgroup-swap-limit"}),
    "oom-killer-off": ({"oom_kill_disable": True}, {"cgroup-oom-killer"}),
    "device": ({"devices": ["/dev/loop-control:/dev/loop-control:rwm"]}, {"cgroup-devices"}),
    "device-rule": ({"device_cgroup_rules": ["b *:* rwm"]}, {"cgroup-devices"}),
    "sys-admin": ({"cap_add": ["SYS_ADMIN"]}, {"capabilities"}),
    "net-raw": ({"cap_add": ["NET_RAW"]}, {"capabilities"}),
    "host-root": (bind("/", "ro"), {"host-mounts", "engine-socket-hidden"}),
    "etc": (bind("/etc"), {"host-mounts"}),
    "root-home": (bind("/root", "ro"), {"host-mounts"}),
    "run": (bind("/run"), {"host-mounts"}),
    "proc": (bind("/proc"), {"host-mounts", "host-kernel-switches"}),
    "dev": (bind("/dev"), {"host-mounts"}),
    "sys": (bind("/sys"), {"host-mounts"}),
    "boot": (bind("/boot"), {"host-mounts"}),
    "libraries": (bind("/usr/lib"), {"host-mounts"}),
    "nnp-false": ({"security_opt": ["no-new-privileges:false"]}, {"no-new-privileges"}),
    "no-filter": (
        {"security_opt": ["no-new-privileges", "seccomp=unconfined"]},
        {"seccomp-filter", "seccomp-profile"},
    ),
    "filter-of-nothing": ({"security_opt": ["no-new-privileges", f"seccomp={ALLOW_ALL}"]}, {"seccomp-profile"}),
    "pid-host": ({"pid_mode": "host"}, {"ns-pid-private"}),
    "net-host": ({"network_mode": "host"}, {"ns-net-private"}),
    "writable-root": ({"read_only": False}, {"rootfs-read-only"}),
    "restart": ({"restart_policy": {"Name": "always", "MaximumRetryCount": 0}}, {"restart-policy"}),
}


def made(engine, image: str, name: str, user: str = "1000:1000", **changes) -> str:
    wanted = {**GOOD, **changes}
    own = {key: wanted.pop(key) for key in [*wanted] if key[0].isupper()}
    host = {**engine.client.create_host_config(**wanted), **{"CgroupnsMode": "private", **own}}
    config = {"Image": image, "Cmd": ["sleep", "3600"], "Labels": {LABEL: "yes"}, "HostConfig": host, "User": user}
    key = engine.client.create_container_from_config(config, PREFIX + name)["Id"]
    engine.client.start(key)
    return key


def group_of(engine, key: str, controller: str) -> Path:
    """The folder of a container's group in a version 1 hierarchy."""
    pid = engine.client.inspect_container(key)["State"]["Pid"]
    lines = [line.split(":", 2) for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines()]
    path = next(path for _number, names, path in lines if controller in names.split(","))
    return Path("/sys/fs/cgroup", controller) / path.lstrip("/")


def raise_limit(engine, key: str) -> None:
    """Behind the engine's back, as whoever is root on the host can."""
    folder = group_of(engine, key, "memory")
    for name in ("memory.memsw.limit_in_bytes", "memory.limit_in_bytes"):
        (folder / name).write_text(str(1 << 33))


def move_out(engine, key: str) -> None:
    pid = str(engine.client.inspect_container(key)["State"]["Pid"])
    for controller in ("memory", "pids"):
        Path("/sys/fs/cgroup", controller, "cgroup.procs").write_text(pid)


def made_with_sources(engine, image: str, folder: Path, open_to_all: str) -> None:
    """Those that are given something of the host's."""
    (folder / "shared").mkdir()
    (folder / "parent/child").mkdir(parents=True)
    sources = {
        "share-a": folder / "shared",
        "share-b": folder / "shared",
        "outer": folder / "parent",
        "inner": folder / "parent/child",
        "open-source": open_to_all,
        "socket": engine.folder / "docker.sock",
        "data-root": engine.folder / "data",
    }
    for name, source in sources.items():
        made(engine, image, name, **bind(str(source)))


def made_and_weakened(engine, image: str) -> None:
    """Those that inspect shows nothing of, or that take two."""
    keys = {"joinable": made(engine, image, "joinable", ipc_mode="shareable")}
    for kind in ("pid", "ipc", "network"):
        joined = {f"{kind}_mode": f"container:{keys['joinable']}"}
        keys[f"joined-{kind}"] = made(engine, image, f"joined-{kind}", **joined)
    for name, user in {"root": "0:0", "group-root": "1000:0"}.items():
        keys[name] = made(engine, image, name, user=user)
    for name in ("set-id", "node"):
        keys[name] = made(engine, image, name, read_only=False)
        upper = engine.client.inspect_container(keys[name])["GraphDriver"]["Data"]["UpperDir"]
        if name == "node":
            subprocess.run(["mknod", f"{upper}/disk", "b", "7", "0"], check=True)
        else:
            Path(upper, "program").write_text("#!/bin/sh\n")
            Path(upper, "program").chmod(0o4755)
    for name, weaken in {"raised": raise_limit, "moved": move_out}.items():
        keys[name] = made(engine, image, name)
        weaken(engine, keys[name])


@pytest.fixture(scope="module")
def judged(engine, base_image, tmp_path_factory):
    if not Path("/sys/fs/cgroup/memory/cgroup.procs").exists():
        pytest.skip("these groups are broken with the files of cgroup version 1")
    try:
        # Not below a folder of pytest's, which is closed to others.
        with tempfile.TemporaryDirectory(prefix="bht") as open_to_all:
            Path(open_to_all).chmod(0o777)
            made(engine, base_image, "good")
            for name, (changes, _checks) in STATES.items():
                made(engine, base_image, name, **changes)
            made_with_sources(engine, base_image, tmp_path_factory.mktemp("sources"), open_to_all)
            made_and_weakened(engine, base_image)
            read = gather(reading({"docker_host": engine.url}), Kernel(), {LABEL: "yes"}, engine.url)
        yield verdict({"here": read}, {"selinux": "absent", "capabilities": [], "profile": "classroom"})
    finally:
        for listed in engine.client.containers(all=True, filters={"label": LABEL}):
            engine.client.remove_container(listed["Id"], force=True)


def red(judged, name: str) -> dict[str, str]:
    own = [one for one in judged["findings"] if one["container"] == PREFIX + name]
    assert own, f"{name} was not judged"
    return {one["check"]: one["observed"] for one in own if one["status"] in ("fail", "error")}


def only(found: dict[str, str], expected: set[str], name: str) -> None:
    assert set(found) - (BELOW if name in WITH_MOUNTS_BELOW else set()) == expected, found


def test_the_good_one_is_green(judged):
    assert red(judged, "good") == {}


@pytest.mark.parametrize("name", STATES)
def test_a_bad_state_turns_its_checks_red_and_no_others(judged, name):
    only(red(judged, name), STATES[name][1], name)


BEHIND = {
    "share-a": {"mounts-private"},
    "share-b": {"mounts-private"},
    "outer": {"mounts-nested"},
    "inner": {"mounts-nested"},
    "open-source": {"mounts-source-mode"},
    "socket": {"engine-socket-hidden"},
    "root": {"process-not-root"},
    "group-root": {"process-groups"},
    "data-root": {"host-mounts"},
    "joinable": {"ns-pid-private", "ns-ipc-private", "ns-net-private"},
    "joined-pid": {"ns-pid-private"},
    "joined-ipc": {"ns-ipc-private"},
    "joined-network": {"ns-net-private", "host-mounts"},
    "set-id": {"rootfs-read-only", "rootfs-set-id"},
    "node": {"rootfs-read-only", "rootfs-devices"},
    "raised": {"cgroup-memory-limit"},
    "moved": {"cgroup-membership", "cgroup-memory-limit", "cgroup-swap-limit", "cgroup-pids-limit"},
}


@pytest.mark.parametrize("name", BEHIND)
def test_what_was_weakened_behind_the_engines_back_is_red(judged, name):
    only(red(judged, name), BEHIND[name], name)
