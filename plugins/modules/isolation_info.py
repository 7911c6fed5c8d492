#!/usr/bin/python
# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: isolation_info
short_description: Read from the kernel how containers are isolated
version_added: 0.1.0
author:
  - The Bulkhead authors (@bulkhead)
description:
  - Reads, for every process of every container on this host, what the kernel really enforces - namespaces, control
    group limits, SELinux labels, seccomp, capabilities and mounts - beside what the engine was told.
  - Only reads. It judges nothing; P(bulkhead.classroom.isolation_verdict#filter) does, from the facts of one host or
    of many.
  - Whatever cannot be read is recorded with its path and error, so that no verdict can take it for granted.
  - Environment variables of containers are not recorded, nor is the value of a label that looks like a secret.
  - A local engine is read over its unix socket, and the host needs no docker SDK for that. The kernel is read where the
    task runs, so an engine that is reached in another way must be that host's own.
extends_documentation_fragment:
  - bulkhead.classroom.engine
attributes:
  check_mode:
    support: full
    description: The module only reads, so check mode makes no difference.
  diff_mode:
    support: full
    description: There is never a difference, because nothing changes.
  platform:
    support: full
    description: Runs on Linux only.
    platforms: linux
options:
  labels:
    description:
      - Judge only containers that carry all these labels with these values. An empty value asks for the label alone.
      - The other containers of the host are recorded as neighbours, so that what is shared with one of them is still
        found.
      - Without labels, names and images, every container is recorded in full. With several of them, all must fit.
    type: dict
    default: {}
  containers:
    description:
      - Judge only containers with one of these names; C(*), C(?) and C([abc]) stand for what varies.
      - Whether each of them fits a container of some host is a check of the verdict.
    type: list
    elements: str
    default: []
    version_added: 0.1.0
  images:
    description:
      - Judge only containers that were made from one of these images, by the name that they were made with, or by the
        id of the image, of which the first twelve digits are enough.
      - A name may have the same wildcards. One without a tag means C(latest).
    type: list
    elements: str
    default: []
    version_added: 0.1.0
requirements:
  - Root on the host (C(/proc/PID/ns) of other users' processes is closed to everybody else)
  - The pid namespace of the host
  - The docker SDK for Python only where O(docker_host) is no socket of this host
seealso:
  - plugin: bulkhead.classroom.isolation_verdict
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Read the isolation facts of every container of this classroom
  bulkhead.classroom.isolation_info:
    labels:
      org.bulkhead.classroom: classroom
  register: isolation

- name: Read those of one container
  bulkhead.classroom.isolation_info:
    containers:
      - workspace-ada

- name: Read those of every container of an image
  bulkhead.classroom.isolation_info:
    images:
      - registry.example/course/*

- name: Judge them
  ansible.builtin.debug:
    msg: "{{ {inventory_hostname: isolation} | bulkhead.classroom.isolation_verdict
      | bulkhead.classroom.isolation_report_lines }}"
"""

RETURN = r"""
facts:
  description: One document about this host.
  returned: success
  type: dict
  contains:
    schema:
      description: Version of this document's form.
      type: int
      sample: 3
    host:
      description: Kernel, the host's own namespaces, SELinux, control group version, engine, and the sockets and
        directories that no container may see.
      type: dict
    selection:
      description: The C(labels), C(containers) and C(images) that were asked for.
      type: dict
    containers:
      description:
        - The selected containers. Each has its identity, state, what was declared to the engine (C(declared)), its
          processes (equal ones in one record), mounts by mount namespace, effective limits over all ancestors, and the
          labels of its writable sources.
        - A container that does not run has neither processes nor what follows from them.
      type: list
      elements: dict
    neighbours:
      description: The other containers, with what a comparison needs.
      type: list
      elements: dict
    images:
      description:
        - The images of all these containers, each once - how they are set, were built and what lies in their layers.
        - Of variables, labels and steps that look like a secret only the name or number is recorded.
      type: list
      elements: dict
    networks:
      description: The engine's networks, each with who is in it and whether those are kept apart.
      type: list
      elements: dict
"""

import os

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_arguments import (
    DEFAULT_HOST,
    ENGINE_ARGUMENTS,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError, SdkMissing
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_reading import reading
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.access import require_access
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.gather import gather

NAMES = {"type": "list", "elements": "str", "default": []}
ARGUMENT_SPEC = {
    **ENGINE_ARGUMENTS,
    "labels": {"type": "dict", "default": {}},
    "containers": NAMES,
    "images": NAMES,
}


def run(params, engine, kernel):
    docker_host = params.get("docker_host") or os.environ.get("DOCKER_HOST") or DEFAULT_HOST
    labels = {str(key): "" if value is None else str(value) for key, value in params["labels"].items()}
    # Asked first: an engine that is not there or hangs says so in its own words.
    engine.version()
    require_access(engine, kernel, docker_host)
    facts = gather(engine, kernel, labels, docker_host, params["containers"], params["images"])
    return {"changed": False, "facts": facts}


def main():
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    try:
        module.exit_json(**run(module.params, reading(module.params), Kernel()))
    except SdkMissing as error:
        module.fail_json(msg=missing_required_lib("docker"), exception=str(error))
    except EngineError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
