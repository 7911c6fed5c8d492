# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about a process, read from its /proc folder.

A process may die, and its number be given away, between two reads. The start time tells: when it is not the same before
and after, the record is thrown away and read once more.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ansible_collections.bulkhead.classroom.plugins.module_utils.host import mountinfo
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.cgroups import parse_membership
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.lsm_facts import apparmor_runs, read_profile

NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")
STATUS = (
    "Uid",
    "Gid",
    "Groups",
    "CapInh",
    "CapPrm",
    "CapEff",
    "CapBnd",
    "CapAmb",
    "NoNewPrivs",
    "Seccomp",
    "Seccomp_filters",
)
ATTEMPTS = 2
ZOMBIE_STATES = ("Z", "X")


class Birth(NamedTuple):
    start: str
    state: str


def birth(kernel: Kernel, pid: int) -> Birth | None:
    """Start time and state of a process, or None when there is none. The name in brackets may hold anything."""
    stat = kernel.read(f"/proc/{pid}/stat")
    fields = str(stat.value or "").rpartition(")")[2].split()
    return Birth(fields[19], fields[0]) if len(fields) > 19 else None


def read_process(kernel: Kernel, pid: int) -> dict[str, Any] | None:
    """The record of one process; None when it is gone or a zombie (which runs nothing and has no namespaces left)."""
    for _attempt in range(ATTEMPTS):
        before = birth(kernel, pid)
        if before is None or before.state in ZOMBIE_STATES:
            return None
        record = _record(kernel, pid)
        after = birth(kernel, pid)
        if after is not None and after.start == before.start and after.state not in ZOMBIE_STATES:
            record["start"] = before.start
            return record
    return None


def _record(kernel: Kernel, pid: int) -> dict[str, Any]:
    base = f"/proc/{pid}"
    errors: dict[str, str] = {}
    namespaces: dict[str, str | None] = {}
    for kind in NAMESPACES:
        fact = kernel.identity(f"{base}/ns/{kind}")
        namespaces[kind] = fact.value
        if fact.error:
            errors[f"ns/{kind}"] = fact.error
    texts: dict[str, str | None] = {}
    for name in ("comm", "status", "attr/current", "cgroup"):
        fact = kernel.read(f"{base}/{name}")
        texts[name] = fact.value
        if fact.error:
            errors[name] = fact.error
    record = {
        "pids": [pid],
        "name": texts["comm"],
        "namespaces": namespaces,
        "status": parse_status(texts["status"] or ""),
        "label": texts["attr/current"],
        "cgroups": parse_membership(texts["cgroup"] or ""),
        "errors": errors,
    }
    if apparmor_runs(kernel):
        profile = read_profile(kernel, pid, texts["attr/current"])
        record["apparmor"] = profile.value
        if profile.error:
            errors["attr/apparmor/current"] = profile.error
    return record


def parse_status(text: str) -> dict[str, str]:
    """The lines of /proc/PID/status that matter here, in the kernel's words."""
    pairs = (line.partition(":") for line in text.splitlines())
    return {key: value.strip() for key, _colon, value in pairs if key in STATUS}


def grouped(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Processes that differ only in number, name and age become one record: fifty shells take the room of one."""
    groups: dict[str, dict[str, Any]] = {}
    for record in records:
        rest = {key: record[key] for key in record if key not in ("pids", "name", "start")}
        group = groups.setdefault(repr(rest), {"pids": [], "names": [], **rest})
        group["pids"].extend(record["pids"])
        if record["name"] not in group["names"]:
            group["names"].append(record["name"])
    return list(groups.values())


def read_mounts(kernel: Kernel, pid: int) -> dict[str, Any]:
    """The mounts as a process sees them, each as its line of mountinfo (shortened): the raw value is the record."""
    fact = kernel.read(f"/proc/{pid}/mountinfo")
    if fact.error:
        return fact.document()
    return {"path": fact.path, "value": [mountinfo.shortened(line) for line in str(fact.value).splitlines()]}
