# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small HTTP server on a unix socket that answers like an engine, or misbehaves as it is told."""

from __future__ import annotations

import json
import socketserver
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def address_string(self) -> str:
        return "unix"

    def log_message(self, *_arguments: Any) -> None:
        pass

    def do_GET(self) -> None:
        server: Any = self.server
        server.asked.append(self.path)
        server.connections.add(id(self.connection))
        answer = server.answers.get(self.path, (404, {"message": f"no such thing: {self.path}"}))
        if callable(answer):
            answer(self)
            return
        self.reply(*answer)

    def reply(self, status: int, document: Any, api: str = "1.41", length: int | None = None) -> None:
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        if api:
            self.send_header("Api-Version", api)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)


class SocketServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), _Handler)
        self.url = f"unix://{path}"
        self.asked: list[str] = []
        self.connections: set[int] = set()
        self.answers: dict[str, Any] = {}
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def handle_error(self, *_arguments: Any) -> None:
        """A client that gave up is what the tests are about."""


def drips(handler: Any) -> None:
    """A byte now and then, so that no single read ever takes long."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _number in range(100):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


def hangs(_handler: Any) -> None:
    time.sleep(3)


def cuts_off(handler: Any) -> None:
    handler.reply(200, b"[", length=100)
    handler.close_connection = True


def drops(handler: Any) -> None:
    """As an engine that is restarted: the connection ends without an answer."""
    handler.close_connection = True
