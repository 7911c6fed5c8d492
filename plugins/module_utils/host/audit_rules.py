# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Audit rules as they stand in files, and whether the kernel has them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.audit import ANY_ACCESS, Rule

_ACCESS = {"x": 1, "w": 2, "r": 4, "a": 8}
_WATCH = re.compile(r"^\s*-w\s+(\S+)(?:.*?\s-p\s*([rwxa]+))?")
_ALWAYS = re.compile(r"^\s*-a\s+(?:always,exit|exit,always)\s")
_FIELD = re.compile(r"\s-F\s*(\w+)=(\S+)")


def watch(line: str) -> Rule | None:
    """The place that a line watches, in the form in which the kernel lists it; None for any other line."""
    match = _WATCH.match(line)
    if match:
        # A watch on a directory holds for what is below it.
        return Rule(_path(match[1]), True, _access(match[2]))
    fields = dict(_FIELD.findall(line)) if _ALWAYS.match(line) else {}
    path = fields.get("path") or fields.get("dir")
    return Rule(_path(path), "dir" in fields, _access(fields.get("perm"))) if path else None


def current(wanted: str, merged: str, loaded: Iterable[Rule]) -> bool:
    """Whether the file that is loaded at the boot has every line, and the running kernel every watch of them."""
    lines = _lines(wanted)
    watches = {rule for rule in map(watch, lines) if rule}
    return lines <= _lines(merged) and watches <= set(loaded)


def _lines(text: str) -> set[str]:
    return {" ".join(line.split()) for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")}


def _path(path: str) -> str:
    return path.rstrip("/") or "/"


def _access(letters: str | None) -> int:
    return sum(_ACCESS[letter] for letter in set(letters)) if letters else ANY_ACCESS
