# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a process has open, or stands in, outside of the mounts of its own namespace: a way out that no mount shows.

Names prove nothing here, because the kernel tells them as the reader sees them. The number of the mount does: one that
is not in the process's mountinfo is another namespace's.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ansible_collections.bulkhead.classroom.plugins.module_utils.host import mountinfo
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact, clipped
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel, mount_of

LIMIT = 1024
STANDS_IN = ("cwd", "exe", "root")
NULL = "c 1:3"
# Memory that the kernel gives a name; its mount is the kernel's own and in nobody's table.
MEMORY = ("/memfd:", "/dmabuf:", "/secretmem", "/anon_hugepage")
QUEUES = " - mqueue "


class MountTable(NamedTuple):
    """The mounts of a namespace: for the facts, and what a descriptor is compared with."""

    document: dict[str, Any]
    numbers: frozenset[int]
    # Devices of the file systems of message queues.
    queues: frozenset[str]


def read_table(kernel: Kernel, pid: int) -> MountTable:
    """The mounts as a process sees them, each as its line of mountinfo (shortened): the raw value is the record."""
    fact = kernel.read(f"/proc/{pid}/mountinfo")
    if fact.error:
        return MountTable(fact.document(), frozenset(), frozenset())
    lines = str(fact.value).split("\n")
    document = {"path": fact.path, "value": [mountinfo.shortened(line) for line in lines]}
    queues = frozenset(line.split(" ", 3)[2] for line in lines if QUEUES in line)
    return MountTable(document, numbers_of(lines), queues)


def numbers_of(lines: list[str]) -> frozenset[int]:
    words = (line.split(" ", 1)[0] for line in lines)
    return frozenset(int(word) for word in words if word.isdecimal())


def read_descriptors(kernel: Kernel, pid: int, table: MountTable) -> Fact:
    """[[name below /proc/PID, what the link says, device node]] of what lies on a mount that is not in the table."""
    path = f"/proc/{pid}/fd"
    listed = kernel.names(path)
    if not listed.known:
        return listed
    if not table.numbers:
        return Fact(path, error=str(table.document.get("error") or "ENODATA the namespace shows no mount"))
    if len(listed.value) > LIMIT:
        return Fact(path, error=f"E2BIG {len(listed.value)} descriptors, of which none was read: {LIMIT} are the bound")
    found = []
    for name in (*STANDS_IN, *(f"fd/{number}" for number in listed.value)):
        number = _mount_number(kernel, pid, name)
        if number is None:
            continue
        if not number.known:
            return Fact(path, error=f"{name}: {number.error}")
        if number.value not in table.numbers:
            entry = _foreign(kernel, pid, name, number.value, table)
            found += [entry] if entry else []
    return Fact(path, found)


def _mount_number(kernel: Kernel, pid: int, name: str) -> Fact | None:
    """None for what has no place in a file system, or was closed meanwhile."""
    path = f"/proc/{pid}/{name}"
    if name in STANDS_IN:
        return kernel.mount_number(path)
    link = kernel.link(path)
    if not link.known:
        return None if link.error.startswith("ENOENT") else link
    if not link.value.startswith("/") or link.value.startswith(MEMORY):
        return None
    number = mount_of(kernel.read(f"/proc/{pid}/fdinfo/{name[len('fd/') :]}"))
    return None if number.error.startswith("ENOENT") else number


def _foreign(kernel: Kernel, pid: int, name: str, number: int, table: MountTable) -> list[str] | None:
    """The entry, unless it turns out to be the namespace's own after all, or to be closed."""
    path = f"/proc/{pid}/{name}"
    opened, link = kernel.opened(path), kernel.link(path)
    if name not in STANDS_IN and link.error.startswith("ENOENT"):
        return None
    # What cannot be looked at is no /dev/null: the entry stays, without a node.
    found = opened.value or {"node": "", "file_system": ""}
    entry = [name, clipped(str(link.value or link.error)), found["node"]]
    if found["node"] == NULL:
        return entry
    # A queue is opened on a mount of the kernel's own, of the file system that the namespace has mounted.
    if found["file_system"] in table.queues:
        return None
    # The table is the first process's of the namespace; one with a root of its own sees other mounts of it.
    own = kernel.read(f"/proc/{pid}/mountinfo")
    return None if number in numbers_of(str(own.value or "").splitlines()) else entry
