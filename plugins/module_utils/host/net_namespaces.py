# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the settings of interfaces (/proc/sys/net) in other network namespaces. It never writes.

That folder shows the settings of the reader's own namespace, whatever path leads to it (/proc/PID/root too). So a child
is forked that enters one namespace after the other, reads, and ends; this process never leaves its own. A module of
Ansible has one thread, so no lock can be held by somebody who is not there after the fork.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import time
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact, printable
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import contents, words

CLONE_NEWNET = 0x40000000
FOLDER = "/proc/sys/net/ipv4/conf"
SETTINGS = ("route_localnet", "rp_filter", "accept_redirects", "accept_source_route", "forwarding")
# Whoever may make interfaces inside could make thousands.
INTERFACE_LIMIT = 64
SECONDS = 20.0


def read_all(owners: Mapping[str, int], seconds: float = SECONDS) -> dict[str, Fact]:
    """The identity ('device:inode') of each namespace and a process in it, to {interface: {setting: text}}."""
    answers = _in_a_child(owners, seconds) if owners else {}
    lost = {"error": "ECHILD the reading child ended or was stopped without an answer"}
    return {identity: _fact(pid, answers.get(identity, lost)) for identity, pid in owners.items()}


def _fact(pid: int, answer: Mapping[str, Any]) -> Fact:
    path = f"{FOLDER} in /proc/{pid}/ns/net"
    return Fact(path, error=str(answer["error"])) if "error" in answer else Fact(path, answer["interfaces"])


def _in_a_child(owners: Mapping[str, int], seconds: float) -> dict[str, Any]:
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        # Nothing of the module may run in here: neither its handlers nor what it still has to write.
        try:
            os.close(ours)
            with os.fdopen(theirs, "w", encoding="utf-8") as stream:
                for identity, pid in owners.items():
                    # A line for each: what was read before a stop counts.
                    stream.write(json.dumps([identity, _enter_and_read(pid, identity)]) + "\n")
                    stream.flush()
        finally:
            os._exit(0)
    os.close(theirs)
    text, ended = "", False
    try:
        text, ended = _text_of(ours, seconds)
    finally:
        os.close(ours)
        if not ended:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(child, 0)
    # A last line without its end is one that was not finished.
    return dict(json.loads(line) for line in text.split("\n")[:-1])


def _text_of(descriptor: int, seconds: float) -> tuple[str, bool]:
    """What comes out of a pipe until its end or until the time is over, and whether the end came."""
    ends, found, ended = time.monotonic() + seconds, b"", False
    while not ended and select.select([descriptor], [], [], max(0.0, ends - time.monotonic()))[0]:
        part = os.read(descriptor, 1 << 16)
        found, ended = found + part, not part
    return found.decode("utf-8", "replace"), ended


def _enter_and_read(pid: int, identity: str) -> dict[str, Any]:
    try:
        descriptor = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            status = os.fstat(descriptor)
            if f"{status.st_dev}:{status.st_ino}" != identity:
                return {"error": "ESRCH the process has ended, and its number was given away"}
            # os.setns is there from Python 3.12 on.
            library = ctypes.CDLL(None, use_errno=True)
            if library.setns(descriptor, CLONE_NEWNET):
                number = ctypes.get_errno()
                return {"error": words(OSError(number, os.strerror(number)))}
        finally:
            os.close(descriptor)
        return settings_below(FOLDER)
    except OSError as error:
        return {"error": words(error)}


def settings_below(folder: str) -> dict[str, Any]:
    names = sorted(os.listdir(folder))  # noqa: PTH208 (once for each container)
    if len(names) > INTERFACE_LIMIT:
        return {"error": f"E2BIG {len(names)} interfaces, of which at most {INTERFACE_LIMIT} are read"}
    found: dict[str, dict[str, str]] = {}
    for name in names:
        # An interface that is gone meanwhile is no hole in the evidence.
        with contextlib.suppress(FileNotFoundError):
            found[printable(name)] = {
                one: contents(f"{folder}/{name}/{one}").decode("ascii").strip() for one in SETTINGS
            }
    return {"interfaces": found}
