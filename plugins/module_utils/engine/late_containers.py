# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The containers of an engine, read without the SDK as long as nothing is to be done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_late import MINIMUM, LateEngine


class LateContainers(LateEngine):
    """The verbs of a ContainerEngine."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params, _containers)

    def api_version(self) -> tuple[int, ...]:
        reader = self._reader
        if reader and reader.version >= MINIMUM:
            return reader.version
        found: tuple[int, ...] = self._full().api_version()
        return found

    def member_names(self, fleet: str) -> Any:
        return self._read("member_names", fleet)

    def container(self, name: str) -> Any:
        return self._read("container", name)

    def image(self, reference: str) -> Any:
        return self._read("image", reference)

    def networks(self) -> Any:
        return self._read("networks")

    def network(self, key: str) -> Any:
        return self._read("network", key)

    def swap_limit(self) -> bool:
        return bool(self._read("swap_limit"))


def _containers(client: Any) -> Any:
    from ansible_collections.bulkhead.classroom.plugins.module_utils.engine import engine_containers  # noqa: PLC0415

    return engine_containers.ContainerEngine(client)
