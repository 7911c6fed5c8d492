# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verification as a program of the host, on a real engine: what it says when something is different from before."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.bulkhead.classroom.tests.integration.support.isolated import GOOD

ROOT = Path(__file__).parents[3]
NAME, LABEL = "bht-watched", "bht.watch"
# Of what the host of the tests is, nothing is asked here.
# As ProtectSystem and ProtectHome do it.
READ_ONLY = 'for one in /etc /home /root /usr; do mount -B $one $one; mount -o remount,bind,ro $one; done; exec "$@"'
MEMORY = "cgroup-memory-limit"


@pytest.fixture
def container(engine, base_image):
    host = {**engine.client.create_host_config(**GOOD), "CgroupnsMode": "private"}
    config = {"Image": base_image, "Cmd": ["sleep", "600"], "Labels": {LABEL: "yes"}, "HostConfig": host}
    key = engine.client.create_container_from_config({**config, "User": "1000:1000"}, NAME)["Id"]
    engine.client.start(key)
    yield key
    engine.client.remove_container(key, force=True)


@pytest.fixture
def runner(run_module, tmp_path):
    path = tmp_path / "lib/isolation.pyz"
    given = {"docker_host": None, "path": str(path)}
    assert run_module("isolation_runner", given, check=True)["changed"] is True and not path.exists()
    assert [run_module("isolation_runner", given)["changed"] for _time in range(2)] == [True, False]
    assert stat.S_IMODE(path.stat().st_mode) == 0o755
    return path


@pytest.fixture
def watch(runner, engine, tmp_path):
    """Runs it with settings, in an environment that has nothing of the tests'."""

    def run(*before, **changes):
        (tmp_path / "out").mkdir(exist_ok=True)
        settings = {
            "docker_host": engine.url,
            "host": "here",
            "folder": str(tmp_path / "out"),
            "labels": {LABEL: "yes"},
            "policy": {"profile": "classroom", "selinux": "absent"},
            "keep": 3,
            **changes,
        }
        (tmp_path / "settings.json").write_text(json.dumps(settings))
        done = subprocess.run(
            [*before, str(runner), str(tmp_path / "settings.json")],
            cwd="/",
            env={"PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert not done.stderr, done.stderr
        return done.returncode, done.stdout.splitlines()

    return run


def test_what_is_weakened_between_two_runs_is_new_and_fixed_afterwards(watch, engine, container, tmp_path):
    code, _lines = watch()
    report = json.loads((tmp_path / "out/report.json").read_text())
    assert code in (0, 1) and report["hosts"]["here"]["containers"] == 1 and not report["hosts"]["here"]["error"]
    red = {one["check"] for one in report["findings"] if one["status"] in ("fail", "error")}
    assert MEMORY not in red
    # What this host's own faults are is accepted; then all is well, and stays so.
    quiet = {"profile": "classroom", "selinux": "absent", "skip": dict.fromkeys(sorted(red), "the tests' host")}
    assert watch(policy=quiet)[0] == 0
    code, lines = watch(policy=quiet)
    assert code == 0 and len(lines) == 1 and lines[0].startswith("<6>isolated: 1 containers")
    engine.client.update_container(container, mem_limit="900g", memswap_limit="900g")
    code, lines = watch(policy=quiet)
    assert code == 1 and lines[0].startswith("<3>NOT ISOLATED"), lines
    assert any(line.startswith(f"<3>NEW      {MEMORY} here/{NAME}: ") for line in lines)
    engine.client.update_container(container, mem_limit="32m", memswap_limit="32m")
    code, lines = watch(policy=quiet)
    assert code == 0 and f"<6>FIXED    {MEMORY} here/{NAME}" in lines
    history = json.loads((tmp_path / "out/history.json").read_text())
    assert len(history["runs"]) == 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "out").iterdir()} == {0o640}
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["history.json", "report.json"]


def test_the_rights_that_the_service_has_are_enough(watch, container, tmp_path):
    """With those of the unit and no others, in a mount namespace like the unit's, it finds what root finds."""
    unit = (ROOT / "roles/isolation_audit/templates/bulkhead-isolation.service.j2").read_text()
    rights = next(line for line in unit.splitlines() if line.startswith("CapabilityBoundingSet="))
    names = [name.lower().replace("cap_", "+", 1) for name in rights.partition("=")[2].split()]
    bounded = ["setpriv", "--no-new-privs", f"--bounding-set=-all,{','.join(names)}"]
    bounded = ["unshare", "--mount", "--propagation", "slave", "sh", "-ec", READ_ONLY, "sh", *bounded]
    found = []
    for before in ([], bounded):
        code, _lines = watch(*before, policy={"selinux": "absent"})
        assert code in (0, 1)
        report = json.loads((tmp_path / "out/report.json").read_text())
        found.append({(one["check"], one["subject"]): (one["status"], one["reason"]) for one in report["findings"]})
    assert found[0] == found[1] and len(found[0]) > 50


def test_an_engine_that_is_away_is_red_and_the_report_says_so(watch, tmp_path):
    code, lines = watch(docker_host="unix:///nowhere/docker.sock")
    assert code == 1 and any(line.startswith("<3>NEW      facts-available here: ") for line in lines)
    assert "/nowhere" in json.loads((tmp_path / "out/report.json").read_text())["hosts"]["here"]["error"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"policy": {"colour": "red"}}, "colour"),
        ({"docker_host": "tcp://127.0.0.1:2375"}, "only a socket"),
        ({"folder": "reports"}, "absolute"),
        ({"folder": "/nowhere/at/all"}, "No such file"),
    ],
)
def test_settings_that_cannot_be_used_are_neither_green_nor_red(watch, changes, said):
    code, lines = watch(**changes)
    assert code == 2 and len(lines) == 1 and lines[0].startswith("<3>") and said in lines[0]


def test_ansible_sends_all_that_is_packed(runner, tmp_path):
    """What the module packs on a host comes from the archive in which Ansible brought it there."""
    sent = tmp_path / "sent.pyz"
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"), "ANSIBLE_NOCOLOR": "1"}
    command = [str(Path(sys.executable).with_name("ansible")), "-i", "localhost,", "-c", "local", "localhost"]
    command += ["-m", "bulkhead.classroom.isolation_runner", "-a", f"path={sent}"]
    command += ["-e", f"ansible_python_interpreter={sys.executable}"]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sent.read_bytes() == runner.read_bytes()


def test_it_needs_nothing_but_python(runner):
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(runner)], capture_output=True, text=True, check=False, env={}, cwd="/"
    )
    assert (done.returncode, done.stdout) == (2, "<3>Name the file with the settings, and nothing else.\n")
