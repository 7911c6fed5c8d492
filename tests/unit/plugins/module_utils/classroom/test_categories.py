# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.classroom.categories import (
    PAIRS,
    CategoryError,
    allocate,
    pair,
    preferred,
)
from hypothesis import given
from hypothesis import strategies as st

NAMES = st.lists(st.text(min_size=1, max_size=8), unique=True, max_size=60)


@given(NAMES, st.text(min_size=1))
def test_every_name_has_a_pair_of_its_own(names, classroom):
    pairs = allocate(names, classroom)
    assert set(pairs) == set(names) and len(set(pairs.values())) == len(names)
    for words in pairs.values():
        low, high = (int(word[1:]) for word in words.split(","))
        assert 0 <= low < high < 1024


@given(NAMES.flatmap(lambda names: st.tuples(st.just(names), st.permutations(names))))
def test_the_order_does_not_matter(two):
    assert allocate(two[0], "room") == allocate(two[1], "room")


@given(NAMES, NAMES)
def test_other_names_come_and_go_without_effect(names, others):
    everybody = list(dict.fromkeys(names + others))
    numbers = [preferred(name, "room") for name in everybody]
    before, after = allocate(names, "room"), allocate(everybody, "room")
    for name in names:
        # Only somebody who wants the same pair, or who was moved on from a neighbouring one, can be in the way.
        crowded = any(0 < abs(number - preferred(name, "room")) < 60 for number in numbers)
        if numbers.count(preferred(name, "room")) == 1 and not crowded:
            assert before[name] == after[name]


def test_known_pairs_stay_what_they_are():
    """Running workspaces have these; another hash would relabel every home."""
    assert allocate(["ada", "grace"], "classroom") == {"ada": "c245,c979", "grace": "c86,c900"}


def test_numbers_and_pairs_are_one_to_one():
    assert len({pair(number) for number in range(PAIRS)}) == PAIRS
    assert (pair(0), pair(1), pair(2), pair(PAIRS - 1)) == ("c0,c1", "c0,c2", "c1,c2", "c1022,c1023")


def test_names_that_want_one_pair_are_told_apart():
    seen, number = {}, 0
    while preferred(f"s{number}", "room") not in seen:
        seen[preferred(f"s{number}", "room")] = f"s{number}"
        number += 1
    first, second = sorted([seen[preferred(f"s{number}", "room")], f"s{number}"])
    pairs = allocate([second, first], "room")
    assert pairs[first] == pair(preferred(first, "room"))
    assert pairs[second] == pair((preferred(first, "room") + 1) % PAIRS)


def test_a_name_listed_twice_is_refused():
    with pytest.raises(CategoryError, match="names: ada is listed twice"):
        allocate(["ada", "grace", "ada"], "room")
