# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The generator of docs/checks.md."""

from __future__ import annotations

import re

import check_tables
import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks import catalogue
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import Check
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes import tried

CHECK = Check(
    id="lid-closed",
    title="The lid | is closed",
    severity="high",
    expected="a <lid>",
    remedy="Close it.",
    concept="host",
    how="/proc/*/lid and\n/sys/*/lid",
    variable="box_lid",
    decide_host=lambda _host, _room: None,
    cis=("2.7",),
    cis_changed={"1.8": ("2.8", "2.9")},
    nist=("4.5.1",),
)


def test_a_row_has_all_that_is_known_of_a_check():
    assert check_tables.row(check_tables.cells(CHECK)) == (
        "| `lid-closed` | The lid \\| is closed | high | host | a &lt;lid> | /proc/\\*/lid and /sys/\\*/lid "
        "| 2.7 | 2.7 | 2.8, 2.9 | 4.5.1 | | `box_lid` |"
    )


def test_every_check_is_a_row_below_its_concept_and_no_row_breaks_the_table():
    text = check_tables.document()
    assert sorted(re.findall(r"^\| `([a-z0-9-]+)` \|", text, re.MULTILINE)) == sorted(catalogue.IDS | tried.IDS)
    for line in text.splitlines():
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) == len(check_tables.COLUMNS) + 1, line
    part = text.partition("## Seccomp")[2].partition("\n## ")[0]
    assert "`seccomp-filter`" in part and "`ns-net-private`" not in part
    part = text.partition("## Probes")[2]
    assert "`seccomp-filter`" not in part and "| `probe-bpf` |" in part
    assert sorted(re.findall(r"^\| `([a-z0-9-]+)` \|", part, re.MULTILINE)) == sorted(tried.IDS)


def test_each_way_to_decide_is_a_kind_of_subject():
    assert {check_tables.subject(check) for check in catalogue.ALL} <= set(check_tables.SUBJECTS.values())


@pytest.mark.parametrize("old", [None, "old"])
def test_it_is_written_once_and_a_check_writes_nothing(old, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(check_tables, "ROOT", tmp_path)
    monkeypatch.setattr(check_tables, "TARGET", tmp_path / "checks.md")
    if old:
        check_tables.TARGET.write_text(old)
    assert check_tables.main(["--check"]) == 1 and "make docs" in capsys.readouterr().out
    assert (check_tables.TARGET.read_text() if old else None) == old
    assert check_tables.main([]) == 0 and check_tables.TARGET.read_text() == check_tables.document()
    assert check_tables.main(["--check"]) == 0
