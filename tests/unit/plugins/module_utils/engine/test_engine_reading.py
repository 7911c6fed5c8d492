# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading an engine's socket without the SDK, against a server that answers and against those that do not."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_reading import reading
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.socket_engine import (
    SocketServer,
    cuts_off,
    drips,
    drops,
    hangs,
)

COLLECTIONS = Path(__file__).parents[5] / "collections"
NAME = "a" * 64
VERBS = {
    "containers": ((), {"all": True}, "/containers/json?all=1"),
    "inspect_container": ((NAME,), {}, f"/containers/{NAME}/json"),
    "info": ((), {}, "/info"),
    "version": ((), {}, "/version"),
    "images": ((), {}, "/images/json"),
    "inspect_image": ((f"sha256:{NAME}",), {}, f"/images/sha256:{NAME}/json"),
    "history": ((f"sha256:{NAME}",), {}, f"/images/sha256:{NAME}/history"),
    "networks": ((), {}, "/networks"),
}


@pytest.fixture
def server(tmp_path_factory):
    server = SocketServer(tmp_path_factory.mktemp("s") / "e.sock")
    yield server
    server.shutdown()
    server.server_close()


def engine(server, **params):
    return reading({"docker_host": server.url, "api_timeout": 0.5, **params})


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_asks_its_question(server, verb):
    arguments, options, path = VERBS[verb]
    server.answers[path] = (200, {"here": verb})
    assert getattr(engine(server), verb)(*arguments, **options) == {"here": verb}


def test_all_questions_go_over_one_connection(server):
    server.answers["/info"] = server.answers["/version"] = (200, {})
    asking = engine(server)
    for _number in range(3):
        asking.info()
        asking.version()
    assert len(server.connections) == 1 and len(server.asked) == 6


def test_a_version_that_was_asked_for_is_named(server):
    server.answers["/v1.41/info"] = (200, {"ok": 1})
    assert engine(server, api_version="1.41").info() == {"ok": 1}
    with pytest.raises(EngineError, match="is no version"):
        engine(server, api_version="new")


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        ((404, {"message": "No such container: x"}), 404, r"No such container: x \(status 404\)"),
        ((500, {"message": "panic"}), 500, "panic.*journalctl"),
        ((403, {"message": "denied"}), 403, "denied.*credentials"),
        ((200, b"<html>"), None, "no JSON.*socket of a container engine"),
        ((200, {}, ""), None, "no version of the engine's API"),
        ((200, {}, "1.40"), None, "speaks API 1.40, and 1.41 is needed"),
        (hangs, None, "no answer within the time limit"),
        (drips, None, "no answer within the time limit"),
        (cuts_off, None, "IncompleteRead"),
        (drops, None, "Cannot ask the engine for its configuration"),
    ],
)
def test_no_plain_answer_is_an_error_in_words(server, answer, status, said):
    server.answers["/info"] = answer
    begun = time.monotonic()
    with pytest.raises(EngineError, match=said) as caught:
        engine(server).info()
    assert caught.value.status == status and server.url in str(caught.value)
    assert time.monotonic() - begun < 2


def test_after_an_error_the_next_answer_is_its_own(server):
    server.answers.update({"/info": hangs, "/version": (200, {"Version": "1"})})
    asking = engine(server)
    with pytest.raises(EngineError):
        asking.info()
    assert asking.version() == {"Version": "1"}


def test_an_engine_that_was_restarted_is_asked_once_more(server):
    server.answers["/version"] = (200, {})
    asking = engine(server)
    asking.version()
    moods = [drops, lambda handler: handler.reply(200, {"back": True})]

    def next_mood(handler):
        return moods.pop(0)(handler)

    server.answers["/info"] = next_mood
    assert asking.info() == {"back": True} and moods == []


def test_an_engine_that_accepts_and_never_answers(tmp_path):
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "s"))
        silent.listen(1)
        with pytest.raises(EngineError, match="no answer within the time limit.*api_timeout"):
            reading({"docker_host": f"unix://{tmp_path}/s", "api_timeout": 0.2}).version()


def test_no_engine(tmp_path):
    host = f"unix://{tmp_path}/none.sock"
    with pytest.raises(EngineError, match="the socket does not exist.*systemctl start docker"):
        reading({"docker_host": host}).version()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "none.sock"))
    with pytest.raises(EngineError, match="connection refused"):
        reading({"docker_host": host}).version()


def test_the_sdk_is_not_loaded_for_a_socket(server):
    server.answers["/version"] = (200, {"Version": "1"})
    program = f"""
import sys
sys.path.insert(0, {str(COLLECTIONS)!r})
sys.modules["docker"] = sys.modules["requests"] = None
from ansible_collections.bulkhead.classroom.plugins.modules import isolation_info
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_reading import reading
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import SdkMissing
print(reading({{"docker_host": {server.url!r}}}).version())
try:
    reading({{"docker_host": "tcp://127.0.0.1:1"}})
except SdkMissing:
    print("missing")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["{'Version': '1'}", "missing"], done.stderr


def test_through_the_network_the_sdk_says_what_is_wrong():
    with pytest.raises(EngineError, match="connection refused"):
        reading({"docker_host": "tcp://127.0.0.1:1", "api_timeout": 1})
