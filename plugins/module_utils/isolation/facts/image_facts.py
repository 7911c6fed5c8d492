# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about the images that containers are made from: one list call, and one inspect and one history for each image,
however many containers use it. Values of variables and labels, and words of steps, stay out: they hold secrets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_reading import Readable
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact, as_list, as_mapping
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_layers import layers as image_layers
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts import image_secrets
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.image_history import read_history
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.image_layer_facts import LayerReader
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.lifecycle_facts import NO_TEST
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import RUNNING

INSTRUCTIONS = ("RUN", "COPY", "ADD", "WORKDIR")
NO_NAME = "<none>"
TOLD = ("digests", "made", "user", "healthcheck", "ports", "variables", "labels", "layers")


def read_images(
    engine: Readable, kernel: Kernel, inspected: Iterable[Mapping[str, Any]]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The images in use, and the fact about all that the engine keeps. inspected: every container of the engine."""
    users: dict[str, list[str]] = {}
    running: set[str] = set()
    for record in inspected:
        key = str(record.get("Image") or "")
        users.setdefault(key, []).append(str(record.get("Id")))
        if as_mapping(record.get("State")).get("Status") in RUNNING:
            running.add(key)
    users.pop("", None)
    layers = LayerReader(kernel)
    images = [read_image(engine, layers, key, users[key]) for key in sorted(users)]
    # The image of a container that does not run may have been removed by force: that is no gap in the evidence.
    known = [image for image in images if not image.pop("gone", False) or image["id"] in running]
    return known, read_kept(engine).document()


def read_kept(engine: Readable) -> Fact:
    """Every name to its image, and the images that have none."""
    path = "/images/json"
    try:
        answer = engine.images()
    except EngineError as error:
        return Fact(path, error=f"EIO {error}")
    if not isinstance(answer, (list, tuple)):
        return Fact(path, error="EINVAL the engine's answer is no list of images")
    listed = [as_mapping(image) for image in answer]
    names = {name: str(image.get("Id")) for image in listed for name in _names(image.get("RepoTags"))}
    nameless = sorted(str(image.get("Id")) for image in listed if not _names(image.get("RepoTags")))
    return Fact(path, {"names": names, "nameless": nameless}, f"{len(listed)} images")


def read_image(engine: Readable, layers: LayerReader, key: str, users: list[str]) -> dict[str, Any]:
    """key: the id. users: the ids of the containers that were made from it."""
    path = f"/images/{key}/json"
    record: dict[str, Any] = {"id": key, "name": key, "names": [], "users": users}
    try:
        image = as_mapping(engine.inspect_image(key))
    except EngineError as error:
        unread = Fact(path, error=f"EIO {error}").document()
        return {**record, "gone": error.status == 404, **dict.fromkeys((*TOLD, "history", "stack"), unread)}
    names, digests = _names(image.get("RepoTags")), _names(image.get("RepoDigests"))
    record.update(names=names, name=next(iter((*names, *digests)), key))
    told = _told(image, digests)
    record.update({name: Fact(f"inspect {record['name']} {field}", value).document() for name, field, value in told})
    record["layers"] = layers.read(image)
    history, stack = read_steps(engine, key, image)
    record.update(history=history.document(), stack=stack.document())
    return record


def _told(image: Mapping[str, Any], digests: list[str]) -> list[tuple[str, str, Any]]:
    """Name of each fact, field of the engine, value. Without a configuration nothing is known of what is in it."""
    config = as_mapping(image.get("Config"))
    test = as_list(as_mapping(config.get("Healthcheck")).get("Test"))
    told = {
        "user": ("Config.User", str(config.get("User") or "")),
        "healthcheck": ("Config.Healthcheck", bool(test) and test[0] != NO_TEST),
        "ports": ("Config.ExposedPorts", sorted(map(str, as_mapping(config.get("ExposedPorts"))))),
        "variables": ("Config.Env", image_secrets.variables(as_list(config.get("Env")))),
        "labels": ("Config.Labels", image_secrets.labels(as_mapping(config.get("Labels")))),
    }
    known, size = isinstance(image.get("Config"), Mapping), image.get("Size")
    return [
        ("digests", "RepoDigests", digests),
        ("made", "Created", {"created": str(image.get("Created") or ""), "size": size if size else 0}),
        *((name, field, value if known else None) for name, (field, value) in told.items()),
    ]


def read_steps(engine: Readable, key: str, image: Mapping[str, Any]) -> tuple[Fact, Fact]:
    """What the history tells of the build, and the layers that it made: for a picture, nothing is judged by them."""
    path = f"/images/{key}/history"
    try:
        listed = engine.history(key)
    except EngineError as error:
        unread = Fact(path, error=f"EIO {error}")
        return unread, unread
    if not isinstance(listed, (list, tuple)):
        unread = Fact(path, error="EINVAL the engine's answer is no list of steps")
        return unread, unread
    found = read_history(listed)
    return Fact(path, found, f"{found['steps']} steps"), Fact(path, stack_of(image, listed))


def stack_of(image: Mapping[str, Any], listed: Sequence[Any]) -> list[dict[str, Any]]:
    """Each layer from the bottom up. Of its instruction the first word alone: the rest may hold a secret."""
    root = as_mapping(image.get("RootFS"))
    known = {"RootFS": {"Layers": [str(digest) for digest in as_list(root.get("Layers"))]}}
    steps = [{**as_mapping(step), "CreatedBy": str(as_mapping(step).get("CreatedBy") or "")} for step in listed]
    return [
        {
            "digest": layer.digest,
            "chain": layer.chain,
            "bytes": layer.size if isinstance(layer.size, int) else 0,
            "made_by": word if (word := (layer.instruction or "").partition(" ")[0]) in INSTRUCTIONS else "",
        }
        for layer in image_layers(known, steps)
        if layer.digest
    ]


def _names(listed: Any) -> list[str]:
    """Without the engine's words for 'none'."""
    return [str(name) for name in as_list(listed) if NO_NAME not in str(name)]
