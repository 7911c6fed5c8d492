# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole runs of ansible-playbook, timed; what went wrong is said with the end of the run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
COLLECTIONS = ROOT / "collections"
PLAYBOOKS = Path(__file__).with_name("playbooks")
_RECAP = re.compile(r"^localhost +: ok=\d+ +changed=(\d+) .*failed=0", re.MULTILINE)


class BenchError(Exception):
    """A figure that cannot be had; the message says which, and what to do."""


class Runs:
    """Runs of the playbooks here, on one engine, with Ansible's own settings but for what folder says."""

    def __init__(self, folder: Path, engine: str) -> None:
        self._folder, self.engine = folder, engine
        (folder / "ansible.cfg").write_text("[defaults]\nlocalhost_warning = false\n")
        self._environment = {
            **os.environ,
            "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_FORCE_COLOR": "0",
        }

    def run(self, playbook: str, **variables: Any) -> tuple[float, Any]:
        """Seconds and end of a run on this host. playbook: a path, or the name of one in a collection."""
        given = {"ansible_python_interpreter": sys.executable, "engine": self.engine, **variables}
        (self._folder / "variables.json").write_text(json.dumps(given))
        command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", "-c", "local"]
        return timed([*command, "-e", f"@{self._folder}/variables.json", playbook], self._environment)

    def play(self, name: str, changes: bool | None = None, **variables: Any) -> float:
        """Seconds of a run. `changes` says whether it has to change something; no figure counts that did other work."""
        seconds, done = self.run(str(PLAYBOOKS / f"{name}.yml"), **variables)
        recap = _RECAP.search(done.stdout)
        changed = None if recap is None else recap[1] != "0"
        if done.returncode or (changes is not None and changed is not changes):
            wanted = {None: "work", True: "change something", False: "change nothing"}[changes]
            raise BenchError(f"{name}.yml had to {wanted}; its output ends:\n{(done.stdout + done.stderr)[-3000:]}")
        return seconds


def timed(command: list[str], environment: dict[str, str] | None = None) -> tuple[float, Any]:
    begin = time.monotonic()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return time.monotonic() - begin, done


def output(command: list[str]) -> tuple[float, str]:
    """Seconds and output of a program that has to succeed."""
    seconds, done = timed(command)
    if done.returncode:
        raise BenchError(f"{' '.join(command)} failed ({done.returncode}): {(done.stdout + done.stderr)[-2000:]}")
    return seconds, done.stdout
