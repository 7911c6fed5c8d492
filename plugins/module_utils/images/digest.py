# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Digests that decide whether an image is up to date, and the text in which a plan is shown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError

LABEL = "org.bulkhead.digest"
BLOCK = 1 << 20


def key(parts: Mapping[str, Any]) -> str:
    """One digest over named values. `parts` holds only what JSON can hold; the order of keys does not matter."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def of_blocks(blocks: Iterable[bytes]) -> str:
    seen = hashlib.sha256()
    for block in blocks:
        seen.update(block)
    return "sha256:" + seen.hexdigest()


def of_file(path: str) -> str:
    """The digest of a file, whatever its size."""
    return of_blocks(blocks_of(path))


def blocks_of(path: str) -> Iterator[bytes]:
    with Path(path).open("rb") as file:
        while block := file.read(BLOCK):
            yield block


class Measured:
    """The same blocks, once; `digest` is theirs when the last has passed."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks, self.digest = blocks, ""

    def __iter__(self) -> Iterator[bytes]:
        seen = hashlib.sha256()
        for block in self._blocks:
            seen.update(block)
            yield block
        self.digest = "sha256:" + seen.hexdigest()


def guarded(blocks: Iterable[bytes], wanted: str, what: str) -> Iterator[bytes]:
    """The same blocks. They break off before their end when they are not what `wanted` promised, so that the engine
    never finishes an image whose label would lie."""
    seen, held = hashlib.sha256(), b""
    for block in blocks:
        seen.update(block)
        if held:
            yield held
        held = block
    if f"sha256:{seen.hexdigest()}" != wanted:
        raise InputError(f"{what} changed while it was read. Run again when it is at rest.")
    yield held


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
