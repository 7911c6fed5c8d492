# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images from a registry: which must be fetched. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_name import ImageName


@dataclass(frozen=True)
class Spec:
    """An image by tag or by digest, and when to ask the registry: `missing` (only when it is not here), `always`, or
    `newer` (always, but what is here will do when there is no answer)."""

    name: ImageName
    policy: str

    @classmethod
    def from_params(cls, item: Mapping[str, Any], policy: str) -> Spec:
        return cls(ImageName.parse(item["name"]), policy)

    def asks(self, here: bool) -> bool:
        """Whether the registry's digest matters: what a digest names never changes, and a missing image is fetched."""
        return self.policy != "missing" and here and self.name.digest is None


@dataclass(frozen=True)
class Have:
    """`id` and `digests` of the image on the engine (None: not here), and the registry's digest where it was asked,
    or why it gave none."""

    id: str | None = None
    digests: list[str] = field(default_factory=list)
    remote: str | None = None
    unanswered: str | None = None


@dataclass(frozen=True)
class Step:
    """What happens to one image: pull, or none."""

    spec: Spec
    action: str
    reason: str
    before: Have


def plan(spec: Spec, have: Have) -> Step:
    if have.id is None:
        return Step(spec, "pull", "the engine does not have it", have)
    if have.unanswered:
        return Step(spec, "none", "the engine has it, and the registry gives no answer", have)
    if spec.asks(here=True) and have.remote not in have.digests:
        return Step(spec, "pull", f"the registry has another image there ({have.remote})", have)
    return Step(spec, "none", "the engine has it", have)


def expected_digest(spec: Spec, have: Have) -> str | None:
    """The digest that a pull must bring; None when only a tag is known and the registry was not asked."""
    return spec.name.digest or have.remote


def current_digest(spec: Spec, have: Have) -> str | None:
    """The digest of what is here: the one asked for, else the registry's, else the one the engine knows."""
    if spec.name.digest:
        return spec.name.digest
    if have.remote in have.digests:
        return have.remote
    return have.digests[0] if have.digests else None
