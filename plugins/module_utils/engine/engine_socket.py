# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads from an engine's socket on this host without the docker SDK, whose import takes longer than the reading.

Nothing is changed here, and nothing is explained: whatever is not a plain good answer raises Unreadable, and the caller
asks again through the SDK.
"""

from __future__ import annotations

import base64
import http.client
import json
import socket
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.fleet_labels import FLEET

PREFIX = "unix://"
DEFAULT_HOST = f"{PREFIX}/var/run/docker.sock"


def registry_auth(auth: Mapping[str, str]) -> dict[str, str]:
    """The header with the credentials for a registry."""
    return {"X-Registry-Auth": base64.urlsafe_b64encode(json.dumps(dict(auth)).encode()).decode()}


class Unreadable(Exception):
    """No plain good answer."""


class UnixConnection(http.client.HTTPConnection):
    kind = socket.socket

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = self.kind(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class SocketReader:
    """What fleet_observe asks, one connection per thread. `version` is the engine's API, once it has answered."""

    def __init__(self, path: str, timeout: float) -> None:
        self._path, self._timeout, self._own = path, timeout, threading.local()
        self.version: tuple[int, ...] = ()

    def _get(self, path: str, headers: Mapping[str, str] | None = None, missing: bool = True) -> Any:
        """The document; None when there is none, and that is a plain answer (`missing`)."""
        connection = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = UnixConnection(self._path, self._timeout)
        try:
            connection.request("GET", path, headers=dict(headers or {}))
            answer = connection.getresponse()
            body = answer.read()
            self.version = tuple(int(part) for part in str(answer.getheader("Api-Version", "")).split("."))
            if answer.status != 200 and not (missing and answer.status == 404):
                raise Unreadable(f"{path}: {answer.status}")
            return json.loads(body) if answer.status == 200 else None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unreadable(f"{path}: {error}") from error

    def member_names(self, fleet: str) -> list[str]:
        filters = json.dumps({"label": [f"{FLEET}={fleet}"]})
        found = self._get(f"/containers/json?all=1&filters={quote(filters)}") or []
        # A linked container has further names, with a slash inside.
        return [next(name[1:] for name in one["Names"] if "/" not in name[1:]) for one in found]

    def container(self, name: str) -> Any:
        document = self._get(f"/containers/{quote(name)}/json")
        # The engine also takes the beginning of an id for a name.
        return document if document and name in (document["Name"][1:], document["Id"]) else None

    def image(self, reference: str) -> Any:
        return self._get(f"/images/{quote(reference)}/json")

    inspect = image

    def remote_digest(self, name: object, auth: Mapping[str, str]) -> str:
        """What the registry has under a tag. That it has nothing there is said in several ways, which the SDK sorts."""
        answer = self._get(f"/distribution/{quote(str(name))}/json", registry_auth(auth), missing=False)
        return str(answer["Descriptor"]["digest"])

    def networks(self) -> Any:
        return self._get("/networks") or []

    def network(self, key: str) -> Any:
        return self._get(f"/networks/{quote(key)}")

    def swap_limit(self) -> bool:
        return bool((self._get("/info") or {}).get("SwapLimit"))
