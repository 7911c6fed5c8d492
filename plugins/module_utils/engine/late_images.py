# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The images of an engine, read without the SDK as long as nothing is to be done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_late import LateEngine


class LateImages(LateEngine):
    """The verbs of Images."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params, _images)

    def inspect(self, name: str) -> Any:
        return self._read("inspect", name)

    def remote_digest(self, name: Any, auth: Mapping[str, str]) -> Any:
        return self._read("remote_digest", name, auth)


def _images(client: Any) -> Any:
    from ansible_collections.bulkhead.classroom.plugins.module_utils.engine import engine_images  # noqa: PLC0415

    return engine_images.Images(client)
