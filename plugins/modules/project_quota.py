#!/usr/bin/python
# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: project_quota
short_description: Hold directories to a size and a number of files
version_added: 0.1.0
description:
  - Gives each directory a project of the file system's quota, with a hard limit for bytes and for inodes. What is made
    below the directory belongs to its project, and so does what is there already.
  - Works on XFS and ext4 that are mounted with project quota (C(pquota), C(prjquota)). Anything else stops before a
    change, and so do limits that are larger together than the file system.
  - The directories have to exist, except in check mode.
options:
  directories:
    description: The directories.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description: Absolute path.
        type: path
        required: true
      project:
        description:
          - Number of the project, one for each directory of the file system. Engines count theirs from 1, so choose
            large ones.
        type: int
        required: true
      size:
        description: Bytes, or a number with k, m, g or t.
        type: str
        required: true
      inodes:
        description: Files, directories, links and everything else that has an inode.
        type: int
        required: true
attributes:
  check_mode:
    description: Says what would change, and changes nothing.
    support: full
  diff_mode:
    description: Shows project and limits before and after.
    support: full
author:
  - The Bulkhead authors (@bulkhead)
"""

EXAMPLES = r"""
- name: Hold two homes to half a gigabyte each
  bulkhead.classroom.project_quota:
    directories:
      - {path: /srv/homes/ada, project: 16777217, size: 512m, inodes: 20000}
      - {path: /srv/homes/grace, project: 16777218, size: 512m, inodes: 20000}
"""

RETURN = r"""
changed_paths:
  description: The directories that were changed, or would be in check mode.
  type: list
  elements: str
  returned: success
steps:
  description: What differed for each of them - C(project), C(size), C(inodes).
  type: list
  elements: dict
  returned: success
  sample: [{path: /srv/homes/ada, reasons: [size]}]
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.project_quota import QuotaError, diff, parse, plan
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.quota_control import QuotaControl

ARGUMENT_SPEC = {
    "directories": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "path": {"type": "path", "required": True},
            "project": {"type": "int", "required": True},
            "size": {"type": "str", "required": True},
            "inodes": {"type": "int", "required": True},
        },
    },
}


def run(params: dict[str, Any], control: Any, check_mode: bool) -> dict[str, Any]:
    """`control` is a QuotaControl: it checks, observes and applies."""
    wanted = parse(params["directories"])
    control.check(wanted)
    found = {want.path: control.observe(want) for want in wanted}
    missing = [path for path, have in found.items() if not have.exists]
    if missing and not check_mode:
        raise QuotaError(f"{', '.join(missing)}: no such directory; make it before it is held to a size")
    steps = plan(wanted, found)
    if steps and not check_mode:
        control.apply(steps)
    return {
        "changed": bool(steps),
        "changed_paths": [step.wanted.path for step in steps],
        "steps": [step.as_result() for step in steps],
        "diff": [diff(step, found[step.wanted.path]) for step in steps],
    }


def main() -> None:
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    try:
        module.exit_json(**run(module.params, QuotaControl(), module.check_mode))
    except (QuotaError, OSError) as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
