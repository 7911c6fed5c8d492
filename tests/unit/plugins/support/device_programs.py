# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs for devices: real ones (Debian 13, runc 1.1.15, systemd 257), and some put together by hand."""

from __future__ import annotations

import base64
import json
import struct
from pathlib import Path

# What was attached on a host: tag and instructions (base64) of each.
REAL: dict[str, dict[str, str]] = json.loads(Path(__file__).with_suffix(".json").read_text())
KINDS = {"b": 1, "c": 2}
ACCESS = {"m": 1, "r": 2, "w": 4}
# Of classes and operations: load a word of memory, move, compare, end.
LOAD, MOVE_32, MOVE, ANSWER, AND_32, SHIFT_32 = 0x61, 0xBC, 0xB7, 0xB4, 0x54, 0x74
UNLESS, UNLESS_REGISTER, ALWAYS, EXIT = 0x55, 0x5D, 0x05, 0x95
TYPE, RIGHT, MAJOR, MINOR = 2, 3, 4, 5


def one(
    code: int, target: int = 0, source: int = 0, offset: int = 0, immediate: int = 0, order: str = "little"
) -> bytes:
    """An instruction: struct bpf_insn, whose two registers change places with the byte order."""
    little = order == "little"
    registers = target | source << 4 if little else source | target << 4
    return struct.pack("<BBhi" if little else ">BBhi", code, registers, offset, immediate)


def head(order: str = "little") -> bytes:
    """What runc, crun and systemd begin with: type, access, major and minor in registers 2 to 5."""
    loads = ((LOAD, TYPE, 1, 0, 0), (AND_32, TYPE, 0, 0, 0xFFFF), (LOAD, RIGHT, 1, 0, 0), (SHIFT_32, RIGHT, 0, 0, 16))
    numbers = ((LOAD, MAJOR, 1, 4, 0), (LOAD, MINOR, 1, 8, 0))
    return b"".join(one(*fields, order=order) for fields in (*loads, *numbers))


def answer(value: int, order: str = "little") -> bytes:
    return one(ANSWER, 0, immediate=value, order=order) + one(EXIT, order=order)


def rule(line: str, allow: bool = True, order: str = "little") -> bytes:
    """'c 1:3 rwm' as runc writes it: whatever does not fit jumps behind the answer."""
    kind, numbers, rights = line.split()
    major, _colon, minor = numbers.partition(":")
    tests: list[tuple[int, ...]] = [(UNLESS, TYPE, 0, KINDS[kind])]
    if set(rights) != set(ACCESS):
        wanted = sum(ACCESS[letter] for letter in rights)
        tests += [(MOVE_32, 1, RIGHT, 0), (AND_32, 1, 0, wanted), (UNLESS_REGISTER, 1, RIGHT, 0)]
    tests += [(UNLESS, place, 0, int(text)) for place, text in ((MAJOR, major), (MINOR, minor)) if text != "*"]
    jumps = {UNLESS, UNLESS_REGISTER}
    made = [
        one(code, target, source, len(tests) - number + 1 if code in jumps else 0, immediate, order)
        for number, (code, target, source, immediate) in enumerate(tests)
    ]
    return b"".join(made) + answer(int(allow), order)


def runc(*lines: str, default: int = 0, order: str = "little") -> bytes:
    """default 1: what the lines name is refused, and everything else is open."""
    return head(order) + b"".join(rule(line, not default, order) for line in lines) + answer(default, order)


def systemd(*lines: str) -> bytes:
    """Access first, and one end for all rules, which they jump to."""
    blocks: list[list[tuple[int, ...]]] = []
    for line in lines:
        kind, numbers, rights = line.split()
        wanted = sum(ACCESS[letter] for letter in rights)
        tests = [(MOVE_32, 1, RIGHT, 0), (AND_32, 1, 0, wanted), (UNLESS_REGISTER, 1, RIGHT, 0)]
        tests += [(UNLESS, TYPE, 0, KINDS[kind])]
        pairs = zip((MAJOR, MINOR), numbers.split(":"), strict=True)
        blocks.append([*tests, *((UNLESS, place, 0, int(text)) for place, text in pairs if text != "*")])
    left = sum(len(block) + 1 for block in blocks)
    made = b""
    for block in blocks:
        for number, (code, target, source, immediate) in enumerate(block):
            jump = len(block) - number if code in (UNLESS, UNLESS_REGISTER) else 0
            made += one(code, target, source, jump, immediate)
        left -= len(block) + 1
        made += one(ALWAYS, offset=left + 2)
    return head() + made + one(MOVE, 0, immediate=0) + one(ALWAYS, offset=1) + answer(1)


def text(code: bytes) -> str:
    return base64.b64encode(code).decode()


def recorded(code: bytes, order: str = "little") -> dict[str, str]:
    """As it stands in the facts of a host."""
    return {"order": order, "code": text(code)}
