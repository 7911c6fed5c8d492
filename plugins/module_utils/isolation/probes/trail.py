# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's records of what SELinux refused, from a moment on: in the log of auditd, and where nobody takes them, in
the kernel's own log.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact

LOG, OLDER, KERNEL_LOG = "/var/log/audit/audit.log", "/var/log/audit/audit.log.1", "/dev/kmsg"
# auditd writes a moment later than the kernel refuses.
PATIENCE, PAUSE = 3.0, 0.1
RECORD_LIMIT, READ_LIMIT = 8192, 1 << 24


class Trail:
    def __init__(self, log: str = LOG, older: str = OLDER, kernel_log: str = KERNEL_LOG) -> None:
        self._log, self._older, self._kernel_log = log, older, kernel_log
        self._begin = _mark(log)
        self._kept: list[str] = []
        try:
            self._messages = os.open(kernel_log, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            os.lseek(self._messages, 0, os.SEEK_END)
        except OSError:
            self._messages = -1

    def __enter__(self) -> Trail:
        return self

    def __exit__(self, *why: object) -> None:
        if self._messages >= 0:
            os.close(self._messages)

    def refusal(self, source: str, target: str, patience: float = PATIENCE) -> Fact:
        """The record that a process of the label `source` was not let at a file of the label `target`."""
        if _mark(self._log) is None and self._messages < 0:
            return Fact(self._log, error=f"ENOENT neither this nor {self._kernel_log} can be read")
        wanted = ("avc:  denied", f"scontext={source} ", f"tcontext={target} ", "tclass=file")
        end = time.monotonic() + patience
        while True:
            for place, line in self._lines():
                if all(word in f"{line} " for word in wanted):
                    return Fact(place, line.strip(), line.strip())
            if time.monotonic() > end:
                return Fact(self._log, error=f"ENODATA no record of a refusal from {source} to {target}")
            time.sleep(PAUSE)

    def _lines(self) -> Iterator[tuple[str, str]]:
        for path, start in self._places():
            try:
                with Path(path).open("rb") as stream:
                    stream.seek(start)
                    text = stream.read(READ_LIMIT).decode("utf-8", "replace")
            except OSError:
                continue
            yield from ((path, line) for line in text.split("\n"))
        self._kept += _messages(self._messages)
        yield from ((self._kernel_log, line) for line in self._kept)

    def _places(self) -> list[tuple[str, int]]:
        """A log that was put away meanwhile goes on in a new file."""
        now = _mark(self._log)
        if self._begin is None or now is None or self._begin[0] == now[0]:
            return [(self._log, self._begin[1] if self._begin else 0)]
        return [(self._older, self._begin[1]), (self._log, 0)]


def _mark(path: str) -> tuple[int, int] | None:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_ino, found.st_size


def _messages(descriptor: int) -> Iterator[str]:
    """One record each time; what was overwritten before it was read is skipped."""
    while descriptor >= 0:
        try:
            record = os.read(descriptor, RECORD_LIMIT)
        except BrokenPipeError:
            continue
        except OSError:
            return
        if not record:
            return
        yield record.decode("utf-8", "replace")
