# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe image: the Python interpreter that runs this module, with what a probe loads and nothing else.

So it fits the host's processor and needs no compiler, no registry and no binary in this repository. It lies in a folder
of its own and is started through its own loader, so that whatever a twin mounts elsewhere does not cover it.
"""

from __future__ import annotations

import importlib.util
import io
import json
import marshal
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from ansible_collections.bulkhead.classroom.plugins.module_utils.images import digest
from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.inside import (
    attempts,
    calls,
    closure,
    limits,
    main,
    neighbours,
)

INSIDE: tuple[ModuleType, ...] = (attempts, calls, closure, limits, main, neighbours)
FORMAT = 2
REPOSITORY = "bulkhead-probe"
IMAGE_LABEL = "org.bulkhead.probe.image"
HOME = "/.bulkhead"
# A file to be read, and the place where another twin gets it to see.
OWN, OTHER, WORD = "own", "other", "a file of a twin"
START = f"from {main.__name__} import main; main()"
COLLECT = f"import json; from {closure.__name__} import closure; print(json.dumps(closure()))"
# Without the user's and the site's packages, and without writing anything.
QUIET = ["-s", "-S", "-B"]
SECONDS = 60


class File(NamedTuple):
    mode: int
    content: bytes


class Packed(NamedTuple):
    """The image's files by their path in it, and how it is started."""

    files: dict[str, File]
    digest: str
    command: list[str]
    elevated: list[str]


def pack() -> Packed:
    """From this interpreter, asked in a process of its own."""
    own = {module.__name__: source_of(module).encode() for module in INSIDE}
    program = os.path.realpath(sys.executable)
    with in_memory() as (descriptor, path):
        zipped(own, path)
        done = subprocess.run(
            [program, *QUIET, "-c", COLLECT],
            env={"PYTHONPATH": str(path), "LC_ALL": "C"},
            pass_fds=[descriptor],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    if done.returncode:
        raise InputError(f"{program} cannot say what it has loaded: {done.stderr[-500:]}. Use another interpreter.")
    found = json.loads(done.stdout)
    files = gathered(found, own)
    names = {path: [file.mode, digest.of_blocks([file.content])] for path, file in files.items()}
    key = digest.key({"format": FORMAT, "python": sys.version, "files": names})
    return Packed(files, key, command(found, "loader"), command(found, "elevated"))


@contextmanager
def in_memory() -> Iterator[tuple[int, Path]]:
    """A file that has no name: a run that is killed leaves none. Its path holds in this process, and in one that gets
    the descriptor."""
    descriptor = os.memfd_create(REPOSITORY)
    try:
        yield descriptor, Path(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)


def zipped(sources: Mapping[str, bytes], target: Path) -> None:
    """Modules as an archive that is imported from. Folders need entries of their own to be packages."""
    paths = {name: Path(*name.split(".")).with_suffix(".py") for name in sources}
    with zipfile.ZipFile(target, "w") as archive:
        for folder in sorted({str(parent) for path in paths.values() for parent in path.parents} - {"."}):
            archive.writestr(f"{folder}/", b"")
        for name, path in paths.items():
            archive.writestr(str(path), sources[name])


def source_of(module: ModuleType) -> str:
    """Also from the archive in which Ansible sends a module."""
    loader: Any = module.__spec__.loader if module.__spec__ else None
    text = loader.get_source(module.__name__) if loader else None
    if text is None:
        raise InputError(f"The source of {module.__name__} is not to be had. Install the collection with its sources.")
    return str(text)


def command(found: Mapping[str, Any], starter: str) -> list[str]:
    """starter: of the two copies of what the kernel starts first, the plain one or the one with the set-user-ID bit."""
    if found["loader"]:
        return [f"{HOME}/lib/{starter}", "--library-path", f"{HOME}/lib", f"{HOME}/bin/python3", *QUIET, "-c", START]
    return [f"{HOME}/bin/{'python3' if starter == 'loader' else starter}", *QUIET, "-c", START]


def gathered(found: Mapping[str, Any], own: Mapping[str, bytes]) -> dict[str, File]:
    """own: the sources of the probes' modules, which are no files."""
    modules: Mapping[str, str] = found["modules"]
    files = {"bin/python3": File(0o755, Path(found["program"]).read_bytes())}
    if found["loader"]:
        first = Path(found["loader"]).read_bytes()
        files.update({"lib/loader": File(0o755, first), "lib/elevated": File(0o4755, first)})
    else:
        files["bin/elevated"] = File(0o4755, files["bin/python3"].content)
    for path in found["libraries"]:
        if path not in modules.values() and not Path(path).samefile(found["program"]):
            files[f"lib/{Path(path).name}"] = File(0o755, Path(path).read_bytes())
    standard = relative(found["standard"], found["roots"])
    for name, path in modules.items():
        place = relative(path, found["roots"]) or f"{standard}/{name.replace('.', '/')}{Path(path).suffix}"
        files[place] = File(0o644, own[name] if name in own else Path(path).read_bytes())
    files.update({OWN: File(0o644, WORD.encode()), OTHER: File(0o644, b"")})
    return dict(sorted(files.items()))


def relative(path: str, roots: list[str]) -> str:
    """The path below where Python is installed; nothing for what lies elsewhere."""
    return next((os.path.relpath(path, root) for root in roots if path.startswith(root.rstrip("/") + "/")), "")


def write(packed: Packed, target: Path) -> None:
    """The root file system. Modules are compiled, so that no twin has to do it, and lie there as if without source."""
    with tarfile.open(target, "w") as archive:
        folders = {str(parent) for path in packed.files for parent in Path(HOME[1:], path).parents} - {"."}
        for folder in sorted(folders):
            _entry(archive, folder, 0o755)
        _entry(archive, f"{HOME[1:]}/room", 0o1777)
        for path, file in packed.files.items():
            name, content = path, file.content
            if path.endswith(".py"):
                name, content = f"{path}c", compiled(file.content, f"{HOME}/{path}")
            _entry(archive, f"{HOME[1:]}/{name}", file.mode, content)


def _entry(archive: tarfile.TarFile, name: str, mode: int, content: bytes | None = None) -> None:
    entry = tarfile.TarInfo(name)
    entry.mode, entry.type = mode, tarfile.DIRTYPE if content is None else tarfile.REGTYPE
    entry.size = len(content or b"")
    archive.addfile(entry, io.BytesIO(content or b""))


def compiled(source: bytes, name: str) -> bytes:
    """A .pyc that is taken as it is (unchecked, by PEP 552)."""
    code = marshal.dumps(compile(source, name, "exec", dont_inherit=True))
    return importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little") + importlib.util.source_hash(source) + code
