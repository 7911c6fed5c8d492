# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers that run on a host without its engine's knowledge."""

from __future__ import annotations

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import as_mapping, fact_from
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    FAIL,
    INFORMATIONAL,
    PASS,
    Check,
    Outcome,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Host, Room


def decide_strays(host: Host, _room: Room) -> Outcome:
    fact = fact_from(host.facts.get("strays"), "strays")
    if not fact.known:
        return missing([fact])
    if not isinstance(fact.value, (list, tuple)) or not all(as_mapping(entry).get("id") for entry in fact.value):
        return missing([fact._replace(value=None, error="recorded in a form that is no list of containers")])
    entries = [as_mapping(entry) for entry in fact.value]
    nobodys = [f"{str(one['id'])[:12]} ({one.get('path')})" for one in entries if not one.get("owner")]
    others = sorted({str(one["owner"]) for one in entries if one.get("owner")})
    if nobodys:
        return Outcome(FAIL, f"{len(nobodys)} without a record: {', '.join(nobodys)}", (fact,))
    if others:
        reason = "they belong to another engine, and are not judged here"
        return Outcome(INFORMATIONAL, f"{len(entries)} of {', '.join(others)}", (fact,), reason=reason)
    return Outcome(PASS, "every container is known to the engine", (fact,))


CHECKS: tuple[Check, ...] = (
    Check(
        id="containers-known",
        title="No container runs without the engine's knowledge",
        severity="high",
        expected="each container has a record of the engine, or of another engine that is named",
        remedy="Find its process by its control group, and who started it; end it, or name the engine that it is of.",
        concept="host",
        why="What the engine does not list is not limited, not updated and not seen by whoever asks the engine.",
        how="Ids in /proc/*/cgroup and in the runtimes' folders below /run, against the engine's list.",
        nist=("4.3.1",),
        decide_host=decide_strays,
    ),
)
