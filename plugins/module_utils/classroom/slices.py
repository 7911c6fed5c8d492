# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Slices: what all containers of one student may use together, and what is left for the host. Pure.

systemd nests slices by the dashes of their names: bulkhead-ada.slice lies in bulkhead.slice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.units import (
    SpecError,
    parse_cpus,
    parse_pids,
    parse_size,
    parse_swap,
)

SUFFIX = ".slice"
UNITS = "/etc/systemd/system"
# What may be set beside the limits that follow from the workspace's: nothing that lifts one of them.
PROPERTIES = (
    *("CPUWeight", "IOWeight", "MemoryHigh"),
    *("IOReadBandwidthMax", "IOWriteBandwidthMax", "IOReadIOPSMax", "IOWriteIOPSMax"),
)
UNIT = """\
# Written by Ansible (role student_workspaces): all containers of {student} together.
[Unit]
Description=Containers of {student}

[Slice]
{properties}
"""


class SliceError(Exception):
    """Limits that no slice can be made of."""


def slice_of(student: str, parent: str) -> str:
    """The slice of one student, below `parent`.

    A dash in the name would be one more level: mary-ann's slice would lie in mary's, and share its limits. No name has
    an underscore, so it stands for the dash, and no two names become one.
    """
    return f"{parent[: -len(SUFFIX)]}-{student.replace('-', '_')}{SUFFIX}"


def slice_files(
    students: Sequence[Mapping[str, Any]],
    limits: Mapping[str, Any],
    parent: str,
    count: int,
    properties: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """Entries of file_set: a unit for each student with `count` times a workspace's limits, and no unit of others."""
    if not (parent.endswith(SUFFIX) and len(parent) > len(SUFFIX)):
        raise SliceError(f"{parent!r} is no slice; write a name like bulkhead.slice")
    unknown = [name for name in properties if name not in PROPERTIES]
    if unknown or any(str(value).strip() in ("", "infinity", "max") for value in properties.values()):
        said = f"{', '.join(unknown)} may not be set" if unknown else "an empty or infinite value would lift a limit"
        raise SliceError(f"properties: {said}; there are {', '.join(PROPERTIES)}, with a value each")
    pattern = f"{parent[: -len(SUFFIX)]}-*{SUFFIX}"
    units = [{"path": UNITS, "state": "directory", "prune": True, "prune_pattern": pattern}]
    for student in students:
        values = {**limits, **{key: student[key] for key in limits if student.get(key) is not None}}
        if student.get("memory") is not None and student.get("memory_swap") is None:
            values["memory_swap"] = student["memory"]
        lines = {**_together(values, count, student["name"]), **properties}
        text = "\n".join(f"{name}={value}" for name, value in lines.items())
        path = f"{UNITS}/{slice_of(student['name'], parent)}"
        units.append({"path": path, "content": UNIT.format(student=student["name"], properties=text)})
    return units


def _together(values: Mapping[str, Any], count: int, student: str) -> dict[str, Any]:
    """The limits in systemd's words. Each is finite: a workspace without one has no place in a slice."""
    try:
        memory = parse_size(values["memory"], "memory")
        swap = parse_swap(values["memory_swap"], memory)
        cpus, pids = parse_cpus(values["cpus"]), parse_pids(int(values["pids_limit"]))
    except (KeyError, SpecError, ValueError) as error:
        raise SliceError(f"{student}: {error}") from error
    if swap < 0 or pids < 1 or count < 1:
        raise SliceError(f"{student}: memory_swap, pids_limit and the number of containers need a limit each")
    return {
        "MemoryMax": memory * count,
        "MemorySwapMax": (swap - memory) * count,
        # Hundredths of a processor, rounded up: the least that systemd takes is 1%.
        "CPUQuota": f"{-(-cpus * count // 10_000_000)}%",
        "TasksMax": pids * count,
    }


_SHARE = re.compile(r"(\d+(?:\.\d+)?)%")


def slice_problems(limits: Mapping[str, Any], memory: int, processors: int) -> list[str]:
    """What is wrong with the limits of all workspaces together on a host of this size; every problem at once.

    limits: memory_max, memory_high, swap_max, tasks_max, cpu_quota, system_memory_min, system_memory_low, in systemd's
    words. The first four of a host are never empty: that would be no limit.
    """
    boundless = [
        name
        for name in ("memory_max", "swap_max", "tasks_max")
        if str(limits[name]).strip().lower() in ("", "infinity", "max")
    ]
    found = [
        f"{name} is {limits[name]!r}, which is no limit: write a size, a number or a share like 50%"
        for name in boundless
    ]
    sizes: dict[str, float] = {}
    for name in ("memory_max", "memory_high", "system_memory_min", "system_memory_low"):
        text = str(limits[name]).strip()
        try:
            sizes[name] = amount(text, memory) if text and name not in boundless else 0
        except ValueError:
            found.append(f"{name} is {text!r}, which is no size: write one like 2G, or a share of the host like 50%")
    return found or [*_relations(limits, sizes, memory), *_quota(str(limits["cpu_quota"]).strip(), processors)]


def _relations(limits: Mapping[str, Any], sizes: Mapping[str, float], memory: int) -> Iterator[str]:
    most = sizes["memory_max"]
    if most + sizes["system_memory_min"] > memory:
        yield (
            f"memory_max {limits['memory_max']} and system_memory_min {limits['system_memory_min'] or 0} are more than "
            f"the host has ({memory >> 20} MiB): lower one of them"
        )
    if sizes["memory_high"] > most:
        yield f"memory_high {limits['memory_high']} is above memory_max {limits['memory_max']}: lower it"
    if 0 < sizes["system_memory_low"] < sizes["system_memory_min"]:
        yield "system_memory_low is below system_memory_min: what is guaranteed is protected too, so raise it"


def _quota(quota: str, processors: int) -> Iterator[str]:
    share = _SHARE.fullmatch(quota)
    if quota and not share:
        yield f"cpu_quota is {quota!r}, which is no share: write one like 150%, where 100% is one processor"
    elif share and float(share.group(1)) > processors * 100:
        yield f"cpu_quota {quota} is more than the host's {processors} processors: lower it"


def amount(text: str, whole: int) -> float:
    """Bytes of a size (2G) or of a share of the whole (50%), as systemd reads them."""
    share = _SHARE.fullmatch(text)
    if share:
        return whole * float(share.group(1)) / 100
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([KMGT]?)", text)
    if not match:
        raise ValueError(text)
    return float(match.group(1)) * float(1024 ** " KMGT".index(match.group(2) or " "))
