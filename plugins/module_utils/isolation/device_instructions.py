# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The instructions of a BPF program, as the kernel keeps them: how they are stored, and what they calculate. Pure."""

from __future__ import annotations

import base64
import operator
import struct
from collections.abc import Callable
from typing import Literal, NamedTuple

Order = Literal["little", "big"]
LOAD, CALCULATE_32, JUMP, JUMP_32, CALCULATE_64 = 1, 4, 5, 6, 7
# Of jumps; of loads; of calculations.
ALWAYS, EQUAL, UNEQUAL, EXIT = 0x00, 0x10, 0x50, 0x90
MEMORY, WIDTHS = 0x60, {0x00: 4, 0x08: 2, 0x10: 1}
MOVE, XOR = 0xB0, 0xA0
FROM_REGISTER = 0x08
# The eleventh is the kernel's own, in which it hides constants (net.core.bpf_jit_harden).
REGISTERS = 12


class Unclear(ValueError):
    """It cannot be told what a program does."""


class Instruction(NamedTuple):
    code: int
    target: int
    source: int
    offset: int
    immediate: int

    @property
    def kind(self) -> int:
        return self.code & 0x07

    @property
    def operation(self) -> int:
        return self.code & 0xF0

    @property
    def bits(self) -> int:
        return 64 if self.kind in (JUMP, CALCULATE_64) else 32


def signed(number: int, bits: int) -> int:
    return number - (1 << bits) if number >> (bits - 1) else number


# A division by zero is none in the kernel: the quotient is 0, and the rest is the number itself.
CALCULATIONS: dict[int, Callable[[int, int, int], int]] = {
    0x00: lambda left, right, bits: left + right,
    0x10: lambda left, right, bits: left - right,
    0x20: lambda left, right, bits: left * right,
    0x30: lambda left, right, bits: left // right if right else 0,
    0x40: lambda left, right, bits: left | right,
    0x50: lambda left, right, bits: left & right,
    0x60: lambda left, right, bits: left << (right & (bits - 1)),
    0x70: lambda left, right, bits: left >> (right & (bits - 1)),
    0x80: lambda left, right, bits: -left,
    0x90: lambda left, right, bits: left % right if right else left,
    XOR: lambda left, right, bits: left ^ right,
    MOVE: lambda left, right, bits: right,
    0xC0: lambda left, right, bits: signed(left, bits) >> (right & (bits - 1)),
}
UNSIGNED: dict[int, Callable[[int, int], bool]] = {
    EQUAL: operator.eq,
    0x20: operator.gt,
    0x30: operator.ge,
    0x40: lambda left, right: bool(left & right),
    UNEQUAL: operator.ne,
    0xA0: operator.lt,
    0xB0: operator.le,
}
SIGNED: dict[int, Callable[[int, int], bool]] = {
    0x60: operator.gt,
    0x70: operator.ge,
    0xC0: operator.lt,
    0xD0: operator.le,
}


def calculate(instruction: Instruction, left: int, right: int) -> int:
    """What then stands in the target."""
    # An offset makes another instruction of it: a signed division, a move that extends the sign.
    if instruction.operation not in CALCULATIONS or instruction.offset:
        raise Unclear("not known")
    mask = (1 << instruction.bits) - 1
    return CALCULATIONS[instruction.operation](left & mask, right & mask, instruction.bits) & mask


def holds(instruction: Instruction, left: int, right: int) -> bool:
    """Is it jumped?"""
    bits = instruction.bits
    mask = (1 << bits) - 1
    left, right = left & mask, right & mask
    if instruction.operation in SIGNED:
        return SIGNED[instruction.operation](signed(left, bits), signed(right, bits))
    if instruction.operation in UNSIGNED:
        return UNSIGNED[instruction.operation](left, right)
    raise Unclear("not known")


def order_of(text: str) -> Order:
    if text == "little":
        return "little"
    if text == "big":
        return "big"
    raise Unclear(f"no byte order: {text!r}")


def decode(order: Order, code: str) -> list[Instruction]:
    """code: base64 of what the kernel shows. Its byte order, and that of its bits, are the processor's."""
    try:
        raw = base64.b64decode(code, validate=True)
    except ValueError as error:
        raise Unclear(f"not base64: {error}") from error
    if not raw or len(raw) % 8:
        raise Unclear(f"{len(raw)} bytes are no program")
    found = []
    for operation, registers, offset, immediate in struct.iter_unpack("<BBhi" if order == "little" else ">BBhi", raw):
        low, high = registers & 15, registers >> 4
        target, source = (low, high) if order == "little" else (high, low)
        found.append(Instruction(operation, target, source, offset, immediate))
    return found
