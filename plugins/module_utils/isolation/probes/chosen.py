# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which probes, and whose twins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_reading import Readable
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import as_mapping
from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.selection import labels_fit
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes import twin
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.probe import NETWORK, PREFIX
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.table import BY_NAME


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


def containers(engine: Readable, names: list[str] | None, labels: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The engine's records of running containers; twins of another run are none."""
    wanted = {str(key): "" if value is None else str(value) for key, value in labels.items()}
    if names is None:
        found = [_inspect(engine, str(listed["Id"])) for listed in engine.containers()]
        return [record for record in found if record and _fits(record, wanted)]
    records = []
    for name in names:
        record = _inspect(engine, name)
        if record is None or not as_mapping(record.get("State")).get("Running"):
            state = "does not run" if record else "does not exist"
            raise InputError(f"containers: {name} {state}. Name containers that run on this engine.")
        if _fits(record, wanted):
            records.append(record)
    return records


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
