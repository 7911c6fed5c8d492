# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The step for a pipeline in docs/isolation.md, as it stands there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
STEP = re.search(r"### A gate in a pipeline.*?```sh\n(.*?)```", (ROOT / "docs/isolation.md").read_text(), re.DOTALL)


@pytest.fixture
def step(engine, tmp_path):
    """Runs it in a folder of its own, on the private engine, after a change of its text."""

    def run(image: str, old: str = "", new: str = ""):
        text = STEP.group(1)
        assert old in text
        environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PWD": str(tmp_path),
            "IMAGE": image,
            "DOCKER_HOST": engine.url,
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"),
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "ANSIBLE_NOCOLOR": "1",
        }
        return subprocess.run(
            ["sh", "-c", text.replace(old, new) if old else text],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run


@pytest.mark.skipif(not shutil.which("docker"), reason="the step calls the engine's client")
def test_the_step_judges_an_image_and_leaves_no_container(step, engine, base_image, tmp_path):
    done = step(base_image, "--memory 256m --memory-swap 256m", "")
    assert done.returncode == 2 and "FAIL  cgroup-memory-limit" in done.stdout, done.stdout[-3000:] + done.stderr
    report = json.loads((tmp_path / "reports/isolation.json").read_text())
    red = {one["check"] for one in report["findings"] if one["container"] and one["status"] == "fail"}
    # It was tried as well: nothing would have stopped it.
    assert {"cgroup-memory-limit", "probe-memory"} <= red
    assert "cgroup-memory-limit" in (tmp_path / "reports/isolation.xml").read_text()
    assert json.loads((tmp_path / "reports/isolation.sarif").read_text())["runs"][0]["results"]
    assert engine.client.containers(all=True) == []


@pytest.mark.skipif(not shutil.which("docker"), reason="the step calls the engine's client")
def test_the_exit_code_is_the_verdict(step, base_image, tmp_path):
    """What this host and its old engine are at fault for is left out; the container as it stands there is good."""
    done = step(base_image)
    report = json.loads((tmp_path / "reports/isolation.json").read_text())
    found = {one["check"] for one in report["findings"] if one["status"] in ("fail", "error")}
    assert (done.returncode == 0) == report["summary"]["ok"] and not {"cgroup-memory-limit", "probe-memory"} & found
    policy = {"profile": "baseline", "selinux": "where_present", "skip": dict.fromkeys(sorted(found), "this host")}
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps({"isolation_audit_policy": policy}))
    done = step(base_image, "-e isolation_audit_fail_on=high", f"-e @{settings}")
    assert done.returncode == 0 and "isolated: 1 containers" in done.stdout, done.stdout[-2000:]
