# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Figures of the benchmark: from lines as Ansible prints them to ratios."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.tests.bench.classroom_figures import (
    ANSWER,
    BUILDS,
    START,
    BenchError,
    Line,
    boots,
    built_an_image,
    changes,
    report,
    stages,
    table,
)
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.playbook import ROOT, run_playbook

ROLE = "bulkhead.classroom.classroom_vm : "
COLD = [
    Line(0.0, "begin"),
    Line(9.0, f"TASK [{ROLE}{BUILDS[0]}] ***"),
    Line(9.5, "ok: [localhost]"),
    Line(10.0, f"TASK [{ROLE}{START}] *********"),
    Line(11.0, "changed: [localhost] => (item=registry)"),
    Line(12.0, "changed: [localhost] => (item=engine1)"),
    Line(13.0, f"TASK [{ROLE}{ANSWER}] ****"),
    Line(42.0, "ok: [engine1]"),
    Line(51.0, "ok: [registry]"),
    Line(52.0, f"TASK [{ROLE}ready | Wait until the system runs] ***"),
    Line(60.0, "ok: [engine1]"),
    Line(200.0, "PLAY RECAP ****"),
    Line(200.0, "engine1                    : ok=9    changed=3    unreachable=0    failed=0"),
    Line(200.0, "localhost                  : ok=30   changed=12   unreachable=0    failed=0"),
    Line(200.0, "STAGES ******"),
    Line(200.0, "Machines     75.0 s  38 %"),
    Line(200.0, "Base image    5.0 s   2 %"),
    Line(200.0, "total       195.0 s"),
    Line(200.0, "engine1  192.168.150.11"),
    Line(200.0, "end"),
]
UNCHANGED = [
    Line(0.0, "begin"),
    Line(50.0, "STAGES ***"),
    Line(50.0, "Machines     25.0 s  50 %"),
    Line(50.0, "total        50.0 s"),
    Line(100.0, "end"),
]


def test_a_boot_is_from_the_start_of_a_machine_to_its_first_answer():
    assert boots(COLD) == {"registry": 40.0, "engine1": 30.0}


@pytest.mark.parametrize("missing", ["ok: [registry]", "changed: [localhost] => (item=registry)"])
def test_a_boot_that_was_not_seen_is_no_figure(missing):
    if missing.startswith("changed"):
        lines = [line for line in COLD if "(item=" not in line.text]
    else:
        lines = [line for line in COLD if line.text != missing]
    with pytest.raises(BenchError, match="no boot of (registry|any machine)"):
        boots(lines)


def test_an_image_that_was_built_is_noticed():
    assert not built_an_image(COLD)
    assert built_an_image([*COLD[:2], Line(80.0, "changed: [localhost]"), *COLD[3:]])


def test_stages_end_with_the_whole():
    assert stages(COLD) == {"Machines": 75.0, "Base image": 5.0, "total": 195.0}


def test_changes_by_host():
    assert changes(COLD) == {"engine1": 3, "localhost": 12}


def test_ratios_are_multiples_of_the_slower_boot():
    found = report(boots(COLD), COLD, UNCHANGED)
    assert found["slower_machine"] == "registry"
    assert found["ratios"] == {"cold": 5.0, "unchanged": 2.5}
    assert found["within_limits"]


@pytest.mark.parametrize(("cold", "unchanged"), [(321.0, 10.0), (10.0, 121.0)])
def test_each_limit_holds_alone(cold, unchanged):
    runs = ([Line(0.0, "begin"), Line(seconds, "end")] for seconds in (cold, unchanged))
    assert not report({"registry": 40.0}, *runs)["within_limits"]


def test_the_table_shows_every_stage_and_a_verdict():
    lines = table(report(boots(COLD), COLD, UNCHANGED))
    assert "Machines        75.0 s     25.0 s" in lines
    assert "Base image       5.0 s      0.0 s" in lines
    assert "whole run      200.0 s    100.0 s" in lines
    assert lines[-2].endswith("(limit 8, aim 6): reaches the aim")
    assert lines[-1].endswith("(limit 3, aim 2): within the limit")
    slow = report({"registry": 10.0}, COLD, UNCHANGED)
    assert [line.endswith("TOO SLOW") for line in table(slow)[-2:]] == [True, True]


def test_the_tasks_that_are_looked_for_are_in_the_roles():
    text = "\n".join(path.read_text() for path in ROOT.glob("roles/*/tasks/*.yml"))
    for task in (START, ANSWER, *BUILDS):
        assert f"- name: {task}\n" in text, task


def test_lines_of_a_real_run_are_understood(tmp_path):
    debug = {"ansible.builtin.debug": {"msg": "x"}, "changed_when": True}
    tasks = [{"name": START, **debug, "loop": ["localhost"]}, {"name": ANSWER, **debug}]
    done = run_playbook(tmp_path, [{"name": "Boot", "hosts": "localhost", "gather_facts": False, "tasks": tasks}])
    lines = [Line(float(number), text) for number, text in enumerate(done.stdout.splitlines())]
    assert list(boots(lines)) == ["localhost"]
    assert list(stages(lines)) == ["Boot", "total"]
    assert changes(lines) == {"localhost": 2}
