# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words of a policy become values; what cannot be used is refused with its place and the cure. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

_SIZE = re.compile(r"^(\d+(?:\.\d+)?)\s*([bkmgt]?)(?:i?b)?$", re.IGNORECASE)
_FACTORS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
# Keys by the kind of their values.
LISTS = (
    "selinux_types",
    "selinux_file_types",
    "allowed_mounts",
    "engine_users",
    "restart_policies",
    "allowed_registries",
)
SIZES = ("memory", "memory_swap")
NUMBERS: Mapping[str, type] = {"cpus": float, "pids_limit": int, "restart_retries": int}
FLAGS = ("require_healthcheck",)


class PolicyError(ValueError):
    """A policy or waiver that cannot be used, with the key and the cure."""


def parsed(given: Mapping[str, Any], where: str, checks: frozenset[str]) -> dict[str, Any]:
    """The values of all keys that are known here by their kind; the others stay as they are."""
    values = {key: value for key, value in given.items() if value is not None}
    return {key: _value(key, value, f"{where}.{key}", checks) for key, value in values.items()}


def _value(key: str, given: Any, where: str, checks: frozenset[str]) -> Any:
    if key in LISTS:
        return tuple(strings(given, where))
    if key in SIZES:
        return size(given, where)
    if key in NUMBERS:
        return number(given, NUMBERS[key], where)
    if key in FLAGS and not isinstance(given, bool):
        raise PolicyError(f"{where} must be true or false.")
    if key == "capabilities":
        return capability_names(given, where)
    if key == "published_ports":
        return ports(given, where)
    return skipped(given, checks, where) if key == "skip" else given


def capability_names(given: Any, where: str) -> tuple[str, ...]:
    return tuple(sorted(name.upper().replace("CAP_", "", 1) for name in strings(given, where)))


def ports(given: Any, where: str) -> tuple[str, ...]:
    """'8080' is 8080/tcp."""
    found = tuple(text if "/" in text else f"{text}/tcp" for text in strings(given, where))
    wrong = [text for text in found if not re.fullmatch(r"\d{1,5}/(tcp|udp|sctp)", text)]
    if wrong:
        raise PolicyError(f"{where} has {wrong[0]!r}. Write a port such as 8080 or 53/udp.")
    return found


def size(given: Any, where: str) -> int:
    """Bytes, of a number or of words such as 512m, 1.5g, 2GiB; the engine counts in powers of 1024."""
    match = _SIZE.match(str(given).strip())
    if match is None:
        raise PolicyError(f"{where} is {given!r}. Write a size such as 512m or 1g, or a number of bytes.")
    return int(float(match.group(1)) * _FACTORS[match.group(2).lower()])


def number(given: Any, kind: type, where: str) -> Any:
    """Neither true, nor what is no number to compare with: nothing is more than NaN."""
    try:
        value = kind(given)
        if isinstance(given, bool) or not math.isfinite(value):
            raise ValueError(given)
    except (TypeError, ValueError, OverflowError):
        raise PolicyError(f"{where} is {given!r}. Write a number.") from None
    return value


def strings(given: Any, where: str) -> list[str]:
    if isinstance(given, str) or not isinstance(given, (list, tuple)):
        raise PolicyError(f"{where} must be a list of strings.")
    return [str(entry) for entry in given]


def labels_from(given: Any, where: str) -> dict[str, str]:
    """No value asks for the label alone."""
    if not isinstance(given, Mapping):
        raise PolicyError(f"{where} must be a dictionary of label: value.")
    return {str(key): "" if value is None else str(value) for key, value in given.items()}


def known(given: Any, kind: Any, where: str) -> dict[str, Any]:
    """A dictionary with keys of this dataclass only."""
    if not isinstance(given, Mapping):
        raise PolicyError(f"{where} must be a dictionary.")
    allowed = {field.name for field in fields(kind)}
    unknown = sorted(str(key) for key in given if key not in allowed)
    if unknown:
        raise PolicyError(f"{where} has unknown keys: {', '.join(unknown)}. Known are: {', '.join(sorted(allowed))}.")
    return dict(given)


def skipped(given: Any, checks: frozenset[str], where: str) -> dict[str, str]:
    """Checks left out, each with the reason that the report shows."""
    if not isinstance(given, Mapping):
        raise PolicyError(f"{where} must be a dictionary of check id: reason.")
    for check, reason in given.items():
        check_exists(str(check), checks, where)
        if not reason:
            raise PolicyError(f"{where}.{check} has no reason. Write down why this check is left out.")
    return {str(check): str(reason) for check, reason in given.items()}


def check_exists(check: str, checks: frozenset[str], where: str) -> None:
    if check not in checks:
        raise PolicyError(
            f"{where} names the check {check!r}, which does not exist. Known are: {', '.join(sorted(checks))}."
        )
