# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which devices the programs of a control group of version 2 let through, as the list that version 1 would show. Pure.

Every way through the instructions is followed, for each type and access. A number of a device is unknown until it is
compared, and then both answers are followed: so nothing is sampled, and no rule hides behind a number that nobody
thought of. What is not understood gives no list.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import product
from typing import Union

from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.device_instructions import (
    ALWAYS,
    CALCULATE_32,
    CALCULATE_64,
    EQUAL,
    EXIT,
    FROM_REGISTER,
    JUMP,
    JUMP_32,
    LOAD,
    MEMORY,
    MOVE,
    REGISTERS,
    UNEQUAL,
    WIDTHS,
    XOR,
    Instruction,
    Order,
    Unclear,
    calculate,
    decode,
    holds,
    order_of,
)

# BPF_DEVCG_DEV_* and BPF_DEVCG_ACC_*. Who opens a file to read and write asks for both at once.
KINDS = {"b": 1, "c": 2}
ACCESSES = {"m": 1, "r": 2, "w": 4, "rw": 6}
RIGHTS = "rwm"
# struct bpf_cgroup_dev_ctx, four bytes each: type and access, major, minor.
CONTEXT, MAJOR, MINOR = "context", "major", "minor"
FIELDS = {4: MAJOR, 8: MINOR}
# Far beyond what an engine makes of a hundred rules.
STEP_LIMIT = 1 << 16
Value = Union[int, str, None]


def fresh() -> list[Value]:
    """The registers as a program finds them: the first argument, and nothing else."""
    return [None, CONTEXT, *[None] * (REGISTERS - 2)]


@dataclass
class Way:
    """A way through the programs: where it is, and what is known of the device that takes it."""

    stage: int = 0
    place: int = 0
    registers: list[Value] = field(default_factory=fresh)
    known: dict[str, int] = field(default_factory=dict)
    excluded: frozenset[tuple[str, int]] = frozenset()

    @property
    def device(self) -> str:
        return f"{self.known.get(MAJOR, '*')}:{self.known.get(MINOR, '*')}"

    def value(self, register: int) -> int | str:
        """A number, or the name of what is not known."""
        value = self.registers[register]
        if value is None:
            raise Unclear(f"nothing stands in register {register}")
        return self.known.get(value, value) if isinstance(value, str) else value


@lru_cache(maxsize=256)
def device_rules(programs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, ...], str]:
    """The lines of the list, or why there is none. programs: byte order and instructions (base64) of each."""
    rights: dict[str, set[str]] = {}
    try:
        orders = [order_of(order) for order, _code in programs]
        decoded = [(order, decode(order, code)) for order, (_order, code) in zip(orders, programs)]
        for (kind, number), (letters, access) in product(KINDS.items(), ACCESSES.items()):
            for device in let_through(decoded, number | access << 16):
                rights.setdefault(f"{kind} {device}", set()).update(letters)
    except Unclear as error:
        return (), str(error)
    lines = []
    for device, given in sorted(rights.items()):
        # What a wider entry gives already says nothing more, and whether it was met here depends on the order of rules.
        own = given.difference(*(rights.get(other, ()) for other in wider(device)))
        if own:
            lines.append(f"{device} {''.join(letter for letter in RIGHTS if letter in own)}")
    return tuple(lines), ""


def wider(device: str) -> set[str]:
    """Entries that a device falls under as well: of 'c 136:0' those are 'c 136:*', 'c *:0' and 'c *:*'."""
    kind, _blank, numbers = device.partition(" ")
    major, _colon, minor = numbers.partition(":")
    return {f"{kind} {one}:{other}" for one in (major, "*") for other in (minor, "*")} - {device}


def let_through(programs: list[tuple[Order, list[Instruction]]], asked: int) -> Iterator[str]:
    """The devices that all programs open for this type and access."""
    words = [asked.to_bytes(4, order) for order, _program in programs]
    waiting = [Way()]
    steps = 0
    while waiting:
        way = waiting.pop()
        if way.stage == len(programs):
            yield way.device
            continue
        steps += 1
        if steps > STEP_LIMIT:
            raise Unclear(f"more than {STEP_LIMIT} steps")
        order, program = programs[way.stage]
        if not 0 <= way.place < len(program):
            raise Unclear(f"it leaves its instructions, for number {way.place}")
        place, instruction = way.place, program[way.place]
        try:
            waiting.extend(follow(way, instruction, words[way.stage], order))
        except Unclear as error:
            raise Unclear(f"instruction {place} (0x{instruction.code:02x}): {error}") from error


def follow(way: Way, instruction: Instruction, asked: bytes, order: Order) -> list[Way]:
    """Where it goes from here: one place, two, or none, when the device is refused."""
    way.place += 1
    kind = instruction.kind
    if max(instruction.target, instruction.source) >= REGISTERS:
        raise Unclear("there is no such register")
    if kind == LOAD:
        way.registers[instruction.target] = loaded(way, instruction, asked, order)
    elif kind in (CALCULATE_32, CALCULATE_64):
        way.registers[instruction.target] = calculated(way, instruction)
    elif instruction.code == JUMP | ALWAYS:
        way.place += instruction.offset
    elif instruction.code == JUMP | EXIT:
        return answered(way)
    elif kind in (JUMP, JUMP_32):
        return compared(way, instruction)
    else:
        raise Unclear("not known")
    return [way]


def answered(way: Way) -> list[Way]:
    """Zero is a no. After a yes the next program is asked, which begins anew."""
    answer = way.value(0)
    if isinstance(answer, str):
        raise Unclear("its answer is no number")
    return [replace(way, stage=way.stage + 1, place=0, registers=fresh())] if answer else []


def loaded(way: Way, instruction: Instruction, asked: bytes, order: Order) -> int | str:
    """A field of what the kernel asks, or a part of the first one."""
    width = WIDTHS.get(instruction.code & 0x18)
    if instruction.code & 0xE0 != MEMORY or width is None or way.registers[instruction.source] != CONTEXT:
        raise Unclear("it reads elsewhere")
    offset = instruction.offset
    if width == 4 and offset in FIELDS:
        return FIELDS[offset]
    if not 0 <= offset <= 4 - width or offset % width:
        raise Unclear(f"it reads {width} bytes at {offset}")
    return int.from_bytes(asked[offset : offset + width], order)


def operand(way: Way, instruction: Instruction) -> int | str:
    return way.value(instruction.source) if instruction.code & FROM_REGISTER else instruction.immediate


def calculated(way: Way, instruction: Instruction) -> int | str:
    itself = instruction.code & FROM_REGISTER and instruction.source == instruction.target
    if instruction.operation == XOR and itself and not instruction.offset:
        # So a zero is hidden, whatever stood there.
        return 0
    right = operand(way, instruction)
    if instruction.operation == MOVE and isinstance(right, str) and not instruction.offset:
        # A number of a device has 32 bits, and none is lost; of the argument half would be.
        if right == CONTEXT and instruction.kind == CALCULATE_32:
            raise Unclear("it cuts its argument")
        return right
    left = 0 if instruction.operation == MOVE else way.value(instruction.target)
    if isinstance(left, str) or isinstance(right, str):
        raise Unclear("it calculates with a number of the device")
    return calculate(instruction, left, right)


def compared(way: Way, instruction: Instruction) -> list[Way]:
    """With a number of the device that is not known both answers are possible."""
    left, right = way.value(instruction.target), operand(way, instruction)
    if not isinstance(left, str) and not isinstance(right, str):
        if holds(instruction, left, right):
            way.place += instruction.offset
        return [way]
    if isinstance(left, int):
        left, right = right, left
    if left not in (MAJOR, MINOR) or isinstance(right, str) or instruction.operation not in (EQUAL, UNEQUAL):
        raise Unclear(f"it compares {left} in a way that is not known")
    number = right & ((1 << instruction.bits) - 1)
    equal, other = instruction.operation == EQUAL, (str(left), number)
    jump = way.place + instruction.offset
    unequal = replace(way, place=way.place if equal else jump, excluded=way.excluded | {other})
    # What has 32 bits is no larger number, and none of those that it is known not to be.
    if other in way.excluded or number >> 32:
        return [unequal]
    known = {**way.known, str(left): number}
    same = replace(way, place=jump if equal else way.place, registers=[*way.registers], known=known)
    return [unequal, same]
