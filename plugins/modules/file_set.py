#!/usr/bin/python
# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: file_set
short_description: Write, create and remove many files in one call
version_added: 0.1.0
description:
  - Brings a list of files, directories and absences to the wanted state in a single module call.
  - One copy or template is two or three round trips. A role that writes ten files pays for that ten times, which is
    seconds each on a slow host; this module pays once.
  - Every new content is staged beside its file and validated before any file is replaced, so that one that does not
    pass leaves all as they were. Each replacement is one atomic rename.
  - SELinux contexts are those that the host's policy gives to the path, unless one is given.
  - The content of a file that is marked O(files[].secret) shows in no diff, no result and not in the host's log.
options:
  files:
    description: The files. Directories are made first, removals come last, whatever the order of the list.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description: Absolute path.
        type: path
        required: true
      state:
        description:
          - V(present) writes a regular file (a link at the path is replaced, not followed).
          - V(directory) makes the directory, not its parents.
          - V(absent) removes a file, a link or an empty directory.
        type: str
        choices: [present, directory, absent]
        default: present
      content:
        description: The content of the file. Required with O(files[].state=present).
        type: str
      mode:
        description: Octal mode. Without it 0644 for files, 0600 for secret files and 0755 for directories.
        type: raw
      owner:
        description: Name or number of the owner. Left as it is without it.
        type: str
      group:
        description: Name or number of the group. Left as it is without it.
        type: str
      secret:
        description: Whether the content must never be shown.
        type: bool
        default: false
      validate:
        description: Command that must accept the staged file, which it names as C(%s), before it is put in place.
        type: str
      context:
        description:
          - SELinux context, all four parts, in place of the one that the policy gives to the path.
          - Ignored where SELinux is not enabled.
        type: str
      recurse_context:
        description:
          - Whether everything below the directory must have O(files[].context) too. Only what differs is relabelled.
          - Links are never followed, so the owner of the directory cannot lead the module out of it.
        type: bool
        default: false
      prune:
        description: Whether to remove from the directory what O(files) does not list. Directories only when empty.
        type: bool
        default: false
      prune_pattern:
        description: Which names O(files[].prune) may remove, as in a shell. A directory that others use too needs one.
        type: str
        default: "*"
attributes:
  check_mode:
    description: Says what would change, and changes nothing.
    support: full
  diff_mode:
    description: Shows each file before and after, except the content of secret files.
    support: full
author:
  - The Bulkhead authors (@bulkhead)
"""

EXAMPLES = r"""
- name: Configure the service
  bulkhead.classroom.file_set:
    files:
      - path: /etc/example
        state: directory
      - path: /etc/example/example.json
        content: "{{ example_configuration | to_nice_json }}"
        validate: example --check %s
      - path: /etc/example/key.pem
        content: "{{ example_key }}"
        secret: true
      - path: /etc/example/default.json
        state: absent
      - path: /var/lib/example/ada
        state: directory
        context: "system_u:object_r:container_file_t:s0:c12,c34"
        recurse_context: true
  notify: example_restart
"""

RETURN = r"""
changed_paths:
  description: The paths that were changed, or would be in check mode.
  type: list
  elements: str
  returned: success
  sample: [/etc/example/example.json]
steps:
  description: What was done to each of them and which property differed.
  type: list
  elements: dict
  returned: success
  sample: [{path: /etc/example/example.json, action: write, reasons: [content]}]
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.file_set import (
    FileSetError,
    Found,
    diff,
    parse,
    plan,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.file_system import FileSystem

ARGUMENT_SPEC = {
    "files": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "path": {"type": "path", "required": True},
            "state": {"type": "str", "choices": ["present", "directory", "absent"], "default": "present"},
            # Not no_log: that would blot out every content in every diff. See main for what hides the secret ones.
            "content": {"type": "str"},
            "mode": {"type": "raw"},
            "owner": {"type": "str"},
            "group": {"type": "str"},
            "secret": {"type": "bool", "default": False, "no_log": False},
            "validate": {"type": "str"},
            "context": {"type": "str"},
            "recurse_context": {"type": "bool", "default": False},
            "prune": {"type": "bool", "default": False},
            "prune_pattern": {"type": "str", "default": "*"},
        },
    },
}


def run(params: dict[str, Any], files: Any, check_mode: bool) -> dict[str, Any]:
    """`files` is a FileSystem: it observes, resolves names and applies."""
    specs = parse(params["files"])
    # A user that a package still has to bring is no reason to fail while only planning.
    wanted = [files.resolve(spec, lenient=check_mode) for spec in specs]
    found = {want.spec.path: files.observe(want) for want in wanted}
    steps = plan(wanted, found)
    if steps and not check_mode:
        files.apply(steps)
    return {
        "changed": bool(steps),
        "changed_paths": [step.path for step in steps],
        "steps": [step.as_result() for step in steps],
        "diff": [diff(step, found.get(step.path, Found("file"))) for step in steps],
    }


def main() -> None:
    # no_log here keeps the parameters, and so the secret contents, out of the host's system log; nothing else.
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True, no_log=True)
    module.no_log_values.update(
        item["content"] for item in module.params["files"] if item["secret"] and item["content"]
    )
    try:
        module.exit_json(**run(module.params, FileSystem(module), module.check_mode))
    except FileSetError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
