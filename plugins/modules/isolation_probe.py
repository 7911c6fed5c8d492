#!/usr/bin/python
# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: isolation_probe
short_description: Try to cross the boundaries of containers
version_added: 0.1.0
author:
  - The Bulkhead authors (@bulkhead)
description:
  - Makes a twin of each container, with the same host configuration and a probe image, tries in it what a container
    must not be able to do, judges what the kernel said to each attempt, and removes the twin.
  - The container itself is not changed, and not entered either but with O(mode=exec). What is mounted in it is mounted
    read-only in the twin; its ports, its restart policy and its environment are left out.
  - Attempts are harmless where they succeed. Settings of the host are opened for writing and never written, sockets are
    closed unused, and where the kernel asks for permission first, the argument is one that it cannot take.
  - Limits are reached on purpose only where the kernel has one, the twin's own, and where the host has room for it.
    In the twin they are between 24 and 64 MiB, and at most 64 processes.
  - The probe image is made from the Python interpreter that runs this module, under the name C(bulkhead-probe). It
    stays on the engine for the next run, unless O(keep_image=false).
  - Twins are made one after another. A run that was killed leaves at most one, which ends by itself after five minutes,
    and with SELinux a second one, whose file the others try to read; the next run removes both.
extends_documentation_fragment:
  - bulkhead.classroom.engine
attributes:
  check_mode:
    support: none
    description: In check mode nothing is tried, and the task is skipped.
  diff_mode:
    support: none
    description: There is never a difference, because nothing stays but the probe image.
  platform:
    support: full
    description: Runs on Linux only.
    platforms: linux
options:
  containers:
    description:
      - Names or ids of the containers whose twins are probed. One that does not exist or does not run is a finding
        (V(probes-tried), an error); the others are probed.
      - Without it, all running containers that have O(labels).
    type: list
    elements: str
  labels:
    description:
      - Only containers that carry all these labels with these values. An empty value asks for the label alone.
    type: dict
    default: {}
  probes:
    description:
      - Which probes, by their names without C(probe-). Without it all of them, but for those of O(network).
    type: list
    elements: str
  network:
    description:
      - Also try connections that leave the twin, to the metadata address of clouds and to containers of other networks.
    type: bool
    default: false
  host:
    description: Name of this host in the findings. Without it the host's own name.
    type: str
  mode:
    description:
      - V(twin) tries in a throw-away twin of each container.
      - V(exec) tries in the container itself, with the C(python3) of its image. What would change the container or use
        up its limits is left out (V(notchecked)), and the answers are as honest as that Python is. What lies in the
        container's own files is tried only so.
    type: str
    choices: [twin, exec]
    default: twin
  keep_image:
    description: Keep the probe image for the next run. Making it takes about a second.
    type: bool
    default: true
requirements:
  - Root on the host, in the host's pid namespace
  - The docker SDK for Python
notes:
  - RV(ignore:changed) is always false, because nothing stays that a container or another task could notice.
  - Reaching a limit of memory makes the kernel write into its log that it killed a process of the twin.
seealso:
  - module: bulkhead.classroom.isolation_info
"""

EXAMPLES = r"""
- name: Try to leave the containers of this classroom
  bulkhead.classroom.isolation_probe:
    labels:
      org.bulkhead.classroom: classroom
    host: "{{ inventory_hostname }}"
  register: tried
  failed_when: not tried.ok

- name: Try one of them, its memory alone
  bulkhead.classroom.isolation_probe:
    containers: [workspace-ada]
    probes: [memory]
"""

RETURN = r"""
ok:
  description: Whether something was tried, and no finding is V(fail) or V(error).
  returned: success
  type: bool
findings:
  description:
    - One for each probe and container, in the form of P(bulkhead.classroom.isolation_verdict#filter)'s findings.
  returned: success
  type: list
  elements: dict
probes:
  description:
    - What was tried in the twin of each container, and what the kernel said (C(answers), by probe, each attempt with
      the name of its error). C(crossing) has what the policy says of each other container, and the record of the
      refusal. C(limits) has the limits with the kernel's counts before and after. C(differs) says in
      what the twin differs from its original.
  returned: success
  type: list
  elements: dict
swept:
  description: Names of twins of earlier runs that were found and removed.
  returned: success
  type: list
  elements: str
image:
  description: The probe image.
  returned: success
  type: str
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
from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.access import require_access
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes import chosen, guard, judge, session
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.findings import RED

ARGUMENT_SPEC = {
    **ENGINE_ARGUMENTS,
    "containers": {"type": "list", "elements": "str"},
    "labels": {"type": "dict", "default": {}},
    "probes": {"type": "list", "elements": "str"},
    "network": {"type": "bool", "default": False},
    "host": {"type": "str"},
    "mode": {"type": "str", "choices": ["twin", "exec"], "default": "twin"},
    "keep_image": {"type": "bool", "default": True},
}


def run(params, kernel):
    names = chosen.probes(params["probes"], params["network"])
    docker_host = params.get("docker_host") or DEFAULT_HOST
    reader = reading(params)
    reader.version()
    require_access(reader, kernel, docker_host)
    with guard.alone(str(reader.info().get("DockerRootDir"))), guard.orderly_end():
        wanted = chosen.containers(reader, params["containers"], params["labels"])
        result = session.probe(params, kernel, wanted.running, names, reader.containers())
    result["probes"] += wanted.lost
    findings = judge.findings(params["host"] or os.uname().nodename, result)
    ok = bool(findings) and not any(one["status"] in RED for one in findings)
    return {"changed": False, "ok": ok, "findings": findings, **result}


def main():
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=False)
    try:
        module.exit_json(**run(module.params, Kernel()))
    except SdkMissing as error:
        module.fail_json(msg=missing_required_lib("docker"), exception=str(error))
    except (EngineError, InputError) as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
