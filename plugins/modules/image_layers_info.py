#!/usr/bin/python
# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_layers_info
short_description: Look into the layers of images and containers
version_added: 0.1.0
description:
  - >-
    Returns the layers of images and containers in their order, with the instruction that made each, their sizes and
    digests, what images share, and the directories of the union file system.
  - Compares images file by file, in particular one that was committed with one that was built.
  - Proves that an image does not change when a container of it writes, by reading its bytes before and after.
  - The filter P(bulkhead.classroom.layers_svg#filter) draws the result.
options:
  images:
    description: Images to look at, by name or id.
    type: list
    elements: str
    default: []
  containers:
    description: Containers to look at, by name or id.
    type: list
    elements: str
    default: []
  compare:
    description: Pairs of images to compare. Both are read whole.
    type: list
    elements: dict
    default: []
    suboptions:
      before:
        description: The image to start from.
        type: str
        required: true
      after:
        description: The image to end at.
        type: str
        required: true
  prove:
    description:
      - Images to prove immutable. Each is read whole, twice.
      - >-
        For each a container is created, which is never started and has no network. A file is added to it, and a file of
        the image overwritten in it. Then it is removed.
    type: list
    elements: str
    default: []
  verify:
    description:
      - Read the O(images) whole, and compute their ids and the digests of their layers again.
      - Without it the digests are those that the engine recorded.
    type: bool
    default: false
  limit:
    description: How many paths to show in each list of a comparison, the largest first. All are counted.
    type: int
    default: 200
extends_documentation_fragment:
  - bulkhead.classroom.engine
  - bulkhead.classroom.engine.parallel
attributes:
  check_mode:
    description: Changes nothing, in check mode or not.
    support: full
    details: In check mode O(prove) is left out, because it creates a container for a moment.
  diff_mode:
    description: Shows what changed.
    support: none
author:
  - The Bulkhead authors (@bulkhead)
seealso:
  - module: bulkhead.classroom.image_commit
  - module: bulkhead.classroom.image_build
  - plugin: bulkhead.classroom.layers_svg
    plugin_type: filter
notes:
  - >-
    Shared and unique bytes count as C(docker system df -v) counts: a layer is shared when another image of this engine
    stands on the same stack.
  - >-
    The engine does not say which steps of a history have a layer. Where several steps wrote nothing but empty files,
    which of them belongs to which digest is the likeliest guess.
  - Values of build arguments and of environment variables are not returned. Instructions are, as the history has them.
"""

EXAMPLES = r"""
- name: Look at what was made by hand, and at what was built
  bulkhead.classroom.image_layers_info:
    images: [course/base:1, course/by-hand:1]
    containers: [builder]
    verify: true
  register: layers

- name: Draw them
  ansible.builtin.copy:
    content: "{{ layers | bulkhead.classroom.layers_svg('Two ways to make an image') }}"
    dest: layers.svg
    mode: "0644"
  delegate_to: localhost

- name: Compare a commit with its base, and prove that the base never changes
  bulkhead.classroom.image_layers_info:
    compare:
      - before: course/base:1
        after: course/by-hand:1
    prove: [course/base:1]
  register: compared

- name: Show what the commit took along
  ansible.builtin.debug:
    msg: "{{ compared.comparisons[0].added.paths | map(attribute='path') }}"
"""

RETURN = r"""
storage_driver:
  description: The engine's storage driver.
  returned: always
  type: str
  sample: overlay2
images:
  description: One entry per image, in the order of O(images). One that failed has C(name) and C(error) alone.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The image, as it was asked for.
      type: str
    id:
      description: Id of the image.
      type: str
    tags:
      description: All its names.
      type: list
      elements: str
    bytes:
      description: Size of all layers.
      type: int
    unique_bytes:
      description: What no other image of the engine needs.
      type: int
    shared_bytes:
      description: What others need, too.
      type: int
    layers:
      description:
        - The steps of its history, the lowest first, with their C(position) from 1.
        - >-
          C(instruction) made it (null when none was recorded, as by an import), C(comment) is what the history says,
          for example the comment of a commit, C(created) the time in seconds since 1970.
        - >-
          C(empty) means that it changed the configuration alone and has no layer. C(digest) is that of its content,
          C(chain) that of the layer with all below it, by which layers are shared; C(bytes) is its size, C(shared_with)
          lists other images that have it.
        - C(directory) is where the engine keeps it; null when the storage driver does not tell.
        - With O(verify), C(computed) is the digest of what was read, and C(verified) whether it is C(digest).
      type: list
      elements: dict
    directories:
      description:
        - >-
          The union file system. C(driver) is the storage driver, C(lower) the directories that are only read, the
          highest first, C(upper) the one on top (a container writes there; of an image it is its highest layer),
          C(merged) where all lie over one another while a container runs, C(work) the kernel's own.
        - C(why) says why nothing is known, with a storage driver that does not tell.
      type: dict
    verified:
      description: Whether the id and the digests of all layers are those of what was read. Null without O(verify).
      type: bool
containers:
  description: One entry per container, in the order of O(containers). One that failed has C(name) and C(error) alone.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the container.
      type: str
    id:
      description: Id of the container.
      type: str
    state:
      description: State of the container.
      type: str
    image:
      description: Its image, with C(name) and C(id).
      type: dict
    writable:
      description: Its own layer, with C(bytes), C(added), C(changed), C(deleted) and C(directory).
      type: dict
    layers:
      description: The layers of its image, like RV(images[].layers).
      type: list
      elements: dict
    directories:
      description: The union file system, like RV(images[].directories).
      type: dict
comparisons:
  description: One entry per pair, in the order of O(compare). One that failed has C(name) and C(error) alone.
  returned: always
  type: list
  elements: dict
  contains:
    before:
      description:
        - >-
          The one image, with C(name), C(id), C(layers), C(files), C(bytes) (of what is visible) and C(hidden_bytes) (of
          what a higher layer replaced or deleted, and which is stored all the same).
      type: dict
    after:
      description: The other image, likewise.
      type: dict
    identical:
      description: Whether files and configuration are the same.
      type: bool
    shared_layers:
      description: How many layers, from the bottom, are the same.
      type: int
    added:
      description: What only RV(comparisons[].after) has, with C(count), C(bytes) and C(paths).
      type: dict
    removed:
      description: What only RV(comparisons[].before) has, likewise.
      type: dict
    changed:
      description:
        - >-
          What is another in both. C(bytes) is the difference, and each of C(paths) says C(what) differs (V(type),
          V(content), V(mode), V(owner), V(group), V(attributes)). Times do not count.
      type: dict
    configuration:
      description: What the configurations differ in, by name.
      type: list
      elements: str
proofs:
  description:
    - One entry per image, in the order of O(prove); none in check mode. One that failed has C(name) and C(error) alone.
    - C(before) and C(after) hold the C(id), and the digests of the C(layers) as recorded and as C(computed) from what
      was read.
    - C(written) is what was written, with the C(change) that the engine then saw in the container.
    - C(overwritten) is a file of the image, with the SHA-256 that it had in the image, has in the container, and has in
      the image afterwards. Null when the image has no file.
    - C(immutable) is true when the writes arrived in the container, and nothing of the image changed.
  returned: always
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_arguments import ENGINE_ARGUMENTS
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_layers import opened
from ansible_collections.bulkhead.classroom.plugins.module_utils.images import image_module
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_compare import Side, compare
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_list import attempt, in_parallel
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.immutability import prove
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.layers_report import (
    container_report,
    image_report,
    known_image,
    read,
    room,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError

NAMES = {"type": "list", "elements": "str", "default": []}
PAIR = {"before": {"type": "str", "required": True}, "after": {"type": "str", "required": True}}
ARGUMENT_SPEC = {
    "images": NAMES,
    "containers": NAMES,
    "compare": {"type": "list", "elements": "dict", "default": [], "options": PAIR},
    "prove": NAMES,
    "verify": {"type": "bool", "default": False},
    "limit": {"type": "int", "default": 200},
    "parallel": {"type": "int", "default": 4},
    **ENGINE_ARGUMENTS,
}
ASKED = ("images", "containers", "compare", "prove")


def run(params: dict[str, Any], engine: Any, check_mode: bool) -> dict[str, Any]:
    if not any(params[option] for option in ASKED):
        raise InputError("Nothing is asked for. Name something in images, containers, compare or prove.")
    workers, verify = params["parallel"], params["verify"]
    around = room(engine, workers) if params["images"] or params["containers"] else None
    found = {
        "images": every(params["images"], lambda name: image_report(engine, name, around, verify), workers),
        "containers": every(params["containers"], lambda name: container_report(engine, name, around), workers),
        "comparisons": every(params["compare"], lambda pair: compared(engine, pair, params["limit"]), workers),
        "proofs": every([] if check_mode else params["prove"], lambda name: prove(engine, name), workers),
    }
    errors = [f"{one['name']}: {one['error']}" for part in found.values() for one in part if one.get("error")]
    report = {"changed": False, "storage_driver": around.driver if around else engine.storage_driver(), **found}
    return {**report, "failed": True, "msg": " | ".join(errors)} if errors else report


def every(asked: list[Any], work: Any, workers: int) -> list[dict[str, Any]]:
    """One result for each, whatever fails."""

    def one(item: Any) -> dict[str, Any]:
        name = item if isinstance(item, str) else f"{item['before']} and {item['after']}"
        return attempt(lambda: work(item), {"name": name})

    return in_parallel(one, asked, workers)


def compared(engine: Any, pair: dict[str, str], limit: int) -> dict[str, Any]:
    names = [pair["before"], pair["after"]]
    documents = [known_image(engine, name) for name in names]
    before, after = (Side(*side) for side in zip(names, documents, read(engine, names, documents)))
    return compare(before, after, limit)


def main() -> None:
    image_module.main(ARGUMENT_SPEC, run, engine=opened)


if __name__ == "__main__":
    main()
