# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the programs of a control group: with a system call in the kernel's place, and with the kernel's own."""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from pathlib import Path

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.host import bpf
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel

CODE = bytes(range(16))
TAG = "3918c82a5f4c0360"
FORBIDDEN = {"query": errno.EPERM, "program": errno.EPERM, "information": errno.EPERM}


class Calls:
    """The call bpf, for a group with programs; structures as in linux/bpf.h. faults: command to errors, each once."""

    def __init__(self, *numbers, code=CODE, shown=True):
        self.numbers, self.code, self.shown = list(numbers), code, shown
        self.faults = {}
        self.asked = []

    def __call__(self, number, command, room, size):
        name = {16: "query", 13: "program", 15: "information"}[command.value]
        self.asked.append(name)
        assert number.value == bpf.CALLS[os.uname().machine] and size.value == len(room.raw)
        if self.faults.get(name):
            ctypes.set_errno(self.faults[name].pop(0))
            return -1
        return getattr(self, name)(room)

    def query(self, room):
        descriptor, kind, flags, attached, place, count, rest = struct.unpack("=4IQ2I", room.raw)
        assert os.fstat(descriptor) and (kind, flags, attached, rest) == (6, 1, 0, 0) and count >= len(self.numbers)
        ctypes.memmove(place, struct.pack(f"={len(self.numbers)}I", *self.numbers), 4 * len(self.numbers))
        struct.pack_into("=I", room, 24, len(self.numbers))
        return 0

    def program(self, room):
        assert struct.unpack("=3I", room.raw)[0] in self.numbers
        return os.open("/dev/null", os.O_RDONLY)

    def information(self, room):
        _descriptor, size, place = struct.unpack("=2IQ", room.raw)
        about = (ctypes.c_char * size).from_address(place)
        (given,), (code,) = struct.unpack_from("=I", about, 20), struct.unpack_from("=Q", about, 32)
        ctypes.memmove(code, self.code[:given], min(given, len(self.code)))
        about[8:16] = bytes.fromhex(TAG)
        struct.pack_into("=I", about, 20, len(self.code))
        struct.pack_into("=Q", about, 32, code if self.shown else 0)
        return 0


@pytest.fixture
def answer(monkeypatch, tmp_path):
    """What the kernel adapter makes of a group whose calls are answered like this."""
    if os.uname().machine not in bpf.CALLS:
        pytest.skip("the number of the call is not known here")
    (tmp_path / "group").mkdir()
    kernel = Kernel(str(tmp_path))

    def read(calls):
        monkeypatch.setattr(bpf, "_library", lambda: calls)
        before = sorted(Path("/proc/self/fd").iterdir())
        fact = kernel.device_programs("/group")
        assert sorted(Path("/proc/self/fd").iterdir()) == before, "a descriptor stays open"
        return fact, kernel

    return read


def test_tags_stand_for_programs_and_each_is_kept_once(answer):
    fact, kernel = answer(Calls(41, 42))
    assert (fact.value, fact.raw, kernel.programs) == ([TAG, TAG], "programs 41, 42", {TAG: CODE})
    kernel.forget()
    assert kernel.programs == {}


def test_no_program_is_an_answer(answer):
    fact, _kernel = answer(Calls())
    assert fact.known and (fact.value, fact.raw) == ([], "no program")


@pytest.mark.parametrize("name", FORBIDDEN)
@pytest.mark.parametrize("number", [errno.EPERM, errno.EINVAL, errno.ENOSYS, errno.ENOSPC])
def test_what_the_kernel_refuses_is_an_error(answer, name, number):
    calls = Calls(41)
    calls.faults = {name: [number]}
    fact, kernel = answer(calls)
    assert not fact.known and fact.error.startswith(errno.errorcode[number]) and kernel.programs == {}


def test_a_program_that_was_replaced_meanwhile_is_asked_for_once_more(answer):
    calls = Calls(41)
    calls.faults = {"program": [errno.ENOENT]}
    assert answer(calls)[0].value == [TAG] and calls.asked.count("query") == 2
    calls.faults = {"program": [errno.ENOENT, errno.ENOENT]}
    assert answer(calls)[0].error.startswith("ENOENT")


@pytest.mark.parametrize(
    ("calls", "word"),
    [(Calls(41, code=b""), "EPERM"), (Calls(41, shown=False), "EPERM"), (Calls(41, code=bytes(70000)), "EFBIG")],
)
def test_instructions_that_are_not_shown_are_an_error(answer, calls, word):
    fact, kernel = answer(calls)
    assert fact.error.startswith(f"{word} ") and "program 41" in fact.error and kernel.programs == {}


@pytest.mark.parametrize("machine", ["mips", ""])
def test_a_machine_whose_call_is_not_known_is_an_error(answer, monkeypatch, machine):
    bpf._call.cache_clear()
    fields = os.uname_result(("Linux", "host", "6.12", "#1", machine))
    monkeypatch.setattr(bpf.os, "uname", lambda: fields)
    try:
        assert answer(Calls(41))[0].error.startswith("ENOSYS")
    finally:
        bpf._call.cache_clear()


def test_a_python_without_ctypes_is_an_error(monkeypatch):
    bpf._library.cache_clear()
    monkeypatch.setattr(bpf, "IMPORT_ERROR", "MemoryError execmem")
    try:
        assert "execmem" in Kernel().device_programs("/sys/fs/cgroup").error
    finally:
        bpf._library.cache_clear()


@pytest.mark.parametrize("path", ["/gone", "/a\0b", "/file", "/folder"])
def test_what_is_no_control_group_is_an_error_of_the_real_kernel(tmp_path, path):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    fact = Kernel(str(tmp_path)).device_programs(path)
    assert not fact.known and fact.error.split()[0] in ("ENOENT", "EINVAL", "ENOTDIR", "EBADF", "EPERM", "ENOSYS")
