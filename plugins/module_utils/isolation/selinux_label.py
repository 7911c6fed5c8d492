# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SELinux labels, their levels, and which level dominates which. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations
from typing import NamedTuple

_CATEGORY = re.compile(r"^c(\d+)$")
_SENSITIVITY = re.compile(r"s(\d+)")
PAIR = 2
NAMED = 3


class Label(NamedTuple):
    user: str
    role: str
    type: str
    level: str

    @classmethod
    def parse(cls, text: str) -> Label | None:
        parts = text.split(":", 3)
        return cls(*parts) if len(parts) == len(cls._fields) and all(parts) else None


class Clearance(NamedTuple):
    """One end of a level: the sensitivity, and the categories as a set, whatever their spelling."""

    sensitivity: int
    categories: frozenset[int]

    @property
    def pair(self) -> bool:
        """A pair of categories at the lowest sensitivity: what a container should have."""
        return self.sensitivity == 0 and len(self.categories) == PAIR

    def dominates(self, other: Clearance) -> bool:
        return self.sensitivity >= other.sensitivity and self.categories >= other.categories


def categories(level: str) -> frozenset[int] | None:
    """The categories of a level such as s0:c1,c2, ranges spread out; None for what is no single level."""
    found = _end(level)
    return found.categories if found else None


def ends(level: str) -> tuple[Clearance, Clearance] | None:
    """The low and the high end of a level such as s0-s0:c0.c1023; both are the same where there is one level."""
    found = [_end(part) for part in level.split("-")]
    if len(found) > PAIR or found[0] is None or found[-1] is None:
        return None
    return found[0], found[-1]


def clearance(text: str) -> Clearance | None:
    """The high end of a label's level: a process reaches whatever this dominates."""
    label = Label.parse(text)
    found = ends(label.level) if label else None
    return found[1] if found else None


def _end(text: str) -> Clearance | None:
    sensitivity, _colon, listed = text.partition(":")
    number = _SENSITIVITY.fullmatch(sensitivity)
    if number is None:
        return None
    found: set[int] = set()
    for part in filter(None, listed.split(",")):
        bounds = [_CATEGORY.match(bound) for bound in part.split(".")]
        if not 1 <= len(bounds) <= PAIR or not all(bounds):
            return None
        numbers = [int(bound.group(1)) for bound in bounds if bound]
        found.update(range(numbers[0], numbers[-1] + 1))
    return Clearance(int(number.group(1)), frozenset(found))


def same_level(one: str, other: str) -> bool:
    """c1,c2,c3 and c1.c3 are the same."""
    return one == other or (ends(one) is not None and ends(one) == ends(other))


def differences(one: Label, other: Label) -> list[str]:
    """The fields in which two labels differ."""
    named = [part for part in ("user", "role", "type") if getattr(one, part) != getattr(other, part)]
    return named if same_level(one.level, other.level) else [*named, "level"]


def listed(names: Iterable[str]) -> str:
    """A few names, and how many more: one bad level concerns a whole room."""
    found = sorted(names)
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return ", ".join(found[:NAMED]) + more


@dataclass
class Clearances:
    """Who has which clearance on one host.

    One pair never dominates another pair. So only what is no pair has to be compared with the rest, and the work grows
    with the containers as long as most of them have pairs.
    """

    pairs: dict[Clearance, set[str]] = field(default_factory=dict)
    others: dict[Clearance, set[str]] = field(default_factory=dict)
    # Owners that get no verdict of their own.
    unjudged: set[str] = field(default_factory=set)
    _below: dict[Clearance, set[str]] = field(default_factory=dict)

    def add(self, found: Clearance, owner: str, judged: bool) -> None:
        (self.pairs if found.pair else self.others).setdefault(found, set()).add(owner)
        if not judged:
            self.unjudged.add(owner)

    def below(self, found: Clearance) -> set[str]:
        """Owners of what this one dominates and does not equal."""
        if found not in self._below:
            owners = {who for one, who in self._owned(self.others) if found.dominates(one) and found != one}
            self._below[found] = owners if found.pair else owners | self._pairs_in(found)
        return self._below[found]

    def above(self, found: Clearance) -> set[str]:
        """Owners of what dominates this one and does not equal it: never a pair, unless this is less than a pair."""
        tables = (self.others,) if found.pair else (self.others, self.pairs)
        return {who for table in tables for one, who in self._owned(table) if one.dominates(found) and one != found}

    def _pairs_in(self, found: Clearance) -> set[str]:
        """Looked up pair by pair where that is less work than going through all pairs."""
        size = len(found.categories)
        if size * (size - 1) // 2 > len(self.pairs):
            return {who for one, who in self._owned(self.pairs) if found.dominates(one)}
        inside = (Clearance(0, frozenset(two)) for two in combinations(found.categories, PAIR))
        return {who for one in inside for who in self.pairs.get(one, ())}

    @staticmethod
    def _owned(table: dict[Clearance, set[str]]) -> Iterable[tuple[Clearance, str]]:
        return ((one, who) for one, owners in table.items() for who in owners)
