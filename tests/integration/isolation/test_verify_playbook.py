# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook `verify` on a host that is no classroom: what an administrator runs and sees."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PLAYBOOK = ROOT / "collections/ansible_collections/bulkhead/classroom/playbooks/verify.yml"
LABEL = "bht.verify"


@pytest.fixture
def verify(tmp_path):
    """Runs the playbook in a folder of its own; returns the run, and the report or None."""

    def run(docker_host: str, *more: str):
        (tmp_path / "ansible.cfg").write_text("[defaults]\nlocalhost_warning = false\n")
        environment = {
            **os.environ,
            "ANSIBLE_CONFIG": str(tmp_path / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"),
            "ANSIBLE_LOCAL_TEMP": str(tmp_path / "tmp"),
            "ANSIBLE_NOCOLOR": "1",
            "PWD": str(tmp_path),
        }
        command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", "-c", "local"]
        command += ["-e", f"isolation_audit_docker_host={docker_host}"]
        command += ["-e", f"ansible_python_interpreter={sys.executable}", *more, str(PLAYBOOK)]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=120
        )
        report = tmp_path / "reports/isolation.json"
        return done, json.loads(report.read_text()) if report.is_file() else None

    return run


@pytest.fixture
def container(engine, base_image):
    """A container as people make them: nothing was asked for."""
    made = engine.client.create_container(
        base_image, ["sleep", "600"], name="bht-plain", labels={LABEL: "yes"}, host_config=None
    )
    engine.client.start(made["Id"])
    yield "bht-plain"
    engine.client.remove_container(made["Id"], force=True)


def test_a_plain_host_is_judged_by_the_baseline(verify, engine, container):
    done, report = verify(engine.url)
    assert done.returncode == 2 and "NOT ISOLATED" in done.stdout, done.stdout[-2000:]
    assert report["profile"] == "baseline" and not report["summary"]["ok"]
    found = {one["check"]: one for one in report["findings"] if one["container"] == container}
    assert found["cgroup-memory-limit"]["status"] == "fail" and found["seccomp-filter"]["status"] == "pass"
    assert {one["severity"] for one in report["findings"]} == {"critical", "high"}
    # This kernel runs no SELinux: nothing to judge, and no noise.
    if not Path("/sys/fs/selinux/enforce").exists():
        assert {one["status"] for one in report["findings"] if "selinux" in one["check"]} == {"notapplicable"}


def test_a_policy_and_a_waiver_from_outside_count(verify, engine, container):
    accepted = {
        "isolation_audit_labels": {LABEL: "yes"},
        "isolation_audit_policy": {"profile": "baseline", "selinux": "absent"},
        "isolation_audit_waivers": [
            {"check": "*", "subject": "localhost*", "reason": "a test", "expires": "2999-12-31"}
        ],
    }
    done, _report = verify(engine.url, "-e", json.dumps(accepted))
    # A waiver is for one check: a pattern would accept what nobody knows yet.
    assert done.returncode == 2 and "names the check '*', which does not exist" in done.stdout + done.stderr


@pytest.mark.parametrize(("docker_host", "said"), [("unix:///nowhere/docker.sock", "/nowhere/docker.sock")])
def test_an_engine_that_is_not_there_is_red_and_nothing_passes(verify, docker_host, said):
    done, report = verify(docker_host)
    assert done.returncode == 2 and not report["summary"]["ok"]
    assert [(one["check"], one["status"]) for one in report["findings"]] == [("facts-available", "error")]
    assert said in report["findings"][0]["reason"]
