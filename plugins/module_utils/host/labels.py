# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SELinux labels of a whole directory, read and set without ever leaving it.

Whoever owns the directory may change it meanwhile. Each entry is therefore reached through the open descriptor of its
directory, and no link is followed: a link that appears at the wrong moment is labelled itself, not what it points to.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

ATTRIBUTE = "security.selinux"


def mislabelled(top: str, context: str) -> Iterator[str]:
    """Paths, through descriptors and valid only until the next one is asked for, of the entries with another label."""
    for _root, directories, files, descriptor in os.fwalk(top, follow_symlinks=False):
        for name in (*directories, *files):
            entry = f"/proc/self/fd/{descriptor}/{name}"
            try:
                if read_label(entry) != context:
                    yield entry
            except FileNotFoundError:
                # Removed by its owner since the directory was listed.
                continue


def relabel(top: str, context: str) -> int:
    """Give `context` to all entries below `top` that have another one; the number of them."""
    count = 0
    for entry in mislabelled(top, context):
        try:
            os.setxattr(entry, ATTRIBUTE, context.encode() + b"\0", follow_symlinks=False)
        except FileNotFoundError:
            continue
        count += 1
    return count


def read_label(path: str) -> str | None:
    try:
        return os.getxattr(path, ATTRIBUTE, follow_symlinks=False).rstrip(b"\0").decode()
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            raise
        return None
