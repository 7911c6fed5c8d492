# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about a process, read from its /proc folder.

A process may die, and its number be given away, between two reads. The start time tells: when it is not the same before
and after, the record is thrown away and read once more.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.cgroups import parse_membership
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.descriptor_facts import (
    MountTable,
    read_descriptors,
    read_table,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.lsm_facts import (
    apparmor_runs,
    read_profile,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.thread_facts import read_threads
from ansible_collections.bulkhead.classroom.plugins.module_utils.secret_names import secret_variables

NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")
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
# Far beyond what a shell passes on; a longer one is not searched for names.
ENVIRONMENT_LIMIT = 1 << 18
UNCOMPARED = ("pids", "name", "start", "threads", "differing")


class Birth(NamedTuple):
    start: str
    state: str


def birth(kernel: Kernel, pid: int) -> Birth | None:
    """Start time and state of a process, or None when there is none. The name in brackets may hold anything."""
    stat = kernel.read(f"/proc/{pid}/stat")
    fields = str(stat.value or "").rpartition(")")[2].split()
    return Birth(fields[19], fields[0]) if len(fields) > 19 else None


def read_process(kernel: Kernel, pid: int, tables: dict[str, MountTable] | None = None) -> dict[str, Any] | None:
    """The record of one process; None when it is gone or a zombie (which runs nothing and has no namespaces left).

    tables: the mounts of each mount namespace, which grows by what was read. Without it only what tells one process
    from another is read."""
    for _attempt in range(ATTEMPTS):
        before = birth(kernel, pid)
        if before is None or before.state in ZOMBIE_STATES:
            return None
        record, text = _record(kernel, pid)
        namespace = str(record["namespaces"].get("mnt"))
        table = None if tables is None else tables.get(namespace) or read_table(kernel, pid)
        if table is not None:
            _look_inside(kernel, pid, record, text, table)
        after = birth(kernel, pid)
        if after is not None and after.start == before.start and after.state not in ZOMBIE_STATES:
            if tables is not None and table is not None:
                tables[namespace] = table
            record["start"] = before.start
            return record
    return None


def _record(kernel: Kernel, pid: int) -> tuple[dict[str, Any], str]:
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
    return record, texts["status"] or ""


def _look_inside(kernel: Kernel, pid: int, record: dict[str, Any], text: str, table: MountTable) -> None:
    """Threads that differ, what is open outside of the mounts, and names of variables; never a variable's value."""
    threads = read_threads(kernel, pid, text, record, parse_status)
    descriptors, environment = read_descriptors(kernel, pid, table), kernel.read(f"/proc/{pid}/environ")
    if environment.known and len(environment.value) > ENVIRONMENT_LIMIT:
        environment = environment._replace(value=None, error=f"E2BIG more than {ENVIRONMENT_LIMIT} characters")
    record["descriptors"] = descriptors.value
    record["environment"] = secret_variables(environment.value.split("\0")) if environment.known else None
    for name, fact in (("fd", descriptors), ("environ", environment)):
        if fact.error:
            record["errors"][name] = fact.error
    if threads:
        record["differing"] = threads


def parse_status(text: str) -> dict[str, str]:
    """The lines of /proc/PID/status that matter here, in the kernel's words."""
    pairs = (line.partition(":") for line in text.split("\n"))
    return {key: value.strip() for key, _colon, value in pairs if key in STATUS}


def grouped(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Processes that differ only in number, name and age become one record: fifty shells take the room of one.

    A thread that is not as its process is a record of its own, after the processes."""
    groups: dict[str, dict[str, Any]] = {}
    threads = [thread for record in records for thread in record.get("differing", ())]
    for record in (*records, *threads):
        rest = {key: record[key] for key in record if key not in UNCOMPARED}
        own: dict[str, Any] = {"threads": []} if "threads" in record else {}
        group = groups.setdefault(repr((own, rest)), {"pids": [], "names": [], **own, **rest})
        group["pids"].extend(record["pids"])
        if own:
            group["threads"].extend(record["threads"])
        if record["name"] not in group["names"]:
            group["names"].append(record["name"])
    return list(groups.values())
