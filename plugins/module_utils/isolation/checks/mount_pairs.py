# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One container's files inside another's: a directory above or below, and one that only reads what the other writes.

Every mount is entered under its own place and under each directory above it. So both questions are look-ups, and the
work grows with the mounts and the depth of their paths, not with the pairs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.mountinfo import Mount
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    FAIL,
    INFORMATIONAL,
    PASS,
    Check,
    Outcome,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container, Room

# A file system of these kinds belongs to a namespace or to one container, and is no place that is given to two.
NO_DATA = ("cgroup", "cgroup2", "devpts", "mqueue", "nsfs", "overlay", "proc", "sysfs", "tmpfs", "devtmpfs")
# The engine makes these for each container; who joins another's network gets the other's, which is judged there.
_ENGINES_OWN = re.compile(r"/containers/[0-9a-f]{64}/")
WRITES, READS = "rw", "ro"


def data_mounts(container: Container) -> Iterator[tuple[Fact, Mount]]:
    for table, mounts in container.mount_tables():
        for mount in mounts:
            if mount.filesystem not in NO_DATA and not _ENGINES_OWN.search(mount.root + "/"):
                yield Fact(table.path, mount.raw, mount.raw), mount


def above(root: str) -> list[str]:
    """The directories above a path, up to the root of its file system."""
    parts = [part for part in root.split("/") if part]
    return ["/" + "/".join(parts[:count]) for count in range(len(parts))]


def index_mounts(room: Room, host: str, container: Container) -> None:
    for _fact, mount in data_mounts(container):
        access = READS if mount.read_only else WRITES
        room.add(f"place {access}", host, (mount.device, mount.root), container.subject)
        for folder in above(mount.root):
            room.add(f"below {access}", host, (mount.device, folder), container.subject)


def _nested(mount: Mount, access: str, container: Container, room: Room) -> list[str]:
    """What others with this access have above or below this mount, in words."""
    said = []
    for folder in above(mount.root):
        others = room.sharers(f"place {access}", container, (mount.device, folder))
        said += [f"{mount.target} lies in what {', '.join(others)} has ({folder})"] if others else []
    others = room.sharers(f"below {access}", container, (mount.device, mount.root))
    return said + ([f"in {mount.target} lies what {', '.join(others)} has"] if others else [])


def decide_nested(container: Container, room: Room) -> Outcome:
    gap = _unread(container)
    if gap:
        return gap
    found = [(fact, said) for fact, mount in _writable(container) for said in _nested(mount, WRITES, container, room)]
    return _outcome(found, FAIL, container)


def decide_readers(container: Container, room: Room) -> Outcome:
    gap = _unread(container)
    if gap:
        return gap
    found = []
    for fact, mount in data_mounts(container):
        other = WRITES if mount.read_only else READS
        same = room.sharers(f"place {other}", container, (mount.device, mount.root))
        verb = "is written by" if mount.read_only else "is read by"
        said = [f"{mount.target} {verb} {', '.join(same)}"] if same else []
        found += [(fact, words) for words in said + _nested(mount, other, container, room)]
    return _outcome(found, INFORMATIONAL, container)


def _writable(container: Container) -> Iterator[tuple[Fact, Mount]]:
    return ((fact, mount) for fact, mount in data_mounts(container) if not mount.read_only)


def _unread(container: Container) -> Outcome | None:
    absent = [table for table, _mounts in container.mount_tables() if not table.known]
    return missing(absent) if absent else None


def _outcome(found: list[tuple[Fact, str]], status: str, container: Container) -> Outcome:
    if found:
        said = "; ".join(dict.fromkeys(words for _fact, words in found))
        return Outcome(status, said, tuple(fact for fact, _words in found))
    evidence = tuple(fact for fact, _mount in data_mounts(container))
    tables = tuple(Fact(table.path, "read", "no mount of the host's data") for table, _m in container.mount_tables())
    return Outcome(PASS, "nobody else's", evidence or tables)


CHECKS = (
    Check(
        id="mounts-nested",
        title="No writable directory inside another container's",
        concept="mounts",
        severity="high",
        expected="no writable source above or below one of another container",
        why="Who can write to the directory above can write to the one below: two names, and still one way across.",
        how="Device and path of each writable mount in /proc/PID/mountinfo, against those of all other containers.",
        remedy="Give each container a directory beside the others', not above or below one.",
        variable="student_workspaces_homes",
        decide=decide_nested,
        nist=("4.4.3",),
    ),
    Check(
        id="mounts-readers",
        title="Nobody reads what another one writes",
        concept="mounts",
        severity="low",
        expected="for information: sources that one container writes and another one reads",
        why="What is meant for handing out is fine; a home that a second container can read is not.",
        how="Device and path of each mount in /proc/PID/mountinfo; one side is read-only, the other is not.",
        remedy="Nothing to do where it is meant so; else take the mount out of the reader.",
        decide=decide_readers,
        nist=("4.4.3",),
    ),
)
