# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run at a time on an engine, and an orderly end for it when it is told to stop."""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError

ENDINGS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


@contextmanager
def alone(folder: str) -> Iterator[None]:
    """Locks the engine's data folder, which is there anyway and which only root opens: nothing is left of the lock, and
    the kernel takes it back from a process that is killed. Who holds it may remove every twin."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise EngineError(f"Cannot lock the engine's data folder: {error.strerror}", folder, "Run as root.") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        cure = "Wait until it has ended; it takes about a second for each container."
        raise EngineError("Another run of probes is going on", folder, cure) from error
    try:
        yield
    finally:
        os.close(descriptor)


class Ended(SystemExit):
    """Told to stop."""


@contextmanager
def orderly_end() -> Iterator[None]:
    """A signal that ends this process lets it clean up first; further ones do not disturb that."""

    def end(number: int, frame: FrameType | None) -> None:
        for one in ENDINGS:
            signal.signal(one, signal.SIG_IGN)
        raise Ended(128 + number)

    before = {one: signal.signal(one, end) for one in ENDINGS}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
