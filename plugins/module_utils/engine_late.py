# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An engine whose SDK is loaded when something is to be done, or when something is in the way of a plain answer."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine_socket import PREFIX, SocketReader, Unreadable

if TYPE_CHECKING:
    from ansible_collections.bulkhead.classroom.plugins.module_utils.engine_containers import ContainerEngine

_ENGINE = "ansible_collections.bulkhead.classroom.plugins.module_utils.engine"
MINIMUM = (1, 41)


class SdkMissing(Exception):
    """The docker SDK cannot be imported; the text is the traceback."""


class LateEngine:
    """Has the verbs of a ContainerEngine. Reads the engine's socket by itself where that is on this host."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        self._params, self._lock = params, threading.Lock()
        self._loaded: ContainerEngine | None = None
        host = str(params.get("docker_host") or "")
        self.local = host.startswith(PREFIX)
        plain = self.local and params.get("api_version") in (None, "auto")
        self._reader = SocketReader(host[len(PREFIX) :], params["api_timeout"]) if plain else None

    def __getattr__(self, verb: str) -> Any:
        """Whatever is not read here."""
        return getattr(self._full(), verb)

    def _full(self) -> ContainerEngine:
        with self._lock:
            if self._loaded is None:
                # Late on purpose: this is what loads the SDK.
                from ansible_collections.bulkhead.classroom.plugins.module_utils import (  # noqa: PLC0415
                    engine,
                    engine_containers,
                )

                missing = engine.sdk_missing()
                if missing:
                    raise SdkMissing(missing)
                self._loaded = engine_containers.ContainerEngine(engine.connect(self._params))
            return self._loaded

    def _read(self, verb: str, *arguments: str) -> Any:
        if self._reader:
            try:
                return getattr(self._reader, verb)(*arguments)
            except Unreadable:
                # The SDK says what is wrong, or gets through where this did not.
                self._reader = None
        return getattr(self._full(), verb)(*arguments)

    def api_version(self) -> tuple[int, ...]:
        if self._reader and self._reader.version >= MINIMUM:
            return self._reader.version
        return self._full().api_version()

    def member_names(self, fleet: str) -> Any:
        return self._read("member_names", fleet)

    def container(self, name: str) -> Any:
        return self._read("container", name)

    def image(self, reference: str) -> Any:
        return self._read("image", reference)

    def networks(self) -> Any:
        return self._read("networks")

    def network(self, key: str) -> Any:
        return self._read("network", key)

    def swap_limit(self) -> bool:
        return bool(self._read("swap_limit"))


def engine_errors() -> tuple[type[BaseException], ...]:
    """What an engine raises; nothing, as long as nothing was loaded that could raise it."""
    module = sys.modules.get(_ENGINE)
    return (module.EngineError,) if module else ()
