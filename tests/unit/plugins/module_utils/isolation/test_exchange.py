# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the exchange formats share: times, and ids that stay the same."""

from __future__ import annotations

import uuid

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.bulkhead.classroom.plugins.filter.isolation import FilterModule
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.exchange import (
    ExchangeError,
    moment,
    rules_of,
    stable_id,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.verdict import verdict

FILTERS = FilterModule().filters()


@pytest.mark.parametrize(
    ("generated", "wanted"),
    [
        ("2026-06-15T12:00:00Z", "2026-06-15T12:00:00Z"),
        ("2026-06-15T12:00:00.123456", "2026-06-15T12:00:00Z"),
        ("2026-06-15T14:00:00+02:00", "2026-06-15T12:00:00Z"),
        (" 2026-06-15 ", "2026-06-15T00:00:00Z"),
    ],
)
def test_a_time_is_in_utc(generated, wanted):
    assert moment(generated) == wanted


@pytest.mark.parametrize("generated", ["", "today", "Z", "2026-06-31T12:00:00Z", None])
def test_no_time_is_invented(generated):
    with pytest.raises(ExchangeError, match="needs a time"):
        moment(generated)


@pytest.mark.parametrize("name", ["isolation_oscal", "isolation_xccdf"])
def test_formats_that_demand_a_time_refuse_a_verdict_without(name):
    with pytest.raises(AnsibleFilterError, match=f"{name}: .*needs a time"):
        FILTERS[name](verdict({}, {}))


def test_ids_are_of_version_5_and_differ_by_each_part():
    # A changed number here makes every finding that was ever reported look new.
    assert stable_id("finding", "seccomp-filter") == "ef6ca92b-c40c-5cdc-b9bb-02f86ea9fd44"
    made = [stable_id("a", "b"), stable_id("b", "a"), stable_id("a\nb"), stable_id("ab"), stable_id("a", "b\udc80")]
    assert len(set(made)) == len(made) and {uuid.UUID(one).version for one in made} == {5}


def test_a_rule_has_the_remedy_of_whichever_finding_carries_one():
    base = {"check": "a", "title": "t"}
    rules = rules_of([{**base, "remedy": ""}, {**base, "remedy": "cure"}, {"check": "b", "remedy": ""}])
    assert {check: rule["remedy"] for check, rule in rules.items()} == {"a": "cure", "b": ""}
