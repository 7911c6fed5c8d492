# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a push or a pull moved, from the engine's progress messages. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_PRESENT = ("Already exists", "Layer already exists")
_MOVED = ("Pull complete", "Pushed")
NOTHING = {"bytes": 0, "layers_moved": 0}


class Transfer:
    """Takes the messages one by one. `digest` is the one that the engine names at the end."""

    def __init__(self) -> None:
        self.digest = ""
        self.sizes: dict[str, int] = {}
        self.moved: set[str] = set()
        self.present: set[str] = set()

    def add(self, line: Mapping[str, Any]) -> None:
        status, layer = str(line.get("status") or ""), str(line.get("id") or "")
        if status in ("Downloading", "Pushing"):
            self.sizes[layer] = int((line.get("progressDetail") or {}).get("total") or self.sizes.get(layer, 0))
        elif status in _MOVED:
            self.moved.add(layer)
        elif status in _PRESENT or status.startswith("Mounted from"):
            self.present.add(layer)
        elif status.startswith("Digest: "):
            self.digest = status[len("Digest: ") :]
        self.digest = str((line.get("aux") or {}).get("Digest") or self.digest)

    def report(self) -> dict[str, int]:
        return {
            "bytes": sum(self.sizes.get(layer, 0) for layer in self.moved),
            "layers_moved": len(self.moved),
            "layers_present": len(self.present),
        }


def nothing(image: Mapping[str, Any]) -> dict[str, int]:
    """The report where nothing had to be moved of an inspected image."""
    return {**NOTHING, "layers_present": len((image.get("RootFS") or {}).get("Layers") or [])}
