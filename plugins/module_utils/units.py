# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's words for quantities, and what they mean in the engine's API."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

UNLIMITED = -1

_SIZE = re.compile(r"^(\d+(?:\.\d+)?)\s*([bkmgt]?)(?:i?b)?$")
_FACTORS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_RESTART = re.compile(r"^(no|always|unless-stopped|on-failure)(?::(\d+))?$")


class SpecError(Exception):
    """A value of the task is wrong; the message says which, and what to write instead."""


def parse_size(value: object, option: str) -> int:
    """Bytes of '256m', '1.5g', '1024'. Zero is refused: to the engine it means no limit at all."""
    match = _SIZE.match(str(value).strip().lower())
    if not match:
        raise SpecError(f"{option}: '{value}' is no size; write bytes or a number with b, k, m, g or t, like 256m")
    size = int(float(match.group(1)) * _FACTORS[match.group(2)])
    if size == 0:
        raise SpecError(f"{option}: 0 would mean no limit; leave the option out if that is what is wanted")
    return size


def parse_swap(value: object, memory: int) -> int:
    """Memory plus swap, as the engine counts it; -1 and 'unlimited' lift the limit."""
    if str(value).strip().lower() in ("-1", "unlimited"):
        return UNLIMITED
    swap = parse_size(value, "memory_swap")
    if not memory:
        raise SpecError("memory_swap: needs memory too; it is the sum of memory and swap")
    if swap < memory:
        raise SpecError(
            f"memory_swap: {value} is less than memory; it is the sum of memory and swap, equal means no swap"
        )
    return swap


def parse_cpus(value: object) -> int:
    """Billionths of a processor."""
    try:
        cpus = float(str(value))
    except ValueError as error:
        raise SpecError(f"cpus: '{value}' is no number; write 0.5 or 2") from error
    # NaN compares with nothing, and infinity has no billionths.
    if not math.isfinite(cpus):
        raise SpecError(f"cpus: '{value}' is no number; write 0.5 or 2")
    if cpus < 0.01:
        raise SpecError(f"cpus: {value} is below 0.01, the least that the engine accepts")
    return round(cpus * 1_000_000_000)


def parse_pids(value: int) -> int:
    """Number of processes; 0 stands for unlimited in what the engine reports, and is refused as a wish."""
    if value == UNLIMITED:
        return 0
    if value < 1:
        raise SpecError(f"pids_limit: {value} would mean no limit; write -1 or leave the option out")
    return value


def parse_restart(value: object) -> str:
    """One spelling of a restart policy: 'no', 'always', 'unless-stopped', 'on-failure', 'on-failure:3'."""
    # YAML reads an unquoted `no` as a boolean.
    text = "no" if str(value).lower() in ("false", "") else str(value)
    match = _RESTART.match(text)
    if not match or (match.group(2) and match.group(1) != "on-failure"):
        raise SpecError(
            f"restart_policy: '{value}' is unknown; write no, always, unless-stopped, on-failure or on-failure:3"
        )
    return text[: -len(":0")] if text.endswith(":0") else text


def restart_from_inspect(document: Mapping[str, Any] | None) -> str:
    name = (document or {}).get("Name") or "no"
    count = (document or {}).get("MaximumRetryCount") or 0
    return f"{name}:{count}" if count else str(name)


def restart_to_api(policy: str) -> dict[str, Any]:
    name, _colon, count = policy.partition(":")
    return {"Name": name, "MaximumRetryCount": int(count or 0)}
