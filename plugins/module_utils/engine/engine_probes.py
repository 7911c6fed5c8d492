# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's verbs for twins: a container's, and a program inside, what carries a label, and images that go."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine import errors
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_containers import (
    ContainerEngine,
    Document,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError


class ProbeEngine(ContainerEngine):
    def execute(self, key: str, name: str, argv: list[str], seconds: int = 300) -> tuple[str, str]:
        """What a program in a running container wrote to its two outputs. It is killed when it takes longer."""
        with errors(f"Cannot run a program in container {name}"):
            session = self._client.exec_create(key, argv)["Id"]
            try:
                with deadline(seconds):
                    said, complaint = self._client.exec_start(session, demux=True)
            except Late:
                state = self._client.exec_inspect(session)
                if state["Running"] and state["Pid"]:
                    os.kill(state["Pid"], signal.SIGKILL)
                raise EngineError(f"A program did not end within {seconds} s, and was killed", name) from None
        return _text(said), _text(complaint)

    def labelled(self, label: str) -> list[Document]:
        with errors(f"Cannot list the containers with the label {label}"):
            found: list[Document] = self._client.containers(all=True, filters={"label": label})
            return found

    def images_labelled(self, label: str) -> list[Document]:
        with errors(f"Cannot list the images with the label {label}"):
            found: list[Document] = self._client.images(filters={"label": label})
            return found

    def remove_image(self, key: str) -> None:
        with errors(f"Cannot remove the image {key}"):
            self._client.remove_image(key, force=True)


class Late(Exception):
    """The time is over."""


@contextmanager
def deadline(seconds: int) -> Iterator[None]:
    """A client that waits on a socket without an end is waited for no longer. In the main thread only."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise Late

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _text(output: Any) -> str:
    return output.decode("utf-8", "replace") if output else ""
