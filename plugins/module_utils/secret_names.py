# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of variables that look like a secret's. Pure; a value is never looked at."""

from __future__ import annotations

import re
from collections.abc import Iterable

# 'TOKENIZER' and 'AUTHOR' are no secrets, 'NPM_TOKEN', 'dbpassword' and 'AUTH' are.
_SECRET = re.compile(
    r"(password|passwd|passphrase|secret|token|credential|(api|access|private|ssh|signing|encryption)_?key)s?(?![a-z])"
    r"|(^|_)(pass|pwd|pw|auth)(_|$)",
    re.IGNORECASE,
)
# Where a secret lies is none, and the shell's own folder is called like one.
_PLACE = re.compile(r"_(file|path|dir|sock|socket)$|^pwd$", re.IGNORECASE)
# What a program wrote over its environment is no name, and may be anything.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,127}")


def looks_secret(name: str) -> bool:
    return bool(_SECRET.search(name))


def secret_variables(entries: Iterable[str]) -> list[str]:
    """The names in NAME=value lines that look like a secret's and have a value; sorted, each once."""
    pairs = (entry.partition("=") for entry in entries)
    names = {name for name, _equals, value in pairs if value and _NAME.fullmatch(name)}
    return sorted(name for name in names if looks_secret(name) and not _PLACE.search(name))
