# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Twins go: those of this run, and what an earlier one left that was killed."""

from __future__ import annotations

from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import as_mapping
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes import twin


def remove(engine: Any, key: str, name: str) -> None:
    """Nothing that is there no more is to be removed."""
    try:
        engine.remove(key, name)
    except EngineError as error:
        if error.status != 404:
            raise


def sweep(engine: Any) -> list[str]:
    """Removes what a run left that was killed. The caller makes sure that no other run is going on."""
    names = []
    for listed in engine.labelled(twin.LABEL):
        known = [name.lstrip("/") for name in listed.get("Names") or []]
        ours = [name for name in known if twin.is_twin(name, as_mapping(listed.get("Labels")))]
        if ours:
            remove(engine, listed["Id"], ours[0])
            names.append(ours[0])
    return names
