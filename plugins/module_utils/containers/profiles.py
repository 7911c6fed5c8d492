# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seccomp profiles by path: the engine's API wants the document itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.units import SpecError

_BY_PATH = "seccomp=/"


def with_profiles(params: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a container, with the files on this host that they name read in."""
    if not params.get("security_opts"):
        return dict(params)
    return {**params, "security_opts": [_read(option) for option in params["security_opts"]]}


def _read(option: str) -> str:
    if not option.startswith(_BY_PATH):
        return option
    path = option[len(_BY_PATH) - 1 :]
    try:
        return "seccomp=" + Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"security_opts: cannot read the seccomp profile {path} on the target: {error}") from error
