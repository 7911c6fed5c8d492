# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies in the layers of images: set-id programs and such with capabilities of their own, device nodes, and files
of credentials by their paths.

Only a storage driver that keeps layers as directories (overlay2) shows them. Images share layers, and each directory is
walked once. Two bounds hold, for one layer and for all of a host: what lies beyond them was not looked at, which is
recorded.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact, as_mapping, printable
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.layer import (
    EXECUTABLE,
    FOUND_LIMIT,
    Visit,
    gives_rights,
    is_node,
    node,
    rights,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.image_secrets import credential_at

LAYER_LIMIT, HOST_LIMIT = 50_000, 200_000
# null, zero, full, random, urandom, tty, console, ptmx: every container has these from its engine.
USUAL_DEVICES = tuple(f"c {number}" for number in ("1:3", "1:5", "1:7", "1:8", "1:9", "5:0", "5:1", "5:2"))
OPAQUE, CAPABILITY = "trusted.overlay.opaque", "security.capability"


@dataclass
class _Layer:
    """What one directory holds, by path."""

    setid: dict[str, str] = field(default_factory=dict)
    devices: dict[str, str] = field(default_factory=dict)
    credentials: dict[str, str] = field(default_factory=dict)
    entries: int = 0
    cut: bool = False
    error: str = ""


class LayerReader:
    """Walks layers for one reading of a host."""

    def __init__(self, kernel: Kernel, layer_limit: int = LAYER_LIMIT, host_limit: int = HOST_LIMIT) -> None:
        self._kernel, self._layer_limit, self._left = kernel, layer_limit, host_limit
        self._known: dict[str, _Layer] = {}

    def read(self, inspected: Mapping[str, Any]) -> dict[str, Any]:
        """The fact about all layers of an image."""
        driver = as_mapping(inspected.get("GraphDriver"))
        data = as_mapping(driver.get("Data"))
        # From the top one down.
        folders = [*_folders(data.get("UpperDir")), *_folders(data.get("LowerDir"))]
        path = "inspect GraphDriver.Data"
        if not folders:
            return Fact(path, {"driver": str(driver.get("Name") or ""), "directories": 0}).document()
        layers = [self._layer(folder) for folder in folders]
        error = next((one.error for one in layers if one.error), "")
        value = {
            "driver": str(driver.get("Name") or ""),
            "directories": len(folders),
            "entries": sum(one.entries for one in layers),
            "cut": any(one.cut for one in layers),
            "error": error,
            "setid": self._visible(folders, [one.setid for one in layers]),
            "devices": self._visible(folders, [one.devices for one in layers]),
            # What a later layer deletes can be read all the same by whoever has the image.
            "credentials": _listed({path: why for one in layers for path, why in one.credentials.items()}),
        }
        return Fact(path, value).document()

    def _layer(self, folder: str) -> _Layer:
        if folder not in self._known:
            self._known[folder] = self._walk(folder)
        return self._known[folder]

    def _walk(self, folder: str) -> _Layer:
        visit = Visit(self._kernel, folder, min(self._layer_limit, self._left))
        found = _Layer()
        for path, status, directory in visit.everything():
            regular = stat.S_ISREG(status.st_mode)
            if gives_rights(status.st_mode):
                found.setid[path] = rights(status)
            elif is_node(status) and node(status) not in USUAL_DEVICES:
                found.devices[path] = node(status)
            elif regular and status.st_mode & EXECUTABLE and _has_capabilities(directory, path):
                found.setid[path] = "with capabilities"
            # An empty file holds no secret.
            if regular and status.st_size:
                why = credential_at(path)
                if why:
                    found.credentials[path] = why
        self._left -= visit.entries
        found.entries, found.cut, found.error = visit.entries, visit.cut, visit.error
        return found

    def _visible(self, folders: list[str], found: list[dict[str, str]]) -> list[str]:
        """What a container sees: of a layer, what no layer above it replaces or deletes."""
        shown = {
            path: words
            for number, paths in enumerate(found)
            for path, words in paths.items()
            if not any(self._covers(above, path) for above in folders[:number])
        }
        return _listed(shown)

    def _covers(self, folder: str, path: str) -> bool:
        """Whether a layer replaces a path of those below it: with the same path, with something else in the place of a
        directory on the way there, or with a directory that hides what was in it."""
        place = self._kernel.root + folder
        for part in PurePosixPath(path).parts[1:]:
            place = f"{place}/{part}"
            try:
                status = os.lstat(place)
            except OSError:
                return False
            if not stat.S_ISDIR(status.st_mode) or _is_opaque(place):
                return True
        return True


def _folders(joined: Any) -> list[str]:
    return [path for path in str(joined or "").split(":") if path.startswith("/")]


def _is_opaque(folder: str) -> bool:
    return _attribute(folder, OPAQUE) == b"y"


def _has_capabilities(directory: int, path: str) -> bool:
    """Such a program has more rights than who starts it, as a set-id one has."""
    return bool(_attribute(f"/proc/self/fd/{directory}/{PurePosixPath(path).name}", CAPABILITY))


def _attribute(path: str, name: str) -> bytes:
    try:
        return os.getxattr(path, name, follow_symlinks=False)
    except OSError:
        return b""


def _listed(found: Mapping[str, str]) -> list[str]:
    lines = sorted(printable(f"{path} ({words})") for path, words in found.items())
    more = len(lines) - FOUND_LIMIT
    return [*lines[:FOUND_LIMIT], *([f"and {more} more"] if more > 0 else [])]
