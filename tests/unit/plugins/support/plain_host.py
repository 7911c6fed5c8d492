"""What the modules ask of an AnsibleModule, answered by the machine that the tests run on."""

from __future__ import annotations

import subprocess


class PlainHost:
    """A host without SELinux: commands really run, files are really written."""

    def selinux_enabled(self):
        return False

    def run_command(self, command):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr


class LabellingHost(PlainHost):
    """A host with SELinux whose policy gives every path one default context; remembers what was set."""

    def __init__(self, default, contexts=None):
        self.default, self.contexts, self.labelled = default, dict(contexts or {}), {}

    def selinux_enabled(self):
        return True

    def selinux_context(self, path):
        return self.contexts.get(path, "system_u:object_r:tmp_t:s0").split(":", 3)

    def selinux_default_context(self, path, mode=0):
        return self.default.split(":", 3)

    def set_context_if_different(self, path, context, changed):
        self.labelled[path] = ":".join(context)
        return True
