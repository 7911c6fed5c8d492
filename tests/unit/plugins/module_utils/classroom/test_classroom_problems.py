# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bad input gives exactly one sentence with the variable and the cure; good input gives none."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import yaml
from ansible_collections.bulkhead.classroom.plugins.module_utils.classroom.classroom_problems import VARIABLES, problems

ROOT = Path(__file__).parents[5]
DEFAULT_VARIABLES = {
    name
    for path in (ROOT / "inventory" / "classroom" / "group_vars").glob("*/*.yml")
    for name in yaml.safe_load(path.read_text())
    if name.startswith("classroom_")
}


def good():
    """A classroom that can be built, on a hypervisor with room for it."""
    return {
        "name": "classroom",
        "variables": sorted(DEFAULT_VARIABLES),
        "groups": {
            "hypervisors": ["localhost"],
            "registries": ["registry"],
            "engines": ["engine1"],
            "builders": ["engine1"],
        },
        "subnet": "192.168.150.0/24",
        "machines": [
            {"name": "registry", "address": "192.168.150.10", "memory_mib": 1024, "vcpus": 1, "data_disk_gib": 0},
            {
                "name": "engine1",
                "address": "192.168.150.11",
                "memory_mib": 2048,
                "vcpus": 2,
                "data_disk_gib": 20,
                "engine": True,
            },
        ],
        "students": [{"name": "ada"}, {"name": "grace", "memory": "256m", "memory_swap": None, "cpus": 1}],
        "limits": {"memory": "128m", "memory_swap": "128m", "cpus": 0.5, "pids_limit": 128},
        "networks": [{"name": "eth0", "subnet": "10.0.0.7/24"}],
        "free": {"memory_mib": 4096, "disk_gib": 40, "running": [], "existing": []},
    }


def changed(*path_and_value):
    *path, last, value = path_and_value
    facts = good()
    inner = facts
    for step in path:
        inner = inner[step]
    inner[last] = value
    return facts


def test_a_good_inventory_has_no_problem():
    assert problems(good()) == []


def test_the_variables_of_the_default_inventory_are_known():
    assert len(DEFAULT_VARIABLES) > 15
    assert DEFAULT_VARIABLES <= VARIABLES


def test_a_variable_that_is_known_is_read_somewhere():
    # The hypervisor's own role and the playbooks are the readers; the inventory reads its own.
    sources = [*ROOT.glob("playbooks/**/*.*"), *ROOT.glob("inventory/**/*.yml")]
    text = "\n".join(path.read_text() for path in sources)
    assert {name for name in VARIABLES if name not in text} == set()


# What is wrong, the variable that the sentence has to name, and the cure.
MISTAKES = {
    "misspelt variable": (changed("variables", ["classroom_subnets"]), "classroom_subnets", "mean classroom_subnet?"),
    "unknown variable": (changed("variables", ["classroom_of_2026_zzzz"]), "classroom_of_2026_zzzz", "remove it"),
    "no engine host": (changed("groups", "engines", []), "hosts.yml: group engines", "put it there"),
    "no hypervisor": (
        changed("groups", "hypervisors", []),
        "hosts.yml: the machines need",
        "is none: name exactly one",
    ),
    "two hypervisors": (
        changed("groups", "hypervisors", ["a", "b"]),
        "hosts.yml: the machines need",
        "(a, b): name exactly one",
    ),
    "classroom's name": (changed("name", "Room 1"), "classroom_name", "lower-case letters"),
    "name with a dot": (changed("name", "class.room"), "classroom_name", "lower-case letters"),
    "student's name": (changed("students", 0, "name", "Ada"), "classroom_students", "lower-case letters"),
    "name of one letter": (changed("students", 0, "name", "a"), "classroom_students", "2 to 32"),
    "name with a line end": (changed("students", 0, "name", "ada\n"), "classroom_students", "lower-case letters"),
    "student's word": (changed("students", "ada"), "classroom_students: 'ada'", "write one like"),
    "student without a name": (changed("students", 0, {"memory": "1m"}), "classroom_students, entry 1", "like {name"),
    "student as text": (changed("students", 0, "ada"), "classroom_students, entry 1", "write one like"),
    "unknown key": (changed("students", 0, "memroy", "1g"), "classroom_students, ada: 'memroy'", "mean memory?"),
    "key of another kind": (changed("students", 0, "email", "a"), "classroom_students, ada: 'email'", "there are name"),
    "list as a limit": (changed("limits", "memory", ["1g"]), "classroom_workspace_memory:", "a size like 128m"),
    "truth as a limit": (changed("students", 0, "cpus", True), "classroom_students, ada: cpus", "write a number"),
    "half a process": (changed("limits", "pids_limit", 1.5), "classroom_workspace_pids_limit", "write one like 128"),
    "memory in words": (changed("machines", 1, "memory_mib", "2g"), "classroom_machine_memory_mib", "without a unit"),
    "no processor": (changed("machines", 1, "vcpus", 0), "classroom_machine_vcpus", "from 1 on"),
    "disk below zero": (changed("machines", 1, "data_disk_gib", -1), "classroom_machine_data_disk_gib", "from 0 on"),
    "student twice": (changed("students", 0, "name", "grace"), "classroom_students", "name of their own"),
    "machine's name": (changed("machines", 0, "name", "the registry"), "hosts.yml", "lower-case letters"),
    "no subnet": (changed("subnet", "192.168.150.1/24"), "classroom_subnet", "write one like"),
    "subnet in use": (changed("networks", 0, "subnet", "192.168.150.9/16"), "classroom_subnet", "choose a subnet"),
    "address twice": (changed("machines", 0, "address", "192.168.150.11"), "ansible_host of", "give each its own"),
    "foreign address": (changed("machines", 0, "address", "10.1.1.1"), "ansible_host of registry", "choose another"),
    "gateway": (changed("machines", 0, "address", "192.168.150.1"), "ansible_host of registry", "choose another"),
    "broadcast": (changed("machines", 0, "address", "192.168.150.255"), "ansible_host of registry", "choose another"),
    "host name": (changed("machines", 0, "address", "registry.test"), "ansible_host of registry", "choose another"),
    "memory 0": (changed("limits", "memory", "0"), "classroom_workspace_memory", "like 128m"),
    "memory 0m": (changed("limits", "memory", "0 MiB"), "classroom_workspace_memory", "like 128m"),
    "memory of words": (changed("limits", "memory", "much"), "classroom_workspace_memory", "like 256m"),
    "processors 0": (changed("limits", "cpus", 0.0), "classroom_workspace_memory, _memory_swap, _cpus", "like 0.5"),
    "too few processors": (changed("limits", "cpus", 0.001), "classroom_workspace_memory", "below 0.01"),
    "processors NaN": (changed("limits", "cpus", float("nan")), "classroom_workspace_memory", "write 0.5"),
    "processes 0": (changed("limits", "pids_limit", 0), "classroom_workspace_memory", "pids_limit: 0"),
    "processes unlimited": (changed("limits", "pids_limit", -1), "classroom_workspace_memory", "like 128"),
    "swap unlimited": (changed("limits", "memory_swap", "unlimited"), "classroom_workspace_memory", "like 128m"),
    "swap below memory": (changed("limits", "memory_swap", "64m"), "classroom_workspace_memory", "memory_swap"),
    "student's memory 0": (changed("students", 0, "memory", "0"), "classroom_students, ada", "like 128m"),
    "student's 0": (changed("students", 0, "pids_limit", 0), "classroom_students, ada", "like 128"),
    "memory of the machine": (
        changed("students", 0, "memory", "4g"),
        "classroom_students, ada",
        "raise classroom_machine_memory_mib",
    ),
    "processors of the machine": (
        changed("students", 0, "cpus", 3),
        "classroom_students, ada",
        "raise classroom_machine_vcpus",
    ),
    "no memory": (changed("free", "memory_mib", 3071), "classroom_machine_memory_mib", "lower it"),
    "no disk": (changed("free", "disk_gib", 19), "classroom_machine_data_disk_gib", "lower it"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_gives_one_sentence_with_variable_and_cure(mistake):
    facts, variable, cure = MISTAKES[mistake]
    found = problems(facts)
    # Two machines that share an address are both named.
    assert len(found) == (2 if mistake == "address twice" else 1), found
    assert found[0].startswith(variable)
    assert cure in found[0]


def test_numbers_may_be_text_as_templates_make_them():
    facts = good()
    facts["machines"][1].update(memory_mib="2048", vcpus="2", data_disk_gib="20")
    facts["limits"].update(cpus="0.5", pids_limit="128")
    assert problems(facts) == []
    facts["students"][0]["memory"] = "2049m"
    assert len(problems(facts)) == 1


def test_problems_come_all_at_once():
    facts = changed("name", "Room 1")
    facts["limits"]["pids_limit"] = 0
    facts["free"]["disk_gib"] = 0
    assert len(problems(facts)) == 3


def test_a_students_own_mistake_is_named_beside_one_of_all():
    facts = changed("limits", "cpus", 0)
    facts["students"][0]["pids_limit"] = 0
    assert [sentence.split(": ")[:2] for sentence in problems(facts)] == [
        ["classroom_workspace_memory, _memory_swap, _cpus, _pids_limit", "cpus"],
        ["classroom_students, ada", "pids_limit"],
    ]


def test_what_runs_already_does_not_count_against_what_is_free():
    facts = changed(
        "free", {"memory_mib": 0, "disk_gib": 0, "running": ["registry", "engine1"], "existing": ["engine1"]}
    )
    assert problems(facts) == []


def test_hosts_that_exist_already_need_no_subnet():
    facts = changed("machines", [])
    facts["subnet"] = ""
    assert problems(facts) == []


def test_judging_changes_nothing():
    facts = good()
    before = copy.deepcopy(facts)
    problems(facts)
    assert facts == before
