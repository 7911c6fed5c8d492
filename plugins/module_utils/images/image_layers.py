# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images as stacks of layers: what made each, where it lies, and who shares it. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]

# How builders write down an instruction: the classic one runs everything by a shell and marks what it did not run.
_NOT_RUN = re.compile(r"^/bin/sh -c #\(nop\) +")
_RUN = re.compile(r"^(?:RUN +)?/bin/sh -c ")
# Build arguments stand before the shell, as a number and that many assignments.
_ARGUMENTS = re.compile(r"^(?:RUN +)?\|\d+ ")
_TO_THE_SHELL = re.compile(r"^.*? (?=/\S*sh )")
_BUILDKIT = re.compile(r" *# buildkit$")
# The directories of these drivers are overlays; the engine tells them for each image and container.
UNION_DRIVERS = ("overlay2", "fuse-overlayfs")


@dataclass(frozen=True)
class Layer:
    """A step of an image's history. One without content (`digest` None) changed the configuration alone. `chain` is the
    digest of the layer with all that lie below it: the engine stores and shares layers by that."""

    instruction: str | None
    comment: str
    created: int | None
    digest: str | None = None
    chain: str | None = None
    size: int = 0


def layers(image: Document, history: Sequence[Document]) -> list[Layer]:
    """From the bottom to the top. `history` is the engine's, the newest first."""
    digests = list((image.get("RootFS") or {}).get("Layers") or [])
    steps = list(reversed(history))
    full = _with_content(steps, len(digests))
    found: list[Layer] = []
    chain: str | None = None
    used = 0
    for number, step in enumerate(steps):
        said = (instruction(step.get("CreatedBy") or ""), step.get("Comment") or "", step.get("Created"))
        if number in full:
            chain = chain_id(chain, digests[used])
            found.append(Layer(*said, digests[used], chain, step.get("Size") or 0))
            used += 1
        else:
            found.append(Layer(*said))
    # A squashed or foreign image may say less than it has.
    for digest in digests[used:]:
        chain = chain_id(chain, digest)
        found.append(Layer(None, "", None, digest, chain))
    return found


def _with_content(steps: Sequence[Document], count: int) -> frozenset[int]:
    """Which steps have a layer. The engine does not say; a size does, and where that leaves some open (a layer may be
    empty and there nevertheless), instructions that can write files come first, from the top."""
    sized = [number for number, step in enumerate(steps) if step.get("Size")]
    if len(sized) >= count:
        return frozenset(sized[:count])
    empty = [number for number, step in enumerate(steps) if not step.get("Size")]
    able = sorted(empty, key=lambda number: (not _can_write(steps[number]), -number))
    return frozenset(sized + able[: count - len(sized)])


def _can_write(step: Document) -> bool:
    said = instruction(step.get("CreatedBy") or "")
    return said is None or said.split(" ", 1)[0] in ("RUN", "COPY", "ADD", "WORKDIR") or said.split(" ", 1)[0].islower()


def chain_id(below: str | None, digest: str) -> str:
    if below is None:
        return digest
    return "sha256:" + hashlib.sha256(f"{below} {digest}".encode()).hexdigest()


def instruction(created_by: str) -> str | None:
    """The line of the Dockerfile, as far as the history has it; None when nothing was written down, as by an import.
    Values of build arguments are left out."""
    text = _BUILDKIT.sub("", " ".join(created_by.split()))
    if _NOT_RUN.match(text):
        return _NOT_RUN.sub("", text).strip()
    if _ARGUMENTS.match(text):
        if not _TO_THE_SHELL.match(text):
            return "RUN (with arguments, whose values are left out, and no shell)"
        text = "RUN " + _TO_THE_SHELL.sub("", text)
    if _RUN.match(text):
        return "RUN " + _RUN.sub("", text)
    return text or None


@dataclass(frozen=True)
class Sharing:
    """For each layer (by chain) of an engine the images that have it."""

    owners: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, images: Mapping[str, Iterable[Layer]]) -> Sharing:
        """`images` holds every image of the engine, by its id."""
        owners: dict[str, set[str]] = {}
        for image_id, stack in images.items():
            for layer in stack:
                if layer.chain:
                    owners.setdefault(layer.chain, set()).add(image_id)
        return cls({chain: frozenset(ids) for chain, ids in owners.items()})

    def others(self, layer: Layer, image_id: str) -> frozenset[str]:
        return self.owners.get(layer.chain or "", frozenset()) - {image_id}

    def bytes(self, stack: Iterable[Layer], image_id: str) -> tuple[int, int]:
        """What would be freed if the image went, and what others need as well."""
        unique = shared = 0
        for layer in stack:
            if self.others(layer, image_id):
                shared += layer.size
            else:
                unique += layer.size
        return unique, shared


def directories(document: Document, driver: str) -> dict[str, Any]:
    """Where the union file system takes an image or a container from; `lower` from the top to the bottom."""
    graph = document.get("GraphDriver") or {}
    name, data = graph.get("Name") or driver, graph.get("Data") or {}
    found: dict[str, Any] = {"driver": name, "lower": [], "upper": None, "merged": None, "work": None, "why": None}
    if name in UNION_DRIVERS and "UpperDir" in data:
        lower = [path for path in (data.get("LowerDir") or "").split(":") if path]
        return {
            **found,
            "lower": lower,
            **{key: data.get(f"{key.capitalize()}Dir") for key in ("upper", "merged", "work")},
        }
    return {**found, "why": _why(name)}


def _why(driver: str) -> str:
    if driver in UNION_DRIVERS or "overlay" in driver:
        return f"The engine's storage ({driver}) keeps its directories to itself: its images belong to containerd."
    if driver == "vfs":
        return "The storage driver vfs has no union: each layer is a full copy of the one below."
    if driver in ("btrfs", "zfs", "devicemapper"):
        return f"The storage driver {driver} has no union of directories: each layer is a snapshot of the one below."
    return f"The storage driver {driver} does not tell its directories. Those of overlay2 are known."


def layer_directories(where: Mapping[str, Any], count: int) -> list[str | None]:
    """For each of an image's layers with content, from the bottom, the directory that holds it; None when unknown."""
    # A container's lower directories begin with one of the engine's own (-init), an image's own top is its upper.
    lower = [path for path in where["lower"] if not path.rstrip("/").split("/")[-2:][0].endswith("-init")]
    stack = [where["upper"], *lower] if len(lower) == count - 1 and where["upper"] else lower
    return list(reversed(stack)) if len(stack) == count else [None] * count
