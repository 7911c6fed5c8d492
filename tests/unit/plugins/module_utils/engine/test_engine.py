# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection: every way in which it can fail says what, where and what to do. Real sockets, no engine."""

from __future__ import annotations

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine import connect
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_images import Images
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_name import ImageName


class Handler(BaseHTTPRequestHandler):
    """Answers what the test wrote into `answers` (path suffix: status, body); everything else as an engine would."""

    answers: dict[str, tuple[int, str]] = {}

    def do_GET(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        path = self.path.partition("?")[0]
        status, body = next(
            (answer for suffix, answer in self.answers.items() if path.endswith(suffix)),
            (404, json.dumps({"message": "no such thing"})),
        )
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    do_POST = do_GET

    def log_message(self, *args):
        pass


@pytest.fixture
def answers():
    return {"/version": (200, json.dumps({"ApiVersion": "1.45"}))}


@pytest.fixture
def params(answers):
    handler = type("Answers", (Handler,), {"answers": answers})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield {"docker_host": f"tcp://127.0.0.1:{server.server_port}", "api_timeout": 1}
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("unix:///nowhere/docker.sock", "the socket does not exist (unix:///nowhere/docker.sock). Install and start"),
        ("tcp://127.0.0.1:1", "connection refused (tcp://127.0.0.1:1). Start the engine"),
        ("nonsense://x", "(nonsense://x). Check docker_host"),
    ],
)
def test_no_engine(host, said):
    with pytest.raises(EngineError) as caught:
        connect({"docker_host": host})
    assert str(caught.value).startswith("Cannot connect to the container engine: ") and said in str(caught.value)


def test_an_engine_that_hangs():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(EngineError, match="no answer within the time limit.*moby#46661"):
            connect({"docker_host": host, "api_timeout": 1})


def test_an_engine_that_is_too_old(params, answers):
    answers["/version"] = (200, json.dumps({"ApiVersion": "1.40"}))
    with pytest.raises(EngineError, match=r"speaks API 1.40, and 1.41 is needed.*Install Docker 20.10"):
        connect(params)


def test_what_is_missing_is_none_and_not_an_error(params):
    assert Images(connect(params)).inspect("a:1") is None


@pytest.mark.parametrize(
    ("status", "message", "said"),
    [
        (500, "unauthorized: authentication required", "Check the credentials"),
        (403, "denied", "Check the credentials"),
        (500, "dial tcp 127.0.0.1:1: connect: connection refused", "Check that the registry runs"),
        (500, "x509: certificate signed by unknown authority", "trusts its certificate"),
        (500, "write /x: no space left on device", "Free space"),
        (409, "conflict", "Something else uses it"),
        (500, "panic", "engine's log says more"),
        (400, "invalid reference format", "Correct the value"),
    ],
)
def test_a_refusal_says_what_to_do(params, answers, status, message, said):
    answers["/push"] = (status, json.dumps({"message": message}))
    with pytest.raises(EngineError) as caught:
        Images(connect(params)).push(ImageName.parse("r.test/a:1"), {})
    error = caught.value
    assert error.status == status and message in str(error) and said in str(error)
    assert str(error).startswith("Cannot push r.test/a:1: ")


def test_an_error_in_the_middle_of_a_stream(params, answers):
    lines = [{"status": "Pushing"}, {"errorDetail": {"message": "denied: no rights"}, "error": "denied: no rights"}]
    answers["/push"] = (200, "\r\n".join(map(json.dumps, lines)))
    with pytest.raises(EngineError, match="Cannot push r.test/a:1: denied: no rights. Check the credentials"):
        Images(connect(params)).push(ImageName.parse("r.test/a:1"), {})


def test_a_stream_that_ends_without_a_digest(params, answers):
    answers["/push"] = (200, json.dumps({"status": "Pushing"}))
    with pytest.raises(EngineError, match="ended without a digest"):
        Images(connect(params)).push(ImageName.parse("r.test/a:1"), {})


def test_the_log_of_a_failed_build_is_in_the_error(params, answers):
    lines = [{"stream": f"line {number}\n"} for number in range(50)] + [{"error": "returned a non-zero code: 3"}]
    answers["/build"] = (200, "\n".join(map(json.dumps, lines)))
    with pytest.raises(EngineError) as caught:
        Images(connect(params)).build("a:1", iter([b"x"]), {"labels": {}}, "/a/Dockerfile")
    text = str(caught.value)
    assert text.startswith("Cannot build a:1: returned a non-zero code: 3 (/a/Dockerfile). Correct the instruction")
    assert text.endswith("line 49") and "line 25" in text and "line 10" not in text
