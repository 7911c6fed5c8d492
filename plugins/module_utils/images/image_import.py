# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Root file systems to images: what is wanted, and whether the engine has it. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.images import digest
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_name import normal
from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError


@dataclass(frozen=True)
class Spec:
    """One image: a tarball, and what an image says about running it. `rootfs` is the digest of the tarball, which was
    read for it, or `trusted`."""

    name: str
    source: str
    rootfs: str | None
    config: Mapping[str, Any]
    trusted: bool = False

    @classmethod
    def from_params(cls, item: Mapping[str, Any], rootfs: str | None) -> Spec:
        given = item.get("config") or {}
        config = {name: value for name, value in given.items() if value not in (None, {}, [])}
        return cls(normal(item["name"]), item["source"], rootfs, config, bool(item.get("digest")))

    def digest(self) -> str | None:
        """The digest of everything that goes into the image; None while the tarball is unknown."""
        return digest.key({"rootfs": self.rootfs, "config": self.config}) if self.rootfs else None

    def changes(self) -> list[str]:
        """The configuration as instructions, which is how the engine's import takes it."""
        config = self.config
        lines = [f"ENV {_quote(name)}={_quote(value)}" for name, value in config.get("env", {}).items()]
        lines += [f"{word.upper()} {json.dumps(config[word])}" for word in ("entrypoint", "cmd") if word in config]
        lines += [
            f"{word} {_quote(config[key])}" for word, key in (("USER", "user"), ("WORKDIR", "workdir")) if key in config
        ]
        labels = {**config.get("labels", {}), digest.LABEL: self.digest()}
        return lines + [f"LABEL {_quote(name)}={_quote(value)}" for name, value in labels.items()]


@dataclass(frozen=True)
class Have:
    """What the engine has under a name."""

    id: str
    digest: str | None

    @classmethod
    def from_inspect(cls, image: Mapping[str, Any] | None) -> Have | None:
        if image is None:
            return None
        labels = (image.get("Config") or {}).get("Labels") or {}
        return cls(image["Id"], labels.get(digest.LABEL))


@dataclass(frozen=True)
class Step:
    """What happens to one image: import, or none."""

    spec: Spec
    action: str
    reason: str
    before: Have | None


def plan(spec: Spec, before: Have | None) -> Step:
    wanted = spec.digest()
    if before is None:
        return Step(spec, "import", "the engine does not have it", before)
    if wanted is None:
        return Step(spec, "import", "its tarball is not on this host yet", before)
    if before.digest != wanted:
        return Step(spec, "import", "the tarball or the configuration changed", before)
    return Step(spec, "none", "up to date", before)


def _quote(value: Any) -> str:
    """A word of an instruction: the engine would expand variables and join lines in it."""
    text = str(value)
    if "\n" in text or "\r" in text:
        raise InputError(f"{text!r} holds a line break, which an image's configuration cannot. Remove it from config.")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'"{escaped}"'
