# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action that judges: whose facts it takes, what it writes, and what it says when it cannot."""

from __future__ import annotations

import json
import stat

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.bulkhead.classroom.plugins.action import isolation_judge as action
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.files import MODE
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.page import Page
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import judged

PAGE = Page("{{ page.style | safe }}{{ page.data }}", "a > b", "", "isolation.json", "reports/isolation.json")


class HostVars:
    def __init__(self, known):
        self._known = known

    def raw_get(self, host):
        return self._known[host]


def test_a_host_that_registered_nothing_is_not_left_out():
    task_vars = {"ansible_play_hosts_all": ["a", "b"], "hostvars": HostVars({"a": {"read": {"facts": {}}}, "b": {}})}
    assert action.documents(task_vars, "read") == {"a": {"facts": {}}, "b": {}}


def test_every_report_is_written_for_its_readers_alone(tmp_path):
    files = {name: str(tmp_path / "new" / name) for name in action.OUTPUTS}
    action.write(judged(facts.document()), "", files, PAGE)
    assert {path.name for path in (tmp_path / "new").iterdir()} == set(files)
    assert {stat.S_IMODE((tmp_path / "new" / name).stat().st_mode) for name in files} == {MODE}
    assert json.loads((tmp_path / "new/json").read_text())["summary"]["ok"]
    assert (tmp_path / "new/html").read_text().startswith("a > bH4sI")
    assert len(json.loads(action.earlier(files["history"]))["runs"]) == 1
    assert json.loads((tmp_path / "new/oscal").read_text())["assessment-results"]["results"]
    assert (tmp_path / "new/xccdf").read_text().startswith("<?xml")


def test_a_fault_lies_in_the_report_for_code_scanning(tmp_path):
    action.write(judged({}), "", {"sarif": str(tmp_path / "sarif")}, PAGE)
    place = json.loads((tmp_path / "sarif").read_text())["runs"][0]["results"][0]["locations"][0]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == PAGE.path


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(AnsibleActionFail, match="Cannot write the report .*/file/report"):
        action.write(judged(facts.document()), "", {"json": str(tmp_path / "file/report")}, PAGE)


def test_a_history_that_cannot_be_read_is_none(tmp_path):
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    assert [action.earlier(path) for path in (None, str(tmp_path), str(tmp_path / "binary"))] == ["", "", ""]
