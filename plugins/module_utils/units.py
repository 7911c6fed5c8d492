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
_DURATION = re.compile(r"^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?$")
_NANOSECONDS = (3_600_000_000_000, 60_000_000_000, 1_000_000_000, 1_000_000)
_SET = re.compile(r"^\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*$")
_SIGNAL = re.compile(r"^(?:[1-9]\d?|[A-Z][A-Z0-9+-]+)$")
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


def parse_duration(value: object, option: str) -> int:
    """Nanoseconds of '30s', '1m30s', '500ms', or of a bare number of seconds."""
    text = str(value).strip().lower()
    match = _DURATION.match(f"{text}s" if re.match(r"^\d+(\.\d+)?$", text) else text)
    if not match or not text:
        raise SpecError(f"{option}: '{value}' is no time; write seconds, or a number with h, m, s or ms, like 1m30s")
    length = round(sum(float(part or 0) * factor for part, factor in zip(match.groups(), _NANOSECONDS)))
    if 0 < length < _NANOSECONDS[-1]:
        raise SpecError(f"{option}: {value} is below 1ms, the least that the engine accepts")
    return length


def parse_set(value: object, option: str) -> str:
    """One spelling of a set of processors or memory nodes: '0,1,2,5' and '2,0-1,5' are both '0-2,5'."""
    text = str(value).replace(" ", "")
    if not _SET.match(text):
        raise SpecError(f"{option}: '{value}' is no set; write numbers and ranges, like 0-2,5")
    members: set[int] = set()
    for part in text.split(","):
        first, _dash, last = part.partition("-")
        if int(last or first) < int(first) or int(last or first) > 8191:
            raise SpecError(f"{option}: '{part}' is no range of processors or nodes; write the smaller number first")
        members.update(range(int(first), int(last or first) + 1))
    return _ranges(sorted(members))


def _ranges(members: list[int]) -> str:
    runs: list[list[int]] = []
    for member in members:
        if runs and member == runs[-1][-1] + 1:
            runs[-1].append(member)
        else:
            runs.append([member])
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def parse_signal(value: object) -> str:
    """One spelling of a signal: 'int' and 'SIGINT' are 'SIGINT'; a number stays one."""
    text = re.sub(r"^SIG", "", str(value).strip().upper())
    if not _SIGNAL.match(text):
        raise SpecError(f"stop_signal: '{value}' is no signal; write a name like SIGINT, or a number")
    return text if text.isdigit() else f"SIG{text}"


def signal_name(value: object) -> str:
    """What an engine or an image reports, in that spelling; nothing is what the engine sends then."""
    try:
        return parse_signal(value or "TERM")
    except SpecError:
        return str(value)


def set_name(value: object) -> str:
    """What an engine reports of a set, in one spelling."""
    try:
        return parse_set(value, "") if value else ""
    except SpecError:
        return str(value)


def in_range(value: int, low: int, high: int, option: str) -> int:
    if not low <= value <= high:
        raise SpecError(f"{option}: {value} is not between {low} and {high}")
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
