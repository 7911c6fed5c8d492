# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An engine whose SDK is loaded when something is to be done, or when something is in the way of a plain answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_socket import (
    PREFIX,
    SocketReader,
    Unreadable,
)

MINIMUM = (1, 41)


class LateEngine:
    """Has the verbs of the adapter that `adapter` makes for a client of the SDK. The engine's socket is read without
    it where that is on this host. `local` says whether it is."""

    def __init__(self, params: Mapping[str, Any], adapter: Callable[[Any], Any]) -> None:
        self._params, self._adapter, self._lock = params, adapter, threading.Lock()
        self._loaded: Any = None
        host = str(params.get("docker_host") or "")
        self.local = host.startswith(PREFIX)
        plain = self.local and params.get("api_version") in (None, "auto")
        self._reader = SocketReader(host[len(PREFIX) :], params["api_timeout"]) if plain else None

    def __getattr__(self, verb: str) -> Any:
        """Whatever is not read here."""
        return getattr(self._full(), verb)

    def _full(self) -> Any:
        with self._lock:
            if self._loaded is None:
                # Late on purpose: this is what loads the SDK.
                from ansible_collections.bulkhead.classroom.plugins.module_utils.engine import engine  # noqa: PLC0415

                self._loaded = self._adapter(engine.connect(self._params))
            return self._loaded

    def _read(self, verb: str, *arguments: Any) -> Any:
        # Another thread may take the reader away meanwhile.
        reader = self._reader
        if reader:
            try:
                return getattr(reader, verb)(*arguments)
            except Unreadable:
                # The SDK says what is wrong, or gets through where this did not.
                self._reader = None
        return getattr(self._full(), verb)(*arguments)
