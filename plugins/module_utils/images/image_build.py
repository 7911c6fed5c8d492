# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images from Dockerfiles: in which order, and which of them must be built. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.images import digest
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.build_spec import (
    Spec,
    platform_of,
    same_platform,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_name import ImageName
from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError


@dataclass(frozen=True)
class Have:
    """What the engine has under a name. `newer` and `trouble` are what the registry says of a base that is to be
    pulled: it has another image there, or it cannot be asked."""

    id: str
    digest: str | None = None
    platform: str | None = None
    newer: bool = False
    trouble: str | None = None

    @classmethod
    def from_inspect(cls, image: Mapping[str, Any] | None, **registry: Any) -> Have | None:
        if image is None:
            return None
        labels = (image.get("Config") or {}).get("Labels") or {}
        return cls(image["Id"], labels.get(digest.LABEL), platform_of(image), **registry)


@dataclass(frozen=True)
class Want:
    """A spec with what was read from the disk: the digest of its context (None: not there yet, or not needed to
    decide), its base images, and an instruction that an old engine would misunderstand.

    `once`: the context may be sent without knowing its digest, and is read one time instead of two."""

    spec: Spec
    context: str | None
    bases: tuple[str, ...] = ()
    heredoc: str | None = None
    once: bool = False

    def digest(self, ids: Mapping[str, str]) -> str:
        """The digest of everything that goes into the image. `ids` are the image ids of the bases."""
        spec = self.spec
        parts = {
            "context": self.context,
            "dockerfile": spec.dockerfile,
            "args": dict(spec.args),
            "target": spec.target,
            "labels": dict(spec.labels),
            "bases": {base: ids[base] for base in self.bases},
        }
        # Named only where it is given: an option that nobody uses must not make every image old.
        return digest.key({**parts, "platform": spec.platform} if spec.platform else parts)


@dataclass(frozen=True)
class Step:
    """What happens to one image: build, tag, or none. `digest` is None while a base's id or the context's
    digest is not known."""

    want: Want
    action: str
    reason: str
    digest: str | None
    before: Have | None
    tags: tuple[str, ...] = ()
    trouble: str | None = None


def owners(wants: Sequence[Want]) -> dict[str, str]:
    """The image of the call that each name belongs to, its tags included."""
    return {name: want.spec.name for want in wants for name in want.spec.names}


def edges(wants: Sequence[Want]) -> dict[str, set[str]]:
    """The siblings that each image is built upon."""
    owner = owners(wants)
    return {want.spec.name: {owner[base] for base in want.bases if base in owner} for want in wants}


def waves(wants: Sequence[Want]) -> list[list[Want]]:
    """The images in an order in which each comes after its siblings, grouped by how many stand below it."""
    sorter = TopologicalSorter(edges(wants))
    try:
        sorter.prepare()
    except CycleError as error:
        path = " <- ".join(error.args[1])
        raise InputError(f"These images are built upon each other: {path}. Break the circle in a FROM line.") from error
    groups = []
    while sorter.is_active():
        ready = sorter.get_ready()
        groups.append([want for want in wants if want.spec.name in ready])
        sorter.done(*ready)
    return groups


def asked(wants: Sequence[Want]) -> set[str]:
    """The bases whose registry is to be asked: what a digest names cannot change, and siblings are built here."""
    owner = owners(wants)
    found = {base for want in wants if want.spec.pull for base in want.bases if base not in owner}
    return {base for base in found if ImageName.parse(base).digest is None}


def plan(wants: Sequence[Want], have: Mapping[str, Have]) -> dict[str, Step]:
    """The step of each image. `have` holds what the engine has, siblings and base images alike."""
    owner = owners(wants)
    steps: dict[str, Step] = {}
    for want in (want for group in waves(wants) for want in group):
        steps[want.spec.name] = _decide(want, have, owner, steps)
    return steps


def _decide(want: Want, have: Mapping[str, Have], owner: Mapping[str, str], steps: Mapping[str, Step]) -> Step:
    before = have.get(want.spec.name)
    known = {base: have.get(owner.get(base, base)) for base in want.bases}
    trouble = next((item.trouble for item in known.values() if item and item.trouble), None)
    reason = _unknown(want, known, {name for name, step in steps.items() if step.action == "build"}, owner)
    if reason or trouble:
        return Step(want, "build", reason or "a base of it cannot be pulled", None, before, (), trouble)
    if before is None and want.once:
        return Step(want, "build", "the engine does not have it", None, before)
    wanted = want.digest({base: item.id for base, item in known.items() if item})
    if before is None:
        return Step(want, "build", "the engine does not have it", wanted, before)
    if before.digest != wanted:
        reason = "its context, Dockerfile, arguments, labels, target, platform or base changed"
        return Step(want, "build", reason, wanted, before)
    if not same_platform(want.spec.platform, before.platform):
        return Step(want, "build", f"it is for {before.platform}", wanted, before)
    missing = tuple(tag for tag in want.spec.tags if tag not in have or have[tag].id != before.id)
    if missing:
        return Step(want, "tag", f"it lacks the name {', '.join(missing)}", wanted, before, missing)
    return Step(want, "none", "up to date", wanted, before)


def _unknown(want: Want, known: Mapping[str, Have | None], building: set[str], owner: Mapping[str, str]) -> str | None:
    """Why the digest cannot be known before other things were done, which always ends in a build."""
    spec = want.spec
    if want.context is None and not want.once:
        return f"its context {spec.path} is not on this host yet"
    for base, item in known.items():
        if owner.get(base) in building:
            return f"its base {base} is built"
        if item is None:
            return f"its base {base} is not here yet"
        if item.newer:
            return f"the registry has another image under the name of its base {base}"
        if base not in owner and not same_platform(spec.platform, item.platform):
            return f"its base {base} is here for {item.platform}, and {spec.platform} is wanted"
    return None
