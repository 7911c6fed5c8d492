# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a report gets into its file, wherever it is written."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

MODE = 0o640


def write(target: Path, text: str) -> None:
    """A reader sees the old file or the new one, never a part, also when this is killed. OSError says why it failed."""
    descriptor, staged = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as stream:
            os.fchmod(descriptor, MODE)
            stream.write(text)
        Path(staged).replace(target)
    except BaseException:
        Path(staged).unlink()
        raise
