#!/usr/bin/python
# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_push
short_description: Push images to a registry, and only those that it does not have
version_added: 0.1.0
description:
  - Tags images for a registry and pushes them, several at a time.
  - The registry is asked first, through the engine. What it has under that tag already is not sent again, whoever
    pushed it, if the engine knows the image's digest from any registry.
  - After a push the registry is asked once more, and must answer with the digest that the push gave.
  - A push that breaks off leaves no tag in the registry, because the tag comes last. The next run sends the rest.
  - Credentials are sent with each request. They are not written to a file, and show in no result.
options:
  images:
    description: The images.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The image on the engine, V(repository:tag).
        type: str
        required: true
      repository:
        description: Where it shall be, V(registry/repository:tag).
        type: str
        required: true
extends_documentation_fragment:
  - bulkhead.classroom.engine
  - bulkhead.classroom.engine.registry
  - bulkhead.classroom.engine.parallel
attributes:
  check_mode:
    description: Predicts the result without changing anything; the registry is asked.
    support: full
    details: An image that the engine does not have yet counts as one that will be pushed.
  diff_mode:
    description: Shows the registry's digests before and after.
    support: full
author:
  - The Bulkhead authors (@bulkhead)
seealso:
  - module: bulkhead.classroom.image_build
  - module: bulkhead.classroom.image_pull
"""

EXAMPLES = r"""
- name: Push the course images
  bulkhead.classroom.image_push:
    images:
      - name: course/base:1
        repository: registry.classroom.test/course/base:1
    registry_username: publisher
    registry_password: "{{ publisher_password }}"
  register: pushed

- name: Show the names under which everybody gets these very images
  ansible.builtin.debug:
    msg: "{{ pushed.results | map(attribute='reference') }}"
"""

RETURN = r"""
results:
  description: One entry per image, in the order of O(images).
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the image on the engine.
      type: str
      returned: always
    repository:
      description: Name of the image in the registry, with its tag.
      type: str
      returned: always
    digest:
      description: The digest that the registry has under that tag. Null in check mode when it would be pushed.
      type: str
      returned: always
    reference:
      description: The repository with the digest instead of the tag. Null when the digest is.
      type: str
      returned: always
      sample: registry.classroom.test/course/base@sha256:2f1d…
    previous:
      description: The digest that the registry had under that tag before.
      type: str
      returned: always
    action:
      description:
        - What was done, or would be done in check mode.
        - V(tag) when the registry has the image already, and only its tag on the engine was missing.
      type: str
      returned: always
      sample: push
    reason:
      description: Why.
      type: str
      returned: always
    bytes:
      description: Bytes of the layers that were sent, before compression. Null in check mode when it would be pushed.
      type: int
      returned: always
    layers_moved:
      description: Number of layers that were sent. Null in check mode when it would be pushed.
      type: int
      returned: always
    layers_present:
      description: Number of layers that the registry had already. Null in check mode when it would be pushed.
      type: int
      returned: always
    error:
      description: What failed, where, and what to do.
      type: str
      returned: when the image failed
"""

from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.images import image_module
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_list import (
    attempt,
    in_parallel,
    once,
    outcome,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_push import (
    Have,
    Spec,
    Step,
    plan,
    reference,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.transfer import nothing
from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError

IMAGE = {
    "name": {"type": "str", "required": True},
    "repository": {"type": "str", "required": True},
}
ARGUMENT_SPEC = image_module.arguments(IMAGE, image_module.REGISTRY_ARGUMENTS)


def run(params: dict[str, Any], engine: Any, check_mode: bool) -> dict[str, Any]:
    specs, login = [Spec.from_params(item) for item in params["images"]], image_module.auth(params)
    once([str(spec.target) for spec in specs], "repository")
    return outcome(
        in_parallel(lambda spec: converge(spec, engine, login, check_mode), specs, params["parallel"]), "repository"
    )


def converge(spec: Spec, engine: Any, login: dict[str, str], check_mode: bool) -> dict[str, Any]:
    blank: dict[str, Any] = dict.fromkeys(
        ("digest", "reference", "previous", "bytes", "layers_moved", "layers_present")
    )
    blank.update(name=spec.name, repository=str(spec.target), action="push", reason="")

    def work() -> dict[str, Any]:
        have, moved = observe(spec, engine, login)
        step = plan(spec, have)
        digest = None if step.action == "push" else have.remote
        if not check_mode:
            digest, moved = apply(step, moved, engine, login)
        moved = {} if check_mode and step.action == "push" else moved
        known = {"digest": digest, "reference": reference(spec.target, digest), "previous": have.remote}
        return {**blank, **known, **moved, "action": step.action, "reason": step.reason}

    return attempt(work, blank)


def observe(spec: Spec, engine: Any, login: dict[str, str]) -> tuple[Have, dict[str, int]]:
    local = engine.inspect(spec.name)
    tagged = engine.inspect(str(spec.target))
    have = Have(
        id=local["Id"] if local else None,
        digests=spec.target.all_digests(local["RepoDigests"]) if local else [],
        tagged_id=tagged["Id"] if tagged else None,
        remote=engine.remote_digest(spec.target, login),
    )
    return have, nothing(local or {})


def apply(step: Step, moved: dict[str, int], engine: Any, login: dict[str, str]) -> tuple[str | None, dict[str, int]]:
    spec, image_id = step.spec, step.before.id
    if image_id is None:
        raise InputError(f"The engine has no image {spec.name}. Build, import or pull it first, or correct name.")
    if step.before.tagged_id != image_id:
        engine.tag(image_id, spec.target)
    if step.action != "push":
        return step.before.remote, moved
    sent = engine.push(spec.target, login)
    remote = engine.remote_digest(spec.target, login)
    if remote != sent.digest:
        raise EngineError(
            f"After the push of {spec.target} the registry has {remote}, and {sent.digest} was sent",
            cure="Somebody else pushes to that tag, or the registry lost it: look at its log, and run again.",
        )
    return sent.digest, sent.report()


def main() -> None:
    image_module.main(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
