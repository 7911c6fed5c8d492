# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls modules as Ansible would, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

# Behind the link by which the collection finds itself.
ROOT = Path(__file__).resolve().parents[3]
RUNNER = Path(__file__).parent / "run_module.py"


def calling(engine):
    """The call for an engine. An argument that is None is left out; docker_host can be another one."""

    def call(name: str, args: dict, check: bool = False, diff: bool = True, **env: str) -> dict:
        given = {name: value for name, value in {"docker_host": engine.url, **args}.items() if value is not None}
        arguments = {**given, "_ansible_check_mode": check, "_ansible_diff": diff}
        done = subprocess.run(
            [sys.executable, str(RUNNER), name],
            input=json.dumps(arguments),
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT / "collections"), **env},
        )
        assert done.stdout, f"{name} said nothing: {done.stderr}"
        result = json.loads(done.stdout.splitlines()[-1])
        assert "exception" not in result, f"{name} crashed: {result}"
        return result

    return call
