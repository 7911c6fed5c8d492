# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs that decide which devices a control group of version 2 opens. Nothing is loaded, attached or changed.

No file shows them: the system call bpf is asked, which wants CAP_SYS_ADMIN in the host's own user namespace.
"""

from __future__ import annotations

import errno
import os
import struct
from functools import lru_cache
from typing import Any, NamedTuple

try:
    import ctypes
except (ImportError, MemoryError, OSError) as error:
    # Where a process may make no memory executable (SELinux: execmem), some versions of Python cannot load it.
    IMPORT_ERROR = f"{type(error).__name__} {error}"
else:
    IMPORT_ERROR = ""

# Kernel's name of the machine to the number of the call.
CALLS = {"aarch64": 280, "ppc64le": 361, "riscv64": 280, "s390x": 351, "x86_64": 321}
PROGRAM_BY_NUMBER, INFORMATION, QUERY = 13, 15, 16
# BPF_CGROUP_DEVICE; BPF_F_QUERY_EFFECTIVE: with those of the groups above, as the kernel runs them.
ATTACHED_FOR_DEVICES, EFFECTIVE = 6, 1
PROGRAM_LIMIT, CODE_LIMIT = 256, 1 << 15
# struct bpf_prog_info up to its map_ids: kernels take a shorter one than theirs.
INFORMATION_SIZE, TAG, LENGTH, INSTRUCTIONS = 64, 8, 20, 32


class Program(NamedTuple):
    """tag: the kernel's digest of the instructions, the same for each copy of a program."""

    number: int
    tag: str
    code: bytes


def device_programs(folder: str) -> list[Program]:
    """All that must agree before a process of this group opens a device. OSError says what is in the way."""
    try:
        return [_program(number) for number in _numbers(folder)]
    except FileNotFoundError:
        # An engine that updates a container puts a new program in the old one's place.
        return [_program(number) for number in _numbers(folder)]


def _numbers(folder: str) -> list[int]:
    _library()
    numbers = ctypes.create_string_buffer(4 * PROGRAM_LIMIT)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        place = ctypes.addressof(numbers)
        query = struct.pack("=4IQ2I", descriptor, ATTACHED_FOR_DEVICES, EFFECTIVE, 0, place, PROGRAM_LIMIT, 0)
        answer = _ask(QUERY, query)[1]
    finally:
        os.close(descriptor)
    (count,) = struct.unpack_from("=I", answer, 24)
    return list(struct.unpack_from(f"={count}I", numbers))


def _program(number: int) -> Program:
    descriptor = _ask(PROGRAM_BY_NUMBER, struct.pack("=3I", number, 0, 0))[0]
    code = ctypes.create_string_buffer(CODE_LIMIT)
    about = ctypes.create_string_buffer(INFORMATION_SIZE)
    struct.pack_into("=I", about, LENGTH, CODE_LIMIT)
    struct.pack_into("=Q", about, INSTRUCTIONS, ctypes.addressof(code))
    try:
        _ask(INFORMATION, struct.pack("=2IQ", descriptor, INFORMATION_SIZE, ctypes.addressof(about)))
    finally:
        os.close(descriptor)
    (length,), (shown,) = struct.unpack_from("=I", about, LENGTH), struct.unpack_from("=Q", about, INSTRUCTIONS)
    # No length: without CAP_BPF. No place: net.core.bpf_jit_harden is 2, and addresses of the kernel are not shown
    # (no CAP_SYSLOG, or kernel.kptr_restrict is 2).
    if not length or not shown:
        raise OSError(errno.EPERM, f"the kernel does not show the instructions of program {number}")
    if length > CODE_LIMIT:
        raise OSError(errno.EFBIG, f"program {number} is longer than {CODE_LIMIT} bytes")
    return Program(number, about.raw[TAG : TAG + 8].hex(), ctypes.string_at(code, length))


def _ask(command: int, request: bytes) -> tuple[int, bytes]:
    """What the call returns, and what then stands in the request."""
    room = ctypes.create_string_buffer(request, len(request))
    result = _library()(ctypes.c_long(_call()), ctypes.c_long(command), room, ctypes.c_ulong(len(request)))
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return int(result), room.raw


@lru_cache(maxsize=1)
def _call() -> int:
    machine = os.uname().machine
    # A program of 32 bits has other numbers, whatever the kernel calls the machine.
    if machine not in CALLS or struct.calcsize("P") != 8:
        raise OSError(errno.ENOSYS, f"the number of the call bpf is not known for {machine}")
    return CALLS[machine]


@lru_cache(maxsize=1)
def _library() -> Any:
    if IMPORT_ERROR:
        raise OSError(errno.ENOSYS, f"Python cannot make a system call here: {IMPORT_ERROR}")
    system_call = ctypes.CDLL(None, use_errno=True).syscall
    system_call.restype = ctypes.c_long
    return system_call
