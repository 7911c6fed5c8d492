# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The runner as one file that Python starts: its own source and that of all it imports of this collection."""

from __future__ import annotations

import ast
import importlib.util
import io
import zipfile
from collections.abc import Iterator

PREFIX = "ansible_collections.bulkhead.classroom.plugins.module_utils."
MAIN = "import sys\n\nfrom {} import main\n\nsys.exit(main(sys.argv[1:]))\n"
# The oldest that an archive can say: the same sources are the same bytes.
EPOCH = (1980, 1, 1, 0, 0, 0)


def archive(program: str, start: str) -> bytes:
    """program: the interpreter that starts it; start: the module with main().

    -I: without the caller's variables, folder and packages.
    """
    files = {"__main__.py": MAIN.format(start)}
    for name, source in sources(start).items():
        *folders, _last = parts = name.split(".")
        for depth in range(1, len(folders) + 1):
            files.setdefault("/".join([*folders[:depth], "__init__.py"]), "")
        files["/".join(parts) + ".py"] = source
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path, EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            target.writestr(entry, files[path])
    return f"#!{program} -I\n".encode() + packed.getvalue()


def sources(start: str) -> dict[str, str]:
    """The modules of this collection that are loaded with `start`, by name. What is imported inside a function, such as
    the docker SDK's part, is not needed for a socket."""
    found: dict[str, str] = {}
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        text = source_of(name)
        if text is not None:
            found[name] = text
            waiting += [one for one in imported(text) if one not in found]
    return found


def source_of(name: str) -> str | None:
    """Also from the archive in which Ansible sends a module. None for what is a name in a module, or a folder."""
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        return None
    if spec is None or spec.submodule_search_locations is not None or spec.loader is None:
        return None
    text = spec.loader.get_source(name)  # type: ignore[attr-defined]
    return None if text is None else str(text)


def imported(source: str) -> Iterator[str]:
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.ImportFrom) and f"{statement.module}.".startswith(PREFIX):
            yield str(statement.module)
            yield from (f"{statement.module}.{alias.name}" for alias in statement.names)
