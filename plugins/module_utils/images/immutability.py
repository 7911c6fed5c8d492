# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proof that an image does not change: a container of it is written to, and its bytes are read before and after.

The container is made for that, never started, has no network, and is removed.
"""

from __future__ import annotations

import hashlib
import io
import posixpath
import tarfile
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_files import Saved, flatten
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.layer_entries import Entry, entries
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.layers_report import known_image, read
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.writable_layer import named

ADDED = "/.bulkhead-proof"
TEXT = b"Written into a container to see whether its image changes.\n"
LABEL = "org.bulkhead.proof"
# The engine puts files of its own there in each container.
NOT_THE_IMAGES = ("/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/etc/mtab", "/.dockerenv")


def prove(engine: Any, name: str) -> dict[str, Any]:
    before = known_image(engine, name)
    was = read(engine, [name], [before])[0]
    target = victim(was, (before.get("Config") or {}).get("Volumes") or {})
    key = engine.create(before["Id"], {LABEL: name})
    try:
        engine.put(key, archive([ADDED, *([target.path] if target else [])]))
        changes = named(engine.changes(key))
        after = known_image(engine, name)
        now = read(engine, [name], [after])[0]
        held = _content(engine, key, target.path) if target else None
    finally:
        engine.remove(key)
    return verdict(name, (before, was), (after, now), target, changes, held)


def victim(content: Saved, volumes: Mapping[str, Any]) -> Entry | None:
    """A file of the image to overwrite: the smallest that is surely its own, and no other name of one."""
    files = flatten(content.layers)
    links = {entry.hard for entry in files.values()}
    able = [
        entry
        for entry in files.values()
        if entry.kind == "file" and entry.size and not entry.hard and entry.path not in links
        if entry.path not in NOT_THE_IMAGES and entry.path.isascii()
        if not any(posixpath.commonpath([entry.path, volume]) == volume for volume in volumes)
    ]
    return min(able, key=lambda entry: (entry.size, entry.path), default=None)


def archive(paths: list[str]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for path in paths:
            member = tarfile.TarInfo(path[1:])
            member.size, member.mode = len(TEXT), 0o644
            tar.addfile(member, io.BytesIO(TEXT))
    return out.getvalue()


def _content(engine: Any, key: str, path: str) -> str | None:
    with engine.archive(key, path) as stream:
        return next((entry.content for entry in entries(stream)), None)


def verdict(
    name: str,
    before: tuple[Mapping[str, Any], Saved],
    after: tuple[Mapping[str, Any], Saved],
    target: Entry | None,
    changes: Mapping[str, str],
    held: str | None,
) -> dict[str, Any]:
    """Immutable is an image whose id and whose bytes are the same although the writes arrived in the container."""
    sides = [_side(*before), _side(*after)]
    written = {path: changes.get(path) for path in [ADDED, *([target.path] if target else [])]}
    arrived = written[ADDED] == "added" and (target is None or (written[target.path], held) == ("changed", _sha(TEXT)))
    overwritten = None
    if target:
        later = flatten(after[1].layers).get(target.path)
        overwritten = {
            "path": target.path,
            "image_before": target.content,
            "container": held,
            "image_after": later.content if later else None,
        }
    same = sides[0] == sides[1] and all(side["layers"] == side["computed"] for side in sides)
    return {
        "image": name,
        "before": sides[0],
        "after": sides[1],
        "written": [{"path": path, "change": change} for path, change in written.items()],
        "overwritten": overwritten,
        "immutable": arrived and same,
    }


def _side(document: Mapping[str, Any], content: Saved) -> dict[str, Any]:
    recorded = list((document.get("RootFS") or {}).get("Layers") or [])
    return {"id": document["Id"], "layers": recorded, "computed": [layer.digest for layer in content.layers]}


def _sha(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()
