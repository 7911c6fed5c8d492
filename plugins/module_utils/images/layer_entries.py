# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies in a file system, from a tar stream: each entry with what makes it the same or another, times left out."""

from __future__ import annotations

import hashlib
import re
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any

BLOCK = 1 << 20
# So much of the beginning of a file is looked at, and kept in memory meanwhile.
LOOKED_AT = 1 << 20
# An archive ends with two empty blocks.
END = bytes(1024)
_XATTR = "SCHILY.xattr."
_UNDECODABLE = re.compile("[\udc80-\udcff]")

Look = Callable[[bytes], "tuple[str, ...]"]
Wanted = Callable[[str], bool]


class UnreadableError(Exception):
    """The stream is no complete archive: what it was made from changed, or the connection ended."""


@dataclass(frozen=True)
class Entry:
    """A file, directory, link, fifo or device. `content` is the SHA-256 of a file, the target of a symbolic link or the
    numbers of a device; of a further name of a file (`hard`) it is unknown until the first name is."""

    path: str
    kind: str
    mode: int = 0
    uid: int = 0
    gid: int = 0
    size: int = 0
    content: str = ""
    xattrs: tuple[tuple[str, str], ...] = ()
    hard: str = ""
    marks: tuple[str, ...] = ()

    def identity(self) -> tuple[Any, ...]:
        """What makes two entries the same, wherever they lie."""
        return (self.kind, self.mode, self.uid, self.gid, self.content, self.xattrs)


def clean(name: str) -> str:
    """An absolute path. A byte that is not UTF-8 becomes what the engine's JSON makes of it."""
    return "/" + "/".join(part for part in _UNDECODABLE.sub("\ufffd", name).split("/") if part not in ("", "."))


def entries(
    stream: IO[bytes], wanted: Wanted | None = None, look: Look | None = None, ends: bool = False
) -> Iterator[Entry]:
    """The entries of an archive whose path is wanted, while it streams by; `look` marks the beginning of each file.

    With `ends` the archive must have an end. An engine that fails half-way closes the stream as if all was well.
    """
    tail = _Tail(stream)
    file: Any = tail  # reading is all that a tar stream does, and the published types want more
    try:
        with tarfile.open(fileobj=file, mode="r|", bufsize=BLOCK) as archive:
            while (member := archive.next()) is not None:
                # Otherwise it would remember every entry of a whole image. The published types hide this list.
                vars(archive)["members"] = []
                path = clean(member.name)
                if wanted is None or wanted(path):
                    yield _entry(archive, member, path, look)
    except (tarfile.TarError, EOFError) as error:
        raise UnreadableError(f"the archive is not complete ({error})") from error
    if ends and not tail.complete():
        raise UnreadableError("the archive is not complete (it has no end)")


class _Tail:
    """A stream that remembers how it ended."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._last = stream, b""

    def read(self, size: int) -> bytes:
        block = self._stream.read(size)
        self._last = (self._last + block)[-len(END) :]
        return block

    def complete(self) -> bool:
        while self.read(BLOCK):
            pass
        return self._last == END


def _entry(archive: tarfile.TarFile, member: tarfile.TarInfo, path: str, look: Look | None) -> Entry:
    size, content, hard = 0, "", ""
    marks: tuple[str, ...] = ()
    kind = _kind(member)
    if member.islnk():
        hard = clean(member.linkname)
    elif kind == "file":
        size, (content, marks) = member.size, _read(archive.extractfile(member), look)
    elif kind == "link":
        size, content = len(member.linkname.encode(errors="surrogateescape")), member.linkname
    elif kind == "device":
        content = f"{'b' if member.isblk() else 'c'} {member.devmajor}:{member.devminor}"
    xattrs = sorted((key[len(_XATTR) :], value) for key, value in member.pax_headers.items() if key.startswith(_XATTR))
    # Some engines put the type of the file into the mode as well.
    mode = member.mode & 0o7777
    return Entry(path, kind, mode, member.uid, member.gid, size, content, tuple(xattrs), hard, marks)


def _kind(member: tarfile.TarInfo) -> str:
    if member.isdir():
        return "directory"
    if member.issym():
        return "link"
    if member.isfifo():
        return "fifo"
    return "device" if member.isdev() else "file"


def _read(file: IO[bytes] | None, look: Look | None) -> tuple[str, tuple[str, ...]]:
    seen, head = hashlib.sha256(), b""
    while file and (block := file.read(BLOCK)):
        seen.update(block)
        if look and len(head) < LOOKED_AT:
            head += block[: LOOKED_AT - len(head)]
    return seen.hexdigest(), look(head) if look and head else ()
