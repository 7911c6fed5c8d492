#!/usr/bin/python
# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_commit
short_description: Make images from containers, and only when something in them changed
version_added: 0.1.0
description:
  - Commits the writable layers of containers as images, several at a time.
  - >-
    An image is made when the engine does not have it, or when the container's layer, its configuration, its image or
    what the task says about the image changed. The label C(org.bulkhead.digest) tells, which holds a digest of all
    that. Of files the content, type, owner, rights and extended attributes count, and times do not.
  - >-
    The layer is read through the engine's API, which may be far away. A container in which nothing changed is neither
    paused nor touched.
  - >-
    What lies in volumes, binds and other mounts is no part of the layer and does not come into the image. Sockets do
    not either.
  - >-
    A commit takes over the container's labels. Those that begin with C(org.bulkhead.) and are not its image's are
    emptied, so that what is started from the new image is not taken for a member of the container's fleet.
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
      container:
        description: The container, by its name or its id. It may run, be paused or have ended.
        type: str
        required: true
      author:
        description: Who made the image.
        type: str
        default: ''
      comment:
        description: What the image's history says about it.
        type: str
        default: ''
      changes:
        description:
          - Instructions of a Dockerfile that change the image's configuration, one in each entry.
          - >-
            V(CMD), V(ENTRYPOINT), V(ENV), V(EXPOSE), V(HEALTHCHECK), V(LABEL), V(ONBUILD), V(STOPSIGNAL) (engines that
            know it), V(USER), V(VOLUME) and V(WORKDIR) are possible.
        type: list
        elements: str
        default: []
      pause:
        description:
          - Pause a running container while its layer is read for the second time and committed.
          - >-
            Without it a process that writes meanwhile may leave half a file in the image, or a label that does not
            fit. A container whose files change while they are read fails then.
        type: bool
        default: true
  refuse:
    description:
      - Kinds of findings with which an image is not made; see RV(results[].findings).
      - They are warned of otherwise.
    type: list
    elements: str
    choices: [credentials, caches, logs, temporary]
    default: []
  list_paths:
    description: Return every path of each layer in RV(results[].layer), too.
    type: bool
    default: false
extends_documentation_fragment:
  - bulkhead.classroom.engine
  - bulkhead.classroom.engine.parallel
attributes:
  check_mode:
    description: Predicts the result without changing anything; no container is paused.
    support: full
    details: A container whose files change while they are read counts as one that will be committed.
  diff_mode:
    description: Shows the digests before and after.
    support: full
author:
  - The Bulkhead authors (@bulkhead)
seealso:
  - module: bulkhead.classroom.image_build
  - module: bulkhead.classroom.image_layers_info
notes:
  - >-
    Paths and patterns find the usual credentials, and not all. Values are never shown. Of a file the first MiB is
    looked at.
"""

EXAMPLES = r"""
- name: Keep what was installed in the container by hand
  bulkhead.classroom.image_commit:
    images:
      - name: course/by-hand:1
        container: builder
        author: Ada
        comment: Installed by hand
        changes:
          - CMD ["sh", "-c", "cat /srv/greeting"]
          - LABEL org.opencontainers.image.title="Made by hand"
  register: committed

- name: Show what the layer holds
  ansible.builtin.debug:
    msg: "{{ committed.results[0].layer.added }} added, {{ committed.results[0].layer.bytes }} bytes"

- name: Make no image that carries credentials
  bulkhead.classroom.image_commit:
    images:
      - name: course/clean:1
        container: builder
    refuse: [credentials]
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
    container:
      description: The container, as it was asked for.
      type: str
      returned: always
    id:
      description: Id of the image. Null in check mode when it would be made and does not exist.
      type: str
      returned: always
    digest:
      description: Digest of the layer and all that goes with it. Null when the layer did not hold still in check mode.
      type: str
      returned: always
    previous:
      description: The digest that the engine had under this name before.
      type: str
      returned: always
    action:
      description: What was done, or would be done in check mode; V(commit) or V(none).
      type: str
      returned: always
      sample: commit
    reason:
      description: Why.
      type: str
      returned: always
    layer:
      description: What the writable layer holds, counted as C(docker diff) lists it. Null when it could not be read.
      type: dict
      returned: always
      contains:
        added:
          description: Number of paths that the image does not have.
          type: int
          returned: always
        changed:
          description: Number of paths that are other than in the image, directories included.
          type: int
          returned: always
        deleted:
          description: Number of paths of the image that are gone.
          type: int
          returned: always
        bytes:
          description: Size of the files.
          type: int
          returned: always
        largest:
          description: The ten largest files, each with C(path) and C(bytes).
          type: list
          elements: dict
          returned: always
        paths:
          description: Every path, each with C(path) and C(change).
          type: list
          elements: dict
          returned: when O(list_paths) is true
    findings:
      description: What does not belong into an image, by kind.
      type: list
      elements: dict
      returned: always
      contains:
        kind:
          description: V(credentials), V(caches), V(logs) or V(temporary).
          type: str
          returned: always
        count:
          description: How many there are.
          type: int
          returned: always
        bytes:
          description: Their size.
          type: int
          returned: always
        examples:
          description: The largest 20, each with C(where), C(why) and C(bytes); of credentials all.
          type: list
          elements: dict
          returned: always
    error:
      description: What failed, where, and what to do.
      type: str
      returned: when the image failed
"""

import signal
from collections.abc import Iterator
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_layers import opened
from ansible_collections.bulkhead.classroom.plugins.module_utils.images import image_module
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.commit_apply import check, commit, look
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.commit_findings import KINDS, warnings
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_commit import Have, Spec
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_list import (
    attempt,
    in_parallel,
    once,
    outcome,
)

IMAGE = {
    "name": {"type": "str", "required": True},
    "container": {"type": "str", "required": True},
    "author": {"type": "str", "default": ""},
    "comment": {"type": "str", "default": ""},
    "changes": {"type": "list", "elements": "str", "default": []},
    "pause": {"type": "bool", "default": True},
}
OPTIONS = {
    "refuse": {"type": "list", "elements": "str", "choices": list(KINDS), "default": []},
    "list_paths": {"type": "bool", "default": False},
}
ARGUMENT_SPEC = image_module.arguments(IMAGE, OPTIONS)


def run(params: dict[str, Any], engine: Any, check_mode: bool) -> dict[str, Any]:
    specs = [Spec.from_params(item) for item in params["images"]]
    once([spec.name for spec in specs], "name")
    containers = [engine.container(spec.container) for spec in specs]
    once([known["Name"][1:] for known in containers if known], "container")

    def work(pair: Any) -> dict[str, Any]:
        return converge(*pair, engine, params, check_mode)

    return outcome(in_parallel(work, list(zip(specs, containers)), params["parallel"]))


def converge(spec: Spec, container: Any, engine: Any, params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    blank: dict[str, Any] = dict.fromkeys(("id", "digest", "previous", "layer"))
    blank.update(name=spec.name, container=spec.container, action="commit", reason="", findings=[])

    def work() -> dict[str, Any]:
        seen = look(spec, container, engine)
        check(seen, params["refuse"])
        now = seen.step.before
        if seen.step.action == "commit" and not check_mode:
            seen = commit(seen, engine, params["refuse"])
            now = confirmed(seen, engine)
        step = seen.step
        known = {"id": now.id if now else None, "previous": step.before.digest if step.before else None}
        known["layer"] = seen.layer.summary(params["list_paths"]) if seen.layer else None
        said = {"digest": step.digest, "action": step.action, "reason": step.reason, "findings": seen.findings()}
        return {**blank, **known, **said}

    return attempt(work, blank)


def confirmed(seen: Any, engine: Any) -> Have | None:
    now = Have.from_inspect(engine.image(seen.spec.name))
    if now is None or now.digest != seen.step.digest:
        raise EngineError(
            f"{seen.spec.name} is not what was committed", cure="Something else uses that name; run again."
        )
    return now


def warn(result: dict[str, Any]) -> Iterator[str]:
    """Of what is in a new image, or would be; what was refused stands in its error."""
    for item in result["results"]:
        if item["action"] == "commit" and not item.get("error"):
            yield from warnings(item["name"], item["container"], item["findings"])


def ended(*_ignored: Any) -> None:
    """Ended from outside, it must leave no container paused: an exception runs through all that has to be undone."""
    raise SystemExit("ended by SIGTERM")


def main() -> None:
    signal.signal(signal.SIGTERM, ended)
    image_module.main(ARGUMENT_SPEC, run, engine=opened, warn=warn)


if __name__ == "__main__":
    main()
