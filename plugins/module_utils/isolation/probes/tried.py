# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the probes of a host add to a verdict: outcomes by probe and container, and whether all were tried. Pure.

Whoever asks for probes gets an answer for every container that runs: without one, nothing was proven.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Union

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact, as_list, as_mapping, shown
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    ERROR,
    NOTAPPLICABLE,
    PASS,
    Check,
    Outcome,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.judge import outcomes
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.probe import PLACE, TRIED
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.table import PROBES
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import (
    ERROR_LIMIT,
    LISTED,
    Container,
    Host,
)

CHECKS: tuple[Check, ...] = (TRIED, *(probe.check for probe in PROBES))
IDS = frozenset(check.id for check in CHECKS)
Judged = tuple[Check, Outcome, Union[Host, Container]]


def of_host(host: Host, document: Any) -> Iterator[Judged]:
    """document: what isolation_probe returned on this host, or whatever came instead."""
    records = as_mapping(document).get("probes")
    if host.error or not isinstance(records, (list, tuple)):
        yield TRIED, _none(host, as_mapping(document)), host
        return
    known = {container.identifier: container for container in host.containers}
    answered = set()
    for record in map(as_mapping, as_list(records)):
        # What the facts do not know keeps the name that the probes found.
        container = known.get(str(record.get("id"))) or Container(host.name, record)
        for check, outcome in outcomes(record):
            answered.add(container.identifier)
            yield check, outcome, container
    yield TRIED, _whole(host, answered, set(map(str, as_list(as_mapping(document).get("swept"))))), host


def _none(host: Host, document: Mapping[str, Any]) -> Outcome:
    said = str(document.get("msg") or document.get("skip_reason") or "the host has no result of isolation_probe")
    why = shown(host.error or said, ERROR_LIMIT)
    return Outcome(ERROR, "nothing was tried on this host", (Fact(PLACE, error=why),), reason=why)


def _whole(host: Host, answered: set[str], swept: set[str]) -> Outcome:
    """swept: what an earlier run had left, which was there when the facts were read, and is removed."""
    wanted = [one for one in host.containers if one.running and one.given_name not in swept]
    left = [one.name for one in wanted if one.identifier not in answered]
    if left:
        more = f" and {len(left) - LISTED} more" if len(left) > LISTED else ""
        why = f"no answer for {', '.join(left[:LISTED])}{more}"
        return Outcome(ERROR, f"{len(left)} of {len(wanted)} containers", (Fact(PLACE, error=why),), reason=why)
    if not wanted:
        return Outcome(NOTAPPLICABLE, "nothing to try", reason="no container that is judged runs")
    return Outcome(PASS, f"{len(wanted)} containers", (Fact(PLACE, sorted(answered), f"{len(answered)} twins"),))
