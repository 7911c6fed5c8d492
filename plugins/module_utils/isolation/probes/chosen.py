# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which probes, and whose twins."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_reading import Readable
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import as_mapping
from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.container_facts import identity_of
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.selection import labels_fit
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes import twin
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.probe import NETWORK, PREFIX
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.table import BY_NAME

_ID = re.compile(r"[0-9a-f]{64}")


def probes(wanted: list[str] | None, network: bool) -> list[str]:
    """Names without the prefix, in the order of the table."""
    if wanted is None:
        return [name for name in BY_NAME if network or name not in NETWORK]
    names = [name[len(PREFIX) :] if name.startswith(PREFIX) else name for name in wanted]
    unknown = sorted(set(names) - set(BY_NAME))
    if unknown or not names:
        said = f"there is no probe {', '.join(unknown)}" if unknown else "none is named"
        raise InputError(f"probes: {said}. There are: {', '.join(BY_NAME)}.")
    closed = [name for name in names if name in NETWORK and not network]
    if closed:
        raise InputError(f"probes: {', '.join(closed)} connects to others. Set network to true, or leave it out.")
    return [name for name in BY_NAME if name in names]


class Chosen(NamedTuple):
    """The engine's records of those that run, and what is to be said of those that were named and do not."""

    running: list[dict[str, Any]]
    lost: list[dict[str, Any]]


def containers(engine: Readable, names: list[str] | None, labels: Mapping[str, Any]) -> Chosen:
    """Twins of another run are none. One that ended meanwhile keeps no other from being probed."""
    wanted = {str(key): "" if value is None else str(value) for key, value in labels.items()}
    if names is None:
        found = [_inspect(engine, str(listed["Id"])) for listed in engine.containers()]
        return Chosen([record for record in found if record and _fits(record, wanted)], [])
    chosen = Chosen([], [])
    for name in names:
        record = _inspect(engine, name)
        if record is None or not as_mapping(record.get("State")).get("Running"):
            chosen.lost.append(_lost(name, record))
        elif _fits(record, wanted):
            chosen.running.append(record)
    return chosen


def _lost(name: str, record: Mapping[str, Any] | None) -> dict[str, Any]:
    """Named by its id it is known by that in the facts of the host."""
    said = "does not run" if record else "does not exist"
    who = identity_of(record) if record else {"id": name, "name": name[:12] if _ID.fullmatch(name) else name}
    return {**who, "error": f"The container {said} on this engine (any more)."}


def _fits(record: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    labels = as_mapping(as_mapping(record.get("Config")).get("Labels"))
    return labels_fit(wanted, labels) and not twin.is_twin(str(record.get("Name")), labels)


def _inspect(engine: Readable, key: str) -> dict[str, Any] | None:
    try:
        record: dict[str, Any] = engine.inspect_container(key)
    except EngineError as error:
        if error.status == 404:
            return None
        raise
    return record
