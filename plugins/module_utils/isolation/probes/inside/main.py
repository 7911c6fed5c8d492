# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs in a twin: all probes in one go, each in a process of its own with a deadline, one line of JSON for each.

A probe that hangs, or that a filter kills, says so and stops no other.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.inside import (
    attempts,
    limits,
    neighbours,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.inside.calls import (
    Skipped,
    Unknown,
    named,
)

# Seconds for each. An emulated machine with much to do needs more than five for an interpreter.
DEADLINE = 15
# Every function here is one probe: the name after "probe-" is in table.py. This is also their order: what may leave a
# mark on what follows comes last.
PROBES = {
    "hostname": attempts.hostname,
    "mount": attempts.mount,
    "remount-proc-sys": attempts.remount,
    "kernel-settings": attempts.settings,
    "kernel-programs": attempts.programs,
    "sysfs": attempts.sysfs,
    "kernel-memory": attempts.kernel_memory,
    "kernel-log": attempts.kernel_log,
    "cgroup-create": attempts.cgroup,
    "clock": attempts.clock,
    "block-device": attempts.block_device,
    "network-device": attempts.network_device,
    "raw-socket": attempts.raw_socket,
    "packet-socket": attempts.packet_socket,
    "unshare-mount": attempts.unshare_mount,
    "unshare-pid": attempts.unshare_pid,
    "unshare-user": attempts.unshare_user,
    "keyctl": attempts.keyctl,
    "bpf": attempts.bpf,
    "perf": attempts.perf,
    "userfaultfd": attempts.userfaultfd,
    "io-uring": attempts.io_uring,
    "load-module": attempts.load_module,
    "file-handle": attempts.file_handle,
    "root-write": attempts.root_write,
    "set-uid": attempts.set_uid,
    "process-visible": neighbours.visible,
    "process-signal": neighbours.signal,
    "process-memory": neighbours.memory,
    "namespace-enter": neighbours.enter,
    "engine-socket": neighbours.engine_socket,
    "registry-logins": neighbours.registry_logins,
    "category-read": neighbours.category_read,
    "metadata": neighbours.metadata,
    "peers": neighbours.peers,
    "cpu": limits.busy,
    "pids": limits.forks,
    "memory": limits.hog,
}


def answer(name: str, given: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"tried": PROBES[name](given)}
    except Skipped as reason:
        return {"skipped": str(reason)}
    except Unknown as reason:
        return {"unknown": str(reason)}
    except OSError as error:
        return {"error": f"{named(error.errno) if error.errno else 'OSError'} {error}"}
    except Exception as error:  # noqa: BLE001 - whatever it is, the other probes go on
        return {"error": f"{type(error).__name__} {error}"}


def attempt(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """The answer of a process of its own."""
    reader, writer = os.pipe()
    try:
        child = os.fork()
    except OSError as error:
        return {"error": f"{named(error.errno)} no process for the probe"}
    if not child:
        signal.alarm(DEADLINE)
        with os.fdopen(writer, "w", encoding="utf-8") as stream:
            json.dump(answer(name, given), stream)
        os._exit(0)
    os.close(writer)
    said = _read(reader, time.monotonic() + DEADLINE + 1)
    if said is None:
        return {"error": f"ETIMEDOUT no answer within {DEADLINE} s, and it cannot be killed"}
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number == signal.SIGSYS:
            return {"tried": [("a system call", "SIGSYS")]}
        what = f"no answer within {DEADLINE} s" if number == signal.SIGALRM else "the probe was killed"
        return {"error": f"{signal.Signals(number).name} {what}"}
    return dict(json.loads(said))


def _read(reader: int, end: float) -> bytes | None:
    """Everything until the other side is closed; None when that takes too long."""
    said = b""
    while select.select([reader], [], [], max(0.0, end - time.monotonic()))[0]:
        block = os.read(reader, 65536)
        if not block:
            os.close(reader)
            return said
        said += block
    os.close(reader)
    return None


def say(line: str) -> None:
    """At once: what was found before a probe that ends it all has got out."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def probe(given: dict[str, Any]) -> None:
    limits.first_to_die()
    for name in given["probes"]:
        say(json.dumps({"probe": name, **attempt(name, given)}))
    say(json.dumps({"probe": "end"}))


def answers(text: str) -> dict[str, Any]:
    """By probe. A line that is no answer is none: what is missing is judged as an error."""
    found: dict[str, Any] = {}
    for line in text.splitlines():
        try:
            answer = json.loads(line)
        except ValueError:
            continue
        if isinstance(answer, dict) and isinstance(answer.get("probe"), str):
            found[answer.pop("probe")] = answer
    return found


def idle(seconds: float) -> None:
    """The twin's first process: its control groups stay while it lives, and it does not live for ever."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    time.sleep(seconds)


def main() -> None:
    command, argument = sys.argv[-2:]
    if command == "probe":
        probe(json.loads(argument))
    elif command == "idle":
        idle(float(argument))
    elif command == "who":
        say(str(os.geteuid()))
