# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits, reached on purpose. Only called where the module read the limit from the kernel first.

What stops these is counted by the kernel in the control group, and the module reads it there: what is said here is not
the proof.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import time

from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.inside.attempts import Given
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.inside.calls import (
    LIBRARY,
    Tried,
    named,
)

MIB = 1 << 20
PR_SET_PDEATHSIG = 1
BEYOND = 16 * MIB
EXTRA_PROCESSES = 8
# Before the probe's own deadline.
SECONDS = 12
# Seconds to wait for the quota to be reached.
PATIENCE = 2.5


def tethered() -> None:
    """Whatever happens to the probe, its processes end."""
    LIBRARY.prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL), 0, 0, 0)
    signal.alarm(SECONDS)


def first_to_die() -> None:
    """The kernel is to take this process, and never the one that keeps the twin."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="utf-8") as stream:
        stream.write("1000")


def hog(given: Given) -> Tried:
    most = int(given["memory"]) + BEYOND
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        tethered()
        first_to_die()
        blocks: list[bytes] = []
        while len(blocks) * MIB < most:
            blocks.append(b"\1" * MIB)
        os.write(writer, b"1")
        os._exit(0)
    os.close(writer)
    survived = os.read(reader, 1)
    os.waitpid(child, 0)
    return [(f"touch {most // MIB} MiB", "" if survived else "KILLED")]


def forks(given: Given) -> Tried:
    children: list[int] = []
    found = ""
    try:
        while len(children) < int(given["pids"]) + EXTRA_PROCESSES:
            child = os.fork()
            if not child:
                tethered()
                signal.pause()
                os._exit(0)
            children.append(child)
    except OSError as error:
        found = named(error.errno)
    for child in children:
        os.kill(child, signal.SIGKILL)
    for child in children:
        os.waitpid(child, 0)
    return [(f"fork beyond {len(children)} processes", found)]


def busy(given: Given) -> Tried:
    """More processes than the quota has processors, each wanting one for itself, until the kernel held them back."""
    children = []
    begin, before = time.monotonic(), throttled()
    for _number in range(int(given["busy"])):
        child = os.fork()
        if not child:
            tethered()
            while True:
                pass
        children.append(child)
    wall = 0.0
    # On a host that has much to do the quota is reached later, or never.
    while wall < given["seconds"] or (wall < PATIENCE and before is not None and throttled() == before):
        time.sleep(0.02)
        wall = time.monotonic() - begin
    for child in children:
        os.kill(child, signal.SIGKILL)
    for child in children:
        os.waitpid(child, 0)
    # Of this process's children, who have all ended; the probe has a process of its own.
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = usage.ru_utime + usage.ru_stime
    return [(f"{len(children)} busy processes", f"USED {used:.3f} {time.monotonic() - begin:.3f}")]


def throttled() -> int | None:
    """As far as it can be seen from inside, to know when to stop; what decides is read from outside."""
    for place in ("/sys/fs/cgroup/cpu.stat", "/sys/fs/cgroup/cpu/cpu.stat"):
        try:
            with open(place, encoding="utf-8") as stream:
                found = dict(line.split()[:2] for line in stream)
            return int(found["nr_throttled"])
        except (OSError, KeyError, ValueError):
            continue
    return None
