# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One piece of evidence: where it was read, what stood there, and what it means. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

UNLIMITED = "max"
RAW_LIMIT = 300
# Letters and marks by their class that nobody sees: fillers, joiners, selectors of a variant, the empty braille cell.
_UNSEEN = {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0}
_UNSEEN |= {*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}


class Fact(NamedTuple):
    """A value with its source. A fact with an error has no value: it can never decide in a subject's favour."""

    path: str
    value: Any = None
    raw: str = ""
    error: str = ""

    @property
    def known(self) -> bool:
        return not self.error and self.value is not None

    def document(self) -> dict[str, Any]:
        """The JSON form. Empty fields are left out, except the value: a null value must be seen."""
        shown: dict[str, Any] = {"value": self.value, "path": self.path}
        if self.raw and self.raw != self.value:
            shown["raw"] = clipped(self.raw)
        if self.error:
            shown["error"] = self.error
        return shown


def fact_from(document: Any, path: str = "") -> Fact:
    """Reads a fact back. Whatever is not a fact becomes one with an error, so that a broken document never passes."""
    if not isinstance(document, (dict, Mapping)):
        return Fact(path, error="not recorded in the facts")
    error = str(document.get("error") or "")
    value = document.get("value")
    if value is None and not error:
        error = "recorded without a value"
    return Fact(str(document.get("path") or path), None if error else value, str(document.get("raw", "")), error)


def formed(fact: Fact, *kinds: type) -> Fact:
    """What is recorded in another form is no evidence: a broken document is an error, and never an answer."""
    if fact.known and not isinstance(fact.value, kinds):
        return Fact(fact.path, error="EINVAL recorded in another form")
    return fact


def texts(fact: Fact) -> Fact:
    """A list of texts, and nothing else in it."""
    fact = formed(fact, list, tuple)
    if fact.known and not all(isinstance(entry, str) for entry in fact.value):
        return Fact(fact.path, error="EINVAL recorded in another form")
    return fact


def clipped(text: str, limit: int = RAW_LIMIT) -> str:
    """Long raw values are cut, and say so."""
    return text if len(text) <= limit else f"{text[:limit]}... ({len(text)} characters)"


def printable(text: str) -> str:
    """Names and values come from strangers: nothing that steers a terminal, or a reader's eyes, survives."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if char.isprintable() and ord(char) not in _UNSEEN else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    """As Python writes it: \\x1b, \\u202e, \\U000e0001."""
    code = ord(char)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def shown(text: str, limit: int = RAW_LIMIT) -> str:
    """A stranger's text as a report takes it: neither long nor steering anything."""
    # Nearly every text, and eight are shown for each finding.
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text
    return printable(clipped(text, limit))


def as_mapping(value: Any) -> Mapping[str, Any]:
    # What comes out of JSON is a dict, and to ask for its kind is cheap; to ask for a Mapping is not.
    return value if isinstance(value, (dict, Mapping)) else {}


def as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else []
