# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of facts and verdict: which ratio is held against which limit, and what is said where a peer is absent."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.bulkhead.classroom.tests.bench.isolation_figures import growth, judge, judge_page, table

GOOD = {
    "10": {"bulkhead": 0.25, "floor": 0.22},
    "100": {"bulkhead": 0.52, "floor": 0.42},
    "500": {"bulkhead": 1.72, "floor": 1.30},
}
DOCKER_BENCH = 100.0
PAGE = {"write": 0.6, "draw": 0.8, "bytes": 1_200_000}


def missed(judged):
    return [one.what for one in judged if not one.ok]


def test_good_figures_pass_and_all_are_judged():
    judged = judge(GOOD, DOCKER_BENCH)
    assert missed(judged) == [] and len(judged) == 3


def test_what_was_not_run_is_not_judged():
    assert not any("docker-bench-security" in one.what for one in judge(GOOD, None))


@pytest.mark.parametrize(
    ("size", "slow", "what"),
    [
        ("100", 0.64, "multiple of the floor"),
        ("500", 2.2, "cost of a container from 100 to 500"),
    ],
)
def test_a_slow_one_misses_its_limit(size, slow, what):
    seconds = copy.deepcopy(GOOD)
    seconds[size]["bulkhead"] = slow
    found = missed(judge(seconds, DOCKER_BENCH))
    assert len(found) == 1 and what in found[0]


def test_docker_bench_has_to_be_sixty_times_slower():
    assert missed(judge(GOOD, 60 * 0.52 - 0.1)) == ["100 containers: times faster than docker-bench-security"]


@pytest.mark.parametrize(("change", "what"), [({"draw": 2.5}, "seconds"), ({"bytes": 5_000_001}, "MB"), ({}, None)])
def test_a_page_that_is_slow_or_large_misses_its_limit(change, what):
    found = missed(judge_page({"500": {**PAGE, **change}}))
    assert [one.rpartition(" ")[2] for one in found] == ([what] if what else [])


def test_growth_is_the_cost_of_a_container_in_the_upper_part_by_that_in_the_lower():
    straight = {size: {"floor": 0.1 + 0.002 * int(size)} for size in ("10", "100", "500")}
    assert growth(straight, "floor") == pytest.approx(1.0)
    bent = {**straight, "500": {"floor": straight["100"]["floor"] + 400 * 0.004}}
    assert growth(bent, "floor") == pytest.approx(2.0)


def found(docker_bench):
    parts = {"import": 0.1, "facts": 0.2, "verdict": 0.1, "report": 0.05}
    return {
        "seconds": GOOD,
        "parts": dict.fromkeys(GOOD, parts),
        "memory": 60_000_000,
        "pages": dict.fromkeys(GOOD, PAGE),
        "playbook": {"empty": 0.9, "verify": {"100": 2.5}},
        "docker_bench": docker_bench,
    }


def test_the_table_has_every_figure():
    lines = table(found({"version": "1.6.0", "seconds": 100.0}), judge(GOOD, 100.0))
    assert [line.split()[0] for line in lines[1:4]] == ["10", "100", "500"]
    assert any("docker-bench-security 1.6.0: 100.0 s" in line for line in lines)
    assert any("the page at 500: 0.60 s to write, 0.80 s in a browser, 1.20 MB" in line for line in lines)
    assert any("the playbook at 100: 2.50 s" in line and "0.90 s Ansible's own" in line for line in lines)
    assert sum(line.startswith("ok") for line in lines) == 3


def test_without_docker_bench_the_table_says_so_and_how_to_get_it():
    lines = table(found(None), judge(GOOD, None))
    said = [line for line in lines if "docker-bench-security" in line]
    assert len(said) == 1 and "not run" in said[0] and "DOCKER_BENCH=" in said[0]
