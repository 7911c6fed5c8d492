#!/usr/bin/python
# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_build
short_description: Build images from Dockerfiles, and only those that changed
version_added: 0.1.0
description:
  - Builds images with the engine's own builder, in the order in which they are built upon each other. A C(FROM) or a
    C(COPY --from) that names another image of the same call is an edge. Images that do not depend on each other are
    built at the same time.
  - An image is built when anything that goes into it changed, which is its context (as C(.dockerignore) leaves it), its
    Dockerfile, O(images[].args), O(images[].target), O(images[].labels), or the id of an image that it is built upon.
    A digest of all this is kept in the label C(org.bulkhead.digest). Times and owners of files do not count.
  - A base image that the engine does not have is pulled without credentials. Use M(bulkhead.classroom.image_pull)
    before, when its registry wants some.
options:
  images:
    description: The images, in any order.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the image, V(repository:tag).
        type: str
        required: true
      path:
        description: The build context, a folder on the target.
        type: path
        required: true
      dockerfile:
        description: The Dockerfile, relative to O(images[].path), and below it.
        type: str
        default: Dockerfile
      args:
        description: Build arguments. They can be read from the image, so they are no place for secrets.
        type: dict
        default: {}
      target:
        description: The stage to build. Without it the last one.
        type: str
      labels:
        description: Labels, besides C(org.bulkhead.digest).
        type: dict
        default: {}
extends_documentation_fragment:
  - bulkhead.classroom.engine
  - bulkhead.classroom.engine.parallel
attributes:
  check_mode:
    description: Predicts the result without changing anything.
    support: full
    details: A context that is not on the target yet counts as one that will be built.
  diff_mode:
    description: Shows the digests before and after.
    support: full
author:
  - The Bulkhead authors (@bulkhead)
seealso:
  - module: bulkhead.classroom.image_import
  - module: bulkhead.classroom.image_push
"""

EXAMPLES = r"""
- name: Build the course images
  bulkhead.classroom.image_build:
    images:
      - name: course/workspace:1
        path: /srv/classroom/images/workspace
        args:
          BASE: course/base:1
      - name: course/webapp:1
        path: /srv/classroom/images/webapp
        labels:
          org.opencontainers.image.title: Web application
"""

RETURN = r"""
results:
  description: One entry per image, in the order of O(images).
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the image.
      type: str
      returned: always
    id:
      description: Id of the image. Null in check mode when it would be built and does not exist.
      type: str
      returned: always
    digest:
      description: Digest of everything that goes into the image. Null in check mode when a base would be built first.
      type: str
      returned: always
    previous:
      description: The digest that the engine had under this name before.
      type: str
      returned: always
    action:
      description: What was done, or would be done in check mode. V(skipped) when a base of it failed.
      type: str
      returned: always
      sample: build
    reason:
      description: Why.
      type: str
      returned: always
    error:
      description: What failed, where, and what to do; with the end of the build log.
      type: str
      returned: when the image failed
"""

from pathlib import Path
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils import digest, dockerfile, image_module
from ansible_collections.bulkhead.classroom.plugins.module_utils.build_context import BuildContext
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.image_build import Have, Spec, Step, Want, plan, waves
from ansible_collections.bulkhead.classroom.plugins.module_utils.image_list import (
    attempt,
    in_parallel,
    once,
    outcome,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.image_name import ImageName
from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError

IMAGE = {
    "name": {"type": "str", "required": True},
    "path": {"type": "path", "required": True},
    "dockerfile": {"type": "str", "default": "Dockerfile"},
    "args": {"type": "dict", "default": {}},
    "target": {"type": "str"},
    "labels": {"type": "dict", "default": {}},
}
ARGUMENT_SPEC = image_module.arguments(IMAGE)


def run(params: dict[str, Any], engine: Any, check_mode: bool) -> dict[str, Any]:
    specs, workers = [Spec.from_params(item) for item in params["images"]], params["parallel"]
    once([spec.name for spec in specs])
    wants = in_parallel(lambda spec: read(spec, check_mode), specs, workers)
    groups = waves(wants)
    names = sorted({name for want in wants for name in (want.spec.name, *want.bases)})
    found = in_parallel(lambda name: Have.from_inspect(engine.inspect(name)), names, workers)
    have = {name: item for name, item in zip(names, found) if item}
    done: dict[str, dict[str, Any]] = {}
    for steps in plan(groups, have):
        failed = {name for name, result in done.items() if result.get("error")}
        results = in_parallel(lambda step, bad=failed: converge(step, engine, check_mode, bad), steps, workers)
        done.update({result["name"]: result for result in results})
    return outcome([done[spec.name] for spec in specs])


def read(spec: Spec, check_mode: bool) -> Want:
    if check_mode and not Path(spec.path).exists():
        return Want(spec, None)
    context = BuildContext.open(spec.path, spec.dockerfile)
    try:
        bases = dockerfile.bases(context.dockerfile_text(), spec.args, spec.target)
    except InputError as error:
        raise InputError(f"{Path(spec.path, spec.dockerfile)}: {error}") from error
    return Want(spec, context.digest(), bases)


def converge(step: Step, engine: Any, check_mode: bool, failed: set[str]) -> dict[str, Any]:
    before = step.before
    result = {
        "name": step.want.spec.name,
        "id": before.id if before else None,
        "digest": step.digest,
        "previous": before.digest if before else None,
        "action": step.action,
        "reason": step.reason,
    }
    broken = sorted(failed.intersection(step.want.bases))
    if broken:
        return {**result, "action": "skipped", "error": f"Its base {', '.join(broken)} failed. Mend that first."}
    if step.action == "none" or check_mode:
        return result
    return attempt(lambda: {**result, **build(step.want, engine)}, result)


def build(want: Want, engine: Any) -> dict[str, Any]:
    spec = want.spec
    wanted = want.digest({base: base_id(base, engine) for base in want.bases})
    context = BuildContext.open(spec.path, spec.dockerfile)
    options = {
        "dockerfile": context.dockerfile,
        "buildargs": dict(spec.args),
        "labels": {**spec.labels, digest.LABEL: wanted},
        **({"target": spec.target} if spec.target else {}),
    }
    engine.build(spec.name, context.stream(str(want.context)), options, str(Path(spec.path, context.dockerfile)))
    now = Have.from_inspect(engine.inspect(spec.name))
    if now is None or now.digest != wanted:
        raise EngineError(f"{spec.name} is not what was built", cure="Something else uses that name; run again.")
    return {"id": now.id, "digest": wanted}


def base_id(base: str, engine: Any) -> str:
    """The id of a base image, which is pulled when the engine does not have it."""
    found = engine.inspect(base)
    if found is None:
        engine.pull(ImageName.parse(base), {})
        found = engine.inspect(base)
    if found is None:
        raise EngineError(f"The base image {base} is missing after its pull", cure="Look at the engine's log.")
    return str(found["Id"])


def main() -> None:
    image_module.main(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
