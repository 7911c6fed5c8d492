# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every option of container_fleet: a value, another value, and what a real container shows of each.

What the kernel enforces is read from the kernel; what only the engine knows is read from inspect.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

from ansible_collections.bulkhead.classroom.tests.integration.support.look import Look


class Row(NamedTuple):
    """`read` gets a Look and gives what is there; `live`: the container takes the second value while it runs."""

    first: Any
    second: Any
    read: Any
    seen: tuple[Any, Any]
    live: bool = False
    # What the container needs besides.
    beside: dict[str, Any] = {}  # noqa: RUF012 - never changed
    property: str = ""


DISK = next(f"/dev/{one.name}" for one in sorted(Path("/sys/block").iterdir()) if Path("/dev", one.name).exists())
DISK_NUMBER = Path("/sys/block", DISK[5:], "dev").read_text().strip()


def throttle(file: str):
    return lambda look: look.cgroup("blkio", f"blkio.throttle.{file}").replace(f"{DISK_NUMBER} ", "")


def rates(first: Any, second: Any, file: str, seen: tuple[str, str]) -> Row:
    values = [[{"path": DISK, "rate": rate}] for rate in (first, second)]
    return Row(values[0], values[1], throttle(file), seen)


def inspected(place: str, *words: str):
    def read(look: Look) -> Any:
        found = getattr(look, place)
        for word in words:
            found = found[word]
        return found

    return read


LIMITS = {
    "memory": Row(
        "32m", "48m", lambda x: x.cgroup("memory", "memory.limit_in_bytes"), (str(32 << 20), str(48 << 20)), True
    ),
    "memory_swap": Row(
        "64m",
        "80m",
        lambda x: x.cgroup("memory", "memory.memsw.limit_in_bytes"),
        (str(64 << 20), str(80 << 20)),
        True,
        {"memory": "32m"},
    ),
    "memory_reservation": Row(
        "16m", "24m", lambda x: x.cgroup("memory", "memory.soft_limit_in_bytes"), (str(16 << 20), str(24 << 20)), True
    ),
    "cpus": Row(0.5, 0.25, lambda x: x.cgroup("cpu", "cpu.cfs_quota_us"), ("50000", "25000"), True),
    "cpu_shares": Row(512, 256, lambda x: x.cgroup("cpu", "cpu.shares"), ("512", "256"), True),
    "cpuset_cpus": Row("0", "0,1", lambda x: x.cgroup("cpuset", "cpuset.cpus"), ("0", "0-1"), True),
    "cpuset_mems": Row("0", "0-0", lambda x: x.cgroup("cpuset", "cpuset.mems"), ("0", "0")),
    "pids_limit": Row(20, 30, lambda x: x.cgroup("pids", "pids.max"), ("20", "30"), True),
    "device_read_bps": rates("1m", "2m", "read_bps_device", (str(1 << 20), str(2 << 20))),
    "device_write_bps": rates("1m", "2m", "write_bps_device", (str(1 << 20), str(2 << 20))),
    "device_read_iops": rates("100", "200", "read_iops_device", ("100", "200")),
    "device_write_iops": rates("100", "200", "write_iops_device", ("100", "200")),
    "oom_score_adj": Row(100, 200, lambda x: x.proc("oom_score_adj").strip(), ("100", "200")),
    "shm_size": Row("1m", "2m", lambda x: "size=1024k" in x.mounted("/dev/shm"), (True, False)),
    "ulimits": Row(
        [{"name": "nofile", "soft": 100}],
        [{"name": "nofile", "soft": 50, "hard": 200}],
        lambda x: x.limit("Max open files"),
        (["100", "100"], ["50", "200"]),
    ),
    "cgroup_parent": Row("bht-one", "bht-two", lambda x: x.proc("cgroup").count("/bht-one/") > 0, (True, False)),
}

PROCESS = {
    "command": Row(["sleep", "1000"], ["sleep", "2000"], lambda x: x.words("cmdline")[-1], ("1000", "2000")),
    "entrypoint": Row(
        ["/bin/busybox"],
        ["/bin/sh", "-c", "exec sleep 4000"],
        lambda x: x.words("cmdline")[:2],
        (["/bin/busybox", "sleep"], ["sleep", "4000"]),
    ),
    "env": Row(
        {"A": "b"}, {"A": "c d"}, lambda x: [w for w in x.words("environ") if w[:2] == "A="], (["A=b"], ["A=c d"])
    ),
    # The values are taken out of every result; a letter would take all such letters out.
    "secret_env": Row(
        {"A": "first secret"},
        {"A": "second secret"},
        lambda x: [w for w in x.words("environ") if w[:2] == "A="],
        (["A=first secret"], ["A=second secret"]),
        property="env",
    ),
    "user": Row("1000:1000", "student", lambda x: x.status("Uid").split()[0], ("1000", "1000")),
    "group_add": Row(["5"], ["7", "6"], lambda x: x.status("Groups"), ("0 5", "0 6 7")),
    "workdir": Row("/tmp", "/var", lambda x: x.link("cwd"), ("/tmp", "/var")),
    "hostname": Row("desk", "bench", lambda x: x.inside("/etc/hostname").strip(), ("desk", "bench")),
    "tty": Row(True, False, lambda x: x.link("fd/0").startswith("/dev/pts/"), (True, False)),
    "interactive": Row(True, False, lambda x: x.link("fd/0"), (None, "/dev/null")),
    "labels": Row({"a": "b"}, {"a": "c"}, inspected("config", "Labels", "a"), ("b", "c")),
    "init": Row(True, False, lambda x: "init" in x.words("cmdline")[0], (True, False)),
    "restart_policy": Row(
        "always", "on-failure:3", inspected("host", "RestartPolicy", "Name"), ("always", "on-failure"), True
    ),
    "stop_signal": Row("INT", "SIGQUIT", inspected("config", "StopSignal"), ("SIGINT", "SIGQUIT")),
    "stop_timeout": Row(1, 3, inspected("config", "StopTimeout"), (1, 3)),
    "runtime": Row("second", "runc", inspected("host", "Runtime"), ("second", "runc")),
    "log_driver": Row("none", "local", inspected("host", "LogConfig", "Type"), ("none", "local")),
    "log_options": Row(
        {"max-size": "1m"}, {"max-size": "2m"}, inspected("host", "LogConfig", "Config", "max-size"), ("1m", "2m")
    ),
    "healthcheck": Row(
        {"test": ["CMD", "true"], "interval": "1s"},
        {"test": ["test -e /tmp || true"], "interval": "1m30s", "retries": 5},
        inspected("config", "Healthcheck"),
        (None, None),
    ),
}

SURROUNDINGS = {
    "sysctls": Row(
        {"kernel.msgmax": 4096},
        {"kernel.msgmax": 2048},
        lambda x: x.run("cat", "/proc/sys/kernel/msgmax"),
        ("4096", "2048"),
    ),
    "devices": Row(
        ["/dev/zero:/dev/other"], ["/dev/full:/dev/other:r"], lambda x: x.device("/dev/other"), ((1, 5), (1, 7))
    ),
    "device_cgroup_rules": Row(
        ["c 42:7 rw"],
        ["c 42:8 r"],
        lambda x: re.findall(r"c 42:\d+ r\w*", x.cgroup("devices", "devices.list")),
        (["c 42:7 rw"], ["c 42:8 r"]),
    ),
    "cap_drop": Row(["ALL"], ["CHOWN"], lambda x: int(x.status("CapEff"), 16) & 1, (0, 0)),
    "cap_add": Row(["SYS_TIME"], ["SYS_NICE"], lambda x: int(x.status("CapEff"), 16) >> 23 & 7, (4, 1)),
    "security_opts": Row(["no-new-privileges"], ["seccomp=unconfined"], lambda x: x.status("NoNewPrivs"), ("1", "0")),
    "read_only": Row(True, False, lambda x: "ro" in x.mounted("/").split(",")[0:3], (True, False)),
    "tmpfs": Row({"/run": "size=1m"}, {"/run": "size=2m"}, lambda x: "size=1024k" in x.mounted("/run"), (True, False)),
    "volumes": Row(
        ["/srv"],
        ["bht-data:/srv:ro"],
        lambda x: "ro" in x.mounted("/srv").split(",")[:3],
        (False, True),
        property="mounts",
    ),
    "mounts": Row(
        [{"target": "/srv", "type": "bind", "source": "/usr", "read_only": True}],
        [{"target": "/srv", "type": "tmpfs", "size": "1m"}],
        lambda x: ("ro" in x.mounted("/srv").split(",")[:3], "size=1024k" in x.mounted("/srv")),
        ((True, False), (False, True)),
    ),
    "pid_mode": Row("host", None, lambda x: x.shares("pid"), (True, False)),
    "ipc_mode": Row("host", "none", lambda x: x.shares("ipc"), (True, False)),
    "uts_mode": Row("host", None, lambda x: x.shares("uts"), (True, False)),
    "cgroupns_mode": Row("private", "host", lambda x: x.shares("cgroup"), (False, True)),
    "userns_mode": Row("host", None, lambda x: x.shares("user"), (True, True)),
    "network_mode": Row("host", "none", lambda x: x.shares("net"), (True, False)),
    "dns": Row(
        ["1.1.1.1"],
        ["9.9.9.9", "1.1.1.1"],
        lambda x: re.findall(r"nameserver (\S+)", x.inside("/etc/resolv.conf")),
        (["1.1.1.1"], ["9.9.9.9", "1.1.1.1"]),
    ),
    "dns_search": Row(
        ["a.example"], ["b.example"], lambda x: "search a.example" in x.inside("/etc/resolv.conf"), (True, False)
    ),
    "dns_options": Row(["ndots:2"], ["ndots:3"], lambda x: "ndots:2" in x.inside("/etc/resolv.conf"), (True, False)),
    "extra_hosts": Row(
        {"board": "10.0.0.1"},
        {"board": "10.0.0.2"},
        lambda x: "10.0.0.1\tboard" in x.inside("/etc/hosts"),
        (True, False),
    ),
}
ROWS = {**LIMITS, **PROCESS, **SURROUNDINGS}
# Tested by themselves: they need two containers, the host's ports, or what this kernel may not have.
ELSEWHERE = {"image", "networks", "ports", "state", "blkio_weight", "storage_opt", "privileged", "wait_healthy"}
