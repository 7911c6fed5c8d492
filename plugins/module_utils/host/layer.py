# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks through a directory of a storage driver: the writable layer of a container, or a layer of an image, for set-id
programs and device nodes; and at the SELinux labels of a sample of a container's layer.

The tree belongs to strangers, so nothing in it is followed, and the walk has an end whatever was put there.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel, words
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.labels import ATTRIBUTE

ENTRY_LIMIT = 5000
FOUND_LIMIT = 20
LABEL_LIMIT = 256
EXECUTABLE = 0o111


class Walk(NamedTuple):
    """What was found, how many entries were looked at, and whether that was all."""

    setid: list[str]
    devices: list[str]
    entries: int
    cut: bool
    error: str
    # Label to one of the entries that have it, of the first so many.
    labels: dict[str, str]
    labelled: int

    def document(self) -> dict[str, Any]:
        return dict(self._asdict())


@dataclass
class Visit:
    """A way through one directory and all below it."""

    kernel: Kernel
    folder: str
    limit: int
    entries: int = 0
    cut: bool = False
    error: str = ""

    def everything(self) -> Iterator[tuple[str, os.stat_result, int]]:
        """Paths below the folder, each with its status and the open directory that it is in; not the folder itself."""
        waiting = [""]
        while waiting and not self.cut:
            below = waiting.pop()
            try:
                for name, status, descriptor in _entries(self.kernel.root + self.folder + below):
                    if self.entries >= self.limit:
                        self.cut = True
                        break
                    self.entries += 1
                    path = f"{below}/{name}"
                    if stat.S_ISDIR(status.st_mode):
                        waiting.append(path)
                    yield path, status, descriptor
            except OSError as problem:
                self.error = self.error or f"{words(problem)}: {self.folder}{below}"


def walk(kernel: Kernel, folder: str, limit: int = ENTRY_LIMIT, sample: int = LABEL_LIMIT) -> Walk:
    """sample: how many entries are asked for their label; 0 on a host without SELinux."""
    visit = Visit(kernel, folder, limit)
    labels: dict[str, str] = {}
    labelled = 0
    setid: list[str] = []
    devices: list[str] = []
    for path, status, descriptor in visit.everything():
        if labelled < sample and not _deleted(status):
            labelled += 1
            labels.setdefault(_label(descriptor, path.rpartition("/")[2]), path)
        if gives_rights(status.st_mode):
            setid.append(f"{path} ({rights(status)})")
        elif is_node(status):
            devices.append(f"{path} ({node(status)})")
    shown = dict(list(labels.items())[:FOUND_LIMIT])
    found = sorted(setid)[:FOUND_LIMIT], sorted(devices)[:FOUND_LIMIT]
    return Walk(*found, visit.entries, visit.cut, visit.error, shown, labelled)


def _entries(path: str) -> Any:
    """Names with their status and the open folder; a link in the place of the folder is refused."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        with os.scandir(folder) as found:
            for entry in found:
                yield entry.name, entry.stat(follow_symlinks=False), folder
    finally:
        os.close(folder)


def _label(folder: int, name: str) -> str:
    """The label of the entry itself, or why there is none."""
    try:
        raw = os.getxattr(f"/proc/self/fd/{folder}/{name}", ATTRIBUTE, follow_symlinks=False)
    except OSError as error:
        return words(error)
    return raw.decode("utf-8", "replace").rstrip("\0")


def gives_rights(mode: int) -> bool:
    """Set-group without execute is mandatory locking, an old thing that gives nobody anything."""
    return stat.S_ISREG(mode) and bool(mode & stat.S_ISUID or (mode & stat.S_ISGID and mode & EXECUTABLE))


def is_node(status: os.stat_result) -> bool:
    return (stat.S_ISBLK(status.st_mode) or stat.S_ISCHR(status.st_mode)) and not _deleted(status)


def _deleted(status: os.stat_result) -> bool:
    """The layer says 'deleted' with a character device 0:0, which the kernel makes in its own name."""
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == 0


def rights(status: os.stat_result) -> str:
    return f"{stat.S_IMODE(status.st_mode):04o}, of user {status.st_uid}"


def node(status: os.stat_result) -> str:
    kind = "b" if stat.S_ISBLK(status.st_mode) else "c"
    return f"{kind} {os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"
