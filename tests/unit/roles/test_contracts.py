# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a role promises is said in several places: here they are held equal, for every role."""

from __future__ import annotations

import re

import pytest
import role_tables
import yaml

ROLES = role_tables.roles()
HEADINGS = [
    "Purpose",
    "Requirements",
    "Variables",
    "Entry points",
    "What it changes on the host",
    "Example",
    "Check mode and idempotence",
]
each_role = pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)


def entry_options(role):
    """Every option of every entry point, as (entry point, name, option)."""
    for entry, described in role_tables.specification(role).items():
        for name, option in (described.get("options") or {}).items():
            yield entry, name, option


def test_there_are_roles_to_look_at():
    assert ROLES


@each_role
def test_every_entry_point_has_tasks_and_every_public_task_file_an_entry(role):
    entries = set(role_tables.specification(role))
    files = {path.stem for path in (role / "tasks").glob("*.yml")}
    assert "main" in entries
    assert entries <= files, "entry points without a task file"
    assert files & {"verify", "absent"} <= entries, "task files that are called from outside, without a specification"


@each_role
def test_defaults_and_specification_say_the_same(role):
    specified = {}
    for entry, name, option in entry_options(role):
        assert not (option.get("required") and "default" in option), f"{entry}: {name} is required and has a default"
        if "default" in option:
            specified[name] = option["default"]
    assert role_tables.defaults(role) == specified


@each_role
def test_an_option_is_the_same_in_all_entry_points(role):
    seen = {}
    for entry, name, option in entry_options(role):
        compared = {key: option.get(key) for key in ("type", "elements", "default", "choices", "options")}
        assert seen.setdefault(name, compared) == compared, f"{name} differs in entry point {entry}"


@each_role
def test_every_option_is_described_and_carries_the_name_of_its_role(role):
    for entry, name, option in entry_options(role):
        assert name.startswith(f"{role.name}_"), f"{entry}: {name} does not start with {role.name}_"
        assert option.get("type"), f"{entry}: {name} has no type"
        assert option.get("description"), f"{entry}: {name} has no description"
        if option["type"] == "list":
            assert option.get("elements"), f"{entry}: {name} is a list of what?"


@each_role
def test_constants_carry_the_name_of_their_role(role):
    for path in sorted((role / "vars").glob("*.yml")):
        for name in yaml.safe_load(path.read_text()) or {}:
            assert re.match(rf"(__)?{role.name}_", name), f"{path.name}: {name}"


@each_role
def test_roles_know_neither_groups_nor_the_classroom(role):
    own = tuple(f"{each.name}_" for each in ROLES)
    for path in sorted([*role.glob("tasks/**/*.yml"), *role.glob("defaults/*.yml"), *role.glob("templates/**/*.j2")]):
        found = re.findall(r"(?<![\w.])classroom_\w+|\bgroups\s*\[|\bgroup_names\b", path.read_text())
        foreign = [word for word in found if not word.startswith(own)]
        assert not foreign, f"{path.relative_to(role)} reads {foreign}: a playbook maps them to inputs"


@each_role
def test_main_is_a_table_of_contents(role):
    lines = (role / "tasks" / "main.yml").read_text().splitlines()
    assert len(lines) <= 25, f"{len(lines)} lines"


@each_role
def test_the_readme_has_the_headings_of_the_house_and_an_up_to_date_table(role):
    readme = (role / "README.md").read_text()
    assert re.findall(r"^## (.+)$", readme, re.MULTILINE) == HEADINGS
    described = role_tables.options(role_tables.specification(role))
    assert role_tables.updated(readme, described) == readme, "run `make docs`"
