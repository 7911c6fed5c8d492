# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules in the store of the active SELinux policy."""

from __future__ import annotations

import bz2
from pathlib import Path
from typing import Any

POLICY_STORE = Path("/var/lib/selinux")


def installed_policy(names: Any) -> dict[str, str]:
    """The CIL text of the modules in the active policy's store; the highest priority wins, as in libsemanage."""
    texts = {}
    for path in sorted(POLICY_STORE.glob("*/active/modules/*/*/cil"), key=lambda found: found.parts[-3]):
        if path.parent.name in names:
            raw = path.read_bytes()
            texts[path.parent.name] = (bz2.decompress(raw) if raw.startswith(b"BZh") else raw).decode(
                "utf-8", "replace"
            )
    return texts
