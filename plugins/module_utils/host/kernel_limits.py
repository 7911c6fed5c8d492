# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The limits of a container as its control group has them, in the units of a Spec. Pure.

The engine reports what it was told; somebody may have written something else into the control group since.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.container_spec import Spec
from ansible_collections.bulkhead.classroom.plugins.module_utils.units import UNLIMITED, set_name

# Property to controller, file of version 1, file of version 2. Newer runtimes turn shares into weights by another
# formula than older ones, so that the weight of version 2 tells nothing.
FILES = {
    "memory": ("memory", "memory.limit_in_bytes", "memory.max"),
    "memory_swap": ("memory", "memory.memsw.limit_in_bytes", "memory.swap.max"),
    "memory_reservation": ("memory", "memory.soft_limit_in_bytes", "memory.low"),
    "cpus": ("cpu", "cpu.cfs_quota_us", "cpu.max"),
    "cpu_shares": ("cpu", "cpu.shares", ""),
    "cpuset_cpus": ("cpuset", "cpuset.cpus", "cpuset.cpus"),
    "cpuset_mems": ("cpuset", "cpuset.mems", "cpuset.mems"),
    "pids_limit": ("pids", "pids.max", "pids.max"),
}
_SIZES = ("memory", "memory_swap", "memory_reservation")
# Version 1 has a number for "no limit", which ends with the page size.
_V1_UNLIMITED = 1 << 62
_PAGE = 4096
_BILLION = 1_000_000_000
# A quota is a whole number of microseconds.
_CPU_STEP = 20_000


def limited(spec: Spec) -> tuple[str, ...]:
    """The properties whose limits the engine says it has set."""
    return tuple(name for name in FILES if getattr(spec, name) not in (0, None, "", UNLIMITED))


def parse(name: str, text: str, spec: Spec, version: int) -> Any:
    """What a file says; None when it is not understood. The text of cpus is 'quota period' for both versions."""
    try:
        if name.startswith("cpuset"):
            return set_name(text)
        if name == "cpus":
            quota, period = text.split()
            return 0 if quota in ("max", "-1") else int(quota) * _BILLION // int(period)
        value = UNLIMITED if text == "max" else int(text)
    except ValueError:
        return None
    if value >= _V1_UNLIMITED:
        value = UNLIMITED
    if name == "memory_swap" and version == 2 and value >= 0:
        # Version 2 counts swap alone.
        value += spec.memory
    return value


def drifted(name: str, reported: Any, found: Any) -> bool:
    """Whether the kernel has something else than the engine reports, beyond what rounding explains."""
    if found is None:
        return False
    if name in _SIZES:
        return bool(found // _PAGE != reported // _PAGE)
    if name == "cpus":
        return bool(abs(found - reported) > _CPU_STEP)
    return bool(found != reported)
