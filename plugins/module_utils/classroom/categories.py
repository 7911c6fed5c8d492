# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs of SELinux categories: which workspace gets which."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

CATEGORIES = 1024
PAIRS = CATEGORIES * (CATEGORIES - 1) // 2


class CategoryError(Exception):
    """The names cannot all get a pair of their own."""


def allocate(names: Iterable[str], classroom: str) -> dict[str, str]:
    """A pair 'cA,cB' with A < B for every name, no pair twice.

    The pair comes from a hash of classroom and name, so that it stays the same when other names come and go. Two names
    that hash to one pair are told apart in the order of the names: the first keeps it, the other moves on.
    """
    wanted = sorted(names)
    if len(set(wanted)) != len(wanted):
        raise CategoryError(f"names: {_twice(wanted)} is listed twice; a name stands for one workspace")
    if len(wanted) > PAIRS:
        raise CategoryError(f"names: {len(wanted)} names, but only {PAIRS} pairs exist")
    taken: set[int] = set()
    pairs: dict[str, str] = {}
    for name in wanted:
        number = preferred(name, classroom)
        while number in taken:
            number = (number + 1) % PAIRS
        taken.add(number)
        pairs[name] = pair(number)
    return pairs


def _twice(names: list[str]) -> str:
    return next(name for name in names if names.count(name) > 1)


def preferred(name: str, classroom: str) -> int:
    """The number of the pair that a name gets when nobody is in the way."""
    # The separator cannot occur in a name, so no two (classroom, name) run together.
    digest = hashlib.sha256(f"{classroom}\0{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % PAIRS


def pair(number: int) -> str:
    """The number-th pair, counted by the higher category: (0,1) (0,2) (1,2) (0,3) ..."""
    high = 1
    # Largest high with high*(high-1)/2 <= number, found bit by bit: no floating point, no surprise at the edges.
    for bit in (512, 256, 128, 64, 32, 16, 8, 4, 2, 1):
        step = high + bit
        if step < CATEGORIES and step * (step - 1) // 2 <= number:
            high = step
    return f"c{number - high * (high - 1) // 2},c{high}"
