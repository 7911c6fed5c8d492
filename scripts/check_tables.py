# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Writes docs/checks.md, the reference of all checks, from the catalogue of isolation_verdict.

Without words: writes it (make docs). With --check: changes nothing, fails when it is out of date (make lint).
The collection has to be on the path: PYTHONPATH=collections.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks import catalogue
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import BENCHMARKS, Check
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes import tried

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "checks.md"
SUBJECTS = {"decide": "container", "decide_host": "host", "decide_image": "image", "decide_network": "network"}
COLUMNS = (
    *("Check", "Title", "Severity", "Subject", "Expected", "Evidence"),
    *(f"CIS {version}" for version in BENCHMARKS),
    *("NIST 800-190", "STIG", "Cure in Bulkhead"),
)
PROBE_COLUMNS = tuple({"Subject": "Concept", "Evidence": "Attempt"}.get(title, title) for title in COLUMNS)
PROBES = """## Probes

Tried in a throw-away twin of a container, on request only (`isolation_audit_probe`). They then count whatever the
profile is, and are left out and waived by their ids like every check. How they work is in
[isolation.md](isolation.md#tried-not-only-read).

"""
HEADER = """# Checks of the isolation

This file is written by `make docs` from the checks themselves (`plugins/module_utils/isolation/checks`, and
`probes`). How they are read and judged is in [isolation.md](isolation.md).

CIS is the CIS Docker Benchmark in three versions, NIST is NIST SP 800-190, STIG the DISA STIG for Docker Enterprise:
ids only. Where others ask for nothing the cell is empty. A finding says why it matters, too, and its remedy.
"""


def subject(check: Check) -> str:
    """What kind of thing a check is about."""
    return next(word for way, word in SUBJECTS.items() if getattr(check, way))


def cells(check: Check) -> tuple[str, ...]:
    """The row of a check, in the order of the columns. A probe has no way to decide: it says its concept."""
    kind = check.concept if check in tried.CHECKS else subject(check)
    return (
        *(f"`{check.id}`", check.title, check.severity, kind, check.expected, check.how),
        *(", ".join(check.benchmark(version)) for version in BENCHMARKS),
        *(", ".join(check.nist), ", ".join(check.stig), check.variable and f"`{check.variable}`"),
    )


def shown(cell: str) -> str:
    """The text of a cell on one line, with what Markdown would take for its own."""
    text = " ".join(cell.split()).replace("|", "\\|")
    return text if text.startswith("`") else text.replace("*", "\\*").replace("<", "&lt;")


def row(texts: tuple[str, ...]) -> str:
    return f"| {' | '.join(map(shown, texts))} |".replace("|  |", "| |").replace("|  |", "| |")


def document(checks: tuple[Check, ...] = catalogue.ALL) -> str:
    """The whole file: a table for each concept, in the order of the catalogue, and one of the probes."""
    parts = [HEADER]
    for concept in catalogue.CONCEPTS:
        own = [check for check in checks if check.concept == concept]
        if own:
            parts.append(f"## {concept.capitalize()}\n\n{table(COLUMNS, own)}")
    return "\n".join([*parts, PROBES + table(PROBE_COLUMNS, tried.CHECKS)])


def table(columns: tuple[str, ...], checks: Iterable[Check]) -> str:
    """Columns and rows, with the line end."""
    return "\n".join([row(columns), row(("---",) * len(columns)), *(row(cells(check)) for check in checks)]) + "\n"


def main(words: list[str]) -> int:
    old = TARGET.read_text() if TARGET.exists() else ""
    new = document()
    if new == old:
        return 0
    name = TARGET.relative_to(ROOT)
    if words == ["--check"]:
        print("Out of date, run `make docs` and commit:", name)
        return 1
    TARGET.write_text(new)
    print("Written:", name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
