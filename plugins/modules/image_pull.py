#!/usr/bin/python
# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_pull
short_description: Pull images by digest or by tag
version_added: 0.1.0
description:
  - Pulls images, several at a time, and verifies that what came is what was asked for.
  - What a digest names cannot change, so an image that is there by its digest is never asked for again.
  - Credentials are sent with each request. They are not written to a file, and show in no result.
options:
  images:
    description: The images.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the image, V(repository@sha256:...) or V(repository:tag). With both, the digest counts.
        type: str
        required: true
  policy:
    description:
      - V(missing) pulls what the engine does not have, and asks no registry otherwise.
      - V(always) asks the registry what a tag stands for now, and pulls when that changed. No answer is an error.
      - V(newer) does the same, but what is here will do when the registry gives no answer, with a warning.
      - Digests decide what is newer. Times are no evidence.
    type: str
    choices: [missing, always, newer]
    default: missing
extends_documentation_fragment:
  - bulkhead.classroom.engine
  - bulkhead.classroom.engine.registry
  - bulkhead.classroom.engine.parallel
attributes:
  check_mode:
    description:
      - Predicts the result without changing anything. The registry is asked for the digest of what would be pulled.
    support: full
    details: What the registry does not have yet counts as something that an earlier task would have pushed.
  diff_mode:
    description: Shows the digests before and after.
    support: full
author:
  - The Bulkhead authors (@bulkhead)
seealso:
  - module: bulkhead.classroom.image_push
"""

EXAMPLES = r"""
- name: Pull the image of the workspaces
  bulkhead.classroom.image_pull:
    images:
      - name: registry.classroom.test/course/workspace@{{ workspace_digest }}
    registry_username: reader
    registry_password: "{{ reader_password }}"

- name: Follow a tag
  bulkhead.classroom.image_pull:
    images:
      - name: registry.classroom.test/course/webapp:1
    policy: always
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
      description: Id of the image. Null in check mode when the engine does not have it.
      type: str
      returned: always
    digest:
      description: The digest of the image in its repository. Null in check mode when the registry did not tell it.
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
      sample: pull
    reason:
      description: Why.
      type: str
      returned: always
    bytes:
      description: Bytes that came from the registry, in compressed form. Null in check mode when it would pull.
      type: int
      returned: always
    layers_moved:
      description: Number of layers that came from the registry. Null in check mode when it would pull.
      type: int
      returned: always
    layers_present:
      description: Number of layers that the engine had already. Null in check mode when it would pull.
      type: int
      returned: always
    warning:
      description: Why the registry gave no answer.
      type: str
      returned: when it was asked, and that is no failure
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
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_pull import (
    Have,
    Spec,
    Step,
    current_digest,
    expected_digest,
    plan,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.transfer import nothing

IMAGE = {"name": {"type": "str", "required": True}}
POLICY = {"policy": {"type": "str", "choices": ["missing", "always", "newer"], "default": "missing"}}
ARGUMENT_SPEC = image_module.arguments(IMAGE, POLICY, image_module.REGISTRY_ARGUMENTS)


def run(params: dict[str, Any], engine: Any, check_mode: bool) -> dict[str, Any]:
    specs, login = [Spec.from_params(item, params["policy"]) for item in params["images"]], image_module.auth(params)
    once([str(spec.name) for spec in specs])
    return outcome(in_parallel(lambda spec: converge(spec, engine, login, check_mode), specs, params["parallel"]))


def converge(spec: Spec, engine: Any, login: dict[str, str], check_mode: bool) -> dict[str, Any]:
    blank: dict[str, Any] = {"name": str(spec.name), "id": None, "digest": spec.name.digest, "previous": None}
    blank.update(action="pull", reason="", bytes=None, layers_moved=None, layers_present=None)

    def work() -> dict[str, Any]:
        have, moved = observe(spec, engine, login, check_mode)
        step = plan(spec, have)
        result = {**blank, "id": have.id, "action": step.action, "reason": step.reason}
        result.update(previous=current_digest(spec, have), digest=current_digest(spec, have))
        if have.unanswered:
            result["warning"] = have.unanswered
        if step.action == "none":
            return {**result, **moved}
        if check_mode:
            return {**result, "digest": expected_digest(spec, have)}
        now, moved = apply(step, engine, login)
        # A tag that was pulled and turned out to name the same image is no change.
        action = "none" if now.id == have.id else "pull"
        return {**result, **moved, "id": now.id, "digest": current_digest(spec, now), "action": action}

    return attempt(work, blank)


def observe(spec: Spec, engine: Any, login: dict[str, str], check_mode: bool) -> tuple[Have, dict[str, int]]:
    local = engine.inspect(str(spec.name))
    # A real pull brings the digest itself; a prediction has to ask for it.
    if not (spec.asks(here=True) if local else check_mode and spec.name.digest is None):
        remote, unanswered = None, None
    else:
        remote, unanswered = ask(spec, engine, login, lenient=check_mode if local is None else spec.policy == "newer")
    if local is None:
        return Have(None, [], remote, unanswered), {}
    return Have(local["Id"], spec.name.all_digests(local["RepoDigests"]), remote, unanswered), nothing(local)


def ask(spec: Spec, engine: Any, login: dict[str, str], lenient: bool) -> tuple[str | None, str | None]:
    """The registry's digest of a tag, or why there is none."""
    try:
        remote = engine.remote_digest(spec.name, login)
    except EngineError as error:
        if lenient:
            return None, str(error)
        raise
    return remote, f"The registry has no {spec.name}." if lenient and remote is None else None


def apply(step: Step, engine: Any, login: dict[str, str]) -> tuple[Have, dict[str, int]]:
    name = step.spec.name
    got = engine.pull(name, login)
    # Without a digest in the task or from the registry, what came must at least be what the engine said that it got.
    wanted = expected_digest(step.spec, step.before) or got.digest
    local = engine.inspect(str(name))
    digests = name.digests(local["RepoDigests"]) if local else []
    if local is None or (wanted and wanted not in digests):
        raise EngineError(
            f"The engine has {', '.join(digests) or 'no digest'} after the pull of {name}, and {wanted} was expected",
            cure="Somebody pushes to that tag, or uses its name on this engine: run again.",
        )
    return Have(local["Id"], digests, wanted), got.report()


def main() -> None:
    image_module.main(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
