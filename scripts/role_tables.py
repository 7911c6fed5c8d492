# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Writes the table of variables in each role's README from the role's argument specification.

Without words: writes the tables (make docs). With --check: changes nothing, fails when one is out of date (make lint).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
# What stands between is written by `make docs`.
BEGIN = "<!-- variables:begin -->"
END = "<!-- variables:end -->"
HEADING = "## Variables"


class TableError(Exception):
    """A README that has no place for its table."""


def roles(root: Path = ROOT) -> list[Path]:
    """The folders of all roles, in the order of their names."""
    return sorted(path.parent for path in root.glob("roles/*/tasks"))


def specification(role: Path) -> dict[str, Any]:
    """The entry points of a role with their options; a role without the file has none."""
    path = role / "meta" / "argument_specs.yml"
    return (yaml.safe_load(path.read_text()) or {}).get("argument_specs", {}) if path.exists() else {}


def defaults(role: Path) -> dict[str, Any]:
    """What defaults/main.yml says; a role without the file has no defaults."""
    path = role / "defaults" / "main.yml"
    return (yaml.safe_load(path.read_text()) or {}) if path.exists() else {}


def options(entry_points: dict[str, Any]) -> dict[str, Any]:
    """The options of all entry points as one; the first that describes an option is the one that is shown."""
    merged: dict[str, Any] = {}
    for entry in entry_points.values():
        for name, option in (entry.get("options") or {}).items():
            merged.setdefault(name, option)
    return merged


def rows(described: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str, str, str]]:
    """Name, type, default and meaning of each option, an option's own options right below it."""
    for name, option in described.items():
        full = prefix + name
        elements = option.get("elements")
        kind = option.get("type", "str") + (f" of {elements}" if elements else "")
        yield f"`{full}`", kind, shown_default(option), meaning(option)
        yield from rows(option.get("options") or {}, full + ("[]." if elements else "."))


def shown_default(option: dict[str, Any]) -> str:
    """The default as it would be written in YAML, or that there has to be a value."""
    if option.get("required"):
        return "required"
    if "default" not in option:
        return ""
    value = option["default"]
    return f"`{value if isinstance(value, str) and value else json.dumps(value)}`"


def meaning(option: dict[str, Any]) -> str:
    """The description on one line, with the choices where there are any."""
    described = option.get("description", "")
    text = " ".join(described) if isinstance(described, list) else str(described)
    choices = option.get("choices")
    return f"{text} One of: {', '.join(f'`{choice}`' for choice in choices)}." if choices else text


def table(described: dict[str, Any]) -> str:
    """The table in Markdown, or a sentence when there is nothing to set."""
    lines = [
        "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in row) + " |" for row in rows(described)
    ]
    if not lines:
        return "This role has no variables."
    return "\n".join(["| Name | Type | Default | Meaning |", "| --- | --- | --- | --- |", *lines])


def updated(readme: str, described: dict[str, Any]) -> str:
    """The README with its table replaced, or with a table below the heading when it has none yet."""
    body = f"{BEGIN}\n{table(described)}\n{END}"
    before, begin, rest = readme.partition(BEGIN)
    _old, end, after = rest.partition(END)
    if begin and end:
        return before + body + after
    before, heading, after = readme.partition(f"{HEADING}\n")
    if begin or not heading:
        raise TableError(
            f"has no heading '{HEADING}', or only one of the two lines around its table; write the heading"
        )
    return f"{before}{heading}\n{body}\n{after}"


def main(words: list[str]) -> int:
    """Writes or checks all roles, and names those that were out of date and those that cannot be written."""
    check = words == ["--check"]
    stale, errors = [], []
    for role in roles():
        path = role / "README.md"
        try:
            old = path.read_text()
            new = updated(old, options(specification(role)))
        except FileNotFoundError:
            errors.append(f"{path.relative_to(ROOT)}: is missing; write it, with the heading '{HEADING}'")
            continue
        except TableError as error:
            errors.append(f"{path.relative_to(ROOT)}: {error}")
            continue
        if new != old:
            stale.append(str(path.relative_to(ROOT)))
            if not check:
                path.write_text(new)
    for error in errors:
        print(error, file=sys.stderr)
    if stale:
        print("Out of date, run `make docs` and commit:" if check else "Written:", ", ".join(stale))
    return 1 if errors or (check and stale) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
