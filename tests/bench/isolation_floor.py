# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The floor under the facts of isolation: the docker SDK's list, one inspect per container, 8 links and 22 files of the
kernel for its first process, and JSON. Nothing is compared, nothing is judged, no other process is looked at.

Started as a process of its own, as what it is compared with.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import docker

NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")
OF_PROCESS = ("status", "attr/current", "uid_map", "gid_map", "cgroup", "mountinfo", "limits", "oom_score_adj")
# Fourteen files, by controller; version 2 has them in one folder.
GROUPS_V1 = {
    "memory": ("limit_in_bytes", "memsw.limit_in_bytes", "soft_limit_in_bytes", "oom_control", "failcnt"),
    "cpu": ("cfs_quota_us", "cfs_period_us", "shares"),
    "pids": ("max", "current"),
    "cpuset": ("cpus", "effective_cpus"),
    "blkio": ("throttle.read_bps_device",),
    "devices": ("list",),
}
GROUP_V2 = {
    "memory": ("max", "swap.max", "low", "high", "oom.group", "events"),
    "cpu": ("max", "weight"),
    "pids": ("max", "current"),
    "cpuset": ("cpus.effective",),
    "io": ("max",),
    "cgroup": ("procs", "events"),
}
ROOT = "/sys/fs/cgroup"


def read(path: str) -> str:
    """Without an error for a file that this kernel does not have: asking for it costs the same."""
    try:
        with open(path, "rb") as stream:  # noqa: PTH123 (a floor is the cheapest way)
            return stream.read().decode("utf-8", "replace")
    except OSError as error:
        return f"{error.errno}"


def group_files(membership: str) -> list[str]:
    paths = {}
    for line in membership.splitlines():
        _number, controllers, path = line.split(":", 2)
        paths.update(dict.fromkeys(controllers.split(","), path))
    if "memory" in paths:
        wanted = [(f"{ROOT}/{name}{paths.get(name, '/')}/{name}", files) for name, files in GROUPS_V1.items()]
    else:
        wanted = [(f"{ROOT}{paths.get('', '/')}/{name}", files) for name, files in GROUP_V2.items()]
    return [f"{prefix}.{file}" for prefix, files in wanted for file in files]


def kernel_of(pid: int) -> dict[str, str]:
    found = {}
    for kind in NAMESPACES:
        status = os.stat(f"/proc/{pid}/ns/{kind}")  # noqa: PTH116
        found[kind] = f"{status.st_dev}:{status.st_ino}"
    for name in OF_PROCESS:
        found[name] = read(f"/proc/{pid}/{name}")
    for path in group_files(found["cgroup"]):
        found[path] = read(path)
    return found


def main(url: str, target: str) -> None:
    client = docker.APIClient(base_url=url, version="auto")
    facts = []
    for listed in client.containers(all=True):
        inspected = client.inspect_container(listed["Id"])
        facts.append({"inspect": inspected, "kernel": kernel_of(inspected["State"]["Pid"])})
    Path(target).write_text(json.dumps(facts))
    print(json.dumps({"containers": len(facts)}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
