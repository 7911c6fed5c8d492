# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads images and containers with their layers from an engine, and puts together what image_layers_info returns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_files import Saved, saved
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_layers import (
    Layer,
    Sharing,
    directories,
    layer_directories,
    layers,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_list import in_parallel
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.layer_entries import UnreadableError
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.writable_layer import named
from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError


@dataclass(frozen=True)
class Room:
    """What is the same for all that is asked: the storage driver, and every image of the engine with its layers."""

    driver: str
    documents: Mapping[str, Mapping[str, Any]]
    stacks: Mapping[str, Sequence[Layer]]
    sharing: Sharing

    def name(self, image_id: str) -> str:
        tags = (self.documents.get(image_id) or {}).get("RepoTags") or []
        return tags[0] if tags else image_id[:19]


def room(engine: Any, workers: int) -> Room:
    def one(image_id: str) -> tuple[Any, list[Layer]]:
        document = engine.image(image_id)
        # It may have been removed since the list was made.
        return document, layers(document, engine.history(image_id)) if document else []

    found = [pair for pair in in_parallel(one, engine.image_ids(), workers) if pair[0]]
    documents = {document["Id"]: document for document, _stack in found}
    stacks = {document["Id"]: stack for document, stack in found}
    return Room(engine.storage_driver(), documents, stacks, Sharing.of(stacks))


def known_image(engine: Any, name: str) -> dict[str, Any]:
    document: dict[str, Any] | None = engine.image(name)
    if document is None:
        raise InputError(f"The engine has no image {name}. Build, import or pull it first, or correct the name.")
    return document


def read(engine: Any, names: Iterable[str], documents: Iterable[Mapping[str, Any]]) -> list[Saved]:
    """The contents of images, in one go: layers that they share are read once."""
    try:
        with engine.save(list(names)) as stream:
            found = saved(stream)
    except UnreadableError as error:
        raise EngineError("Cannot read the images", cure=f"It says: {error}. Run again.") from error
    return [_of(found, document) for document in documents]


def _of(found: Sequence[Saved], document: Mapping[str, Any]) -> Saved:
    """An image among those read: by its id, or by a name where the content does not give that id."""
    tags = set(document.get("RepoTags") or [])
    for one in found:
        if document["Id"] in one.digests:
            return one
    for one in found:
        if tags & one.names or len(found) == 1:
            return one
    raise EngineError(f"The engine gave no content for {document['Id']}", cure="It was removed meanwhile; run again.")


def image_report(engine: Any, name: str, around: Room, verify: bool) -> dict[str, Any]:
    document = known_image(engine, name)
    image_id = document["Id"]
    stack = list(around.stacks.get(image_id) or layers(document, engine.history(image_id)))
    unique, shared = around.sharing.bytes(stack, image_id)
    where = directories(document, around.driver)
    content = read(engine, [name], [document])[0] if verify else None
    return {
        "name": name,
        "id": image_id,
        "tags": document.get("RepoTags") or [],
        "bytes": unique + shared,
        "unique_bytes": unique,
        "shared_bytes": shared,
        "layers": _layer_reports(stack, image_id, around, where, content),
        "directories": where,
        "verified": _verified(document, content) if content else None,
    }


def _verified(document: Mapping[str, Any], content: Saved) -> bool:
    recorded = (document.get("RootFS") or {}).get("Layers") or []
    return document["Id"] in content.digests and [layer.digest for layer in content.layers] == recorded


def _layer_reports(
    stack: Sequence[Layer], image_id: str, around: Room, where: Mapping[str, Any], content: Saved | None = None
) -> list[dict[str, Any]]:
    folders = iter(layer_directories(where, sum(1 for layer in stack if layer.digest)))
    computed = iter([layer.digest for layer in content.layers] if content else [])
    found = []
    for position, layer in enumerate(stack, start=1):
        full = layer.digest is not None
        again = next(computed, None) if full and content else None
        others = around.sharing.others(layer, image_id) if full else ()
        found.append(
            {
                "position": position,
                "instruction": layer.instruction,
                "comment": layer.comment,
                "created": layer.created,
                "empty": not full,
                "digest": layer.digest,
                "chain": layer.chain,
                "bytes": layer.size,
                "shared_with": sorted(around.name(other) for other in others),
                "directory": next(folders, None) if full else None,
                "computed": again,
                "verified": again == layer.digest if full and content else None,
            }
        )
    return found


def container_report(engine: Any, name: str, around: Room) -> dict[str, Any]:
    document = engine.container(name, size=True)
    if document is None:
        raise InputError(f"The engine has no container {name}. Start it first, or correct the name.")
    image_id = document["Image"]
    image = around.documents.get(image_id) or engine.image(image_id) or {"Id": image_id}
    stack = list(around.stacks.get(image_id) or layers(image, engine.history(image_id)))
    where = directories(document, around.driver)
    changes = list(named(engine.changes(document["Id"])).values())
    return {
        "name": document["Name"][1:],
        "id": document["Id"],
        "state": document["State"]["Status"],
        "image": {"name": document["Config"]["Image"], "id": image_id},
        "writable": {
            "bytes": document.get("SizeRw") or 0,
            **{word: changes.count(word) for word in ("added", "changed", "deleted")},
            "directory": where["upper"],
        },
        "layers": _layer_reports(stack, image_id, around, where),
        "directories": where,
    }
