# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that turns pressure stall information into warnings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.bulkhead.classroom.plugins.module_utils.host import pressure


def pressure_warnings(lines: Any, limits: Any) -> list[str]:
    try:
        return pressure.pressure_warnings(lines, limits)
    except (pressure.PressureError, TypeError, ValueError) as error:
        raise AnsibleFilterError(f"pressure_warnings: {error}") from error


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"pressure_warnings": pressure_warnings}
