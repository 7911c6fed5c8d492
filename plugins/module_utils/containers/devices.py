# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices of a container, and how fast it may read and write block devices."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.units import SpecError, parse_size

Rates = tuple[tuple[str, int], ...]
# Option to the engine's word. The first two count bytes, the others operations.
BYTES = {"device_read_bps": "BlkioDeviceReadBps", "device_write_bps": "BlkioDeviceWriteBps"}
RATES = {**BYTES, "device_read_iops": "BlkioDeviceReadIOps", "device_write_iops": "BlkioDeviceWriteIOps"}
_RULE = re.compile(r"^[acb] (\d+|\*):(\d+|\*) [rwm]{1,3}$")


def devices_from_params(texts: Iterable[Any] | None) -> tuple[str, ...]:
    """One spelling, host:container:permissions, sorted."""
    return tuple(sorted(map(_device, texts or ())))


def _device(text: Any) -> str:
    parts = str(text).split(":")
    permissions = "rwm"
    if len(parts) > 1 and re.match(r"^[rwm]{1,3}$", parts[-1]):
        given = parts.pop()
        permissions = "".join(letter for letter in "rwm" if letter in given)
    outside, inside = parts[0], parts[-1]
    if len(parts) > 2 or not (outside.startswith("/") and inside.startswith("/")):
        raise SpecError(f"devices: '{text}' is no device; write it like /dev/fuse or /dev/sda:/dev/xvda:r")
    return f"{outside}:{inside}:{permissions}"


def devices_from_inspect(documents: Iterable[Mapping[str, Any]] | None) -> tuple[str, ...]:
    return devices_from_params(
        f"{one['PathOnHost']}:{one['PathInContainer']}:{one['CgroupPermissions']}" for one in documents or ()
    )


def devices_to_api(devices: Iterable[str]) -> list[dict[str, str]]:
    words = ("PathOnHost", "PathInContainer", "CgroupPermissions")
    return [dict(zip(words, device.split(":"))) for device in devices]


def rules_from_params(texts: Iterable[Any] | None) -> tuple[str, ...]:
    rules = tuple(sorted({str(text) for text in texts or ()}))
    for rule in rules:
        if not _RULE.match(rule):
            raise SpecError(f"device_cgroup_rules: '{rule}' is no rule; write it like 'c 10:229 rw'")
    return rules


def rates_from_params(params: Mapping[str, Any]) -> dict[str, Rates]:
    """Of the four options the ones that are given."""
    return {option: _rates(option, params[option]) for option in RATES if params.get(option)}


def _rates(option: str, entries: Iterable[Mapping[str, Any]]) -> Rates:
    rates = {}
    for entry in entries:
        path, rate = str(entry["path"]), entry["rate"]
        if not path.startswith("/") or path in rates:
            raise SpecError(f"{option}: '{path}' is listed twice, or is no absolute path of a device")
        rates[path] = parse_size(rate, option) if option in BYTES else _count(rate, option)
    return tuple(sorted(rates.items()))


def _count(rate: Any, option: str) -> int:
    if not str(rate).isdigit() or int(rate) == 0:
        raise SpecError(f"{option}: '{rate}' is no number of operations per second; write a whole number above 0")
    return int(rate)


def rates_from_inspect(host: Mapping[str, Any]) -> dict[str, Rates]:
    return {
        option: tuple(sorted((str(one["Path"]), int(one["Rate"])) for one in host.get(word) or ()))
        for option, word in RATES.items()
    }


def rates_to_api(spec: Any) -> dict[str, list[dict[str, Any]]]:
    return {
        word: [{"Path": path, "Rate": rate} for path, rate in getattr(spec, option)] for option, word in RATES.items()
    }
