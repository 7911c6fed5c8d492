# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to happen so that directories are held to a size by project quota. Nothing here touches a disk.

Every file below the directory carries the number of its project, and the file system counts blocks and inodes of each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.units import SpecError, parse_size

# The kernel takes limits in these units.
BLOCK = 1024
# 0 is what every file has; the largest numbers are kept by the kernel.
PROJECTS = range(1, (1 << 32) - 2)


class QuotaError(Exception):
    """Directories that cannot be held to a size; the message says which, why, and what to do."""


@dataclass(frozen=True)
class Quota:
    """One directory as wanted."""

    path: str
    project: int
    size: int
    inodes: int


@dataclass(frozen=True)
class Found:
    """What is there: the directory's project (inherited by what is made in it?), and what the project may use."""

    exists: bool = False
    project: int = 0
    inherited: bool = False
    size: int = 0
    inodes: int = 0


@dataclass(frozen=True)
class Step:
    wanted: Quota
    reasons: tuple[str, ...]

    def as_result(self) -> dict[str, Any]:
        return {"path": self.wanted.path, "reasons": list(self.reasons)}


def parse(items: Sequence[Mapping[str, Any]]) -> list[Quota]:
    quotas = [_parse(item) for item in items]
    for name in ("path", "project"):
        values = [str(getattr(one, name)) for one in quotas]
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            raise QuotaError(f"{name} {', '.join(twice)} is listed twice; each directory has a project of its own")
    return quotas


def _parse(item: Mapping[str, Any]) -> Quota:
    path, project, inodes = item["path"], item["project"], item["inodes"]
    if project not in PROJECTS:
        raise QuotaError(f"{path}: project {project} is none; write a number from 1 to {PROJECTS[-1]}")
    if inodes < 1:
        raise QuotaError(f"{path}: {inodes} inodes would mean no limit; write how many files it may have")
    try:
        size = parse_size(item["size"], "size")
    except SpecError as error:
        raise QuotaError(f"{path}: {error}") from error
    return Quota(path, project, -(-size // BLOCK) * BLOCK, inodes)


def plan(wanted: Sequence[Quota], found: Mapping[str, Found]) -> list[Step]:
    steps = []
    for want in wanted:
        have = found[want.path]
        differing = {
            "project": not have.exists or have.project != want.project or not have.inherited,
            "size": have.size != want.size,
            "inodes": have.inodes != want.inodes,
        }
        reasons = tuple(name for name, differs in differing.items() if differs)
        if reasons:
            steps.append(Step(want, reasons))
    return steps


def check_room(wanted: Sequence[Quota], capacity: int, place: str) -> None:
    """Limits that the disk cannot keep are a promise to nobody."""
    total = sum(want.size for want in wanted)
    if total > capacity:
        raise QuotaError(
            f"{len(wanted)} directories of together {total >> 20} MiB do not fit on {place} ({capacity >> 20} MiB): "
            "lower the size of each, or use a larger disk"
        )


def diff(step: Step, have: Found) -> dict[str, str]:
    want = step.wanted
    return {
        "before_header": want.path,
        "after_header": want.path,
        "before": _described(have.project, have.size, have.inodes),
        "after": _described(want.project, want.size, want.inodes),
    }


def _described(project: int, size: int, inodes: int) -> str:
    return f"project: {project}\nsize: {size}\ninodes: {inodes}\n"
