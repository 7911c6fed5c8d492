# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleets of good containers, of which some were broken at random: these are red, for what is broken, and no others."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.verdict import verdict
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_broken import (
    BREAKAGES,
    fleet,
    given_pair,
    pair_of,
)
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import put, red
from hypothesis import given, settings
from hypothesis import strategies as st

LARGEST = 5
NAMES = st.lists(st.sampled_from(sorted(BREAKAGES)), unique=True, max_size=4)
PAIRS = st.lists(
    st.tuples(st.sampled_from(["net", "source", "categories"]), st.integers(0, LARGEST), st.integers(0, LARGEST)),
    max_size=3,
)
PAIR_CHECKS = {"net": "ns-net-private", "source": "mounts-private", "categories": "selinux-categories-unique"}


def subject(number):
    return f"here/workspace-{number}"


def judged(document):
    return red(verdict({"here": document}, {"capabilities": []}))


def share(kind, first, second):
    """The second one gets what the first one has."""
    if kind == "net":
        put(second, "processes.0.namespaces.net", first["processes"][0]["namespaces"]["net"])
    elif kind == "source":
        put(second, "sources.0.identity", first["sources"][0]["identity"])
    else:
        second.update(given_pair(second, pair_of(first)))


@pytest.mark.parametrize("name", BREAKAGES)
def test_each_breakage_is_red_by_itself(name):
    document = fleet(2)
    BREAKAGES[name].change(document["containers"][1])
    assert judged(document) == {(subject(1), check): "fail" for check in BREAKAGES[name].checks}


@given(st.lists(NAMES, min_size=1, max_size=LARGEST))
@settings(max_examples=80)
def test_exactly_the_broken_ones_are_red_for_what_is_broken(broken):
    document = fleet(len(broken))
    expected = {}
    for number, names in enumerate(broken):
        for name in names:
            BREAKAGES[name].change(document["containers"][number])
            expected.update({(subject(number), check): "fail" for check in BREAKAGES[name].checks})
    assert judged(document) == expected


@given(PAIRS)
@settings(max_examples=60)
def test_all_who_share_are_red_and_nobody_else(pairs):
    document = fleet(LARGEST + 1)
    containers = document["containers"]
    groups = {kind: list(range(LARGEST + 1)) for kind in PAIR_CHECKS}
    for kind, first, second in pairs:
        share(kind, containers[first], containers[second])
        groups[kind][second] = groups[kind][first]
    expected = {
        (subject(number), PAIR_CHECKS[kind]): "fail"
        for kind, owners in groups.items()
        for number, owner in enumerate(owners)
        if owners.count(owner) > 1
    }
    assert judged(document) == expected


@given(st.integers(0, 3), st.sampled_from(sorted(BREAKAGES)))
@settings(max_examples=30)
def test_the_order_of_the_containers_is_of_no_concern(place, name):
    document = fleet(4)
    BREAKAGES[name].change(document["containers"][place])
    before = judged(document)
    document["containers"].reverse()
    assert judged(document) == before
