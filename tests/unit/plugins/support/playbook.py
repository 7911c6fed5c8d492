# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs a playbook for a test, with nothing but this machine, in the repository's configuration."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[4]


def run_playbook(folder: Path, plays: list[dict[str, Any]], *words: str) -> subprocess.CompletedProcess[str]:
    """The finished run. JSON is YAML, so the plays need no rendering."""
    playbook = folder / "play.yml"
    playbook.write_text(json.dumps(plays))
    ansible = Path(sys.executable).with_name("ansible-playbook")
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "LC_ALL": "C.UTF-8"}
    python = ("-e", f"ansible_python_interpreter={sys.executable}")
    return subprocess.run(
        [ansible, "-i", "localhost,", "-c", "local", *python, playbook, *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def results(folder: Path, tasks: list[dict[str, Any]], variables: dict[str, Any], wanted: str, *words: str) -> Any:
    """The value of the expression `wanted` after the tasks."""
    kept = folder / "wanted.json"
    keep = {
        "ansible.builtin.copy": {"content": "{{ (" + wanted + ") | to_json }}", "dest": str(kept)},
        "check_mode": False,
    }
    play = {"hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": [*tasks, keep]}
    done = run_playbook(folder, [play], *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(kept.read_text())
