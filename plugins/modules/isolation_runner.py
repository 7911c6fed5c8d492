#!/usr/bin/python
# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: isolation_runner
short_description: Install the verification as a program of the host
version_added: 0.1.0
author:
  - The Bulkhead authors (@bulkhead)
description:
  - Writes one file, mode 0755, with the code of M(bulkhead.classroom.isolation_info) and
    P(bulkhead.classroom.isolation_verdict#filter), which the host's Python starts without Ansible and without the
    docker SDK.
  - It is called with a file of settings (JSON) and writes the report and the history of the last runs. What is
    different since the last run goes to standard output, a line each, with the priorities of the journal. It ends with
    0 when all is well, 1 when something is red, 2 when it could not do its work.
  - The role isolation_audit runs it with a timer (entry point C(watch)).
attributes:
  check_mode:
    support: full
    description: Says whether the file would change.
  diff_mode:
    support: none
    description: It is a packed file.
  platform:
    support: full
    description: Runs on Linux only.
    platforms: linux
options:
  path:
    description: The file. Folders above it that do not exist are made.
    type: path
    required: true
seealso:
  - module: bulkhead.classroom.isolation_info
"""

EXAMPLES = r"""
- name: Install the verification
  bulkhead.classroom.isolation_runner:
    path: /usr/local/lib/bulkhead/isolation.pyz
"""

RETURN = r"""
path:
  description: The file.
  returned: success
  type: str
"""

import os
import sys
import tempfile
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.watch import archive, runner

ARGUMENT_SPEC = {"path": {"type": "path", "required": True}}
MODE = 0o755


def differs(path, wanted):
    try:
        return path.read_bytes() != wanted or (path.stat().st_mode & 0o7777) != MODE or path.stat().st_uid != 0
    except FileNotFoundError:
        return True


def main():
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    path = Path(module.params["path"])
    try:
        # Named here, so that Ansible sends the runner and all that it imports.
        wanted = archive.archive(sys.executable, runner.__name__)
        changed = differs(path, wanted)
        if changed and not module.check_mode:
            path.parent.mkdir(mode=MODE, parents=True, exist_ok=True)
            descriptor, staged = tempfile.mkstemp(dir=module.tmpdir)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(wanted)
            module.atomic_move(staged, str(path))
            module.set_mode_if_different(str(path), MODE, False)
            module.set_owner_if_different(str(path), "root", False)
    except OSError as error:
        module.fail_json(msg=f"Cannot write {path}: {error.strerror}.")
    module.exit_json(changed=changed, path=str(path))


if __name__ == "__main__":
    main()
