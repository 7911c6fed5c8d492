# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks through the writable layer of a container for what its image did not bring: set-id programs and device nodes.

The tree belongs to the container, so nothing in it is followed, and the walk has an end whatever was put there.
"""

from __future__ import annotations

import os
import stat
from typing import Any, NamedTuple

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel, words

ENTRY_LIMIT = 5000
FOUND_LIMIT = 20
EXECUTABLE = 0o111


class Walk(NamedTuple):
    """What was found, how many entries were looked at, and whether that was all."""

    setid: list[str]
    devices: list[str]
    entries: int
    cut: bool
    error: str

    def document(self) -> dict[str, Any]:
        return dict(self._asdict())


def walk(kernel: Kernel, folder: str, limit: int = ENTRY_LIMIT) -> Walk:
    setid: list[str] = []
    devices: list[str] = []
    entries, cut, error, waiting = 0, False, "", [""]
    while waiting and not cut:
        below = waiting.pop()
        try:
            for name, status in _entries(kernel.root + folder + below):
                entries += 1
                if entries > limit:
                    cut = True
                    break
                path = f"{below}/{name}"
                if stat.S_ISDIR(status.st_mode):
                    waiting.append(path)
                elif _gives_rights(status.st_mode):
                    setid.append(f"{path} ({stat.S_IMODE(status.st_mode):04o}, of user {status.st_uid})")
                elif _is_node(status):
                    kind = "b" if stat.S_ISBLK(status.st_mode) else "c"
                    devices.append(f"{path} ({kind} {os.major(status.st_rdev)}:{os.minor(status.st_rdev)})")
        except OSError as problem:
            error = error or f"{words(problem)}: {folder}{below}"
    return Walk(sorted(setid)[:FOUND_LIMIT], sorted(devices)[:FOUND_LIMIT], min(entries, limit), cut, error)


def _entries(path: str) -> Any:
    """Names with their status; a link in the place of the folder is refused."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        with os.scandir(folder) as found:
            for entry in found:
                yield entry.name, entry.stat(follow_symlinks=False)
    finally:
        os.close(folder)


def _gives_rights(mode: int) -> bool:
    """Set-group without execute is mandatory locking, an old thing that gives nobody anything."""
    return stat.S_ISREG(mode) and bool(mode & stat.S_ISUID or (mode & stat.S_ISGID and mode & EXECUTABLE))


def _is_node(status: os.stat_result) -> bool:
    """The layer says 'deleted' with a character device 0:0."""
    deleted = stat.S_ISCHR(status.st_mode) and status.st_rdev == 0
    return (stat.S_ISBLK(status.st_mode) or stat.S_ISCHR(status.st_mode)) and not deleted
