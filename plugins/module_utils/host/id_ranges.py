# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ranges of user and group numbers: /proc/PID/uid_map and gid_map, /etc/subuid and /etc/subgid. Pure."""

from __future__ import annotations

from collections.abc import Iterable

# What the kernel shows for a number that has none in the reader's user namespace (/proc/sys/kernel/overflowuid).
OVERFLOW = 65534


def parse_map(text: str) -> list[list[int]]:
    """[[number inside, number outside, how many]]; none, as long as nobody has written the map. Raises ValueError."""
    extents = [[int(word) for word in line.split()] for line in text.splitlines()]
    if any(len(extent) != 3 or extent[2] < 1 for extent in extents):
        raise ValueError("not a map of user or group numbers")
    return extents


def parse_subordinates(text: str) -> list[tuple[str, int, int]]:
    """(owner, first number, how many) of each line. Raises ValueError, with the line's number."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        words = line.strip().split(":")
        if len(words) != 3 or not words[0] or not all(word.isdecimal() for word in words[1:]):
            raise ValueError(f"line {number} is not owner:first:count")
        if int(words[2]):
            found.append((words[0], int(words[1]), int(words[2])))
    return found


def merged(ranges: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """(first, how many) sorted, and those that touch or overlap as one."""
    found: list[tuple[int, int]] = []
    for first, count in sorted(ranges):
        if found and first <= sum(found[-1]):
            last, size = found[-1]
            found[-1] = last, max(size, first + count - last)
        else:
            found.append((first, count))
    return tuple(found)


def overlapping(ranges: Iterable[tuple[str, int, int]]) -> dict[str, str]:
    """Owner to another owner whose numbers it has too, of (owner, first, how many). Sorted once, no pair is tried.

    Of the ranges that began earlier, only the two of different owners that reach furthest can tell anything new.
    """
    found: dict[str, str] = {}
    furthest: list[tuple[int, str]] = []
    for owner, first, count in sorted(ranges, key=lambda entry: (entry[1], entry[2])):
        for end, other in furthest:
            if other != owner and first < end:
                found.setdefault(owner, other)
                found.setdefault(other, owner)
        reach: dict[str, int] = {}
        for end, other in (*furthest, (first + count, owner)):
            reach[other] = max(end, reach.get(other, 0))
        furthest = sorted(((end, other) for other, end in reach.items()), reverse=True)[:2]
    return found
