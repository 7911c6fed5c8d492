# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every option of container_fleet on a real engine: set, changed, taken back, and each time read back."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.fleet_arguments import CONTAINER
from ansible_collections.bulkhead.classroom.tests.integration.support.fleet_options import ELSEWHERE, ROWS
from ansible_collections.bulkhead.classroom.tests.integration.support.look import Look

FLEET = "bht-options"
# What the engine derives from an option, and what therefore changes with it.
DERIVED = {"memory": "memory_swap", "pid_mode": "security_opts", "ipc_mode": "security_opts"}


@pytest.fixture
def fleet(run_module, base_image):
    """One container per option, each with nothing but that option."""

    def call(values=None, check=False):
        shared = {"image": base_image, "command": ["sleep", "3600"], "network_mode": "none", "stop_timeout": 0}
        containers = []
        for option, row in ROWS.items():
            own = {**shared, **row.beside}
            if values is not None and row[values] is not None:
                own[option] = row[values]
            containers.append({"name": f"bht-o-{option}", **own})
        arguments = {"name": FLEET, "containers": containers, "parallel": 8}
        result = run_module("container_fleet", arguments, check=check)
        assert not result.get("failed"), result["msg"]
        return result

    yield call
    gone = run_module("container_fleet", {"name": FLEET, "state": "absent", "prune": True})
    assert not gone.get("failed"), gone


def seen(engine, number: int) -> dict:
    """What differs from what should be there."""
    wrong = {}
    for option, row in ROWS.items():
        found = row.read(Look(engine.client, f"bht-o-{option}"))
        if row.seen[number] is not None and found != row.seen[number]:
            wrong[option] = found
    return wrong


def properties(container) -> list:
    derived = DERIVED.get(container["name"][6:])
    return [change["property"] for change in container["changes"] if change["property"] != derived]


def changes(result) -> dict:
    """By option: what was done, and because of which properties."""
    return {
        one["name"][6:]: (one["action"], properties(one)) for one in result["containers"] if one["action"] != "none"
    }


def test_no_option_is_forgotten():
    assert set(CONTAINER) - set(ROWS) == ELSEWHERE


def test_options_are_set_changed_and_taken_back(fleet, engine):
    fleet(0)
    assert seen(engine, 0) == {}
    assert changes(fleet(0)) == {}

    expected = {
        option: ("update" if row.live else "recreate", [row.property or option])
        for option, row in ROWS.items()
        if row.seen[0] != row.seen[1] or row.first is None
    }
    assert {key: value for key, value in changes(fleet(1, check=True)).items() if key in expected} == expected
    fleet(1)
    assert seen(engine, 1) == {}
    assert changes(fleet(1)) == {}

    taken = changes(fleet(check=True))
    # init is not among them: false is not the same as to leave it to the engine.
    default = {option for option, row in ROWS.items() if row.second in (None, False)} - {"init"} | {"network_mode"}
    assert {option: properties for option, (_action, properties) in taken.items()} == {
        option: [row.property or option] for option, row in ROWS.items() if option not in default
    }
    fleet()
    assert changes(fleet()) == {}
