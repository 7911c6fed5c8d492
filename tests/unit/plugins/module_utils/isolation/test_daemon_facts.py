# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about the running engine over a tree: its command line, file, age, sockets, swarm and data root."""

from __future__ import annotations

import os

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts import daemon_facts
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.daemon_listeners import (
    address_of,
    read_listeners,
)
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.fake_host import (
    BOOT,
    DAEMON,
    LISTENING,
    PID,
    SOCKET,
    TCP,
    UNIX,
    FakeHost,
)

LINE = "0: {} 00000000:0000 {} 00000000:00000000 00:00000000 00000000 0 0 {} 1 0 100 0 0 10 0\n"
SOCKETS = {"kind": "unix", "address": SOCKET, "port": 0}
READERS = {
    "command": daemon_facts.read_command,
    "start": daemon_facts.started,
    "user": daemon_facts.read_user,
    "listeners": read_listeners,
}


@pytest.fixture
def host(tmp_path):
    return FakeHost(tmp_path)


def test_the_words_of_the_command_line_are_not_recorded(host):
    host.write(f"/proc/{PID}/cmdline", "dockerd\0--icc=false\0--label\0token=hunter2\0")
    fact = daemon_facts.read_command(host.kernel, PID)
    assert fact.value == {"icc": False} and "hunter2" not in str(fact.document())


@pytest.mark.parametrize("reader", READERS)
def test_without_a_process_there_is_an_error(host, reader):
    for pid in (None, 0, 4242):
        fact = READERS[reader](host.kernel, pid)
        assert not fact.known and fact.error.startswith("ENOENT" if pid else "ESRCH")


def test_another_file_is_read_when_the_command_line_names_it(host):
    host.write("/opt/other.json", '{"icc": true}')
    host.write(f"/proc/{PID}/cmdline", "dockerd\0--config-file=/opt/other.json\0")
    found = daemon_facts.read_daemon(host.kernel, host.info, PID, daemon_facts.Fact("x", 1))
    assert found["file"] == {"value": {"icc": True}, "path": "/opt/other.json"}


def test_a_file_that_is_broken_says_where_and_nothing_of_what_stands_in_it(host):
    host.configure('{"log-opts": {"token": "hunter2"},}')
    fact = daemon_facts.read_file(host.kernel, DAEMON)
    assert fact.error.startswith("EINVAL") and "line 1" in fact.error and "hunter2" not in fact.error


def test_the_age_of_the_file_is_counted_from_the_start_of_the_engine(host):
    # The fake process was started 100 ticks after the boot.
    assert daemon_facts.read_file_age(host.kernel, DAEMON, PID).value == -3601.0
    os.utime(host.root / DAEMON[1:], (BOOT + 31, BOOT + 31))
    assert daemon_facts.read_file_age(host.kernel, DAEMON, PID).value == 30.0
    (host.root / DAEMON[1:]).unlink()
    assert daemon_facts.read_file_age(host.kernel, DAEMON, PID).error.startswith("ENOENT")


@pytest.mark.parametrize(
    ("record", "written", "age"),
    [
        (None, 41, -10.0),
        # Another text, one from before the file's change, one of an engine that is gone.
        ("{}", 41, 30.0),
        (None, 21, 30.0),
        (None, 0, 30.0),
    ],
)
def test_an_engine_that_was_reloaded_has_read_its_file(host, record, written, age):
    # The record is a copy of what the engine took, and newer than the file and the start: else it proves nothing.
    file, copy = host.root / DAEMON[1:], host.root / daemon_facts.RECORD[1:]
    os.utime(file, (BOOT + 31, BOOT + 31))
    host.write(daemon_facts.RECORD, file.read_text() if record is None else record)
    os.utime(copy, (BOOT + written, BOOT + written))
    assert daemon_facts.read_file_age(host.kernel, DAEMON, PID).value == age


@pytest.mark.parametrize("path", [f"/proc/{PID}/stat", "/proc/stat"])
@pytest.mark.parametrize("text", ["", "1 (x) S", "btime soon", "\x1b[2J\n" * 9, "btime"])
def test_a_start_that_cannot_be_told_is_an_error(host, path, text):
    host.write(path, text)
    assert daemon_facts.started(host.kernel, PID).error.startswith("EINVAL")
    (host.root / path[1:]).unlink()
    assert daemon_facts.started(host.kernel, PID).error.startswith("ENOENT")


def test_of_the_engines_words_only_what_a_check_needs_is_kept():
    info = {
        **{"Debug": True, "Labels": ["token=hunter2"], "HttpProxy": "http://u:hunter2@proxy"},
        "RegistryConfig": {"Mirrors": ["https://u:hunter2@mirror"], "IndexConfigs": {"x": {"Mirrors": ["hunter2"]}}},
    }
    value = daemon_facts.read_info(info).value
    assert value["Mirrors"] == ["https://***@mirror"] and value["InsecureIndexes"] == ["x"] and value["Debug"] is True
    assert "hunter2" not in str(value)


@pytest.mark.parametrize("info", [{}, {"RegistryConfig": []}, {"Plugins": 7, "RegistryConfig": None}])
def test_an_engine_that_says_nothing_is_not_taken_for_a_good_one(info):
    value = daemon_facts.read_info(info).value
    assert value["RegistryConfig"] is False and "Debug" not in value
    assert daemon_facts.read_swarm(info).error.startswith("ENOENT")


def test_sockets_are_the_kernels_and_only_the_engines(host):
    lines = LINE.format("0100007F:0947", "0A", 101) + LINE.format("00000000:0050", "0A", 999)
    host.write(f"/proc/{PID}/net/tcp", TCP + lines + LINE.format("0100007F:0947", "01", 101))
    six = "00000000000000000000000001000000:0949"
    host.write(f"/proc/{PID}/net/tcp6", TCP + LINE.format(six, "0A", 102))
    for number in (1, 2):
        (host.root / f"proc/{PID}/fd/1{number}").symlink_to(f"socket:[10{number}]")
    assert read_listeners(host.kernel, PID).value == [
        {"kind": "tcp", "address": "127.0.0.1", "port": 2375},
        {"kind": "tcp", "address": "::1", "port": 2377},
        SOCKETS,
    ]


def test_a_kernel_without_ipv6_has_no_table_for_it_and_every_other_is_needed(host):
    (host.root / f"proc/{PID}/net/tcp6").unlink()
    assert read_listeners(host.kernel, PID).value == [SOCKETS]
    host.kernel.forget()
    (host.root / f"proc/{PID}/net/unix").unlink()
    assert read_listeners(host.kernel, PID).error.startswith("ENOENT")


def test_a_path_with_a_line_end_hides_no_socket(host):
    """The kernel prints the paths of sockets as they are: anybody can write into this table."""
    hostile = "0: 00000002 00000000 00010000 0001 01 7 /tmp/a\nB C D not-hex E F G /tmp/b\n\x1b[2J\n\u2028 x\n"
    host.write(f"/proc/{PID}/net/unix", UNIX + hostile + LISTENING)
    host.write(f"/proc/{PID}/net/tcp", TCP + "0: nonsense 0 0A 0 0 0 0 0 100 0\n" + "x" * 70000)
    assert read_listeners(host.kernel, PID).value == [SOCKETS]


def test_a_connected_socket_does_not_listen(host):
    host.write(f"/proc/{PID}/net/unix", UNIX + LISTENING.replace("00010000", "00000000"))
    assert read_listeners(host.kernel, PID).value == []


@pytest.mark.parametrize(
    ("digits", "address"),
    [
        ("0100007F", "127.0.0.1"),
        ("00000000", "0.0.0.0"),
        ("0" * 32, "::"),
        ("0000000000000000FFFF00000100007F", "::ffff:127.0.0.1"),
    ],
)
def test_an_address_as_the_kernel_prints_it(digits, address):
    assert address_of(digits) == address


def test_the_data_root_is_told_by_its_devices(host):
    read = daemon_facts.read_data_root
    assert read(host.kernel, PID, "/var/lib/docker").value == {
        **{"path": "/var/lib/docker", "device": "254:2", "above": "254:1"}
    }
    assert read(host.kernel, PID, "").error.startswith("ENOENT")
    host.write(f"/proc/{PID}/mountinfo", "nonsense")
    assert read(host.kernel, PID, "/var/lib/docker").error.startswith("ENOENT")
