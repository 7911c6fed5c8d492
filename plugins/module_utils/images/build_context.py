# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The build context as the engine gets it: a tar stream that depends on names, modes, links and content alone.

Its digest is that of the very bytes that are sent. Times, owners and the order in a folder leave no trace, so equal
content gives an equal digest on every machine.
"""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.bulkhead.classroom.plugins.module_utils.images.digest import (
    BLOCK,
    Measured,
    guarded,
    of_blocks,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.dockerignore import FILE as IGNORE_FILE
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.dockerignore import NOTHING, Ignore, Matches
from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError

_KINDS = {
    stat.S_IFREG: tarfile.REGTYPE,
    stat.S_IFDIR: tarfile.DIRTYPE,
    stat.S_IFLNK: tarfile.SYMTYPE,
    stat.S_IFIFO: tarfile.FIFOTYPE,
    stat.S_IFCHR: tarfile.CHRTYPE,
    stat.S_IFBLK: tarfile.BLKTYPE,
}


@dataclass(frozen=True)
class BuildContext:
    """A folder on this host, and the Dockerfile in it."""

    root: str
    dockerfile: str
    ignore: Ignore

    @classmethod
    def open(cls, root: str, dockerfile: str, own_ignore: bool = False) -> BuildContext:
        """`own_ignore`: rules in <Dockerfile>.dockerignore go before .dockerignore, as BuildKit has it."""
        if not Path(root).is_dir():
            raise InputError(f"The build context {root} is no folder. Copy it to this host first, or correct path.")
        inside = os.path.normpath(os.path.relpath(Path(root, dockerfile), root))
        real_root = os.path.realpath(root)
        real = os.path.realpath(Path(root, inside))
        if os.path.commonpath([real_root, real]) != real_root:
            raise InputError(
                f"The Dockerfile {dockerfile} lies outside of its context {root}. Move it below that folder."
            )
        if not Path(real).is_file():
            raise InputError(f"There is no Dockerfile at {Path(root, inside)}. Correct path or dockerfile.")
        own = f"{inside}{IGNORE_FILE}"
        name = own if own_ignore and Path(root, own).is_file() else IGNORE_FILE
        ignore_file = Path(root, name)
        text = ignore_file.read_text("utf-8", "surrogateescape") if ignore_file.is_file() else ""
        return cls(root, inside, Ignore.parse(text).keeping(name, inside))

    def dockerfile_text(self) -> str:
        return Path(self.root, self.dockerfile).read_text("utf-8", "surrogateescape")

    def digest(self) -> str:
        return of_blocks(self._tar())

    def stream(self, digest: str) -> Iterator[bytes]:
        """The tar stream, which never ends unless it is what `digest` promised."""
        return guarded(_blocks(self._tar()), digest, f"The build context {self.root}")

    def measured(self) -> Measured:
        """The tar stream, whose digest is known at its end: the files are read once."""
        return Measured(_blocks(self._tar()))

    def _tar(self) -> Iterator[bytes]:
        try:
            yield from self._members()
        except OSError as error:
            # Unexplained, the SDK would take it for a broken connection to the engine.
            raise InputError(f"Cannot read {error.filename} of the build context: {error.strerror}.") from error
        yield b"\0" * (2 * tarfile.BLOCKSIZE)

    def _members(self) -> Iterator[bytes]:
        for name, path, status in self._walk(self.root, "", NOTHING):
            kind = _KINDS.get(stat.S_IFMT(status.st_mode))
            # Sockets have no form in a tar archive; the engine's own client leaves them out as well.
            if kind is None:
                continue
            yield _header(name, path, status, kind)
            if kind == tarfile.REGTYPE:
                yield from _content(path, status.st_size)

    def _walk(self, folder: str, prefix: str, above: Matches) -> Iterator[tuple[str, str, os.stat_result]]:
        with os.scandir(folder) as found:
            members = sorted(found, key=lambda member: os.fsencode(member.name))
        for member in members:
            name = prefix + member.name
            is_folder = member.is_dir(follow_symlinks=False)
            excluded, matches = self.ignore.judge(name, above)
            if not excluded:
                yield name, member.path, member.stat(follow_symlinks=False)
            if is_folder and not (excluded and self.ignore.hides(name)):
                yield from self._walk(member.path, f"{name}/", matches)


def of_text(name: str, text: str) -> bytes:
    """A context of one file."""
    info, content = tarfile.TarInfo(name), text.encode()
    info.size = len(content)
    return info.tobuf() + content.ljust(tarfile.BLOCKSIZE, b"\0") + b"\0" * (2 * tarfile.BLOCKSIZE)


def _header(name: str, path: str, status: os.stat_result, kind: bytes) -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.mode = kind, stat.S_IMODE(status.st_mode)
    if kind == tarfile.REGTYPE:
        info.size = status.st_size
    elif kind == tarfile.SYMTYPE:
        info.linkname, info.mode = str(Path(path).readlink()), 0o777
    elif kind in (tarfile.CHRTYPE, tarfile.BLKTYPE):
        info.devmajor, info.devminor = os.major(status.st_rdev), os.minor(status.st_rdev)
    # GNU, not PAX: names keep their bytes whatever their encoding.
    return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")


def _content(path: str, size: int) -> Iterator[bytes]:
    left = size
    with Path(path).open("rb") as file:
        while left:
            block = file.read(min(BLOCK, left))
            if not block:
                raise InputError(f"{path} became shorter while it was read. Run again when the context is at rest.")
            left -= len(block)
            yield block
    if size % tarfile.BLOCKSIZE:
        yield b"\0" * (tarfile.BLOCKSIZE - size % tarfile.BLOCKSIZE)


def _blocks(pieces: Iterable[bytes], size: int = BLOCK // 4) -> Iterator[bytes]:
    """Joins small pieces: a header of 512 bytes is no worthwhile write on a socket."""
    waiting: list[bytes] = []
    length = 0
    for piece in pieces:
        waiting.append(piece)
        length += len(piece)
        if length >= size:
            yield b"".join(waiting)
            waiting, length = [], 0
    if waiting:
        yield b"".join(waiting)
