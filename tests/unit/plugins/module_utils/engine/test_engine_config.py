# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a new daemon.json asks of a running engine."""

from __future__ import annotations

import json

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_config import (
    NOTHING,
    RELOAD,
    RESTART,
    Saved,
    decide,
    running,
)

BASE = {"live-restore": True, "selinux-enabled": True, "log-opts": {"max-size": "10m"}}


@pytest.mark.parametrize(
    ("change", "action"),
    [
        ({}, NOTHING),
        ({"labels": ["room=1"]}, RELOAD),
        ({"debug": True, "max-concurrent-downloads": 2}, RELOAD),
        ({"live-restore": False}, RELOAD),
        ({"registry-mirrors": ["https://mirror.example"], "insecure-registries": []}, RELOAD),
        ({"runtimes": {"second": {"path": "/usr/bin/runc"}}, "default-runtime": "second"}, RELOAD),
        ({"features": {"buildkit": False}}, RELOAD),
        # The image store is chosen at the start.
        ({"features": {"containerd-snapshotter": True}}, RESTART),
        # The engine reads its log level once, whatever one may expect.
        ({"log-level": "debug"}, RESTART),
        ({"log-opts": {"max-size": "20m"}}, RESTART),
        ({"selinux-enabled": False}, RESTART),
        # On a reload with a plugin that does not answer the engine ends itself.
        ({"authorization-plugins": ["opa"]}, RESTART),
        ({"labels": ["room=1"], "icc": False}, RESTART),
        ({"a-key-of-a-later-version": 1}, RESTART),
    ],
)
def test_the_action(change, action):
    found, reasons = decide(BASE, {**BASE, **change})
    assert found == action
    assert set(reasons) <= set(change) and bool(reasons) == bool(change)


@pytest.mark.parametrize(
    ("removed", "value", "action"),
    [
        # The engine keeps the old value of a key that is gone, and would go on with it unseen.
        ("labels", ["room=1"], RESTART),
        ("registry-mirrors", ["https://mirror.example"], RESTART),
        ("debug", True, RESTART),
        # These it sets back.
        ("max-concurrent-uploads", 1, RELOAD),
        ("features", {"buildkit": True}, RELOAD),
    ],
)
def test_a_key_that_was_removed(removed, value, action):
    assert decide({**BASE, removed: value}, BASE) == (action, [removed])


def test_what_is_not_known_is_restarted():
    assert decide(None, BASE)[0] == RESTART


def saved(value, time):
    return Saved(json.dumps(value), time)


@pytest.mark.parametrize(
    ("file", "record", "expected"),
    [
        (saved(BASE, 99.0), None, BASE),
        # In the same second: as old as the start, as far as the service manager tells.
        (saved(BASE, 100.9), None, BASE),
        (saved(BASE, 101.0), None, None),
        (None, None, None),
        # A record counts for the engine that was started before it, and no other.
        (saved(BASE, 150.0), saved({"debug": True}, 140.0), {"debug": True}),
        (saved(BASE, 99.0), saved({"debug": True}, 98.0), BASE),
        (saved(BASE, 150.0), saved({"debug": True}, 98.0), None),
        (Saved("{", 99.0), None, None),
        (Saved("[]", 99.0), None, None),
        (saved(BASE, 99.0), Saved("[" * 100000, 140.0), None),
    ],
)
def test_what_the_engine_runs_with(file, record, expected):
    assert running(100, file, record) == expected
