# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What building asks of the disk and of an engine. What is to be done is decided in image_build.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.images import digest, dockerfile
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.build_context import BuildContext, of_text
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.build_spec import (
    Spec,
    platform_of,
    same_platform,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_build import Have, Step, Want, asked
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_list import in_parallel
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_name import ImageName
from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError


def read(spec: Spec, lenient: bool) -> Want:
    """What the Dockerfile says. `lenient`: a context may be missing, because an earlier task would have brought it."""
    if lenient and not Path(spec.path).exists():
        return Want(spec, None)
    where = Path(spec.path, spec.dockerfile)
    context = _context(spec)
    text = context.dockerfile_text()
    try:
        bases = dockerfile.bases(text, spec.args, spec.target)
        only = dockerfile.needs_buildkit(text) if spec.builder == "engine" else None
    except InputError as error:
        raise InputError(f"{where}: {error}") from error
    if only:
        raise InputError(
            f"{where}: only BuildKit understands '{only}', and the engine's own builder is not BuildKit. Set builder "
            "to buildx, or write it in another way."
        )
    once = spec.builder == "engine" and dockerfile.can_be_labelled_later(text)
    return Want(spec, None, bases, dockerfile.heredoc(text), once)


def measure(want: Want, have: Mapping[str, Have], check_mode: bool) -> Want:
    """Adds the digest of the context, but for an image that has to be built whatever is in it."""
    if check_mode and not Path(want.spec.path).exists():
        return want
    if want.once and not check_mode and want.spec.name not in have:
        return want
    return replace(want, context=_context(want.spec).digest(), once=False)


def observe(wants: Sequence[Want], engine: Any, workers: int) -> dict[str, Have]:
    for want in wants:
        if want.heredoc:
            # An older one takes the lines of the here-document for instructions.
            engine.require("1.42", f"'{want.heredoc}' in {want.spec.path}/{want.spec.dockerfile}", "23.0")
    ask = asked(wants)
    names = sorted({name for want in wants for name in (*want.spec.names, *want.bases)})
    found = in_parallel(lambda name: _look(name, engine, name in ask), names, workers)
    return {name: item for name, item in zip(names, found) if item}


def _look(name: str, engine: Any, ask: bool) -> Have | None:
    image = engine.inspect(name)
    if image is None or not ask:
        return Have.from_inspect(image)
    parsed = ImageName.parse(name)
    try:
        remote = engine.remote_digest(parsed, {})
    except EngineError as error:
        return Have.from_inspect(image, trouble=str(error))
    if remote is None:
        return Have.from_inspect(image, trouble=f"The registry has no {name}. Correct the base, or leave pull out.")
    return Have.from_inspect(image, newer=remote not in parsed.digests(image["RepoDigests"]))


def apply(step: Step, siblings: set[str], have: Mapping[str, Have], engine: Any, connection: Mapping[str, Any]) -> Have:
    """Builds or tags what the step says; the image as it is afterwards."""
    want, spec, before = step.want, step.want.spec, step.before
    if step.action == "tag" and before:
        _tag(before.id, step.tags, engine)
        return before
    ids = {base: _base_id(base, spec, base in siblings, have.get(base), engine) for base in want.bases}
    if want.once:
        wanted = _in_one_reading(want, ids, engine)
    else:
        wanted = want.digest(ids)
        make = _with_buildx if spec.builder == "buildx" else _with_engine
        make(want, {digest.LABEL: wanted}, engine, connection)
    now = Have.from_inspect(engine.inspect(spec.name))
    if now is None or now.digest != wanted:
        raise EngineError(f"{spec.name} is not what was built", cure="Something else uses that name; run again.")
    if not same_platform(spec.platform, now.platform):
        raise EngineError(
            f"{spec.name} was built for {now.platform}, and {spec.platform} is wanted",
            cure="The engine's own builder takes the platform from the base image: use one for it, or builder buildx.",
        )
    _tag(now.id, spec.names[1:], engine)
    return now


def _with_engine(want: Want, labels: Mapping[str, str], engine: Any, _connection: Mapping[str, Any]) -> None:
    spec, context = want.spec, _context(want.spec)
    options = {"dockerfile": context.dockerfile, **spec.engine_options(labels)}
    engine.build(spec.name, context.stream(str(want.context)), options, str(Path(spec.path, context.dockerfile)))


def _in_one_reading(want: Want, ids: Mapping[str, str], engine: Any) -> str:
    """Builds while the digest is taken, and adds the label in a build of one step. The name comes with the label: when
    this is interrupted in between, the next run builds again, from the engine's cache."""
    spec, context = want.spec, _context(want.spec)
    where, sent = str(Path(spec.path, context.dockerfile)), context.measured()
    options = {**spec.engine_options({}), "labels": {}, "dockerfile": context.dockerfile}
    image_id = engine.build(spec.name, iter(sent), options, where, tagged=False)
    wanted = replace(want, context=sent.digest).digest(ids)
    labels = {"labels": {**spec.labels, digest.LABEL: wanted}}
    options = {**labels, "platform": spec.platform} if spec.platform else labels
    engine.build(spec.name, iter([of_text("Dockerfile", f"FROM {image_id}\n")]), options, where)
    return wanted


def _with_buildx(want: Want, labels: Mapping[str, str], engine: Any, connection: Mapping[str, Any]) -> None:
    """BuildKit reads the folder itself, so only afterwards is it certain that it read what the label says."""
    # Late: who builds with the engine pays nothing for it.
    from ansible_collections.bulkhead.classroom.plugins.module_utils.images import buildx  # noqa: PLC0415

    spec = want.spec
    image_id = buildx.build(spec, labels, connection, int(connection.get("api_timeout") or 60) * 10)
    if _context(spec).digest() != want.context:
        raise InputError(f"The build context {spec.path} changed while it was read. Run again when it is at rest.")
    _tag(image_id, (spec.name,), engine)


def _context(spec: Spec) -> BuildContext:
    return BuildContext.open(spec.path, spec.dockerfile, own_ignore=spec.builder == "buildx")


def _tag(image_id: str, names: Sequence[str], engine: Any) -> None:
    for name in names:
        engine.tag(image_id, ImageName.parse(name))


def _base_id(base: str, spec: Spec, sibling: bool, known: Have | None, engine: Any) -> str:
    """The id of a base image, which is pulled when the engine does not have it, or not the right one."""
    image = engine.inspect(base)
    fits = image is not None and same_platform(spec.platform, platform_of(image))
    if not sibling and (not fits or (known and known.newer)):
        engine.pull(ImageName.parse(base), {}, spec.platform)
        image = engine.inspect(base)
    if image is None:
        raise EngineError(f"The base image {base} is missing", cure="Look at the engine's log.")
    if not sibling and not same_platform(spec.platform, platform_of(image)):
        raise EngineError(f"The base image {base} is for {platform_of(image)} only", cure="Correct platform or base.")
    return str(image["Id"])
