# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the seconds of facts and verdict mean: against the floor and docker-bench-security of the same run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.tests.bench.docker_bench import HOW
from ansible_collections.bulkhead.classroom.tests.bench.modules_figures import Judged

SMALL, FLEET, LARGE = "10", "100", "500"
FLOOR, FASTER, GROWTH = 1.5, 60.0, 1.15
PAGE_SECONDS, PAGE_MEGABYTES = 3.0, 5.0
PARTS = ("import", "facts", "verdict", "report")


def judge(seconds: Mapping[str, Mapping[str, float]], docker_bench: float | None) -> list[Judged]:
    """seconds: by size, of whole processes (`bulkhead`, `floor`). docker_bench: seconds for FLEET, if it was run."""
    fleet = seconds[FLEET]
    multiple = fleet["bulkhead"] / fleet["floor"]
    judged = [Judged(f"{FLEET} containers, facts and verdict: multiple of the floor", multiple, FLOOR, False)]
    if docker_bench is not None:
        faster = docker_bench / fleet["bulkhead"]
        judged.append(Judged(f"{FLEET} containers: times faster than docker-bench-security", faster, FASTER, True))
    grown = growth(seconds, "bulkhead")
    judged.append(Judged(f"cost of a container from {FLEET} to {LARGE} by that to {FLEET}", grown, GROWTH, False))
    return judged


def judge_page(pages: Mapping[str, Mapping[str, float]]) -> list[Judged]:
    """pages: by size of the fleet, what page_figures says."""
    page = pages[LARGE]
    seconds, size = page["write"] + page["draw"], page["bytes"] / 1_000_000
    return [
        Judged(f"{LARGE} containers, the page written and drawn in a browser: seconds", seconds, PAGE_SECONDS, False),
        Judged(f"{LARGE} containers, the page: MB", size, PAGE_MEGABYTES, False),
    ]


def growth(seconds: Mapping[str, Mapping[str, float]], who: str) -> float:
    """What a further container costs in the upper part of the sizes, as a multiple of what it costs in the lower."""
    small, fleet, large = (seconds[size][who] for size in (SMALL, FLEET, LARGE))
    lower, upper = (fleet - small) / (int(FLEET) - int(SMALL)), (large - fleet) / (int(LARGE) - int(FLEET))
    return upper / lower


def table(found: Mapping[str, Any], judged: list[Judged]) -> list[str]:
    """The report for a terminal."""
    lines = [f"{'containers':<12}{'bulkhead':>10}{'floor':>10}   by floor   of these {', '.join(PARTS)}"]
    for size, times in found["seconds"].items():
        parts = " ".join(f"{found['parts'][size][part]:.2f}" for part in PARTS)
        ratio = times["bulkhead"] / times["floor"]
        lines.append(f"{size:<12}{times['bulkhead']:>8.2f} s{times['floor']:>8.2f} s{ratio:>9.2f} x   {parts}")
    lines.append(f"peak memory at {LARGE}: {found['memory'] / 1_000_000:.0f} MB")
    lines.append(f"growth of the floor, for comparison: {growth(found['seconds'], 'floor'):.2f}")
    empty = found["playbook"]["empty"]
    for size, whole in found["playbook"]["verify"].items():
        lines.append(f"the playbook at {size}: {whole:.2f} s, of these {empty:.2f} s Ansible's own (an empty play)")
    for size, page in found["pages"].items():
        lines.append(
            f"the page at {size}: {page['write']:.2f} s to write, {page['draw']:.2f} s in a browser, "
            f"{page['bytes'] / 1_000_000:.2f} MB"
        )
    other = found["docker_bench"]
    lines += [f"docker-bench-security {other['version']}: {other['seconds']:.1f} s" if other else _not_run(), ""]
    for one in judged:
        bound = "at least" if one.least else "at most"
        lines.append(f"{'ok      ' if one.ok else 'MISSED  '}{one.what} {one.value:.2f} ({bound} {one.limit:g})")
    return lines


def _not_run() -> str:
    return f"docker-bench-security: not run. {HOW}"
