# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images from Dockerfiles: in which order, and which of them must be built. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils import digest
from ansible_collections.bulkhead.classroom.plugins.module_utils.image_import import Have
from ansible_collections.bulkhead.classroom.plugins.module_utils.image_name import normal
from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError


@dataclass(frozen=True)
class Spec:
    """One image, as the caller describes it."""

    name: str
    path: str
    dockerfile: str
    args: Mapping[str, str]
    target: str | None
    labels: Mapping[str, str]

    @classmethod
    def from_params(cls, item: Mapping[str, Any]) -> Spec:
        return cls(
            normal(item["name"]),
            item["path"],
            item.get("dockerfile") or "Dockerfile",
            {name: str(value) for name, value in (item.get("args") or {}).items()},
            item.get("target"),
            {name: str(value) for name, value in (item.get("labels") or {}).items()},
        )


@dataclass(frozen=True)
class Want:
    """A spec with what was read from the disk: the digest of its context (None: not there yet) and its base images."""

    spec: Spec
    context: str | None
    bases: tuple[str, ...] = ()

    def digest(self, ids: Mapping[str, str]) -> str:
        """The digest of everything that goes into the image. `ids` are the image ids of the bases."""
        spec = self.spec
        return digest.key(
            {
                "context": self.context,
                "dockerfile": spec.dockerfile,
                "args": dict(spec.args),
                "target": spec.target,
                "labels": dict(spec.labels),
                "bases": {base: ids[base] for base in self.bases},
            }
        )


@dataclass(frozen=True)
class Step:
    """What happens to one image: build, or none. `digest` is None while a base's id is not known."""

    want: Want
    action: str
    reason: str
    digest: str | None
    before: Have | None


def waves(wants: Sequence[Want]) -> list[list[Want]]:
    """Groups in which every image's siblings come before it; the members of a group can be built at the same time."""
    by_name = {want.spec.name: want for want in wants}
    sorter = TopologicalSorter({name: [b for b in want.bases if b in by_name] for name, want in by_name.items()})
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


def plan(groups: Sequence[Sequence[Want]], have: Mapping[str, Have]) -> list[list[Step]]:
    """The steps of each group. `have` holds what the engine has, siblings and base images alike."""
    building: set[str] = set()
    steps = []
    for group in groups:
        decided = [_decide(want, have, building) for want in group]
        building |= {step.want.spec.name for step in decided if step.action == "build"}
        steps.append(decided)
    return steps


def _decide(want: Want, have: Mapping[str, Have], building: set[str]) -> Step:
    before = have.get(want.spec.name)
    if want.context is None:
        return Step(want, "build", f"its context {want.spec.path} is not on this host yet", None, before)
    rebuilt = [base for base in want.bases if base in building]
    missing = [base for base in want.bases if base not in have]
    if rebuilt:
        return Step(want, "build", f"its base {', '.join(rebuilt)} is built", None, before)
    if missing:
        return Step(want, "build", f"its base {', '.join(missing)} is not here yet", None, before)
    wanted = want.digest({base: have[base].id for base in want.bases})
    if before is None:
        return Step(want, "build", "the engine does not have it", wanted, before)
    if before.digest != wanted:
        return Step(want, "build", "its context, Dockerfile, arguments, labels or base changed", wanted, before)
    return Step(want, "none", "up to date", wanted, before)
