# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ranges of user and group numbers: the two kinds of files, and finding overlaps by sorting."""

from __future__ import annotations

import random

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.id_ranges import (
    merged,
    overlapping,
    parse_map,
    parse_subordinates,
)


@pytest.mark.parametrize(
    ("text", "extents"),
    [
        ("         0          0 4294967295", [[0, 0, 4294967295]]),
        ("0 100000 1000\n1000 1000 1\n", [[0, 100000, 1000], [1000, 1000, 1]]),
        ("", []),
    ],
)
def test_a_map_is_its_extents(text, extents):
    assert parse_map(text) == extents


@pytest.mark.parametrize("text", ["0 1", "0 1 x", "0 1 0", "0 1 2 3", "root"])
def test_what_is_no_map_is_refused(text):
    with pytest.raises(ValueError):
        parse_map(text)


def test_subordinates_are_lines_of_owner_first_and_count():
    text = "ada:100000:65536\n\n# a note\n1001:165536:10\nnobody:5:0\n"
    assert parse_subordinates(text) == [("ada", 100000, 65536), ("1001", 165536, 10)]


@pytest.mark.parametrize("line", ["ada:1", ":1:2", "ada:x:2", "ada:1:-2", "ada:1:2:3"])
def test_a_broken_line_is_named(line):
    with pytest.raises(ValueError, match="line 2 "):
        parse_subordinates(f"grace:1:2\n{line}")


def test_ranges_that_touch_or_overlap_are_one():
    assert merged([(10, 5), (0, 5), (5, 5), (12, 1), (20, 1)]) == ((0, 15), (20, 1))


def brute(ranges):
    return {
        owner
        for owner, first, count in ranges
        for other, start, size in ranges
        if owner != other and first < start + size and start < first + count
    }


@pytest.mark.parametrize("seed", range(200))
def test_sorting_finds_the_same_owners_as_trying_every_pair(seed):
    dice = random.Random(seed)
    owners = "abcdefgh"[: dice.randint(1, 8)]
    ranges = [(dice.choice(owners), dice.randint(0, 60), dice.randint(1, 20)) for _try in range(dice.randint(0, 12))]
    found = overlapping(ranges)
    assert set(found) == brute(ranges)
    for owner, other in found.items():
        assert owner in brute([one for one in ranges if one[0] in (owner, other)])


def test_a_thousand_owners_cost_no_million_comparisons():
    found = overlapping((f"u{number}", number * 10, 11) for number in range(50000))
    assert len(found) == 50000
