# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes of containers on real engines: what was passed in, raised or joined behind the engine's back, and an engine
that maps users.

Each container differs from a good one in one respect; all of an engine are read and judged in one go.
"""

from __future__ import annotations

import contextlib
import grp
import json
import resource
import subprocess
import tempfile
from pathlib import Path

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_reading import reading
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.gather import gather
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.verdict import verdict
from ansible_collections.bulkhead.classroom.tests.integration.support.daemons import Engine
from ansible_collections.bulkhead.classroom.tests.integration.support.isolated import GOOD

LABEL, PREFIX = "bht.processes", "bht-process-"
SECRET = "hunter2-of-the-tests"
USER = "1000:1000"
# An account that every host has; its range is the test's alone, in a mount namespace of the engine's own.
MAPPED, FIRST, COUNT = "daemon", 1_600_000_000, 65536
POLICY = {"selinux": "absent", "capabilities": [], "profile": "classroom"}


def made(engine, image: str, name: str, user: str = USER, **changes) -> str:
    wanted = {**GOOD, **changes}
    own = {key: wanted.pop(key) for key in [*wanted] if key[0].isupper()}
    host = {**engine.client.create_host_config(**wanted), "CgroupnsMode": "private"}
    config = {"Image": image, "Cmd": ["sleep", "3600"], "Labels": {LABEL: "yes"}, "HostConfig": host, "User": user}
    key = engine.client.create_container_from_config({**config, **own}, PREFIX + name)["Id"]
    engine.client.start(key)
    return key


def pid_of(engine, key: str) -> int:
    return int(engine.client.inspect_container(key)["State"]["Pid"])


def run_inside(engine, key: str, path: str) -> None:
    """As the runtime starts a program, with the container's user and filter; and with a file of the host open."""
    runc = ["runc", "--root", f"{engine.folder}/exec/runtime-runc/moby", "exec", "--detach", "--preserve-fds", "1"]
    subprocess.run(
        ["sh", "-c", 'exec "$@" 3<"$0" </dev/null >/dev/null 2>&1', path, *runc, key, "sleep", "3600"], check=True
    )


def all_made(engine, image: str) -> None:
    secret = [f"DB_PASSWORD={SECRET}", f"DB_PASSWORD_FILE=/{SECRET}"]
    keys = {name: made(engine, image, name) for name in ("good", "folder", "null", "raised", "entered")}
    made(engine, image, "terminal", Tty=True, OpenStdin=True)
    made(engine, image, "secret", Env=secret)
    made(engine, image, "privileged-group", group_add=[str(grp.getgrnam("shadow").gr_gid)])
    made(engine, image, "other-group", group_add=["43042"])
    run_inside(engine, keys["folder"], "/etc")
    run_inside(engine, keys["null"], "/dev/null")
    # Who has not the capability himself cannot raise a limit: the tests of that are skipped then.
    with contextlib.suppress(PermissionError):
        resource.prlimit(pid_of(engine, keys["raised"]), resource.RLIMIT_NOFILE, (1024, 8192))
    # It ends with its container.
    enter = ["nsenter", "-t", str(pid_of(engine, keys["entered"])), "-m", "-p", "-r", "sleep", "3600"]
    with Path("/etc/hosts").open() as given:
        subprocess.Popen(enter, stdin=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def removed(engine) -> None:
    for listed in engine.client.containers(all=True, filters={"label": LABEL}):
        engine.client.remove_container(listed["Id"], force=True)


def look(engine) -> tuple[dict, dict]:
    facts = gather(reading({"docker_host": engine.url}), Kernel(), {LABEL: "yes"}, engine.url)
    return facts, verdict({"here": facts}, POLICY)


@pytest.fixture(scope="module")
def seen(engine, base_image):
    try:
        all_made(engine, base_image)
        yield look(engine)
    finally:
        removed(engine)


@pytest.fixture(scope="module")
def mapping(rootfs):
    """An engine that maps users. The ranges are laid over the host's files for this engine alone."""
    # Not below the workshop, which is closed to others, and so to the engine's own root.
    with tempfile.TemporaryDirectory(prefix="bhm") as name:
        folder = Path(name)
        folder.chmod(0o711)
        engine = Engine(folder)
        (folder / "daemon.json").write_text(json.dumps({"userns-remap": MAPPED}))
        for file in ("subuid", "subgid"):
            (folder / file).write_text(f"{MAPPED}:{FIRST}:{COUNT}\n")
        lay = 'for file in subuid subgid; do mount --bind "$0/$file" "/etc/$file" || exit 1; done; exec "$@"'
        engine.daemon.argv = ["unshare", "--mount", "sh", "-c", lay, name, *engine.daemon.argv]
        try:
            engine.start()
            engine.client.import_image_from_file(str(rootfs), repository="bulkhead-test/mapped", tag="1")
            made(engine, "bulkhead-test/mapped:1", "mapped-user")
            made(engine, "bulkhead-test/mapped:1", "mapped-root", user="0:0")
            made(engine, "bulkhead-test/mapped:1", "userns-host", userns_mode="host")
            yield look(engine)
        finally:
            engine.stop()


def found(seen, name: str) -> dict[str, dict]:
    own = {one["check"]: one for one in seen[1]["findings"] if one["container"] == PREFIX + name}
    assert own, f"{name} was not judged"
    return own


def red(seen, name: str) -> dict[str, str]:
    return {check: one["observed"] for check, one in found(seen, name).items() if one["status"] in ("fail", "error")}


STATES = {
    "good": set(),
    "terminal": set(),
    "null": set(),
    "secret": set(),
    "other-group": set(),
    "folder": {"process-descriptors"},
    "privileged-group": {"process-groups"},
}


@pytest.mark.parametrize("name", STATES)
def test_a_state_turns_its_check_red_and_no_other(seen, name):
    assert set(red(seen, name)) == STATES[name], red(seen, name)


def test_the_open_folder_is_named_and_the_hosts_null_device_is_not(seen):
    assert "fd/3 (/etc)" in red(seen, "folder")["process-descriptors"]
    record = next(one for one in seen[0]["containers"] if one["name"] == PREFIX + "null")
    entries = [entry for process in record["processes"] for entry in process["descriptors"]]
    assert ["fd/3", "/dev/null", "c 1:3"] in entries and {entry[2] for entry in entries} == {"c 1:3"}


def test_a_process_that_entered_from_the_host_is_red_for_all_that_it_brought(seen):
    brought = {"process-descriptors", "process-not-root", "process-more-privileged", "seccomp-filter", "capabilities"}
    assert brought | {"no-new-privileges", "ns-net-private", "cgroup-membership"} <= set(red(seen, "entered"))
    assert "fd/0 (/etc/hosts)" in red(seen, "entered")["process-descriptors"]


def test_a_limit_is_shown_beside_the_declared_one(seen):
    assert found(seen, "good")["process-rlimits"]["inspected"] == "core=0, nofile=4096"


def test_a_limit_that_was_raised_afterwards_is_red(seen):
    record = next(one for one in seen[0]["containers"] if one["name"] == PREFIX + "raised")
    if record["rlimits"]["Max open files"] == "1024 4096":
        pytest.skip("this machine lacks CAP_SYS_RESOURCE, so no limit can be raised")
    assert set(red(seen, "raised")) == {"process-rlimits"}
    finding = found(seen, "raised")["process-rlimits"]
    assert "above the 4096" in finding["observed"] and "nofile=4096" in finding["inspected"]


def test_a_variable_is_named_and_its_value_is_nowhere(seen):
    finding = found(seen, "secret")["process-environment-secrets"]
    assert finding["status"] == "informational" and "DB_PASSWORD" in finding["observed"]
    assert "DB_PASSWORD_FILE" not in finding["observed"] and SECRET not in json.dumps(seen)


def test_without_mapping_no_container_is_judged_for_it(seen):
    assert {found(seen, "good")[check]["status"] for check in ("ns-user-private", "userns-ranges")} == {"notapplicable"}


def test_root_of_an_engine_that_maps_users_is_not_the_hosts(mapping):
    finding = found(mapping, "mapped-root")["process-not-root"]
    assert finding["status"] == "pass" and f"uid {FIRST} on the host" in finding["reason"]
    assert found(mapping, "mapped-root")["ns-user-private"]["status"] == "pass"
    assert found(mapping, "mapped-root")["userns-ranges"]["status"] == "informational"


def test_a_container_that_is_taken_out_of_the_mapping_is_red(mapping):
    # It has the same writable files of its groups as the others, and root of the host in it could write to them.
    assert set(red(mapping, "userns-host")) == {"ns-user-private", "cgroup-files-read-only"}
    assert found(mapping, "userns-host")["ns-user-private"]["inspected"] == "UsernsMode='host'"


@pytest.mark.parametrize("name", ["mapped-user", "mapped-root"])
def test_what_such_an_engine_mounts_otherwise_is_no_fault(mapping, name):
    assert red(mapping, name) == {}
