# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges what isolation_info registered on the hosts of the play, prints the verdict and writes it.

An action and no filter: facts of hundreds of containers are then handed over as they are, and not walked through by the
templating for each report; and a callback would write lines as JSON, where line ends are escaped and colours taken out.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible import constants
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.color import stringc
from ansible.utils.display import Display
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.values import PolicyError
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports import report
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.files import write as write_file
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.history import drift, drift_lines
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.outputs import OUTPUTS
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.page import Page
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.pictures import pictures
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.verdict import red, verdict

# The colours of Ansible's own messages, which its settings change or switch off.
COLORS = {
    report.GRAVE: constants.COLOR_ERROR,
    report.FAULT: constants.COLOR_CHANGED,
    report.ACCEPTED: constants.COLOR_SKIP,
    report.FINE: constants.COLOR_OK,
    report.HINT: constants.COLOR_WARN,
}
SPEC: Mapping[str, Mapping[str, Any]] = {
    "variable": {"type": "str", "required": True},
    "probes": {"type": "str"},
    "policy": {"type": "dict"},
    "waivers": {"type": "list", "elements": "dict"},
    "reports": {"type": "dict", "options": {name: {"type": "path"} for name in OUTPUTS}, "default": {}},
}


def painted(text: str, meaning: str) -> str:
    """Without a terminal, or where Ansible was told so, stringc gives the text back as it is."""
    return stringc(text, COLORS[meaning])


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        _spec, given = self.validate_argument_spec(SPEC)
        files = {name: path for name, path in (given["reports"] or {}).items() if path}
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        try:
            read, tried = (documents(task_vars, given[key]) if given[key] else None for key in ("variable", "probes"))
            judged = verdict(read or {}, given["policy"], given["waivers"], now, tried)
        except PolicyError as error:
            raise AnsibleActionFail(str(error)) from error
        history = earlier(files.get("history"))
        since = drift_lines(drift(history, judged))
        lines = report.report_lines(judged)
        show(judged, lines, since)
        write(judged, history, files, self._page(files, read))
        facts = {**judged, "findings": [finding for finding in judged["findings"] if red(finding)]}
        outcome = {"failed": True, "msg": message(lines[-1], files)} if not judged["summary"]["ok"] else {}
        return {**result, "changed": False, "ansible_facts": {"isolation_audit_verdict": facts}, **outcome}

    def _page(self, files: Mapping[str, str], read: Any) -> Page:
        """The parts of the page lie in the role that asks for it."""
        template, style, script = (
            Path(self._find_needle(folder, f"isolation.{kind}")).read_text(encoding="utf-8") if "html" in files else ""
            for folder, kind in (("templates", "html.j2"), ("files", "css"), ("files", "js"))
        )
        report_file = files.get("json", "")
        # Code scanning wants the path in the repository, which is where Ansible was called.
        path = os.path.relpath(report_file, os.environ.get("PWD", "")) if report_file else ""
        drawn = tuple(pictures(read)) if "html" in files else ()
        return Page(template, style, script, Path(report_file).name, path, drawn)


def documents(task_vars: Mapping[str, Any], variable: str) -> dict[str, Any]:
    """What each host of the play registered. Who was not asked has nothing, which is an error of the verdict."""
    raw = task_vars["hostvars"].raw_get
    return {host: raw(host).get(variable, {}) for host in task_vars["ansible_play_hosts_all"]}


def earlier(path: str | None) -> str:
    """The text of the history. Without one, or with one that cannot be read, it begins with this run."""
    try:
        return Path(path).read_text(encoding="utf-8") if path else ""
    except (OSError, ValueError):
        return ""


def show(judged: Mapping[str, Any], lines: list[str], since: list[str]) -> None:
    Display().display("\n".join([*report.report_lines(judged, painted), *since]), screen_only=True)
    # A log file gets no colours.
    Display().display("\n".join([*lines, *since]), log_only=True)


def message(summary: str, files: Mapping[str, str]) -> str:
    where = f", and in {files['json']}" if "json" in files else ""
    return f"{summary}. Each finding is above, with its evidence and remedy{where}"


def write(judged: Mapping[str, Any], history: str, files: Mapping[str, str], page: Page) -> None:
    for name, path in files.items():
        target = Path(path)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            write_file(target, OUTPUTS[name](judged, history, page))
        except OSError as error:
            raise AnsibleActionFail(f"Cannot write the report {path}: {error.strerror}.") from error
