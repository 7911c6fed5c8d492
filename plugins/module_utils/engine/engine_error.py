# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong with an engine. Apart from engine.py, because whoever catches these need not load the docker SDK."""

from __future__ import annotations


class EngineError(Exception):
    """Something the engine refused or could not do. `status` is the engine's HTTP status where it gave one."""

    def __init__(self, what: str, where: str = "", cure: str = "", status: int | None = None) -> None:
        self.what, self.where, self.cure, self.status = what, where, cure, status
        place = f" ({where})" if where else ""
        super().__init__(f"{what}{place}." + (f" {cure}" if cure else ""))


class StreamError(Exception):
    """An error that the engine reports in the middle of an answer that began well (a build, a push, a pull)."""


class SdkMissing(Exception):
    """The docker SDK cannot be imported; the text is the traceback."""
