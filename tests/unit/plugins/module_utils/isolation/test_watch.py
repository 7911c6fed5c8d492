# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verification as a program of the host: what it tells the journal, what it packs, and what stops it."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports import files
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.history import remembered
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.watch import archive, runner
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import (
    ADA,
    changed,
    expected,
    judged,
    policy,
    put,
)

SECCOMP = f"seccomp-filter {ADA}"


def weakened(value: str = "0"):
    return judged(changed(lambda _document, ada: put(ada, "processes.0.status.Seccomp", value)))


def said(before, now) -> list[str]:
    return list(runner.journal(json.dumps(remembered("", before)) if before else "", now))


def test_the_journal_has_one_line_for_a_run_in_which_nothing_changed():
    good, bad = judged(facts.document()), weakened()
    assert [line.partition(":")[0] for line in said(good, good)] == ["<6>isolated"]
    assert [line.partition(":")[0] for line in said(bad, bad)] == ["<3>NOT ISOLATED"]


def test_the_journal_says_what_is_new_changed_fixed_and_gone():
    good, bad = judged(facts.document()), weakened()
    assert [line for line in said(good, bad) if line.startswith(f"<3>NEW      {SECCOMP}: ")]
    assert [line for line in said(bad, weakened("1")) if line.startswith(f"<3>CHANGED  {SECCOMP}: ")]
    assert f"<6>FIXED    {SECCOMP}" in said(bad, good)
    alone = changed(lambda document, _ada: document["containers"].pop(0))
    assert f"<6>GONE     {SECCOMP}" in said(bad, judged(alone, policy(expected=[expected("grace")])))


def test_the_first_run_names_what_is_red():
    assert [line for line in said(None, weakened()) if line.startswith(f"<3>NEW      {SECCOMP}: ")]
    assert len(said(None, judged(facts.document()))) == 1


def test_a_name_from_outside_makes_no_line_of_its_own():
    evil = changed(lambda _document, ada: ada.update(name="a\n<0>b", state="exited"))
    lines = said(None, judged(evil))
    assert lines and all("\n" not in line and line.startswith(("<3>", "<6>")) for line in lines)


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """Runs main with the good document as this host's facts."""
    monkeypatch.setattr(runner, "document", lambda _settings: facts.document())
    path = tmp_path / "settings.json"

    def run(**changes):
        given = {"host": facts.HOST, "folder": str(tmp_path), "policy": policy(), **changes}
        path.write_text(json.dumps(given))
        return runner.main([str(path)])

    return run


def test_what_is_expected_on_another_host_is_not_missing_here(settings):
    elsewhere = {**expected("alan"), "host": "engine9"}
    assert settings(policy=policy(expected=[expected("ada"), elsewhere])) == runner.GREEN
    assert settings(policy=policy(expected=[expected("alan")])) == runner.RED


def test_a_number_of_runs_is_kept(settings, tmp_path):
    for _run in range(4):
        assert settings(keep=2) == runner.GREEN
    assert len(json.loads((tmp_path / runner.HISTORY).read_text())["runs"]) == 2


def test_a_broken_history_is_begun_anew(settings, tmp_path):
    (tmp_path / runner.HISTORY).write_bytes(b"\xff{")
    assert settings() == runner.GREEN and len(json.loads((tmp_path / runner.HISTORY).read_text())["runs"]) == 1


@pytest.mark.parametrize("words", [[], ["a", "b"], ["/nowhere/settings"]])
def test_without_settings_it_says_why(words, capsys):
    assert runner.main(words) == runner.BROKEN
    out = capsys.readouterr().out
    assert out.startswith("<3>") and out.count("\n") == 1


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"folder": 3}', '{"folder": "here"}'])
def test_settings_in_another_form_are_refused(text, tmp_path, capsys):
    (tmp_path / "settings").write_text(text)
    assert runner.main([str(tmp_path / "settings")]) == runner.BROKEN and "settings" in capsys.readouterr().out


def test_a_report_that_cannot_be_written_leaves_nothing(tmp_path, monkeypatch):
    def full(*_arguments):
        raise OSError("full")

    monkeypatch.setattr(files.os, "fchmod", full)
    with pytest.raises(OSError, match="full"):
        files.write(tmp_path / "report", "text")
    assert list(tmp_path.iterdir()) == []


def test_the_same_sources_are_the_same_bytes_and_nothing_else_is_in_it():
    packed = archive.archive("/usr/bin/python3", runner.__name__)
    assert packed == archive.archive("/usr/bin/python3", runner.__name__)
    assert packed.startswith(b"#!/usr/bin/python3 -I\n")
    names = zipfile.ZipFile(io.BytesIO(packed)).namelist()
    place = runner.__name__.replace(".", "/")
    assert f"{place}.py" in names and "__main__.py" in names and "ansible_collections/__init__.py" in names
    text = "".join(archive.sources(runner.__name__).values())
    assert not [
        line for line in text.splitlines() if line.startswith(("import ansible", "from ansible.", "import docker"))
    ]
