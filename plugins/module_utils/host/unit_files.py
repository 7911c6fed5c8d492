# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in the files of a systemd unit: its own and the drop-ins over it. Only `find` touches a disk."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

# Later folders win: by the name of a drop-in, and as a whole for the unit's own file.
FOLDERS = ("lib/systemd/system", "usr/lib/systemd/system", "run/systemd/system", "etc/systemd/system")


class UnitFile(NamedTuple):
    path: str
    text: str


class Value(NamedTuple):
    """One value of a key, with the file that says it."""

    text: str
    path: str


def find(unit: str, root: Path = Path("/")) -> list[UnitFile]:
    """The files that the service manager reads for a unit, in its order."""
    own: dict[str, Path] = {}
    drop_ins: dict[str, Path] = {}
    for folder in FOLDERS:
        path = root / folder / unit
        if path.is_file():
            own[unit] = path
        for found in (root / folder / f"{unit}.d").glob("*.conf"):
            drop_ins[found.name] = found
    paths = [*own.values(), *(drop_ins[name] for name in sorted(drop_ins))]
    # A link to /dev/null switches a file off.
    readable = [path for path in paths if path.is_file()]
    return [UnitFile(f"/{path.relative_to(root)}", path.read_text("utf-8", "replace")) for path in readable]


def values(files: Iterable[UnitFile], section: str, key: str) -> list[Value]:
    """All values of a key. An empty one forgets those before it, as the service manager does."""
    found: list[Value] = []
    for file in files:
        current = ""
        for line in file.text.replace("\\\n", " ").splitlines():
            line = line.strip()
            name, equals, text = line.partition("=")
            if line.startswith("["):
                current = line.strip("[]")
            elif current == section and equals and name.strip() == key and line[0] not in "#;":
                found = [*found, Value(text.strip(), file.path)] if text.strip() else []
    return found


def assignments(text: str) -> dict[str, str]:
    """NAME=VALUE words, quoted or not, as in Environment= or in a file of EnvironmentFile=."""
    found = {}
    for line in text.splitlines():
        if line.strip()[:1] in ("#", ";"):
            continue
        for word in words(line):
            name, equals, value = word.partition("=")
            if equals:
                found[name] = value
    return found


def words(line: str) -> list[str]:
    """The words of a command line; what is not quoted as it should be is divided at its blanks."""
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()


def expanded(command: str, environment: Mapping[str, str]) -> list[str]:
    """The words of a command, with those that are one variable ($NAME, ${NAME}) replaced by its value."""
    found: list[str] = []
    for word in words(command):
        name = word[1:].strip("{}") if word.startswith("$") else ""
        if not name:
            found.append(word)
        elif word.startswith("${"):
            found.append(environment.get(name, ""))
        else:
            found += words(environment.get(name, ""))
    return found


def tcp_addresses(listens: Sequence[Value]) -> list[Value]:
    """Those of ListenStream= that are ports of a network: a path, an abstract name and a vsock are none."""
    return [one for one in listens if not one.text.startswith(("/", "@", "%", "vsock:"))]
