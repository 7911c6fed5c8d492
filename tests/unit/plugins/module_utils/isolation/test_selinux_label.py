# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels, levels, and which level contains which."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.selinux_label import (
    Clearance,
    Clearances,
    Label,
    categories,
    clearance,
    differences,
    listed,
    same_level,
)

TEXT = "system_u:system_r:container_t:{}"


def level(*numbers, sensitivity=0):
    return Clearance(sensitivity, frozenset(numbers))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("s0", level()),
        ("s0:c1,c2", level(1, 2)),
        ("s0:c2,c1", level(1, 2)),
        ("s0:c1.c3", level(1, 2, 3)),
        ("s0:c1.c3,c7", level(1, 2, 3, 7)),
        ("s0-s0:c0.c1023", level(*range(1024))),
        ("s0:c1-s2:c1,c2", level(1, 2, sensitivity=2)),
        ("s0:1,2", None),
        ("s0:c1.c2.c3", None),
        ("s0-s0-s0", None),
        ("high", None),
    ],
)
def test_the_upper_end_of_a_level_as_a_set(text, expected):
    assert clearance(TEXT.format(text)) == expected


@pytest.mark.parametrize("text", ["unconfined", "docker-default (enforce)", "system_u:system_r:container_t"])
def test_what_is_no_label_has_no_level(text):
    assert Label.parse(text) is None and clearance(text) is None


def test_a_range_has_no_categories_of_its_own():
    assert categories("s0-s0:c0.c1023") is None and categories("s0:c5") == {5}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("s0:c1,c2,c3", "s0:c1.c3", True),
        ("s0:c1,c2", "s0-s0:c1,c2", False),
        ("s0", "s0:c1", False),
        ("x", "x", True),
        ("x", "y", False),
    ],
)
def test_levels_are_the_same_by_what_they_contain(one, other, same):
    assert same_level(one, other) is same


def test_labels_differ_in_named_parts():
    one, other = Label.parse("a:r:t:s0:c1,c2"), Label.parse("b:r:u:s0:c2,c1")
    assert differences(one, other) == ["user", "type"]
    assert differences(one, one._replace(level="s0")) == ["level"]


def filled(*owned):
    index = Clearances()
    for found, owner in owned:
        index.add(found, owner, judged=owner.islower())
    return index


PAIRS = [(level(number, number + 500), f"pair{number}") for number in range(1, 30)]


@pytest.mark.parametrize(
    ("found", "below", "above"),
    [
        (level(1, 501), set(), {"wide", "range"}),
        (level(2, 502), set(), {"range"}),
        # Looked up pair by pair, and by going through all pairs.
        (level(1, 501, 7), {"pair1"}, {"range"}),
        (level(*range(1024)), {name for _found, name in PAIRS} | {"wide", "one"}, set()),
        (level(3), set(), {"pair3", "range"}),
        (level(), set(), {name for _found, name in PAIRS} | {"wide", "range", "one"}),
        (level(1, 501, sensitivity=1), {"pair1"}, set()),
    ],
)
def test_who_is_below_and_above(found, below, above):
    index = filled(
        *PAIRS, (level(1, 501, 7), "wide"), (level(*range(1024)), "range"), (level(900), "one"), (found, "self")
    )
    assert index.below(found) - {"self"} == below
    assert index.above(found) - {"self"} == above


def test_pairs_are_not_compared_with_one_another():
    """A thousand pairs and their questions: what is compared are those that are no pair."""
    asked = []

    class Counting(Clearance):
        def dominates(self, other):
            asked.append(other)
            return super().dominates(other)

    index = Clearances()
    pairs = [Counting(0, frozenset((number, 1023))) for number in range(1000)]
    for number, found in enumerate([*pairs, Counting(0, frozenset((1, 2, 3)))]):
        index.add(found, str(number), judged=True)
    for found in pairs:
        assert not index.above(found) and not index.below(found)
    assert len(asked) <= 2 * len(pairs)


def test_a_long_list_is_cut_and_says_so():
    assert listed(["b", "a"]) == "a, b"
    assert listed("edcba") == "a, b, c and 2 more"
