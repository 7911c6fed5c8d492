# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An engine with containers and their layers in memory: what image_commit and the proof call, and nothing more."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.archives import member, sha, tar

BASE = "sha256:" + "b" * 64


class FakeLayers:
    """`files` is what the one container wrote. `during` happens at the first pause, `turmoil` at every read."""

    def __init__(self) -> None:
        self.images: dict[str, dict[str, Any]] = {BASE: {"Id": BASE, "Size": 0, "Config": {"Env": ["PATH=/bin"]}}}
        self.files: dict[str, str] = {}
        self.state = {"Running": True, "Paused": False}
        self.config: dict[str, Any] = {"Env": ["PATH=/bin"], "Cmd": ["sh"], "Hostname": "one", "Labels": {}}
        self.calls: list[str] = []
        self.broken: set[str] = set()
        self.during: list[Any] = []
        self.turmoil = False

    def _call(self, verb: str) -> None:
        self.calls.append(verb)
        if verb in self.broken:
            raise EngineError(f"Cannot {verb}: it is broken", "the fake", "Mend it.", 500)

    def container(self, name: str, size: bool = False) -> dict[str, Any] | None:
        if name not in ("box", "id-of-box"):
            return None
        mounts = {"Mounts": [], "HostConfig": {}}
        state, config = dict(self.state), dict(self.config)
        return {"Id": "id-of-box", "Name": "/box", "Image": BASE, "State": state, "Config": config, **mounts}

    def image(self, reference: str) -> dict[str, Any] | None:
        return self.images.get(reference)

    def changes(self, key: str) -> list[dict[str, Any]]:
        if self.turmoil and not self.state["Paused"]:
            self.files[f"/busy{len(self.files)}"] = "x"
        return [{"Path": path, "Kind": 1} for path in self.files]

    @contextmanager
    def export(self, key: str) -> Iterator[io.BytesIO]:
        yield io.BytesIO(tar([member(path[1:], text) for path, text in self.files.items()]))

    @contextmanager
    def archive(self, key: str, path: str) -> Iterator[io.BytesIO]:
        # Never called, and listed if it were: the image is empty, so that an export is cheaper.
        self._call("archive")
        yield io.BytesIO()

    def pause(self, key: str, name: str) -> None:
        self._call("pause")
        while self.during:
            self.during.pop()()
        self.state["Paused"] = self.state["Running"]

    def unpause(self, key: str, name: str) -> None:
        self._call("unpause")
        self.state["Paused"] = False

    def commit(self, key: str, name: Any, author: str, comment: str, changes: Iterable[str]) -> str:
        self._call("commit")
        lines = list(changes)
        pairs = (line[len("LABEL ") :].split("=", 1) for line in lines if line.startswith("LABEL "))
        labels = {label.strip('"'): value.strip('"') for label, value in pairs}
        image_id = sha(repr((self.files, author, comment, lines)).encode())
        config = {"Labels": {**(self.config["Labels"] or {}), **labels}}
        self.images[str(name)] = {"Id": image_id, "Size": 0, "Config": config}
        return image_id
