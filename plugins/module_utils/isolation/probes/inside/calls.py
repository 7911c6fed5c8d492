# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""System calls by name, and what the kernel said to them. Runs in the twin: the standard library and nothing else."""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
from typing import Any

# What one attempt was, and the name of the error that it met; an empty one means that it succeeded.
Tried = list[tuple[str, str]]
# The engine hides files by mounting /dev/null, and folders by mounting an empty file system, over them.
MASKED = "MASKED"
NULL_DEVICE = os.makedev(1, 3)
# Those that the C library has no function for: by machine, and by pointer size against a program of 32 bits.
NUMBERS = {
    "x86_64": {"keyctl": 250, "perf_event_open": 298, "finit_module": 313, "bpf": 321, "userfaultfd": 323},
    "aarch64": {"keyctl": 219, "perf_event_open": 241, "finit_module": 273, "bpf": 280, "userfaultfd": 282},
    "riscv64": {"keyctl": 219, "perf_event_open": 241, "finit_module": 273, "bpf": 280, "userfaultfd": 282},
    "ppc64le": {"keyctl": 271, "perf_event_open": 319, "finit_module": 353, "bpf": 361, "userfaultfd": 364},
    "s390x": {"keyctl": 280, "perf_event_open": 331, "finit_module": 344, "bpf": 351, "userfaultfd": 355},
}
# Since this one every machine has the same numbers.
EVERYWHERE = {"io_uring_setup": 425}
LIBRARY = ctypes.CDLL(None, use_errno=True)


class Skipped(Exception):
    """There is nothing to try here, and the text says why."""


class Unknown(Exception):
    """It cannot be tried from here."""


def named(number: int | None) -> str:
    return errno.errorcode.get(number or 0, f"E{number}")


def call(name: str, *arguments: Any) -> str:
    """A function of the C library. Numbers are passed as long, which is what system calls take; of what comes back only
    the lower half is sure to be set."""
    function = getattr(LIBRARY, name)
    function.restype = ctypes.c_int
    ctypes.set_errno(0)
    given = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    return named(ctypes.get_errno()) if function(*given) == -1 else ""


def system_call(name: str, *arguments: Any) -> str:
    known = {**EVERYWHERE, **NUMBERS.get(os.uname().machine, {})}
    if name not in known or struct.calcsize("P") != 8:
        raise Unknown(f"the number of {name} on {os.uname().machine} is not known")
    return call("syscall", known[name], *arguments)


def opened(path: str, flags: int) -> str:
    """Opens and closes; nothing is read or written. What was put over it does not count as the file."""
    try:
        descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError as error:
        return named(error.errno)
    found = os.fstat(descriptor)
    os.close(descriptor)
    return MASKED if stat.S_ISCHR(found.st_mode) and found.st_rdev == NULL_DEVICE else ""


def mounts() -> list[tuple[str, str]]:
    """Type and place of every mount that this process sees."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as stream:
        lines = [line.split(" ") for line in stream]
    return [(words[words.index("-") + 1], _plain(words[4])) for words in lines if "-" in words]


def _plain(place: str) -> str:
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        place = place.replace(code, character)
    return place
