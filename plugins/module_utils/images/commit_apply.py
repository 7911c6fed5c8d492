# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A container to an image: looks, and commits what changed while the container holds still."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.images import commit_findings
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_commit import (
    Have,
    Spec,
    Step,
    label_lines,
    plan,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_name import ImageName
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.layer_reading import UnsteadyError, read_layer
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.writable_layer import Layer
from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError


@dataclass(frozen=True)
class Seen:
    """A container, its image, its layer (None: it did not hold still), and what follows from them."""

    spec: Spec
    container: Mapping[str, Any]
    image: Mapping[str, Any] | None
    layer: Layer | None
    step: Step

    def findings(self) -> list[dict[str, Any]]:
        config = self.container["Config"]
        base = ((self.image or {}).get("Config") or {}).get("Env") or []
        found = commit_findings.in_environment(config.get("Env") or [], base, self.spec.changes)
        found += commit_findings.in_files(self.layer.entries.values()) if self.layer else []
        return commit_findings.grouped(found)


def look(spec: Spec, container: Mapping[str, Any] | None, engine: Any) -> Seen:
    if container is None:
        raise InputError(f"The engine has no container {spec.container}. Start it first, or correct container.")
    image = engine.image(container["Image"])
    try:
        layer = read_layer(engine, container, image["Size"] if image else 0)
    except UnsteadyError:
        layer = None
    wanted = spec.digest(layer.digest() if layer else None, container)
    return Seen(spec, container, image, layer, plan(wanted, Have.from_inspect(engine.image(spec.name))))


def commit(seen: Seen, engine: Any, refuse: Collection[str]) -> Seen:
    """Looks again while the container holds still, so that the label is true, and commits if that is still wanted."""
    spec, container = seen.spec, seen.container
    with held(container, spec.pause, engine):
        now = look(spec, container, engine)
        # Nothing holds an unpaused container still: then at least both looks have to agree.
        if now.step.digest is None or (not spec.pause and now.step.digest != seen.step.digest):
            raise InputError(
                f"The files of container {spec.container} change while they are read. Set pause to true, or stop it."
            )
        check(now, refuse)
        if now.step.action == "commit":
            lines = [*spec.changes, *label_lines(now.step.digest, container, now.image)]
            engine.commit(container["Id"], ImageName.parse(spec.name), spec.author, spec.comment, lines)
    return now


def check(seen: Seen, refuse: Collection[str]) -> None:
    """Fails when the image would hold what is refused."""
    found = [group for group in seen.findings() if group["kind"] in refuse]
    if found and seen.step.action == "commit":
        raise InputError(" ".join(commit_findings.warnings(seen.spec.name, seen.spec.container, found)))


@contextmanager
def held(container: Mapping[str, Any], pause: bool, engine: Any) -> Iterator[None]:
    """Pauses a running container meanwhile. One that is paused already stays so, and one that has ended holds still."""
    key, name, state = container["Id"], container["Name"][1:], container["State"]
    if not pause or state["Paused"] or not state["Running"]:
        yield
        return
    try:
        try:
            engine.pause(key, name)
        except EngineError:
            # It may have ended since it was looked at. After a time limit the pause may also still come into effect.
            if _state(engine, key).get("Running"):
                raise
        yield
    finally:
        _release(engine, key, name)


def _release(engine: Any, key: str, name: str) -> None:
    if not _state(engine, key).get("Paused"):
        return
    try:
        engine.unpause(key, name)
    except EngineError as error:
        if _state(engine, key).get("Paused"):
            raise EngineError(
                f"Container {name} stays paused: {error.what}",
                error.where,
                f"Run 'docker unpause {name}'.",
                error.status,
            ) from error


def _state(engine: Any, key: str) -> Mapping[str, Any]:
    return (engine.container(key) or {}).get("State") or {}
