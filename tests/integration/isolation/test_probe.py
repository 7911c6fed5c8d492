# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probes on a real engine. Each has a control: a container that is weakened in one respect, in whose twin the attempt
gets through and the finding turns red. All are made in one go, and probed in one run.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.bulkhead.classroom.tests.integration.support.isolated import GOOD

PREFIX, LABEL = "bht-probe-", "bht.probe"
# Judged by the filter for system calls alone, and by nothing else in these containers.
FILTERED = ("bpf", "io_uring_setup", "keyctl", "perf_event_open", "syslog", "unshare", "userfaultfd")
SYS_ADMIN = {"hostname", "mount", "remount-proc-sys", "unshare-mount", "unshare-pid", "unshare-user", "bpf", "perf"}


def but(name: str) -> dict:
    """A filter that stops all of these calls but one."""
    stopped = [one for one in FILTERED if one != name]
    profile = {
        "defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [{"names": stopped, "action": "SCMP_ACT_ERRNO"}],
    }
    return {"security_opt": ["no-new-privileges", f"seccomp={json.dumps(profile)}"]}


# Name to user, the options that differ, and the probes that are red for it.
ROOT, USER = "0:0", "1000:1000"
WEAKENED = {
    "sys-admin": (ROOT, {"cap_add": ["SYS_ADMIN"]}, SYS_ADMIN),
    "sys-time": (ROOT, {"cap_add": ["SYS_TIME"]}, {"clock"}),
    "sys-module": (ROOT, {"cap_add": ["SYS_MODULE"]}, {"load-module"}),
    "dac-read-search": (ROOT, {"cap_add": ["DAC_READ_SEARCH"]}, {"file-handle"}),
    "net-admin": (ROOT, {"cap_add": ["NET_ADMIN"]}, {"network-device"}),
    "net-raw": (ROOT, {"cap_add": ["NET_RAW"]}, {"raw-socket", "packet-socket"}),
    "disk": (ROOT, {"cap_add": ["MKNOD"], "device_cgroup_rules": ["b *:* rwm"]}, {"block-device"}),
    "paths": (ROOT, {"MaskedPaths": [], "ReadonlyPaths": []}, {"kernel-settings", "kernel-programs"}),
    "log": (
        ROOT,
        {"cap_add": ["SYSLOG"], "devices": ["/dev/kmsg:/dev/kmsg:r"]},
        {"kernel-log", "kernel-memory"},
    ),
    "pid-host": (ROOT, {"pid_mode": "host"}, {"process-visible", "process-signal"}),
    "tracer": (
        ROOT,
        {"pid_mode": "host", "cap_add": ["SYS_PTRACE", "SYS_ADMIN"]},
        {"process-visible", "process-signal", "process-memory", "namespace-enter"} | SYS_ADMIN,
    ),
    "writable": (USER, {"read_only": False}, {"root-write"}),
    "new-privileges": (USER, {"security_opt": []}, {"set-uid"}),
    "no-memory-limit": (USER, {"mem_limit": 0, "memswap_limit": 0}, {"memory"}),
    "no-pids-limit": (USER, {"pids_limit": 0}, {"pids"}),
    "no-cpu-limit": (USER, {"nano_cpus": 0}, {"cpu"}),
    "unshare": (USER, but("unshare"), {"unshare-user"}),
    "keyctl": (USER, but("keyctl"), {"keyctl"}),
    "bpf": (USER, but("bpf"), {"bpf"}),
    "perf": (USER, but("perf_event_open"), {"perf"}),
    "userfaultfd": (USER, but("userfaultfd"), {"userfaultfd"}),
    "io-uring": (USER, but("io_uring_setup"), {"io-uring"}),
}


def made(engine, image: str, name: str, user: str = USER, **changes) -> str:
    wanted = {**GOOD, **changes}
    own = {key: wanted.pop(key) for key in [*wanted] if key[0].isupper()}
    host = {**engine.client.create_host_config(**wanted), "CgroupnsMode": "private", **own}
    config = {"Image": image, "Cmd": ["sleep", "3600"], "Labels": {LABEL: "yes"}, "HostConfig": host, "User": user}
    key = engine.client.create_container_from_config(config, PREFIX + name)["Id"]
    engine.client.start(key)
    return key


def left(engine) -> tuple:
    """Everything that a run could leave behind but the probe image."""
    return (
        sorted(one["Id"] for one in engine.client.containers(all=True)),
        sorted(one["Name"] for one in engine.client.volumes()["Volumes"] or []),
        sorted(one["Id"] for one in engine.client.networks()),
    )


@pytest.fixture(scope="module")
def victims(engine, base_image, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    (home / ".docker").mkdir()
    (home / ".docker/config.json").write_text("{}")
    try:
        made(engine, base_image, "good")
        made(engine, base_image, "good-root", user=ROOT)
        made(engine, base_image, "socket", ROOT, binds=[f"{engine.folder}/docker.sock:/given/engine:ro"])
        made(engine, base_image, "logins", ROOT, binds=[f"{home}:/given:ro"])
        for name, (user, changes, _red) in WEAKENED.items():
            made(engine, base_image, name, user, **changes)
        yield engine
    finally:
        for listed in engine.client.containers(all=True, filters={"label": LABEL}):
            engine.client.remove_container(listed["Id"], force=True)


@pytest.fixture(scope="module")
def probed(victims, run_module):
    before = left(victims)
    result = run_module("isolation_probe", {"labels": {LABEL: "yes"}, "host": "here"})
    assert "findings" in result, result
    return {**result, "before": before, "after": left(victims)}


def red(probed, name: str) -> dict[str, str]:
    own = [one for one in probed["findings"] if one["container"] == PREFIX + name]
    assert own, f"{name} was not probed"
    return {one["check"]: f"{one['observed']} {one['reason']}" for one in own if one["status"] in ("fail", "error")}


def accepted(engine, *names: str) -> set[str]:
    """Engines before 25 let io_uring through, and so do the tests' containers with the engine's own filter."""
    old = int(engine.client.version()["Version"].partition(".")[0]) < 25
    return {f"probe-{name}" for name in names} | ({"probe-io-uring"} if old else set())


@pytest.mark.parametrize("name", ["good", "good-root"])
def test_a_good_one_is_refused_everything(victims, probed, name):
    assert set(red(probed, name)) == accepted(victims), f"\nRED {name} {red(probed, name)}"


@pytest.mark.parametrize("name", WEAKENED)
def test_the_control_gets_through_and_nothing_else_does(victims, probed, name):
    _user, changes, expected = WEAKENED[name]
    own_filter = any("seccomp=" in option for option in changes.get("security_opt", []))
    wanted = {f"probe-{one}" for one in expected} if own_filter else accepted(victims, *expected)
    # Older kernels show their log to SYS_ADMIN as well.
    found = set(red(probed, name)) - ({"probe-kernel-log"} if "SYS_ADMIN" in changes.get("cap_add", []) else set())
    if "load-module" in expected and not Path("/proc/modules").exists():
        pytest.skip("this kernel has no modules at all, so nothing could load one")
    assert found == wanted, red(probed, name)


def test_a_mounted_socket_of_an_engine_answers(victims, probed):
    found = red(probed, "socket")
    assert set(found) == accepted(victims, "engine-socket")
    assert "200 OK" in found["probe-engine-socket"] or "succeeded" in found["probe-engine-socket"]


def test_a_login_in_a_mounted_home_opens(victims, probed):
    found = red(probed, "logins")
    assert set(found) == accepted(victims, "registry-logins") and "/given/.docker/config.json" in str(found)


def test_nothing_is_left(probed):
    assert probed["before"] == probed["after"]
    assert probed["changed"] is False
