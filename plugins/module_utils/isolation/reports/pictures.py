# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The layers of the images that containers are made from, as a picture for each host. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    as_list,
    as_mapping,
    fact_from,
    printable,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.layers_svg import draw
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import host_from

# Of one host: a picture of more is no picture any more.
MOST = 40


def pictures(documents: Any) -> list[str]:
    """SVG, one for each host whose facts have layers. documents: the facts of each host, by its name."""
    found = []
    for name, document in as_mapping(documents).items():
        images = [image for image in map(_stack, host_from(name, document).images) if image]
        if images:
            more = f", the first {MOST} of {len(images)} images" if len(images) > MOST else ""
            found.append(draw({"images": _shared(images[:MOST])}, printable(f"Layers on {name}{more}")))
    return found


def _stack(item: Any) -> dict[str, Any] | None:
    """In the form of image_layers_info, as far as the facts have it."""
    record = item.record
    layers = [_layer(as_mapping(one)) for one in as_list(fact_from(record.get("stack")).value)]
    if not layers or not all(one["chain"] for one in layers):
        return None
    name, key = (printable(str(record.get(field) or "?")) for field in ("name", "id"))
    return {"name": name, "id": key, "bytes": sum(one["bytes"] for one in layers), "layers": layers}


def _layer(given: Mapping[str, Any]) -> dict[str, Any]:
    digest, chain, word = (printable(str(given.get(key) or "")) for key in ("digest", "chain", "made_by"))
    size = given.get("bytes")
    known = {"digest": digest, "chain": chain, "bytes": size if isinstance(size, int) else 0}
    return {**known, "instruction": word, "comment": "", "directory": "", "empty": False}


def _shared(images: list[dict[str, Any]]) -> list[dict[str, Any]]:
    owners: dict[str, set[str]] = {}
    for image in images:
        for layer in image["layers"]:
            owners.setdefault(layer["chain"], set()).add(image["id"])
    for image in images:
        for layer in image["layers"]:
            layer["shared_with"] = sorted(owners[layer["chain"]] - {image["id"]})
        image["unique_bytes"] = sum(one["bytes"] for one in image["layers"] if not one["shared_with"])
    return images
