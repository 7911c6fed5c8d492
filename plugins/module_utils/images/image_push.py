# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images to a registry: which must be tagged, and which must be sent. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_name import ImageName, normal
from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError


@dataclass(frozen=True)
class Spec:
    """A local image, and the repository:tag that it shall have in a registry."""

    name: str
    target: ImageName

    @classmethod
    def from_params(cls, item: Mapping[str, Any]) -> Spec:
        target = ImageName.parse(item["repository"])
        if target.digest:
            raise InputError(f"{item['repository']}: a registry computes the digest itself. Give repository:tag.")
        return cls(normal(item["name"]), target)


@dataclass(frozen=True)
class Have:
    """`id` and `digests` of the local image (None: not built yet), what its tag for the registry points to, and the
    digest that the registry has (None: nothing under that tag)."""

    id: str | None = None
    digests: list[str] = field(default_factory=list)
    tagged_id: str | None = None
    remote: str | None = None


@dataclass(frozen=True)
class Step:
    """What happens to one image: push (with the tag), tag (the registry has it already), or none."""

    spec: Spec
    action: str
    reason: str
    before: Have


def plan(spec: Spec, have: Have) -> Step:
    if have.id is None:
        return Step(spec, "push", f"{spec.name} is not built yet", have)
    if have.remote is None:
        return Step(spec, "push", "the registry does not have it", have)
    if have.remote not in have.digests:
        return Step(spec, "push", f"the registry has another image there ({have.remote})", have)
    if have.tagged_id != have.id:
        return Step(spec, "tag", "the registry has it, the local tag is missing", have)
    return Step(spec, "none", "the registry has it", have)


def reference(target: ImageName, digest: str | None) -> str | None:
    """The name under which everybody gets this very image, whatever happens to the tag."""
    return f"{target.repository}@{digest}" if digest else None
