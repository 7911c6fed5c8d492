# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the checks of the engine share. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    FAIL,
    PASS,
    Check,
    DecideHost,
    Outcome,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.daemon_view import declared, info, setting
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Host, Room

OPTIONS = "engine_host_daemon_options"


def answer(fact: Fact, objection: str, good: str, inspected: str = "") -> Outcome:
    """The verdict on one fact: unread is an error, an objection a fail."""
    if not fact.known:
        return missing([fact])
    return Outcome(FAIL if objection else PASS, objection or good, (fact,), inspected=inspected)


def by_setting(key: str, default: Any, object_to: Callable[[Any], str], good: str) -> DecideHost:
    """A check of one key of the running configuration."""

    def decide(host: Host, _room: Room) -> Outcome:
        fact = setting(host, key, default)
        return answer(fact, object_to(fact.value) if fact.known else "", good, declared(host, key))

    return decide


def by_info(key: str, good: Any, objection: str, words: str, option: str) -> DecideHost:
    """A check of one thing that the running engine says of itself."""

    def decide(host: Host, _room: Room) -> Outcome:
        fact = info(host, key)
        return answer(fact, "" if fact.value is good else objection, words, declared(host, option))

    return decide


def moved(old: str, new: str) -> dict[str, Any]:
    """CIS 1.8 put a new item into section 2: what was 2.N is 2.N+1 there."""
    return {"cis": (old,), "cis_changed": {"1.8": (new,)}}


def daemon_check(**parts: Any) -> Check:
    return Check(concept="daemon", **parts)
