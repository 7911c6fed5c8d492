# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instructions of programs for devices: what they calculate, where they jump, and what is not understood."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.device_rules import device_rules
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.device_programs import (
    ALWAYS,
    EXIT,
    LOAD,
    MOVE,
    answer,
    head,
    one,
    text,
)

HEAD, YES, NO = head(), answer(1), answer(0)
EVERYTHING = ["b *:* rwm", "c *:* rwm"]
MAJOR, MINOR = 4, 5


def rules(*programs):
    lines, unclear = device_rules(tuple(("little", text(code)) for code in programs))
    assert not unclear
    return list(lines)


def unclear(*programs):
    lines, why = device_rules(tuple(("little", text(code)) for code in programs))
    assert lines == () and why
    return why


# A part of the first field, compared with a number: what is open when only its equal is.
PARTS = [
    (0x69, 0, 2, ["c *:* rwm"]),
    (0x69, 0, 1, ["b *:* rwm"]),
    (0x69, 2, 2, ["b *:* r", "c *:* r"]),
    (0x69, 2, 6, ["b *:* rw", "c *:* rw"]),
    (0x71, 2, 4, ["b *:* w", "c *:* w"]),
    (0x71, 1, 0, EVERYTHING),
    (0x71, 3, 1, []),
]


@pytest.mark.parametrize(("code", "offset", "number", "found"), PARTS)
def test_parts_of_the_first_field(code, offset, number, found):
    assert rules(one(code, 2, 1, offset) + one(0x55, 2, 0, 2, number) + YES + NO) == found


def test_a_register_that_is_compared_with_itself_by_xor_is_zero():
    """What stood in it does not matter: so a zero is hidden."""
    assert rules(one(0xAF, 0, 0) + one(EXIT)) == rules(one(0xAC, 0, 0) + one(EXIT)) == []
    unclear(one(0xAF, 0, 6) + one(EXIT))


def test_who_may_read_and_who_may_write_is_not_who_may_do_both():
    access = one(LOAD, 3, 1, 0) + one(0x77, 3, immediate=16)
    assert rules(access + one(0x55, 3, 0, 2, 6) + YES + NO) == ["b *:* rw", "c *:* rw"]


# Calculated in register 2, and compared with what comes out.
C64, C32 = 0x07, 0x04
SUMS = [
    (7, [(C64 | 0x00, 5)], 12),
    (7, [(C64 | 0x10, 8)], -1),
    (7, [(C32 | 0x10, 8)], 0xFFFFFFFF),
    (7, [(C64 | 0x20, -3)], -21),
    (7, [(C64 | 0x30, 2)], 3),
    (7, [(C64 | 0x30, 0)], 0),
    (7, [(C64 | 0x90, 4)], 3),
    (7, [(C64 | 0x90, 0)], 7),
    (6, [(C64 | 0x40, 9)], 15),
    (6, [(C64 | 0x50, 3)], 2),
    (6, [(C64 | 0xA0, 5)], 3),
    (1, [(C32 | 0x60, 33)], 2),
    (1, [(C64 | 0x60, 33)], 1 << 33),
    (-1, [(C64 | 0x70, 63)], 1),
    (-1, [(C32 | 0x70, 31)], 1),
    (-8, [(C64 | 0xC0, 1)], -4),
    (-8, [(C32 | 0xC0, 1)], 0xFFFFFFFC),
    (5, [(C64 | 0x80, 0)], -5),
    # Constants hidden by bpf_jit_harden: two halves that come to one number.
    (0x55AA, [(C64 | 0xA0, 0x55A9)], 3),
]


def number_of(result, register):
    """Instructions that put a whole number into a register."""
    low = result & 0xFFFFFFFF
    halves = (result >> 32, low - (1 << 32) if low >> 31 else low)
    made = one(MOVE, register, immediate=halves[0]) + one(0x67, register, immediate=32)
    return made + one(0xB4, 11, immediate=halves[1]) + one(0x4F, register, 11)


@pytest.mark.parametrize(("start", "steps", "result"), SUMS)
def test_calculations(start, steps, result):
    made = one(MOVE, 2, immediate=start) + b"".join(one(code, 2, immediate=number) for code, number in steps)
    made += number_of(result, 3)
    assert rules(made + one(0x5D, 2, 3, 2) + YES + NO) == EVERYTHING
    assert rules(made + one(0x07, 3, immediate=1) + one(0x5D, 2, 3, 2) + YES + NO) == []


# Left (32 bits of it), operation, right: is it jumped with 64 bits, and with 32?
JUMPS = [
    (1, 0x10, 1, True, True),
    (-1, 0x10, -1, False, True),
    (2, 0x20, 1, True, True),
    (-1, 0x20, 1, True, True),
    (1, 0x30, 1, True, True),
    (6, 0x40, 2, True, True),
    (6, 0x40, 1, False, False),
    (1, 0x50, 1, False, False),
    (-1, 0x50, -1, True, False),
    (-1, 0x60, 1, True, False),
    (2, 0x60, -1, True, True),
    (-1, 0x70, -1, True, True),
    (1, 0xA0, -1, True, True),
    (1, 0xB0, 0, False, False),
    (-1, 0xC0, 0, False, True),
    (-1, 0xD0, 0, False, True),
]


@pytest.mark.parametrize(("left", "operation", "right", "wide", "narrow"), JUMPS)
def test_jumps(left, operation, right, wide, narrow):
    for kind, jumped in ((0x05, wide), (0x06, narrow)):
        program = one(0xB4, 2, immediate=left) + one(kind | operation, 2, 0, 2, right) + NO + YES
        assert rules(program) == (EVERYTHING if jumped else [])


UNCLEAR = {
    "nothing": b"",
    "half an instruction": YES[:12],
    "no end": one(MOVE, 0, immediate=1),
    "only a jump": one(ALWAYS, offset=5) + YES,
    "a jump before the beginning": one(ALWAYS, offset=-9) + YES,
    "a circle": one(ALWAYS, offset=-1) + YES,
    "a call": one(0x85, immediate=1) + YES,
    "a map": one(0x18, 2, 1) + one(0) + YES,
    "memory": one(0x7B, 10, 2, -8) + YES,
    "no answer": one(EXIT),
    "a number of the device for an answer": HEAD + one(0xBF, 0, MAJOR) + one(EXIT),
    "an empty register": one(0xBF, 0, 6) + one(EXIT),
    "no such register": one(0xBF, 0, 12) + one(EXIT),
    "eight bytes": one(0x79, 2, 1, 0) + YES,
    "behind the fields": one(LOAD, 2, 1, 12) + YES,
    "between the fields": one(LOAD, 2, 1, 2) + YES,
    "half of a number": one(0x69, 2, 1, 4) + YES,
    "from elsewhere": one(MOVE, 2, immediate=0) + one(LOAD, 3, 2, 0) + YES,
    "a calculation with a number": HEAD + one(0x07, MAJOR, immediate=1) + YES,
    "a number that is larger": HEAD + one(0x25, MAJOR, 0, 2, 8) + YES + NO,
    "one number for the other": HEAD + one(0x5D, MAJOR, MINOR, 2) + YES + NO,
    "half of the argument": one(0xBC, 2, 1) + YES,
    "the argument compared": one(0x55, 1, 0, 2, 0) + YES + NO,
    "a signed division": one(MOVE, 2, immediate=8) + one(0x37, 2, 0, 1, 2) + YES,
    "a swap of bytes": one(MOVE, 2, immediate=8) + one(0xDC, 2, immediate=16) + YES,
    "a jump of another kind": one(MOVE, 2, immediate=8) + one(0xE5, 2) + YES,
}


@pytest.mark.parametrize("program", UNCLEAR.values(), ids=UNCLEAR)
def test_what_is_not_understood_gives_no_list(program):
    unclear(program)
    unclear(YES, program)
