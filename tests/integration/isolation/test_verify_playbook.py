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
from ansible_collections.bulkhead.classroom.tests.integration.support.isolated import GOOD

ROOT = Path(__file__).parents[3]
PLAYBOOK = ROOT / "collections/ansible_collections/bulkhead/classroom/playbooks/verify.yml"
LABEL = "bht.verify"


@pytest.fixture
def verify(tmp_path):
    """Runs the playbook in a folder of its own; returns the run, and the report or None."""

    def run(docker_host: str, *more: str, **settings: str):
        (tmp_path / "ansible.cfg").write_text("[defaults]\nlocalhost_warning = false\n")
        environment = {
            **os.environ,
            "ANSIBLE_CONFIG": str(tmp_path / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"),
            "ANSIBLE_LOCAL_TEMP": str(tmp_path / "tmp"),
            "ANSIBLE_NOCOLOR": "1",
            "PWD": str(tmp_path),
            **settings,
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


@pytest.fixture
def twins_of(engine, base_image):
    """A good container, and one that differs from it in a capability."""
    names = {"bht-good": {}, "bht-weak": {"cap_add": ["SYS_ADMIN"]}}
    for name, changes in names.items():
        host = {**engine.client.create_host_config(**GOOD, **changes), "CgroupnsMode": "private"}
        config = {"Image": base_image, "Cmd": ["sleep", "600"], "Labels": {LABEL: "tried"}, "HostConfig": host}
        made = engine.client.create_container_from_config({**config, "User": "0:0"}, name)
        engine.client.start(made["Id"])
    yield tuple(names)
    for name in names:
        engine.client.remove_container(name, force=True)


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


def test_the_page_and_what_is_different_from_the_last_run(verify, engine, container, tmp_path):
    done, _report = verify(engine.url)
    page = (tmp_path / "reports/isolation.html").read_text()
    assert "since " not in done.stdout and page.startswith("<!doctype html>") and "H4sI" in page
    # Whoever changes a limit meanwhile is noticed.
    engine.client.update_container(container, mem_limit="32m", memswap_limit="32m")
    done, report = verify(engine.url)
    assert f"since {json.loads((tmp_path / 'reports/isolation.history.json').read_text())['runs'][0]['generated']}" in (
        done.stdout
    )
    assert f"FIXED    cgroup-memory-limit localhost/{container}" in done.stdout
    assert not [one for one in report["findings"] if one["check"] == "cgroup-memory-limit" and one["status"] == "fail"]


def test_the_other_formats_say_the_same(verify, engine, container, tmp_path):
    files = {name: tmp_path / f"reports/isolation.{name}" for name in ("sarif", "oscal", "xccdf")}
    wanted = {f"isolation_audit_{name}": str(path) for name, path in files.items()}
    _done, report = verify(engine.url, "-e", json.dumps(wanted))
    run = json.loads(files["sarif"].read_text())["runs"][0]
    bad = {(one["check"], one["subject"]) for one in report["findings"] if one["status"] in ("fail", "error")}
    places = [one["locations"][0] for one in run["results"]]
    subjects = [place["logicalLocations"][0]["fullyQualifiedName"] for place in places]
    assert {(one["ruleId"], subject) for one, subject in zip(run["results"], subjects)} == bad
    assert {place["physicalLocation"]["artifactLocation"]["uri"] for place in places} == {"reports/isolation.json"}
    said = json.loads(files["oscal"].read_text())["assessment-results"]["results"][0]
    states = {one["target"]["target-id"]: one["target"]["status"]["state"] for one in said["findings"]}
    assert {check for check, state in states.items() if state == "not-satisfied"} == {check for check, _subject in bad}
    done = subprocess.run(["oscap", "xccdf", "validate", files["xccdf"]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


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


def test_one_container_is_judged_and_a_name_that_nobody_has_is_red(verify, engine, container):
    _done, report = verify(engine.url, "-e", f"isolation_audit_containers={container}")
    assert {one["container"] for one in report["findings"]} == {"", container}
    done, report = verify(
        engine.url, "-e", "isolation_audit_containers=bht-plian", "-e", '{"isolation_audit_images": []}'
    )
    found = next(one for one in report["findings"] if one["check"] == "containers-selected")
    assert done.returncode == 2 and found["status"] == "fail" and report["summary"]["containers"] == 0
    # The lines are lines, and nothing that is no terminal gets a colour.
    assert any(line.startswith("FAIL  containers-selected") for line in done.stdout.splitlines())
    assert container in found["evidence"][0]["raw"] and "\x1b" not in done.stdout
    forced, _report = verify(engine.url, ANSIBLE_NOCOLOR="0", ANSIBLE_FORCE_COLOR="1")
    assert "\x1b[" in next(line for line in forced.stdout.splitlines() if "FAIL  cgroup-memory-limit" in line)


def test_a_rule_is_for_its_own_containers(verify, engine, container):
    rules = [
        {"name": "bht-pl*", "labels": {LABEL: ""}, "skip": {"cgroup-memory-limit": "a test"}},
        {"image": "nobody/*", "skip": {"cgroup-pids-limit": "another"}},
    ]
    given = {
        "isolation_audit_containers": [container],
        "isolation_audit_policy": {"profile": "baseline", "selinux": "absent", "rules": rules},
        "isolation_audit_waivers": [
            {"check": "cgroup-pids-limit", "labels": {LABEL: "yes"}, "reason": "a test", "expires": "2999-12-31"},
            {"check": "cgroup-pids-limit", "image": "nobody/*", "reason": "unused", "expires": "2999-12-31"},
        ],
    }
    done, report = verify(engine.url, "-e", json.dumps(given))
    found = {one["check"]: one for one in report["findings"] if one["container"] == container}
    assert found["cgroup-memory-limit"]["status"] == "notselected"
    assert found["cgroup-pids-limit"]["status"] == "fail" and found["cgroup-pids-limit"]["waiver"]["reason"] == "a test"
    assert [one["matched"] for one in report["waivers"]] == [1, 0]
    assert "HINT  waiver of cgroup-pids-limit for nobody/*: fits no red finding" in done.stdout


def test_the_command_line_says_what_fails(verify, engine, container):
    policy = {"profile": "all", "selinux": "absent"}
    given = {"isolation_audit_containers": [container], "isolation_audit_policy": policy}
    _done, report = verify(engine.url, "-e", json.dumps(given), "-e", "isolation_audit_fail_on=critical")
    assert report["fail_on"] == "critical" and report["profile"] == "all"
    assert [one for one in report["findings"] if one["status"] == "fail" and one["severity"] != "critical"]
    refused, _report = verify(engine.url, "-e", "isolation_audit_fail_on=some")
    assert refused.returncode == 2 and "isolation_audit_fail_on" in refused.stdout + refused.stderr


@pytest.mark.parametrize(("docker_host", "said"), [("unix:///nowhere/docker.sock", "/nowhere/docker.sock")])
def test_an_engine_that_is_not_there_is_red_and_nothing_passes(verify, docker_host, said):
    done, report = verify(docker_host)
    assert done.returncode == 2 and not report["summary"]["ok"]
    assert [(one["check"], one["status"]) for one in report["findings"]] == [("facts-available", "error")]
    assert said in report["findings"][0]["reason"]


def test_probes_on_request_are_in_the_same_verdict(verify, engine, twins_of, tmp_path):
    good, weak = twins_of
    given = {
        "isolation_audit_probe": True,
        "isolation_audit_labels": {LABEL: "tried"},
        "isolation_audit_junit": str(tmp_path / "junit.xml"),
        "isolation_audit_sarif": str(tmp_path / "sarif"),
        # Engines before 25 let it through.
        "isolation_audit_policy": {"selinux": "absent", "skip": {"probe-io-uring": "an old engine"}},
    }
    done, report = verify(engine.url, "-e", json.dumps(given))
    probed = [one for one in report["findings"] if one["check"].startswith("probe-")]
    red = {
        name: {one["check"] for one in probed if (one["container"], one["status"]) == (name, "fail")}
        for name in twins_of
    }
    assert done.returncode == 2 and red[good] == set() and {"probe-mount", "probe-hostname"} <= red[weak], done.stdout
    assert {one["check"] for one in probed if one["status"] == "error"} == set()
    passed = {one["check"] for one in probed if (one["container"], one["status"]) == (good, "pass")}
    assert {"probe-mount", "probe-memory", "probe-pids", "probe-process-visible"} <= passed
    tried = next(one for one in report["findings"] if one["check"] == "probes-tried")
    assert (tried["status"], tried["observed"]) == ("pass", "2 containers")
    assert f"FAIL  probe-mount  localhost/{weak}" in done.stdout
    assert "probe-mount" in (tmp_path / "junit.xml").read_text() and "probe-mount" in (tmp_path / "sarif").read_text()
    # Nothing but the two is there afterwards.
    assert sorted(one["Names"][0] for one in engine.client.containers(all=True)) == [f"/{good}", f"/{weak}"]


def test_probes_of_one_good_container_are_green(verify, engine, twins_of):
    given = {
        "isolation_audit_probe": True,
        "isolation_audit_containers": [twins_of[0]],
        "isolation_audit_policy": {"selinux": "absent", "skip": {"probe-io-uring": "an old engine"}},
    }
    _done, report = verify(engine.url, "-e", json.dumps(given))
    probed = {one["check"]: one["status"] for one in report["findings"] if one["check"].startswith("probe")}
    assert probed["probes-tried"] == "pass" and not {"fail", "error"} & set(probed.values()), probed
    assert {one["container"] for one in report["findings"] if one["check"].startswith("probe-")} == {twins_of[0]}


def test_probes_that_check_mode_leaves_out_are_red(verify, engine, twins_of):
    done, report = verify(engine.url, "--check", "-e", "isolation_audit_probe=true")
    tried = next(one for one in report["findings"] if one["check"] == "probes-tried")
    assert done.returncode == 2 and tried["status"] == "error" and "check mode" in tried["reason"]
