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
    Dockerfile, O(images[].args), O(images[].target), O(images[].labels), O(images[].platform), or the id of an image
    that it is built upon. A digest of all this is kept in the label C(org.bulkhead.digest). Times and owners of files
    do not count, and neither do O(images[].no_cache), O(images[].network), O(images[].memory) and
    O(images[].extra_hosts), which only say how it is built.
  - A base image that the engine does not have is pulled without credentials. Use M(bulkhead.classroom.image_pull)
    before, when its registry wants some.
  - The engine's own builder is used unless O(builder) says otherwise. It does not know what only BuildKit knows
    (here-documents, C(RUN --mount), C(COPY --link) and the like); a Dockerfile with such an instruction is refused.
  - The context is sent as a stream, whatever its size, and never leaves its folder. Symbolic links are sent as links.
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
        description:
          - Build arguments. They can be read from the image, so they are no place for secrets; names that look like
            one (with C(PASSWORD), C(TOKEN), C(API_KEY) and the like in them) are refused.
        type: dict
        default: {}
      allow_secret_args:
        description:
          - Takes O(images[].args) whose names look like a secret's. Their values show in no result, but in the image.
        type: bool
        default: false
      target:
        description: The stage to build. Without it the last one.
        type: str
      labels:
        description: Labels, besides C(org.bulkhead.digest).
        type: dict
        default: {}
      tags:
        description: More names for the image, V(repository:tag). One that is missing is set without a build.
        type: list
        elements: str
        default: []
      platform:
        description: Platform to build for, like V(linux/arm64). Without it that of the engine.
        type: str
      pull:
        description:
          - Asks the registry whether the base images are the newest under their names, pulls those that are not, and
            builds when one changed. A base that the registry does not have is an error. Bases that are images of the
            same call are never pulled, nor are those that are named by their digest.
        type: bool
        default: false
      no_cache:
        description: Whatever is built is built without the engine's cache. It is no reason to build.
        type: bool
        default: false
      network:
        description: Network of the C(RUN) instructions, like V(none), V(host) or the name of a network.
        type: str
      memory:
        description: Memory that a C(RUN) instruction may use, without swap on top, like V(512m). Not for BuildKit.
        type: str
      extra_hosts:
        description: Host names with their addresses, for the C(RUN) instructions.
        type: dict
        default: {}
  builder:
    description:
      - V(engine) is the builder that every engine has.
      - V(buildx) is BuildKit through C(docker buildx), which has to be installed on the target (0.10 or later, Debian
        package C(docker-buildx)). C(<Dockerfile>.dockerignore) counts there, in the place of C(.dockerignore).
    type: str
    choices: [engine, buildx]
    default: engine
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
        tags: [course/webapp:latest]
        labels:
          org.opencontainers.image.title: Web application

- name: Follow a base image, and keep the build in bounds
  bulkhead.classroom.image_build:
    images:
      - name: course/tools:1
        path: /srv/classroom/images/tools
        pull: true
        network: none
        memory: 512m

- name: Build with BuildKit, on another host
  bulkhead.classroom.image_build:
    builder: buildx
    docker_host: ssh://builder@engine.example
    images:
      - name: course/notes:1
        path: /srv/classroom/images/notes
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
      description:
        - What was done, or would be done in check mode.
        - V(tag) when only a name of O(images[].tags) was missing, V(skipped) when a base of it failed.
      type: str
      returned: always
      sample: build
    reason:
      description: Why.
      type: str
      returned: always
    error:
      description: What failed, where, and what to do; with the instruction's number and the end of the build log.
      type: str
      returned: when the image failed
"""

from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.images import build_steps, image_module
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.build_spec import BUILDERS, Spec, secret_args
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_build import (
    Step,
    edges,
    owners,
    plan,
    waves,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_list import (
    attempt,
    in_order,
    in_parallel,
    once,
    outcome,
)

IMAGE = {
    "name": {"type": "str", "required": True},
    "path": {"type": "path", "required": True},
    "dockerfile": {"type": "str", "default": "Dockerfile"},
    "args": {"type": "dict", "default": {}},
    "allow_secret_args": {"type": "bool", "default": False, "no_log": False},
    "target": {"type": "str"},
    "labels": {"type": "dict", "default": {}},
    "tags": {"type": "list", "elements": "str", "default": []},
    "platform": {"type": "str"},
    "pull": {"type": "bool", "default": False},
    "no_cache": {"type": "bool", "default": False},
    "network": {"type": "str"},
    "memory": {"type": "str"},
    "extra_hosts": {"type": "dict", "default": {}},
}
BUILDER = {"builder": {"type": "str", "choices": list(BUILDERS), "default": "engine"}}
ARGUMENT_SPEC = image_module.arguments(IMAGE, BUILDER)


def run(params: dict[str, Any], engine: Any, check_mode: bool) -> dict[str, Any]:
    workers = params["parallel"]
    specs = [Spec.from_params(item, params.get("builder") or "engine") for item in params["images"]]
    once([name for spec in specs for name in spec.names])
    wants = in_parallel(lambda spec: build_steps.read(spec, lenient=check_mode), specs, workers)
    waves(wants)  # a circle stops everything before an engine or a registry is asked
    have = build_steps.observe(wants, engine, workers)
    wants = in_parallel(lambda want: build_steps.measure(want, have, check_mode), wants, workers)
    siblings = set(owners(wants))

    def work(step: Step, broken: list[str]) -> dict[str, Any]:
        result = described(step, broken)
        if check_mode or result["action"] not in ("build", "tag") or result.get("error"):
            return result
        return attempt(lambda: {**result, **applied(step)}, result)

    def applied(step: Step) -> dict[str, Any]:
        now = build_steps.apply(step, siblings, have, engine, params)
        return {"id": now.id, "digest": now.digest}

    done = in_order(work, plan(wants, have), edges(wants), workers)
    return outcome([done[spec.name] for spec in specs])


def described(step: Step, broken: list[str]) -> dict[str, Any]:
    """The result as it stands before anything is done; `broken` names the siblings below it that failed."""
    before = step.before
    result = {
        "name": step.want.spec.name,
        "id": before.id if before else None,
        "digest": step.digest,
        "previous": before.digest if before else None,
        "action": step.action,
        "reason": step.reason,
    }
    if broken:
        return {**result, "action": "skipped", "error": f"Its base {', '.join(broken)} failed. Mend that first."}
    return {**result, "error": step.trouble} if step.trouble else result


def secrets(params: dict[str, Any]) -> set[str]:
    return {value for item in params["images"] for value in secret_args(item).values() if value}


def main() -> None:
    image_module.main(ARGUMENT_SPEC, run, secrets=secrets)


if __name__ == "__main__":
    main()
