# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What came of a plan, call by call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError

HANG = "no answer within the time limit"


@dataclass
class Outcome:
    """What came of it, by name. `hang` is the first call that the engine did not answer."""

    ids: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    network_errors: dict[str, str] = field(default_factory=dict)
    hang: str = ""
    warnings: list[str] = field(default_factory=list)

    def attempt(self, name: str, call: Callable[[], Any], errors: dict[str, str] | None = None) -> bool:
        errors = self.errors if errors is None else errors
        if name in errors:
            return False
        if self.hang:
            # Waiting for the time limit once per container would take hours for a full room.
            errors[name] = f"Not tried, because the engine stopped answering. First seen: {self.hang}"
            return False
        try:
            call()
        except EngineError as error:
            errors[name] = str(error)
            if HANG in str(error):
                self.hang = str(error)
            return False
        return True
