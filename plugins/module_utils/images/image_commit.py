# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers to images: what is wanted, and whether the engine has it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.images import digest
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_name import ImageName
from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError

INSTRUCTIONS = (
    "CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "ONBUILD", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
)  # fmt: skip
# What a commit takes over from the container besides its files. The host name is another in every container.
CONFIGURATION = (
    "Cmd", "Entrypoint", "Env", "ExposedPorts", "Healthcheck", "Labels", "OnBuild", "Shell", "StopSignal", "User",
    "Volumes", "WorkingDir",
)  # fmt: skip
OURS = "org.bulkhead."


@dataclass(frozen=True)
class Spec:
    """One image: from which container, and what the image says about itself."""

    name: str
    container: str
    author: str
    comment: str
    changes: tuple[str, ...]
    pause: bool

    @classmethod
    def from_params(cls, item: Mapping[str, Any]) -> Spec:
        name = ImageName.parse(item["name"])
        if name.digest:
            raise InputError(f"{item['name']}: the engine computes the digest itself. Give repository:tag.")
        changes = tuple(_instruction(line) for line in item.get("changes") or [])
        texts = (item.get("author") or "", item.get("comment") or "")
        return cls(str(name), item["container"], *texts, changes, item["pause"])

    def digest(self, layer: str | None, container: Mapping[str, Any]) -> str | None:
        """The digest of everything that goes into the image; None while the layer does not hold still."""
        if layer is None:
            return None
        config = {key: container["Config"].get(key) for key in CONFIGURATION if container["Config"].get(key)}
        said = {"author": self.author, "comment": self.comment, "changes": self.changes}
        return digest.key({"image": container["Image"], "layer": layer, "config": config, **said})


@dataclass(frozen=True)
class Have:
    """What the engine has under a name."""

    id: str
    digest: str | None

    @classmethod
    def from_inspect(cls, image: Mapping[str, Any] | None) -> Have | None:
        return cls(image["Id"], labels_of(image).get(digest.LABEL)) if image else None


@dataclass(frozen=True)
class Step:
    """What happens to one image: commit, or none. `digest` is the wanted one."""

    action: str
    reason: str
    digest: str | None
    before: Have | None


def plan(wanted: str | None, before: Have | None) -> Step:
    if before is None:
        return Step("commit", "the engine does not have it", wanted, before)
    if wanted is None:
        return Step("commit", "the container's files change while they are read", wanted, before)
    if before.digest != wanted:
        return Step("commit", "the container or what the image says changed", wanted, before)
    return Step("none", "nothing changed since the last commit", wanted, before)


def labels_of(document: Mapping[str, Any]) -> dict[str, str]:
    """Labels of an image or a container."""
    return dict((document.get("Config") or {}).get("Labels") or {})


def label_lines(wanted: str, container: Mapping[str, Any], image: Mapping[str, Any] | None) -> list[str]:
    """The label that tells next time, and what keeps the image's containers out of the fleet of this one: a commit
    takes over the container's labels and cannot drop any, so those of ours are emptied."""
    inherited = labels_of(image or {})
    own = labels_of(container)
    emptied = sorted(name for name in own if name.startswith(OURS) and name not in inherited)
    return [f'LABEL "{name}"=""' for name in emptied if name != digest.LABEL] + [f'LABEL "{digest.LABEL}"="{wanted}"']


def _instruction(line: str) -> str:
    """One instruction, as the engine's commit takes it."""
    text = line.strip()
    word = text.split(" ", 1)[0].upper()
    if word not in INSTRUCTIONS or " " not in text:
        raise InputError(
            f"changes: {word or 'an empty line'} is no instruction that a commit can apply. Write one of "
            f"{', '.join(INSTRUCTIONS)} with its words; for others build from a Dockerfile (image_build)."
        )
    if "\n" in text or "\r" in text or text.endswith("\\"):
        raise InputError(f"changes: {word} goes over several lines. Write one instruction on one line in each entry.")
    return text
