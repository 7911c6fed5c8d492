# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of the kernel by the names that sysctl gives them, and which differ from the wanted ones. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.host_state import HostStateError

_NAME = re.compile(r"[\w.*/@:-]+")
_SWAPPED = str.maketrans("./", "/.")


def path_of(name: str) -> str:
    """The file of a setting. As in sysctl.d the first separator says which of the two it is: net/ipv4/conf/eth0.7/x."""
    if not _NAME.fullmatch(name) or name[0] in "./" or ".." in name or "//" in name:
        raise HostStateError(f"{name!r} is no name of a kernel setting; write it like kernel.kptr_restrict")
    first = next((letter for letter in name if letter in "./"), ".")
    return f"/proc/sys/{name if first == '/' else name.translate(_SWAPPED)}"


def value_of(name: str, value: Any) -> str:
    """As the kernel prints it: words with one blank between them."""
    if isinstance(value, bool) or not isinstance(value, (int, str)) or not str(value).strip():
        raise HostStateError(f"The value of {name} is {value!r}; write the number or the text that the kernel has")
    return words(str(value))


def words(text: str) -> str:
    return " ".join(text.split())


def drifted(wanted: Mapping[str, Any], running: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Those that the kernel has with another value. `running` lacks what the kernel does not have at all."""
    pairs = {name: (value_of(name, value), words(running[name])) for name, value in wanted.items() if name in running}
    return {name: {"wanted": want, "running": have} for name, (want, have) in pairs.items() if want != have}
