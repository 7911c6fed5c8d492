# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of the modules: which ratio is held against which limit, and that a slow one misses it."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.bulkhead.classroom.tests.bench.modules_figures import fleet, images, table

VERBS = ("start", "unchanged", "remove")
# Seconds as they were when the limits were set.
GOOD = {
    "1": {verb: {"bulkhead": 1.3, "loop": 1.4, "floor": 0.1} for verb in VERBS},
    "10": {verb: {"bulkhead": 2.4, "loop": 8.0, "floor": 1.2} for verb in VERBS},
    "100": {
        "start": {"bulkhead": 13.0, "loop": 75.0, "floor": 12.0},
        "unchanged": {"bulkhead": 1.3, "loop": 53.7, "floor": 0.1},
        "remove": {"bulkhead": 12.0, "loop": 64.0, "floor": 11.0},
    },
    "200": {verb: {"bulkhead": 24.0, "loop": 150.0, "floor": 23.0} for verb in VERBS},
}
MEMORY = {"start": 60_000_000, "unchanged": 50_000_000, "remove": 60_000_000}
IMAGES = {
    "empty": 0.9,
    "unchanged": {n: {verb: {"bulkhead": 1.2, "loop": 2.0} for verb in ("build", "push")} for n in ("1", "20")},
    "real": {verb: {"bulkhead": 10.0, "client": 9.9} for verb in ("build", "push")},
}


def missed(judged):
    return [one.what for one in judged if not one.ok]


def test_what_was_measured_first_passes():
    assert missed(fleet(GOOD, MEMORY, together=False)) == [] and missed(images(IMAGES)) == []
    assert len(fleet(GOOD, MEMORY, together=False)) == 12 and len(images(IMAGES)) == 6


def test_an_engine_that_takes_removals_together_has_to_be_faster():
    assert missed(fleet(GOOD, MEMORY, together=True)) == ["100 containers, remove: times faster than the loop"]


@pytest.mark.parametrize(
    ("size", "verb", "slow", "what"),
    [
        ("100", "start", 14.5, ["start: times faster", "start: multiple of the floor", "start: cost of a container"]),
        ("100", "unchanged", 1.4, ["unchanged: times faster"]),
        ("1", "remove", 1.5, ["one container, remove"]),
        ("200", "start", 26.6, ["start: cost of a container"]),
    ],
)
def test_a_slow_one_misses_its_limit(size, verb, slow, what):
    seconds = copy.deepcopy(GOOD)
    seconds[size][verb]["bulkhead"] = slow
    found = missed(fleet(seconds, MEMORY, together=False))
    assert found and all(any(word in one for word in what) for one in found), found


def test_memory_and_images_have_limits_too():
    assert missed(fleet(GOOD, {"start": 121_000_000}, together=False)) == ["peak memory, start: MB"]
    slow = copy.deepcopy(IMAGES)
    slow["unchanged"]["20"]["push"]["bulkhead"] = 2.1
    slow["real"]["build"]["bulkhead"] = 10.5
    assert missed(images(slow)) == [
        "push of 20 with nothing to do: seconds",
        "real build: multiple of the engine's client",
    ]


def test_the_table_has_every_figure_and_marks_what_was_missed():
    slow = copy.deepcopy(GOOD)
    slow["100"]["unchanged"]["bulkhead"] = 2.0
    lines = table(slow, IMAGES, fleet(slow, MEMORY, together=False) + images(IMAGES))
    assert any(line.split()[:2] == ["200", "remove"] for line in lines)
    assert [line for line in lines if line.startswith("MISSED")] == [
        "MISSED  100 containers, unchanged: times faster than the loop 26.85 (at least 40)"
    ]
