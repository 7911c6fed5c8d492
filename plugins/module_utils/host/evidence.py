# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One piece of evidence: where it was read, what stood there, and what it means. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

UNLIMITED = "max"
RAW_LIMIT = 300


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
    if not isinstance(document, Mapping):
        return Fact(path, error="not recorded in the facts")
    error = str(document.get("error") or "")
    value = document.get("value")
    if value is None and not error:
        error = "recorded without a value"
    return Fact(str(document.get("path") or path), None if error else value, str(document.get("raw", "")), error)


def clipped(text: str, limit: int = RAW_LIMIT) -> str:
    """Long raw values are cut, and say so."""
    return text if len(text) <= limit else f"{text[:limit]}... ({len(text)} characters)"


def printable(text: str) -> str:
    """Names and values come from strangers: nothing that steers a terminal survives."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)


def as_mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else []
