# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures one part of Bulkhead against its peers and floors (make bench): `modules`, `isolation`, `probes` or
`classroom`.

Writes its part of reports/bench.json, prints a table, and fails when a limit is missed. Words after `classroom` go to
every run of Ansible there; the one after `isolation` is the folder of docker-bench-security.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from typing import Any

from ansible_collections.bulkhead.classroom.tests.bench import classroom, isolation, modules, probes
from ansible_collections.bulkhead.classroom.tests.bench.runs import ROOT, BenchError

REPORT = ROOT / "reports" / "bench.json"
PARTS: dict[str, Callable[[list[str]], tuple[dict[str, Any], list[str]]]] = {
    "classroom": classroom.measure,
    "isolation": isolation.measure,
    "modules": lambda _words: modules.measure(),
    "probes": probes.measure,
}


def write(part: str, found: dict[str, Any]) -> None:
    """Into the report, beside the other parts. It is replaced, so that root and its owner both can."""
    known = json.loads(REPORT.read_text()) if REPORT.exists() else {}
    new = REPORT.with_suffix(".new")
    new.write_text(json.dumps({**{name: known[name] for name in PARTS if name in known}, part: found}, indent=2) + "\n")
    new.replace(REPORT)


def main(part: str, *words: str) -> int:
    REPORT.parent.mkdir(exist_ok=True)
    # So that what was started is cleaned up after it, as after an interrupt.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    try:
        found, table = PARTS[part](list(words))
    except BenchError as error:
        print(error, file=sys.stderr)
        return 1
    write(part, found)
    print("", *table, "", f"report: {REPORT}", sep="\n")
    return 0 if found["within_limits"] else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
