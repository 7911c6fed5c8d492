# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about a container's resources beside its limits: weight, processors, reservation, I/O, out of memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host import cgroups
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact, as_list, as_mapping
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel

# Our name: controller, file in version 2, file in version 1.
FILES = {
    "cpu_weight": ("cpu", "cpu.weight", "cpu.shares"),
    "cpuset": ("cpuset", "cpuset.cpus.effective", "cpuset.effective_cpus"),
    "memory_reservation": ("memory", "memory.low", "memory.soft_limit_in_bytes"),
    "oom": ("memory", "memory.oom.group", "memory.oom_control"),
}
# The words of io.max, for the four files of version 1.
IO_V1 = {"rbps": "read_bps", "wbps": "write_bps", "riops": "read_iops", "wiops": "write_iops"}
DECLARED = {
    "cpu_shares": "CpuShares",
    "cpuset_cpus": "CpusetCpus",
    "memory_reservation": "MemoryReservation",
    "oom_kill_disable": "OomKillDisable",
    "oom_score_adj": "OomScoreAdj",
}
IO_DECLARED = ("BlkioDeviceReadBps", "BlkioDeviceWriteBps", "BlkioDeviceReadIOps", "BlkioDeviceWriteIOps")


def read_resources(
    kernel: Kernel,
    found: dict[str, cgroups.Hierarchy],
    inspected: Mapping[str, Any],
    processes: list[dict[str, Any]],
) -> dict[str, Any]:
    """All of the container's own group; what its ancestors set is not inherited for any of these."""
    identifier = str(inspected.get("Id", ""))
    memberships = list({repr(process["cgroups"]): process["cgroups"] for process in processes}.values())

    def own(controller: str) -> Fact:
        return cgroups.own_folder(found, memberships, controller, identifier)

    resources: dict[str, Any] = {}
    for name, (controller, name_v2, name_v1) in FILES.items():
        folder = own(controller)
        file = name_v2 if folder.known and found[controller].version == 2 else name_v1
        resources[name] = (kernel.read(f"{folder.value}/{file}") if folder.known else folder).document()
    resources["io"] = read_io(kernel, own("io"), own("blkio")).document()
    resources["oom_scores"] = read_scores(kernel, processes)
    resources["declared"] = declared_by(inspected)
    return resources


def read_io(kernel: Kernel, unified: Fact, legacy: Fact) -> Fact:
    """The limits as version 2 writes them, '8:0 rbps=1048576'; nothing when there is none."""
    if unified.known:
        return kernel.read(f"{unified.value}/io.max")
    if not legacy.known:
        return legacy
    lines: list[str] = []
    for word, name in IO_V1.items():
        fact = kernel.read(f"{legacy.value}/blkio.throttle.{name}_device")
        if fact.error:
            return fact
        pairs = (line.split() for line in str(fact.value).splitlines())
        lines += [f"{pair[0]} {word}={pair[1]}" for pair in pairs if len(pair) == 2]
    return Fact(f"{legacy.value}/blkio.throttle.*_device", "\n".join(lines))


def read_scores(kernel: Kernel, processes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """How each process stands in the queue of the out-of-memory killer; equal answers are one."""
    scores: dict[str, dict[str, Any]] = {}
    for process in processes:
        fact = kernel.read(f"/proc/{process['pids'][0]}/oom_score_adj")
        scores.setdefault(f"{fact.value} {fact.error}", fact.document())
    return list(scores.values())


def declared_by(inspected: Mapping[str, Any]) -> dict[str, Any]:
    host = as_mapping(inspected.get("HostConfig"))
    declared = {ours: host.get(theirs) for ours, theirs in DECLARED.items()}
    declared["io"] = [
        f"{entry.get('Path')} {name[len('BlkioDevice') :]}={entry.get('Rate')}"
        for name in IO_DECLARED
        for entry in map(as_mapping, as_list(host.get(name)))
    ]
    return declared
