# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in images, file by file: read from the engine's `save`, layer by layer, and laid over one another."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import IO, Any, cast

from ansible_collections.bulkhead.classroom.plugins.module_utils.images.layer_entries import (
    BLOCK,
    Entry,
    UnreadableError,
    clean,
    entries,
)

WHITEOUT, OPAQUE = ".wh.", ".wh..wh..opq"
# Configurations and manifests are small; more than that is a layer.
DOCUMENT_LIMIT = 4 << 20
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5"


@dataclass(frozen=True)
class Content:
    """A layer's entries in the order of its archive, and its digest, computed from what was read."""

    digest: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Saved:
    """An image with all its layers, the lowest first. `digests` are those under which it can be known: computed from
    its configuration and from its manifests."""

    names: frozenset[str]
    digests: frozenset[str]
    layers: tuple[Content, ...]


def saved(stream: IO[bytes]) -> list[Saved]:
    """The images in an archive of `docker save`: of the old form (a folder for each layer) and of the new (blobs)."""
    contents: dict[str, Content] = {}
    documents: dict[str, bytes] = {}
    links: dict[str, str] = {}
    try:
        with tarfile.open(fileobj=stream, mode="r|", bufsize=BLOCK) as archive:
            for member in archive:
                name = clean(member.name)
                if member.issym() or member.islnk():
                    links[name] = _target(name, member)
                elif member.isfile():
                    _take(name, _Hashing(cast("IO[bytes]", archive.extractfile(member))), contents, documents)
    except (tarfile.TarError, EOFError) as error:
        raise UnreadableError(f"the engine's archive of the image is not complete ({error})") from error
    if "/manifest.json" not in documents:
        raise UnreadableError("the engine's archive of the image has no manifest.json: it is not complete")
    manifests = json.loads(documents["/manifest.json"])
    known = _other_digests(documents)
    return [_image(item, contents, documents, links, known) for item in manifests]


def _target(name: str, member: tarfile.TarInfo) -> str:
    if member.islnk():
        return clean(member.linkname)
    parts = name.split("/")[:-1]
    for part in member.linkname.split("/"):
        parts = parts[:-1] if part == ".." else [*parts, part]
    return clean("/".join(parts))


def _take(name: str, file: _Hashing, contents: dict[str, Content], documents: dict[str, bytes]) -> None:
    start = file.peek(2)
    old = name.endswith("/layer.tar")
    if start[:1] in (b"{", b"[") and not old:
        documents[name] = file.read(DOCUMENT_LIMIT)
    elif old or name.startswith("/blobs/"):
        if start == _ZSTD:
            raise UnreadableError(f"{name} in the engine's archive of the image is packed with zstd, which is not read")
        opened: Any = gzip.GzipFile(fileobj=cast(Any, file)) if start == _GZIP else file
        inner = _Hashing(opened)
        read = tuple(entries(cast("IO[bytes]", inner)))
        inner.drain()
        contents[name] = Content(inner.digest(), read)
        file.drain()


def _other_digests(documents: Mapping[str, bytes]) -> dict[str, set[str]]:
    """For each configuration, by its digest, the digests of the manifests that name it."""
    found: dict[str, set[str]] = {}
    for text in documents.values():
        document = json.loads(text)
        config = document.get("config") if isinstance(document, dict) else None
        if isinstance(config, dict) and "digest" in config:
            found.setdefault(config["digest"], set()).add(_sha(text))
    return found


def _image(
    item: Mapping[str, Any],
    contents: Mapping[str, Content],
    documents: Mapping[str, bytes],
    links: Mapping[str, str],
    known: Mapping[str, set[str]],
) -> Saved:
    config = _sha(documents[clean(item["Config"])])
    paths = [clean(path) for path in item["Layers"]]
    paths = [links.get(path, path) for path in paths]
    missing = [path for path in paths if path not in contents]
    if missing:
        raise UnreadableError(f"the engine's archive of the image lacks {', '.join(missing)}, or packs it in a new way")
    names = frozenset(item.get("RepoTags") or [])
    return Saved(names, frozenset({config, *known.get(config, ())}), tuple(contents[path] for path in paths))


def _sha(text: bytes) -> str:
    return "sha256:" + hashlib.sha256(text).hexdigest()


class _Hashing(io.RawIOBase):
    """A file that computes the digest of all that is read of it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._seen, self._ahead = file, hashlib.sha256(), b""

    def readable(self) -> bool:
        return True

    def peek(self, size: int) -> bytes:
        self._ahead += self._file.read(size - len(self._ahead))
        return self._ahead

    def read(self, size: int = -1) -> bytes:
        ahead, self._ahead = self._ahead, b""
        piece = ahead + self._file.read(max(0, size - len(ahead)) if size >= 0 else -1)
        self._seen.update(piece)
        return piece

    def drain(self) -> None:
        while self.read(BLOCK):
            pass

    def digest(self) -> str:
        return "sha256:" + self._seen.hexdigest()


def flatten(stack: Iterable[Content]) -> dict[str, Entry]:
    """The file system that a container of the image sees."""
    seen: dict[str, Entry] = {}
    for content in stack:
        _lay_over(seen, content.entries)
    return seen


def _lay_over(seen: dict[str, Entry], layer: Sequence[Entry]) -> None:
    for entry in layer:
        parent, _slash, name = entry.path.rpartition("/")
        if name == OPAQUE:
            _drop(seen, parent, itself=False)
        elif name.startswith(WHITEOUT):
            _drop(seen, f"{parent}/{name[len(WHITEOUT) :]}", itself=True)
    for entry in layer:
        if entry.path == "/" or entry.path.rpartition("/")[2].startswith(WHITEOUT):
            continue
        before = seen.get(entry.path)
        if before and before.kind == "directory" and entry.kind != "directory":
            _drop(seen, entry.path, itself=True)
        first = seen.get(entry.hard) if entry.hard else None
        seen[entry.path] = replace(entry, content=first.content, xattrs=first.xattrs) if first else entry


def _drop(seen: dict[str, Entry], path: str, itself: bool) -> None:
    gone = seen.pop(path, None) if itself else None
    if gone and gone.kind != "directory":
        return
    below = path + "/"
    for known in [known for known in seen if known.startswith(below)]:
        del seen[known]


def total(found: Iterable[Entry]) -> int:
    return sum(entry.size for entry in found)


def everything(stack: Iterable[Content]) -> Iterator[Entry]:
    """All that the layers carry, what is hidden by a higher one included."""
    for content in stack:
        yield from content.entries
