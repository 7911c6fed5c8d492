# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls that no option of a container makes: the twin is weakened from outside, after its start or right before the
attempt, and the finding turns red.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_images import Images
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_probes import ProbeEngine
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes import image, judge, run, session

MIB = 1 << 20
HOST = {
    "network_mode": "none",
    "cap_drop": ["ALL"],
    "mem_limit": 32 * MIB,
    "memswap_limit": 32 * MIB,
    "nano_cpus": 50_000_000,
    "pids_limit": 20,
    "read_only": True,
}
# The twin has no program for it. MS_BIND is for the mount alone; without it the file system itself becomes writable.
MS_REMOUNT, MS_BIND = 32, 4096
REMOUNT = """
import ctypes, os, sys
library = ctypes.CDLL(None, use_errno=True)
space = os.open(f"/proc/{sys.argv[1]}/ns/mnt", os.O_RDONLY)
if library.setns(space, 0) or library.mount(None, sys.argv[2].encode(), None, int(sys.argv[3]), None):
    raise OSError(ctypes.get_errno(), sys.argv[2])
"""
V1 = Path("/sys/fs/cgroup/memory/cgroup.procs").exists()


class Weakened(ProbeEngine):
    """An engine whose twins somebody meddles with, right before the probes."""

    def __init__(self, client, weaken) -> None:
        super().__init__(client)
        self.weaken = weaken

    def execute(self, key, name, argv):
        self.weaken(self.container(key)["State"]["Pid"])
        return super().execute(key, name, argv)


def remounted(place: str, flags: int):
    def weaken(pid: int) -> None:
        subprocess.run([sys.executable, "-c", REMOUNT, str(pid), place, str(flags)], check=True)

    return weaken


def written(controller: str, *values: tuple[str, str]):
    """Into the files of the twin's own group of version 1."""

    def weaken(pid: int) -> None:
        lines = (line.split(":", 2) for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines())
        path = next(path for _number, names, path in lines if controller in names.split(","))
        for name, value in values:
            Path("/sys/fs/cgroup", controller, path.lstrip("/"), name).write_text(value)

    return weaken


@pytest.fixture(scope="module")
def packed():
    return image.pack()


@pytest.fixture
def probed(engine, base_image, packed):
    """Probes a twin of a container of its own; the findings by name."""
    made = []

    def call(probes, weaken=lambda pid: None, network=None, lost=False, **changes) -> dict:
        host = engine.client.create_host_config(**{**HOST, **changes})
        config = {"Image": base_image, "Cmd": ["sleep", "3600"], "HostConfig": host}
        made.append(engine.client.create_container_from_config(config)["Id"])
        engine.client.start(made[-1])
        adapter = Weakened(engine.client, weaken)
        name = session.provide(Images(engine.client), adapter, packed)
        runner = run.Runner(adapter, Kernel(), "bht-nowhere:1" if lost else name, packed, "0123456789ab")
        record = runner.probe(engine.client.inspect_container(made[-1]), probes, network or {})
        found = judge.findings("here", [record])
        return {one["check"][len("probe-") :]: (one["status"], one["observed"], one["reason"]) for one in found}

    yield call
    for key in made:
        engine.client.remove_container(key, force=True)


def test_sysfs_that_is_writable(probed):
    assert probed(["sysfs"], remounted("/sys", MS_REMOUNT))["sysfs"][0] == "fail"
    assert probed(["sysfs"])["sysfs"][0] == "pass"


@pytest.mark.skipif(not V1, reason="each controller has a mount of its own with version 1 only")
def test_control_groups_that_are_writable(probed):
    found = probed(["cgroup-create", "kernel-programs"], remounted("/sys/fs/cgroup/pids", MS_REMOUNT | MS_BIND))
    assert found["cgroup-create"][0] == "fail" and "/sys/fs/cgroup/pids" in found["cgroup-create"][1], found


@pytest.mark.skipif(not V1, reason="the files have other names with version 2")
@pytest.mark.parametrize(
    ("name", "weaken"),
    [
        (
            "memory",
            written("memory", ("memory.memsw.limit_in_bytes", str(1 << 30)), ("memory.limit_in_bytes", str(1 << 30))),
        ),
        ("pids", written("pids", ("pids.max", "max"))),
        ("cpu", written("cpu", ("cpu.cfs_quota_us", "-1"))),
    ],
)
def test_a_limit_that_was_read_and_does_not_hold(probed, name, weaken):
    """Taken away between the reading and the attempt: what the kernel did decides, not what stood there."""
    found = probed([name], weaken)[name]
    assert found[0] == "fail", found
    assert probed([name])[name][0] == "pass"


def test_an_out_of_memory_killer_that_is_off_is_not_waited_for(probed):
    found = probed(["memory"], oom_kill_disable=True)["memory"]
    assert found[0] == "notchecked" and "switched off" in found[2], found


def test_addresses_that_answer(probed, engine):
    """The engine's own bridge stands for whoever answers; nothing of the host's is moved for it."""
    bridge = engine.bridge.name
    shown = subprocess.run(["ip", "-4", "-o", "address", "show", bridge], check=True, capture_output=True, text=True)
    address = shown.stdout.split()[3].partition("/")[0]
    network = {"metadata": [(address, 9)], "peers": [(address, 9)]}
    found = probed(["metadata", "peers"], network=network, network_mode="bridge")
    assert {one[0] for one in found.values()} == {"fail"}, found
    found = probed(["metadata", "peers"], network=network)
    assert {one[0] for one in found.values()} == {"pass"}, found


def test_a_twin_that_cannot_be_made_is_one_error(probed):
    (found,) = probed(["mount", "memory"], lost=True).values()
    assert found[0] == "error" and "bht-nowhere" in found[2], found
