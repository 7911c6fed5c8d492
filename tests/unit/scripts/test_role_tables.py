# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The generator of the roles' tables, and pip's settings for ansible-test."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import role_tables

ROOT = Path(__file__).parents[3]

DESCRIBED = {
    "box_name": {"type": "str", "required": True, "description": "Its name."},
    "box_sides": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "description": ["Its sides.", "As many as | you like."],
        "options": {"color": {"choices": ["red", "blue"], "default": "red", "description": "The color."}},
    },
    "box_lid": {"type": "bool"},
}
ROWS = [
    "| `box_name` | str | required | Its name. |",
    "| `box_sides` | list of dict | `[]` | Its sides. As many as \\| you like. |",
    "| `box_sides[].color` | str | `red` | The color. One of: `red`, `blue`. |",
    "| `box_lid` | bool |  |  |",
]


def test_a_table_has_one_row_per_option_and_below_it_its_own():
    assert role_tables.table(DESCRIBED).splitlines()[2:] == ROWS


@pytest.mark.parametrize(
    ("value", "shown"), [("", '`""`'), ("{{ a }}", "`{{ a }}`"), (None, "`null`"), (3, "`3`"), (False, "`false`")]
)
def test_a_default_reads_as_in_yaml(value, shown):
    assert role_tables.shown_default({"default": value}) == shown


def test_the_table_goes_below_the_heading_and_writing_again_changes_nothing():
    once = role_tables.updated("# box\n\n## Variables\n\n## Example\n", DESCRIBED)
    assert once.index("## Variables") < once.index("`box_name`") < once.index("## Example")
    assert role_tables.updated(once, DESCRIBED) == once
    without = role_tables.updated(once, {})
    assert "box_name" not in without
    assert "no variables" in without
    assert without.endswith("## Example\n")


@pytest.mark.parametrize("readme", ["# box\n", f"## Variables\n{role_tables.BEGIN}\n"])
def test_a_readme_without_a_place_for_the_table_is_an_error(readme):
    with pytest.raises(role_tables.TableError, match="heading"):
        role_tables.updated(readme, DESCRIBED)


def test_the_first_description_of_an_option_is_shown():
    entry_points = {
        "main": {"options": {"a": {"type": "int"}}},
        "verify": {"options": {"a": {}, "b": {}}},
        "absent": {},
    }
    assert role_tables.options(entry_points) == {"a": {"type": "int"}, "b": {}}


def test_pip_settings_of_the_environment_win_over_those_of_files():
    path = ROOT / "tests" / "sanity" / "pip_settings.py"
    described = importlib.util.spec_from_file_location("pip_settings", path)
    module = importlib.util.module_from_spec(described)
    described.loader.exec_module(module)
    merged = module.merge([":env:.timeout='9'", "global.timeout='5'", "install.no-deps='true'", "noise"])
    assert {name: dict(merged[name]) for name in merged.sections()} == {
        "global": {"timeout": "9"},
        "install": {"no-deps": "true"},
    }
