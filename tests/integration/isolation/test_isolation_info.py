# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""isolation_info and the verdict on a real engine: containers that were weakened on purpose turn their checks red.

All containers are made in one go, read once and judged once.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine import errors
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.verdict import verdict
from ansible_collections.bulkhead.classroom.tests.integration.support.daemons import Engine, running
from ansible_collections.bulkhead.classroom.tests.integration.support.modules import calling
from ansible_collections.bulkhead.classroom.tests.integration.support.rootfs import imported
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts

LABEL = "bht.isolation"
# With a group: a user alone, whom the image does not know, is in group 0.
USER = "1000:1000"
# Whatever the engine of this machine gives otherwise.
ULIMITS = [{"name": "nofile", "soft": 1024, "hard": 4096}, {"name": "core", "soft": 0, "hard": 0}]
# Not among the defaults: a default cannot be taken back to "no limit".
MEMORY = {"memory": "32m", "memory_swap": "32m"}
GOOD = {
    "user": USER,
    "ulimits": ULIMITS,
    "cpus": 0.5,
    "pids_limit": 20,
    "command": ["sleep", "3600"],
    "init": False,
    "network_mode": "none",
    "cgroupns_mode": "private",
    "ipc_mode": "private",
    "cap_drop": ["ALL"],
    "security_opts": ["no-new-privileges"],
    "read_only": True,
    "stop_timeout": 0,
}
WEAKENED = {
    "host-pid": ({"pid_mode": "host"}, {"ns-pid-private"}),
    "host-net": ({"network_mode": "host"}, {"ns-net-private"}),
    "capable": ({"cap_add": ["NET_BIND_SERVICE"]}, {"capabilities"}),
    "no-memory": ({}, {"cgroup-memory-limit", "cgroup-swap-limit"}),
    "no-pids": ({"pids_limit": -1}, {"cgroup-pids-limit"}),
    "no-seccomp": (
        {"security_opts": ["no-new-privileges", "seccomp=unconfined"]},
        {"seccomp-filter", "seccomp-profile"},
    ),
    "new-privileges": ({"security_opts": []}, {"no-new-privileges"}),
    "writable": ({"read_only": False}, {"rootfs-read-only"}),
}
SELINUX = "selinux-"
BAD = ("fail", "error")
NOTED = ("cgroup-cpuset", "cgroup-memory-reservation", "cgroup-io-limit", "mounts-flags")
NOTED += ("container-health", "log-bounded", "container-init")
UNASKED = {**dict.fromkeys(NOTED, "informational"), "image-registry-allowed": "notapplicable"}
UNASKED.update(dict.fromkeys(("ns-user-private", "ns-time-private", "userns-ranges"), "notapplicable"))
# This machine's kernel runs neither module.
UNASKED |= {"apparmor-profile": "notapplicable"} if not Path("/sys/module/apparmor").exists() else {}
UNASKED["network-ports-expected"] = "notapplicable"


def containers(home, elsewhere):
    """Good ones, weakened ones, and one that sees the directory of the engine's socket and data."""
    own = {"mounts": [{"type": "bind", "source": str(home), "target": "/home/student"}]}
    above = {"mounts": [{"type": "bind", "source": str(elsewhere), "target": "/mnt", "read_only": True}]}
    listed = {"good": own, "joinable": {}, "socket": above}
    listed.update({name: change for name, (change, _checks) in WEAKENED.items()})
    memory = {name: {} if name == "no-memory" else MEMORY for name in listed}
    return [{"name": f"bht-iso-{name}", **memory[name], **change} for name, change in listed.items()]


def made_behind(engine, image, name, **changes):
    """Behind the module's back, for what it refuses or does not offer; weakened in nothing else."""
    wanted = {"network_mode": "none", "security_opt": ["no-new-privileges"], "cap_drop": ["ALL"], "ipc_mode": "private"}
    wanted.update(mem_limit="32m", memswap_limit="32m", nano_cpus=500_000_000, pids_limit=20, read_only=True)
    wanted["ulimits"] = ULIMITS
    raw = {key: changes.pop(key) for key in ("MaskedPaths", "ReadonlyPaths") if key in changes}
    host = {**engine.client.create_host_config(**{**wanted, **changes}), "CgroupnsMode": "private", **raw}
    config = {"Image": image, "User": USER, "Cmd": ["sleep", "3600"], "Labels": {LABEL: "yes"}, "HostConfig": host}
    key = engine.client.create_container_from_config(config, name)["Id"]
    try:
        with errors(f"Cannot start {name}"):
            engine.client.start(key)
    except EngineError as error:
        # A machine that has not all capabilities itself (a container, a narrow VM) cannot give them away.
        if "unable to apply caps" not in str(error):
            raise
    return key


@pytest.fixture(scope="module")
def engine(workshop):
    """Of its own: what is done to its folder here is of no concern to the tests before and after."""
    (workshop / "isolation").mkdir()
    yield from running(Engine(workshop / "isolation"))


@pytest.fixture(scope="module")
def base_image(engine, rootfs):
    return imported(engine, rootfs)


@pytest.fixture(scope="module")
def run_module(engine):
    return calling(engine)


@pytest.fixture(scope="module")
def elsewhere(engine, tmp_path_factory):
    """The folder of the engine's socket and data under another name, which the engine does not know as its own."""
    folder = tmp_path_factory.mktemp("elsewhere")
    subprocess.run(["mount", "--bind", str(engine.folder), str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture(scope="module")
def read(run_module, engine, base_image, elsewhere, tmp_path_factory):
    """The facts of all of them, read in one call."""
    arguments = {
        "name": "bht-isolation",
        "defaults": {"image": base_image, "labels": {LABEL: "yes"}, **GOOD},
        "containers": containers(tmp_path_factory.mktemp("home"), elsewhere),
    }
    behind = []
    try:
        made = run_module("container_fleet", arguments)
        assert not made.get("failed"), made["msg"]
        joined = {"network_mode": "container:bht-iso-joinable"}
        behind.append(made_behind(engine, base_image, "bht-iso-joined", **joined))
        behind.append(made_behind(engine, base_image, "bht-iso-bare", MaskedPaths=[], ReadonlyPaths=[]))
        behind.append(made_behind(engine, base_image, "bht-iso-privileged", privileged=True, cap_drop=None))
        yield run_module("isolation_info", {"labels": {LABEL: "yes"}})
    finally:
        for key in behind:
            engine.client.remove_container(key, force=True)
        run_module("container_fleet", {"name": "bht-isolation", "containers": [], "prune": True})


@pytest.fixture(scope="module")
def judged(read):
    assert not read.get("failed"), read
    return verdict({"here": read}, {"selinux": "absent", "capabilities": []})


def red(judged, name):
    subject = f"here/bht-iso-{name}"
    found = [one for one in judged["findings"] if one["subject"] == subject]
    assert found, f"{subject} was not judged"
    return {one["check"]: (one["status"], one["observed"], one["reason"]) for one in found if one["status"] in BAD}


def test_a_well_made_container_passes_everything_but_selinux(judged):
    found = [one for one in judged["findings"] if one["subject"] == "here/bht-iso-good"]
    wrong = [one for one in found if one["status"] in BAD and not one["check"].startswith(SELINUX)]
    assert wrong == []
    # What it did not ask for is no fault, and nothing to judge; the rest has to be proved.
    other = {one["check"]: one["status"] for one in found if one["status"] not in ("pass", *BAD)}
    other = {check: status for check, status in other.items() if not check.startswith(SELINUX)}
    assert other == UNASKED, other
    assert len(found) > 40


@pytest.mark.parametrize("name", WEAKENED)
def test_a_weakened_container_turns_its_checks_red(judged, name):
    found = red(judged, name)
    checks = WEAKENED[name][1]
    assert set(found) == checks, found
    assert all(found[check][0] == "fail" for check in checks), found


def test_a_directory_above_the_socket_is_found_though_its_name_is_another(judged):
    assert set(red(judged, "socket")) == {"engine-socket-hidden", "host-mounts"}


def test_a_container_with_bare_kernel_files_is_red(judged):
    assert set(red(judged, "bare")) == {"masked-paths", "host-kernel-switches"}


def test_a_privileged_container_is_red_all_over(judged, read):
    record = next(one for one in read["facts"]["containers"] if one["name"] == "bht-iso-privileged")
    if not record["pid"]:
        pytest.skip("this machine lacks capabilities itself, so the engine cannot start a privileged container")
    assert {"capabilities", "seccomp-filter", "masked-paths"} <= set(red(judged, "privileged"))


@pytest.mark.skipif(Path("/sys/fs/selinux/enforce").exists(), reason="this kernel runs SELinux")
@pytest.mark.skipif(Path("/sys/module/apparmor").exists(), reason="this kernel has AppArmor")
@pytest.mark.parametrize(("choice", "status"), [("required", "fail"), ("absent", "notapplicable")])
def test_a_kernel_without_mandatory_access_control_is_judged_by_the_policy(read, choice, status):
    found = verdict({"here": read}, {"selinux": choice})["findings"]
    asked = {one["check"]: one["status"] for one in found if one["check"].startswith((SELINUX, "lsm-"))}
    assert len(asked) > 10 and set(asked.values()) == {status}, asked
    assert {one["status"] for one in found if one["check"] == "apparmor-profile"} == {"notapplicable"}


def test_both_who_share_a_namespace_are_red(judged):
    # Who joins gets the other's /etc/hosts and /etc/resolv.conf too, out of the other's folder.
    wanted = {"joinable": {"ns-net-private"}, "joined": {"ns-net-private", "host-mounts"}}
    for name, other in (("joinable", "joined"), ("joined", "joinable")):
        found = red(judged, name)
        assert set(found) == wanted[name], found
        assert f"here/bht-iso-{other}" in found["ns-net-private"][1]


def shape(value):
    """The keys of a document, all the way down where they are names and not data."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items() if key not in DATA}
    return None


DATA = ("raw", "error", "errors", "value", "path", "components", "labels", "cgroups", "status", "device_names", "tmpfs")
DATA += ("domains", "contexts", "crossings", "device_programs")


def test_the_unit_tests_document_has_the_form_of_a_real_one(read):
    real, built = read["facts"], facts.document()
    good = next(one for one in real["containers"] if one["name"] == "bht-iso-good")
    ada = built["containers"][0]
    assert real.keys() == built.keys()
    # A host without SELinux gives a fact with an error there; its form is left out of shape().
    assert shape(real["host"]) == shape(built["host"])
    for part in ("processes", "sources"):
        assert shape(good[part][0]) == shape(ada[part][0]), part
    # These have a namespace for a name.
    skip = ("processes", "sources", "mounts", "user_namespaces")
    assert [set(maps) for maps in good["user_namespaces"].values()] == [set(m) for m in ada["user_namespaces"].values()]
    assert shape({k: v for k, v in good.items() if k not in skip}) == shape(
        {k: v for k, v in ada.items() if k not in skip}
    )
    assert [set(table) for table in good["mounts"].values()] == [set(t) for t in ada["mounts"].values()]
    assert set(good["processes"][0]["status"]) == set(ada["processes"][0]["status"])
