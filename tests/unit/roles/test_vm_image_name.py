# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The name of the base image: the same inputs give the same, any other input gives another."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.playbook import ROOT, results

ROLE = ROOT / "roles" / "vm_image"
DEFAULTS = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text())
# Where images are kept and asked for is no part of what is in them.
PLACES = {"vm_image_cache": "/elsewhere", "vm_image_machines": "/elsewhere"}
OTHER = {
    "vm_image_suite": "forky",
    "vm_image_mirror": "http://mirror.example.org/debian",
    "vm_image_size_gib": 13,
    "vm_image_packages": [*DEFAULTS["vm_image_packages"], "less"],
    "vm_image_disabled_units": DEFAULTS["vm_image_disabled_units"][1:],
    "vm_image_masked_units": DEFAULTS["vm_image_masked_units"][1:],
    "vm_image_policy_modules": ["one.cil"],
}


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    """The image's folder as the role itself names it, in check mode, for each set of inputs."""
    folder = tmp_path_factory.mktemp("image")
    (folder / "one.cil").write_text("(allow a_t b_t (file (read)))\n")
    (folder / "two").mkdir()
    (folder / "two" / "one.cil").write_text("(allow a_t b_t (file (write)))\n")
    cases = {"first": {}, "second": {}} | {name: {name: value} for name, value in (OTHER | PLACES).items()}
    cases["vm_image_policy_modules"] = {"vm_image_policy_modules": [str(folder / "one.cil")]}
    cases["text of a module"] = {"vm_image_policy_modules": [str(folder / "two" / "one.cil")]}
    tasks = []
    for case, variables in cases.items():
        # Nothing is found there and nothing is made: the run is a dry one.
        inputs = {"vm_image_cache": str(folder / "cache")} | variables
        tasks.append({"ansible.builtin.include_role": {"name": "bulkhead.classroom.vm_image"}, "vars": inputs})
        kept = {"names": "{{ names | combine({'" + case + "': vm_image_directory}) }}"}
        tasks.append({"ansible.builtin.set_fact": kept})
    # Facts override variables of the play, so the dictionary grows from here.
    tasks.insert(0, {"ansible.builtin.set_fact": {"names": {}}})
    return results(folder, tasks, {}, "names", "--check")


def digest(path):
    return path.rpartition("/")[2]


def test_the_same_inputs_have_the_same_name(names):
    assert digest(names["first"]) == digest(names["second"])
    assert len(digest(names["first"])) == 16


@pytest.mark.parametrize("place", PLACES)
def test_a_place_does_not_change_the_image(names, place):
    assert digest(names[place]) == digest(names["first"])
    assert names["vm_image_cache"].startswith("/elsewhere/")


@pytest.mark.parametrize("name", [*OTHER, "text of a module"])
def test_another_input_is_another_image(names, name):
    assert digest(names[name]) != digest(names["first"])


def test_all_changes_differ_from_one_another(names):
    assert len({digest(names[name]) for name in [*OTHER, "text of a module", "first"]}) == len(OTHER) + 2


def test_every_input_of_the_role_is_looked_at():
    assert set(OTHER) | set(PLACES) == set(DEFAULTS)
