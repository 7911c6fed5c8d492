# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probes in the container itself, with the Python that its image has. What would change it, or use up what its own
processes need, is left out; and the answers are as honest as the container's Python is.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes import image
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.inside import (
    attempts,
    calls,
    limits,
    main,
    neighbours,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.probe import CROSSING, LIMITED

CHANGES = "in the container itself it would change the container where it gets through: tried in a twin only"
LEFT_OUT: Mapping[str, str] = {
    **dict.fromkeys(("mount", "remount-proc-sys", "cgroup-create", "block-device", "root-write"), CHANGES),
    "set-uid": "in the container itself there is no program for it: tried in a twin only",
    CROSSING: "in the container itself there is no file of another pair: tried in a twin only",
    **dict.fromkeys(LIMITED, "in the container itself it would hit its own processes: tried in a twin only"),
}
# Each after those that it imports.
ORDER = (calls, attempts, limits, neighbours, main)
# From the program's own arguments: nothing is written in the container.
START = """
import base64, json, sys, types, zlib
sources = json.loads(zlib.decompress(base64.b64decode("{packed}")))
for name, source in sources.items():
    folder, module = name.rpartition(".")[0], types.ModuleType(name)
    parent = sys.modules.setdefault(folder, types.ModuleType(folder))
    sys.modules[name] = module
    setattr(parent, name.rpartition(".")[2], module)
    exec(compile(source, name, "exec"), module.__dict__)
module.main()
"""


def program() -> str:
    sources = {module.__name__: image.source_of(module) for module in ORDER}
    packed = base64.b64encode(zlib.compress(json.dumps(sources).encode(), 9)).decode("ascii")
    return START.format(packed=packed)


def probe(engine: Any, key: str, name: str, probes: list[str], given: Mapping[str, Any]) -> dict[str, Any]:
    """The part of the record that a twin would give. given: what the probes are told of the host."""
    possible = [one for one in main.PROBES if one in probes and one not in LEFT_OUT]
    told = json.dumps({**given, "probes": possible})
    argv = ["python3", "-I", "-S", "-B", "-c", program(), "probe", told]
    said, complaint = engine.execute(key, name, argv)
    found = main.answers(said)
    if not found:
        cure = "Its image needs python3, 3.9 or newer; in a twin (mode: twin) it needs nothing."
        raise EngineError(f"No probe ran in it: {last_line(complaint or said) or 'it said nothing'}", name, cure)
    left_out = {one: why for one, why in LEFT_OUT.items() if one in probes}
    return {"left_out": left_out, "answers": found, "said": last_line(complaint), "limits": {}}


def last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2][-300:]
