# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Python process has loaded: its own files, libraries and modules, so that they can be packed. Runs on the host,
in the interpreter that is to be packed, after everything that a twin needs was imported."""

from __future__ import annotations

import ctypes
import json
import os
import struct
import sys
from importlib.machinery import PathFinder
from typing import Any

# Imported for what they load: these are the probes.
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.inside import main as probes

PT_INTERP = 3


class Loaded(ctypes.Structure):
    _fields_ = [("address", ctypes.c_void_p), ("name", ctypes.c_char_p)]  # noqa: RUF012


def libraries() -> list[str]:
    """Shared objects under the names that they were looked for."""
    found: list[str] = []

    def collect(info: Any, size: int, data: Any) -> int:
        name = os.fsdecode(info.contents.name or b"")
        if name.startswith("/"):
            found.append(name)
        return 0

    visitor = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Loaded), ctypes.c_size_t, ctypes.c_void_p)
    ctypes.CDLL(None).dl_iterate_phdr(visitor(collect), None)
    return found


def loader(program: str) -> str:
    """The program that the kernel starts in this one's place (PT_INTERP of its ELF header); empty if static."""
    with open(program, "rb") as stream:
        head = stream.read(64)
        wide = head[4] == 2
        order = "<" if head[5] == 1 else ">"
        start = struct.unpack_from(order + ("Q" if wide else "I"), head, 32 if wide else 28)[0]
        size, count = struct.unpack_from(order + "HH", head, 54 if wide else 42)
        for number in range(count):
            stream.seek(start + number * size)
            entry = stream.read(size)
            if struct.unpack_from(order + "I", entry)[0] == PT_INTERP:
                offset, length = (
                    (struct.unpack_from(order + "Q", entry, 8)[0], struct.unpack_from(order + "Q", entry, 32)[0])
                    if wide
                    else (struct.unpack_from(order + "I", entry, 4)[0], struct.unpack_from(order + "I", entry, 16)[0])
                )
                stream.seek(offset)
                return os.fsdecode(stream.read(length).rstrip(b"\0"))
    return ""


def origin(name: str) -> str | None:
    """Where a module would be found, which is not where it says that it is from when it puts another in its place."""
    parent = sys.modules.get(name.rpartition(".")[0])
    places = getattr(parent, "__path__", None) if parent else None
    found = PathFinder.find_spec(name, places) if places or "." not in name else None
    if found and found.has_location:
        return found.origin
    return getattr(sys.modules[name], "__file__", None)


def closure() -> dict[str, Any]:
    files = {name: origin(name) for name in sorted(sys.modules)}
    # The program itself is __main__ here, and nothing of it is needed there.
    modules = {name: path for name, path in files.items() if path and name not in ("__main__", __name__)}
    return {
        "program": os.path.realpath(sys.executable),
        "loader": loader(os.path.realpath(sys.executable)),
        "libraries": libraries(),
        "modules": modules,
        "roots": sorted({sys.base_prefix, sys.base_exec_prefix}, key=len, reverse=True),
        "standard": os.path.dirname(os.__file__),
        "probes": sorted(probes.PROBES),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(closure()) + "\n")
