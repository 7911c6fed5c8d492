#!/usr/bin/python
# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_import
short_description: Make images from root file systems
version_added: 0.1.0
description:
  - Imports tarballs of root file systems as images, several at a time.
  - An image is imported when the engine does not have it, or when its tarball or its configuration changed. The label
    C(org.bulkhead.digest) tells, which holds a digest of both; times and file names do not count.
options:
  images:
    description: The images.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the image, V(repository:tag).
        type: str
        required: true
      source:
        description:
          - The tarball, a file on the target. It may be compressed with gzip, bzip2, xz or (from Docker 23) zstd.
          - It may be missing when O(images[].digest) is given and the engine has the image already.
        type: path
        required: true
      digest:
        description:
          - A digest of the tarball's content that the caller knows. It is trusted, and the tarball is not read.
          - Without it the SHA-256 of the file counts.
        type: str
      config:
        description: What the image says about running it.
        type: dict
        suboptions:
          cmd:
            description: Command, as a list of words.
            type: list
            elements: str
          entrypoint:
            description: Entry point, as a list of words.
            type: list
            elements: str
          env:
            description: Environment variables.
            type: dict
          user:
            description: User (and group) that processes run as.
            type: str
          workdir:
            description: Working directory.
            type: str
          labels:
            description: Labels, besides C(org.bulkhead.digest).
            type: dict
extends_documentation_fragment:
  - bulkhead.classroom.engine
  - bulkhead.classroom.engine.parallel
attributes:
  check_mode:
    description: Predicts the result without changing anything.
    support: full
    details: A tarball that is not on the target yet counts as one that will be imported.
  diff_mode:
    description: Shows the digests before and after.
    support: full
author:
  - The Bulkhead authors (@bulkhead)
seealso:
  - module: bulkhead.classroom.image_build
"""

EXAMPLES = r"""
- name: Import the base of the course images
  bulkhead.classroom.image_import:
    images:
      - name: course/base:1
        source: /var/cache/classroom/rootfs.tar
        config:
          cmd: [/bin/sh]
          env:
            LANG: C.UTF-8
          labels:
            org.opencontainers.image.title: Course base
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
      description: Id of the image. Null in check mode when it would be imported and does not exist.
      type: str
      returned: always
    digest:
      description: Digest of tarball and configuration. Null in check mode when the tarball is not there yet.
      type: str
      returned: always
    previous:
      description: The digest that the engine had under this name before.
      type: str
      returned: always
    action:
      description: What was done, or would be done in check mode.
      type: str
      returned: always
      sample: import
    reason:
      description: Why.
      type: str
      returned: always
    error:
      description: What failed, where, and what to do.
      type: str
      returned: when the image failed
"""

from pathlib import Path
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.images import digest, image_module
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_import import Have, Spec, Step, plan
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_list import (
    attempt,
    in_parallel,
    once,
    outcome,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_name import ImageName
from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError

CONFIG = {
    "cmd": {"type": "list", "elements": "str"},
    "entrypoint": {"type": "list", "elements": "str"},
    "env": {"type": "dict"},
    "user": {"type": "str"},
    "workdir": {"type": "str"},
    "labels": {"type": "dict"},
}
IMAGE = {
    "name": {"type": "str", "required": True},
    "source": {"type": "path", "required": True},
    "digest": {"type": "str"},
    "config": {"type": "dict", "options": CONFIG},
}
ARGUMENT_SPEC = image_module.arguments(IMAGE)


def run(params: dict[str, Any], engine: Any, check_mode: bool) -> dict[str, Any]:
    items, workers = params["images"], params["parallel"]
    rootfs = in_parallel(lambda item: item["digest"] or read_digest(item["source"], check_mode), items, workers)
    specs = [Spec.from_params(item, found) for item, found in zip(items, rootfs)]
    once([spec.name for spec in specs])
    for spec in specs:
        spec.changes()  # a configuration that cannot be written down stops everything before anything changed
    return outcome(in_parallel(lambda spec: converge(spec, engine, check_mode), specs, workers))


def read_digest(source: str, check_mode: bool) -> str | None:
    if Path(source).is_file():
        return digest.of_file(source)
    if check_mode:
        return None
    raise InputError(f"There is no tarball at {source}. Copy it to this host first, or correct source.")


def converge(spec: Spec, engine: Any, check_mode: bool) -> dict[str, Any]:
    blank = {"name": spec.name, "id": None, "digest": spec.digest(), "previous": None, "action": "import", "reason": ""}

    def work() -> dict[str, Any]:
        step = plan(spec, Have.from_inspect(engine.inspect(spec.name)))
        now = step.before
        if step.action == "import" and not check_mode:
            now = apply(step, engine)
        known = {"id": now.id if now else None, "previous": step.before.digest if step.before else None}
        return {**blank, **known, "action": step.action, "reason": step.reason}

    return attempt(work, blank)


def apply(step: Step, engine: Any) -> Have | None:
    spec = step.spec
    if not Path(spec.source).is_file():
        raise InputError(f"There is no tarball at {spec.source}, and {step.reason}. Copy it to this host first.")
    wanted = None if spec.trusted else spec.rootfs
    engine.import_rootfs(ImageName.parse(spec.name), spec.source, spec.changes(), wanted)
    now = Have.from_inspect(engine.inspect(spec.name))
    if now is None or now.digest != spec.digest():
        raise EngineError(f"{spec.name} is not what was imported", cure="Something else uses that name; run again.")
    return now


def main() -> None:
    image_module.main(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
