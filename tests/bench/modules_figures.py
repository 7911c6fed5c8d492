# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the seconds of the modules mean: ratios against the peer and the floor of the same run, held against limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

FLEET = "100"
MEGABYTE = 1_000_000
# A removal at the same time, on engines that survive it, is faster than one by one.
REMOVE, REMOVE_TOGETHER = 5.0, 8.0


class Judged(NamedTuple):
    """A figure and its limit: the least that it may be, or the most."""

    what: str
    value: float
    limit: float
    least: bool

    @property
    def ok(self) -> bool:
        return self.value >= self.limit if self.least else self.value <= self.limit


def fleet(seconds: Mapping[str, Any], memory: Mapping[str, int], together: bool) -> list[Judged]:
    """`together`: the engine survives removals at the same time."""
    judged = []
    if FLEET in seconds:
        faster = {verb: times["loop"] / times["bulkhead"] for verb, times in seconds[FLEET].items()}
        limits = {"start": 5.5, "unchanged": 40.0, "remove": REMOVE_TOGETHER if together else REMOVE}
        judged += [
            Judged(f"{FLEET} containers, {verb}: times faster than the loop", faster[verb], limits[verb], True)
            for verb in limits
        ]
        start = seconds[FLEET]["start"]
        judged.append(
            Judged(f"{FLEET} containers, start: multiple of the floor", start["bulkhead"] / start["floor"], 1.2, False)
        )
    for verb, times in seconds.get("1", {}).items():
        what = f"one container, {verb}: times faster than the loop"
        judged.append(Judged(what, times["loop"] / times["bulkhead"], 1.0, True))
    judged += growth(seconds)
    judged += [Judged(f"peak memory, {verb}: MB", bytes_ / MEGABYTE, 120, False) for verb, bytes_ in memory.items()]
    return judged


def growth(seconds: Mapping[str, Any]) -> list[Judged]:
    """What a further container costs in the upper half of the sizes, as a multiple of what it costs in the lower."""
    if not {"10", FLEET, "200"} <= set(seconds):
        return []
    judged = []
    for verb in ("start", "remove"):
        times = {size: one[verb]["bulkhead"] for size, one in seconds.items()}
        lower, upper = (times[FLEET] - times["10"]) / 90, (times["200"] - times[FLEET]) / 100
        judged.append(Judged(f"{verb}: cost of a container from 100 to 200 by that to 100", upper / lower, 1.15, False))
    return judged


def images(found: Mapping[str, Any]) -> list[Judged]:
    judged = []
    for count, limit in (("1", 1.3), ("20", 2.0)):
        for verb, times in found["unchanged"][count].items():
            judged.append(Judged(f"{verb} of {count} with nothing to do: seconds", times["bulkhead"], limit, False))
    for verb, times in found["real"].items():
        judged.append(
            Judged(f"real {verb}: multiple of the engine's client", times["bulkhead"] / times["client"], 1.05, False)
        )
    return judged


def table(seconds: Mapping[str, Any], found: Mapping[str, Any], judged: list[Judged]) -> list[str]:
    """The report for a terminal."""
    lines = [f"{'containers':<22}{'bulkhead':>10}{'loop':>10}{'floor':>10}   loop/bulkhead  bulkhead/floor"]
    for size, verbs in seconds.items():
        for verb, times in verbs.items():
            lines.append(_row(f"{size:>3} {verb}", times["bulkhead"], times["loop"], times["floor"]))
    lines += ["", f"{'images':<22}{'bulkhead':>10}{'loop':>10}{'client':>10}"]
    for count, verbs in found["unchanged"].items():
        for verb, times in verbs.items():
            lines.append(_row(f"{count:>3} {verb}, unchanged", times["bulkhead"], times["loop"], None))
    for verb, times in found["real"].items():
        lines.append(_row(f"  1 {verb}, everything", times["bulkhead"], None, times["client"]))
    lines += [f"an empty play: {found['empty']:.2f} s", ""]
    for one in judged:
        bound = "at least" if one.least else "at most"
        lines.append(f"{'ok      ' if one.ok else 'MISSED  '}{one.what} {one.value:.2f} ({bound} {one.limit:g})")
    return lines


def _row(what: str, ours: float, loop: float | None, floor: float | None) -> str:
    cells = [f"{value:>8.2f} s" if value is not None else f"{'-':>10}" for value in (ours, loop, floor)]
    ratios = [f"{loop / ours:>12.1f} x" if loop else f"{'-':>14}", f"{ours / floor:>13.2f} x" if floor else ""]
    return f"{what:<22}{''.join(cells)}{''.join(ratios)}".rstrip()
