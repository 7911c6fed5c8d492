# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Archives for the tests of layers."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from typing import Any

KINDS = {
    "file": tarfile.REGTYPE, "directory": tarfile.DIRTYPE, "link": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE,
    "fifo": tarfile.FIFOTYPE, "char": tarfile.CHRTYPE, "block": tarfile.BLKTYPE,
}  # fmt: skip


def member(name: str, content: bytes | str = b"", **more: Any) -> tuple[tarfile.TarInfo, bytes]:
    """An entry: `content` is what a file holds, or where a link points to."""
    info = tarfile.TarInfo(name)
    info.type = KINDS[more.pop("kind", "file")]
    info.mode = more.pop("mode", 0o755 if info.type == tarfile.DIRTYPE else 0o644)
    for key, value in more.items():
        setattr(info, key, value)
    if info.type in (tarfile.SYMTYPE, tarfile.LNKTYPE):
        info.linkname = str(content)
        return info, b""
    data = content if isinstance(content, bytes) else content.encode()
    info.size = len(data)
    return info, data


def tar(members: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def sha(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def layer(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    return tar(members)


def old_save(images: Mapping[str, list[bytes]]) -> bytes:
    """As engines up to 24 write it: a folder for each layer, and a link for one that comes twice."""
    found, manifest, written = [], [], {}
    for name, layers in images.items():
        config = json.dumps({"rootfs": {"diff_ids": [sha(data) for data in layers]}}).encode()
        digest = sha(config)[7:]
        found.append(member(f"{digest}.json", config))
        paths = []
        for number, data in enumerate(layers):
            path = f"{digest[:12]}{number}/layer.tar"
            first = written.setdefault(sha(data), path)
            found.append(member(path, data) if first == path else member(path, f"../{first}", kind="link"))
            paths.append(path)
        manifest.append({"Config": f"{digest}.json", "RepoTags": [name], "Layers": paths})
    return tar([*found, member("manifest.json", json.dumps(manifest)), member("repositories", "{}")])


def new_save(images: Mapping[str, list[bytes]], packed: bool) -> bytes:
    """As engines from 25 on write it: blobs by digest, packed when the images belong to containerd."""
    blobs, manifest = {}, []
    for name, layers in images.items():
        stored = [gzip.compress(data) if packed else data for data in layers]
        config = json.dumps({"rootfs": {"diff_ids": [sha(data) for data in layers]}}).encode()
        descriptor = json.dumps({"config": {"digest": sha(config)}, "layers": [sha(data) for data in stored]}).encode()
        blobs.update({sha(data): data for data in [*stored, config, descriptor]})
        paths = [f"blobs/sha256/{sha(data)[7:]}" for data in stored]
        manifest.append({"Config": f"blobs/sha256/{sha(config)[7:]}", "RepoTags": [name], "Layers": paths})
    listed = [member(f"blobs/sha256/{digest[7:]}", data) for digest, data in sorted(blobs.items())]
    return tar([*listed, member("index.json", "{}"), member("manifest.json", json.dumps(manifest))])
