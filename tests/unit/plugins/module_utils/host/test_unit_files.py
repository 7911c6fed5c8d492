# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a systemd unit, read as the service manager does."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.unit_files import (
    UnitFile,
    Value,
    assignments,
    expanded,
    find,
    tcp_addresses,
    values,
)


def test_a_value_is_that_of_its_section_and_empty_forgets():
    first = UnitFile("/a", "[Unit]\nExecStart=/no\n[Service]\n# ExecStart=/comment\nExecStart=/one \\\n  --two\n")
    assert values([first], "Service", "ExecStart") == [Value("/one    --two", "/a")]
    more = UnitFile("/b", "[Service]\nExecStart = /two\n")
    assert [one.text for one in values([first, more], "Service", "ExecStart")] == ["/one    --two", "/two"]
    reset = UnitFile("/c", "[Service]\nExecStart=\nExecStart=/three\n")
    assert values([first, more, reset], "Service", "ExecStart") == [Value("/three", "/c")]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("/a $NONE -b", ["/a", "-b"]),
        ("/a $TWO", ["/a", "x", "y"]),
        # In braces it stays one word.
        ("/a ${TWO}", ["/a", "x y"]),
        ("/a 'not closed", ["/a", "'not", "closed"]),
    ],
)
def test_variables_of_a_command(command, words):
    assert expanded(command, {"TWO": "x y"}) == words


def test_assignments():
    text = "# A=no\n;B=no\nC=yes\nD=\"two words\" 'E=1'\n"
    assert assignments(text) == {"C": "yes", "D": "two words", "E": "1"}


def test_ports_of_a_network():
    texts = ["/run/a.sock", "@abstract", "%t/a.sock", "vsock::1", "2375", "[::1]:2375", "192.0.2.1:1"]
    assert [one.text for one in tcp_addresses([Value(text, "/a") for text in texts])] == texts[4:]


def write(root, path, text):
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)


def test_later_folders_win_and_drop_ins_come_by_name(tmp_path):
    write(tmp_path, "usr/lib/systemd/system/a.service", "packaged")
    write(tmp_path, "usr/lib/systemd/system/a.service.d/50.conf", "packaged")
    write(tmp_path, "etc/systemd/system/a.service.d/50.conf", "local")
    write(tmp_path, "run/systemd/system/a.service.d/10.conf", "volatile")
    (tmp_path / "etc/systemd/system/a.service.d/60.conf").symlink_to("/dev/null")
    found = find("a.service", tmp_path)
    assert [file.text for file in found] == ["packaged", "volatile", "local"]
    assert found[1].path == "/run/systemd/system/a.service.d/10.conf"
    write(tmp_path, "etc/systemd/system/a.service", "ours")
    assert [file.text for file in find("a.service", tmp_path)] == ["ours", "volatile", "local"]
    assert find("b.service", tmp_path) == []
