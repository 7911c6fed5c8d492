# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The last screen of a run: the pure part in tables, the plugin with a real playbook."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.bulkhead.classroom.plugins.callback.stages import (
    Stage,
    by_stage,
    render_stages,
    summary_lines,
)

ROOT = Path(__file__).parents[4]

PLAYBOOK = """
- name: First
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Take a moment
      ansible.builtin.pause:
        seconds: 1
    - name: Leave a line
      ansible.builtin.set_stats:
        data: {bulkhead_summary: ["one line"]}
- name: Second
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Leave another line
      ansible.builtin.set_stats:
        data: {bulkhead_summary: ["another line"]}
    - name: Fail when asked to
      ansible.builtin.assert:
        that: not (broken | default(false) | bool)
"""


def test_plays_of_one_name_are_one_stage_in_the_order_of_appearance():
    plays = [Stage("machines", 3.0), Stage("images", 1.0), Stage("machines", 0.5)]
    assert by_stage(plays) == [Stage("machines", 3.5), Stage("images", 1.0)]


def test_lines_are_aligned_and_end_with_the_whole():
    assert render_stages([Stage("machines", 75.04), Stage("engine", 24.96)]) == [
        "machines     75.0 s  75 %",
        "engine       25.0 s  25 %",
        "total       100.0 s",
    ]


def test_a_run_without_duration_is_no_division_by_zero():
    assert render_stages([Stage("a", 0.0)]) == ["a          0.0 s     -", "total      0.0 s"]


@pytest.mark.parametrize(
    ("statistics", "lines"),
    [
        ({}, []),
        ({"other": ["x"]}, []),
        ({"bulkhead_summary": ["x", 1]}, ["x", "1"]),
        ({"bulkhead_summary": "a text"}, ["a text"]),
    ],
)
def test_summary_lines(statistics, lines):
    assert summary_lines(statistics) == lines


def run(tmp_path, *arguments):
    """A real run in the repository's configuration, with nothing but the machine itself."""
    playbook = tmp_path / "play.yml"
    playbook.write_text(PLAYBOOK)
    command = [Path(sys.executable).with_name("ansible-playbook"), "-i", "localhost,", "-c", "local", playbook]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        [*command, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_the_last_screen_of_a_real_run(tmp_path):
    done = run(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    after_recap = done.stdout.partition("PLAY RECAP")[2].splitlines()
    stages = [line.split() for line in after_recap if line.startswith(("First", "Second"))]
    assert [words[0] for words in stages] == ["First", "Second"]
    assert float(stages[0][1]) >= 1.0
    assert after_recap[-2:] == ["one line", "another line"]


def test_a_failed_run_still_tells_its_times_and_what_was_left(tmp_path):
    done = run(tmp_path, "-e", "broken=true")
    assert done.returncode == 2
    assert done.stdout.splitlines()[-2:] == ["one line", "another line"]
