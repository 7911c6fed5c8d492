# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads an engine for good: the reading verbs of the SDK's low-level client, over one kept-alive connection to the
engine's socket, so that a host needs no SDK. Only ssh:// and tcp:// load it.

Every verb answers, or raises an EngineError in words; `status` is the engine's where it gave one.
"""

from __future__ import annotations

import http.client
import json
import re
import socket
import time
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import quote

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine import troubles
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_late import MINIMUM
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_socket import (
    DEFAULT_HOST,
    PREFIX,
    UnixConnection,
)

TIMEOUT = 60
# What an engine that was restarted leaves of a connection: it is opened once more.
_DROPPED = (ConnectionResetError, BrokenPipeError, http.client.RemoteDisconnected)


class Readable(Protocol):
    """What the readers of facts ask an engine; the SDK's low-level client has the same verbs."""

    def containers(self, *, all: bool = False) -> Any: ...  # noqa: A002
    def inspect_container(self, container: str) -> Any: ...
    def info(self) -> Any: ...
    def version(self) -> Any: ...
    def images(self) -> Any: ...
    def inspect_image(self, image: str) -> Any: ...
    def history(self, image: str) -> Any: ...
    def networks(self) -> Any: ...
    def services(self) -> Any: ...


def reading(params: Mapping[str, Any]) -> Readable:
    """The engine that `params` (see ENGINE_ARGUMENTS) names."""
    host = str(params.get("docker_host") or DEFAULT_HOST)
    if host.startswith(PREFIX):
        version = str(params.get("api_version") or "auto")
        return SocketEngine(host[len(PREFIX) :], params.get("api_timeout") or TIMEOUT, version)
    # Late on purpose: this is what loads the SDK.
    from ansible_collections.bulkhead.classroom.plugins.module_utils.engine import engine  # noqa: PLC0415

    return SdkEngine(engine.connect(params), engine.errors)


def _plain(verb: str) -> str:
    """The verb in words, for an error."""
    return f"Cannot ask the engine for {verb}"


class _Socket(socket.socket):
    """One whose answers must be complete at a given moment. A limit per read would let an engine drip for ever."""

    ends = 0.0

    def recv_into(self, *arguments: Any, **options: Any) -> int:
        left = self.ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.settimeout(left)
        return super().recv_into(*arguments, **options)


class _Connection(UnixConnection):
    kind = _Socket

    def begin(self, timeout: float) -> None:
        """A new question with its own time limit."""
        if self.sock is None:
            self.connect()
        if isinstance(self.sock, _Socket):
            self.sock.settimeout(timeout)
            self.sock.ends = time.monotonic() + timeout


class SdkEngine:
    """The SDK's client, whose errors are turned into this project's."""

    def __init__(self, client: Any, errors: Any) -> None:
        self._client, self._errors = client, errors

    def __getattr__(self, verb: str) -> Any:
        call = getattr(self._client, verb)

        def asked(*arguments: Any, **options: Any) -> Any:
            with self._errors(_plain(" ".join((verb, *map(str, arguments))))):
                return call(*arguments, **options)

        return asked


class SocketEngine:
    """The verbs over a unix socket. The time limit is for a whole answer: an engine that drips does not stretch it."""

    def __init__(self, path: str, timeout: float, version: str = "auto") -> None:
        if version != "auto" and not re.fullmatch(r"\d+\.\d+", version):
            raise EngineError(f"api_version: {version!r} is no version", path, "Write auto, or one like 1.41.")
        self._path, self._timeout = path, timeout
        self._prefix = "" if version == "auto" else f"/v{version}"
        self._connection: _Connection | None = None

    def containers(self, *, all: bool = False) -> Any:  # noqa: A002
        return self._ask(f"/containers/json?all={all:d}", "its containers")

    def inspect_container(self, container: str) -> Any:
        return self._ask(f"/containers/{quote(container)}/json", f"container {container[:12]}")

    def info(self) -> Any:
        return self._ask("/info", "its configuration")

    def version(self) -> Any:
        return self._ask("/version", "its version")

    def networks(self) -> Any:
        return self._ask("/networks", "its networks")

    def services(self) -> Any:
        return self._ask("/services", "the services of its swarm")

    def images(self) -> Any:
        return self._ask("/images/json", "its images")

    def inspect_image(self, image: str) -> Any:
        return self._ask(f"/images/{quote(image, safe='/:')}/json", f"image {image[:19]}")

    def history(self, image: str) -> Any:
        return self._ask(f"/images/{quote(image, safe='/:')}/history", f"the history of image {image[:19]}")

    def _ask(self, path: str, what: str) -> Any:
        where = f"{PREFIX}{self._path}"
        try:
            status, api, body = self._exchanged(self._prefix + path)
            document = json.loads(body) if body else None
        except (OSError, http.client.HTTPException) as error:
            detail, cure = troubles.of_the_system(error)
            raise EngineError(f"{_plain(what)}: {detail}", where, cure) from error
        except ValueError as error:
            cure = "Check that docker_host is the socket of a container engine."
            raise EngineError(f"{_plain(what)}: the answer is no JSON", where, cure) from error
        if status != 200:
            said = str(document.get("message") if isinstance(document, dict) else document).rstrip(". ")
            cure = troubles.LOG if status >= 500 else troubles.cure_for_status(status)
            raise EngineError(f"{_plain(what)}: {said} (status {status})", where, cure, status)
        self._require(api, where)
        return document

    def _require(self, api: str, where: str) -> None:
        if not re.fullmatch(r"\d+\.\d+", api):
            cure = "Check that docker_host is the socket of a container engine."
            raise EngineError("What answers names no version of the engine's API", where, cure)
        if tuple(map(int, api.split("."))) < MINIMUM:
            wanted = ".".join(map(str, MINIMUM))
            cure = "Install Docker 20.10 or later on that host."
            raise EngineError(f"The container engine speaks API {api}, and {wanted} is needed", where, cure)

    def _exchanged(self, path: str) -> tuple[int, str, bytes]:
        kept = self._connection is not None
        try:
            return self._exchange(path)
        except _DROPPED:
            if not kept:
                raise
            return self._exchange(path)

    def _exchange(self, path: str) -> tuple[int, str, bytes]:
        """Status, version of the API and body. Whatever goes wrong closes the connection: its rest is of no use."""
        connection = self._connection or _Connection(self._path, self._timeout)
        self._connection = None
        try:
            connection.begin(self._timeout)
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
        except BaseException:
            connection.close()
            raise
        # One that the engine closes is opened again by the next request.
        self._connection = connection
        return answer.status, str(answer.getheader("Api-Version", "")), body
