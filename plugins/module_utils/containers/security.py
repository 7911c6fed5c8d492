# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One spelling for what the engine accepts in several: capabilities and security options."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

_KEY = re.compile(r"^(label|seccomp|apparmor|no-new-privileges)[:=](.*)$", re.DOTALL)


def capabilities(names: Iterable[str] | None) -> tuple[str, ...]:
    """Sorted, upper case, without the prefix: engines differ in which of these they keep."""
    return tuple(sorted({re.sub(r"^CAP_", "", str(name).upper()) for name in names or ()}))


def security_options(options: Iterable[str] | None) -> tuple[str, ...]:
    """Sorted and normalised; an option that only states the default is left out."""
    return tuple(sorted({one for one in map(_option, options or ()) if one}))


def _option(text: str) -> str:
    if text == "no-new-privileges":
        return "no-new-privileges=true"
    match = _KEY.match(text)
    if not match:
        return text
    key, value = match.groups()
    if key == "no-new-privileges":
        return "" if value == "false" else f"{key}={value}"
    if key == "label":
        # Before 1.11 the engine wrote label:type:svirt_t, and it still accepts that.
        return f"{key}={value}"
    if key == "seccomp" and value.lstrip().startswith("{"):
        return f"{key}={_canonical(value)}"
    return f"{key}={value}"


def _canonical(document: str) -> str:
    try:
        return json.dumps(json.loads(document), sort_keys=True, separators=(",", ":"))
    except ValueError:
        return document


def has_label(options: Iterable[str]) -> bool:
    return any(option.startswith("label=") for option in options)


def shown(options: Iterable[str]) -> list[str]:
    """For people: a seccomp profile has thousands of characters."""
    return [option if len(option) < 200 else option[:40] + "…" for option in options]
