# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Digests that decide whether an image is up to date, and the text in which a plan is shown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

LABEL = "org.bulkhead.digest"
BLOCK = 1 << 20


def key(parts: Mapping[str, Any]) -> str:
    """One digest over named values. `parts` holds only what JSON can hold; the order of keys does not matter."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def of_file(path: str) -> str:
    """The digest of a file, whatever its size."""
    seen = hashlib.sha256()
    with Path(path).open("rb") as file:
        while block := file.read(BLOCK):
            seen.update(block)
    return "sha256:" + seen.hexdigest()


def yaml_text(value: Any) -> str:
    """A plan as YAML for diff mode. PyYAML need not be on the target, and JSON scalars are YAML."""
    return "\n".join(_lines(value, "")) + "\n" if value else ""


def _lines(value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        for name, item in value.items():
            if isinstance(item, (Mapping, list)) and item:
                yield f"{indent}{name}:"
                yield from _lines(item, indent + "  ")
            else:
                yield f"{indent}{name}: {_scalar(item)}"
    elif isinstance(value, list) and value:
        for item in value:
            first, *rest = _lines(item, "")
            yield f"{indent}- {first}"
            yield from (f"{indent}  {line}" for line in rest)
    else:
        yield indent + _scalar(value)


def _scalar(value: Any) -> str:
    # What cannot be printed is escaped: a YAML reader would refuse it. JSON itself lets DEL pass.
    return json.dumps(value, ensure_ascii=not str(value).isprintable()).replace("\x7f", "\\u007f")
