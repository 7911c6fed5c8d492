# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints a verdict as it is meant to be read: a line is a line, and on a terminal what is wrong has a colour.

A callback writes the result of a task as JSON or YAML, where line ends are escaped and colours are taken out.
"""

from __future__ import annotations

from ansible import constants
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.color import stringc
from ansible.utils.display import Display
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation import report
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.history import drift, drift_lines

# The colours of Ansible's own messages, which its settings change or switch off.
COLORS = {
    report.GRAVE: constants.COLOR_ERROR,
    report.FAULT: constants.COLOR_CHANGED,
    report.ACCEPTED: constants.COLOR_SKIP,
    report.FINE: constants.COLOR_OK,
    report.HINT: constants.COLOR_WARN,
}


def painted(text: str, meaning: str) -> str:
    """Without a terminal, or where Ansible was told so, stringc gives the text back as it is."""
    return stringc(text, COLORS[meaning])


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        spec = {"verdict": {"type": "dict", "required": True}, "history": {"type": "raw"}}
        _spec, given = self.validate_argument_spec(spec)
        try:
            since = drift_lines(drift(given["history"], given["verdict"]))
            colored = [*report.report_lines(given["verdict"], painted), *since]
            plain = [*report.report_lines(given["verdict"]), *since]
        except (KeyError, TypeError) as error:
            raise AnsibleActionFail(f"This is no verdict: {error!r} is missing or of another form.") from error
        Display().display("\n".join(colored), screen_only=True)
        # A log file gets no colours.
        Display().display("\n".join(plain), log_only=True)
        return {**result, "changed": False}
