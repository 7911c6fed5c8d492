# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Threads of a process that differ from it. A filter of system calls, privileges and ids are each thread's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel

LIMIT = 512
# A thread that ended between the list and the look.
ENDED = ("ENOENT", "ESRCH")
# Of the process's record, what is taken for its threads' too.
WHOLE = ("pids", "name", "namespaces", "label", "apparmor", "cgroups")


def count(text: str) -> int | None:
    """How many threads a process has, of the text of its status."""
    lines = (line.partition(":") for line in text.split("\n"))
    number = next((value.strip() for key, _colon, value in lines if key == "Threads"), "")
    return int(number) if number.isdecimal() else None


def read_threads(
    kernel: Kernel, pid: int, text: str, record: Mapping[str, Any], parse: Callable[[str], dict[str, str]]
) -> list[dict[str, Any]]:
    """Records of the threads that are not as their process is. text: of its status. The usual process has one thread,
    and costs nothing."""
    number = count(text)
    if number == 1 or not text:
        return []
    if number is None:
        return [_other(record, "*", {}, "ENODATA the kernel shows no number of threads")]
    folder = f"/proc/{pid}/task"
    listed = kernel.names(folder)
    if not listed.known:
        return [_other(record, "*", {}, listed.error)]
    found = []
    for thread in [name for name in listed.value if name != str(pid)][:LIMIT]:
        fact = kernel.read(f"{folder}/{thread}/status")
        status = parse(str(fact.value or ""))
        if status != record["status"] and not fact.error.startswith(ENDED):
            found.append(_other(record, thread, status, fact.error))
    if len(listed.value) > LIMIT + 1:
        found.append(_other(record, "*", {}, f"E2BIG {len(listed.value)} threads, of which {LIMIT} were read"))
    return found


def _other(record: Mapping[str, Any], thread: str, status: dict[str, str], error: str) -> dict[str, Any]:
    """As the process, with the thread's own status. Files and environment are the whole process's."""
    kept = {key: record[key] for key in WHOLE if key in record}
    errors = {**record["errors"], **({"status": error} if error else {})}
    return {**kept, "threads": [thread], "status": status, "errors": errors}
