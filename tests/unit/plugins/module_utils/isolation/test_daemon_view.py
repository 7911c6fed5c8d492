# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine runs with: the command line over the file over the default, and each missing piece an error."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation import daemon_view
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import host_from
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import put

ABSENT = facts.unread("/etc/docker/daemon.json", "ENOENT No such file or directory")
UNREAD = facts.unread("/x")


def view(**changes):
    """A host whose part `daemon` has these facts instead."""
    document = facts.document()
    document["host"]["daemon"].update(changes)
    return host_from("host", document)


def values(command, file):
    return {"command": facts.fact(command, "/proc/1/cmdline"), "file": facts.fact(file, "/d.json")}


@pytest.mark.parametrize(
    ("command", "file", "value", "path"),
    [
        ({"icc": True}, {"icc": False}, True, "/proc/1/cmdline"),
        ({}, {"icc": False}, False, "/d.json"),
        ({}, {}, "the default", "/d.json"),
        # A value that is there counts, whatever it is.
        ({"icc": None}, {"icc": False}, None, "/proc/1/cmdline"),
    ],
)
def test_the_command_line_wins_then_the_file_then_the_default(command, file, value, path):
    found = daemon_view.setting(view(**values(command, file)), "icc", "the default")
    assert (found.value, found.path, found.error) == (value, path, "")


def test_without_a_file_the_default_counts():
    host = view(command=facts.fact({}, "/c"), file=ABSENT)
    assert daemon_view.file_absent(host) and daemon_view.setting(host, "icc", True).value is True


@pytest.mark.parametrize(
    "changes",
    [
        {"command": UNREAD},
        {"command": facts.fact([], "/c")},
        {"file": UNREAD},
        {"file": facts.fact("text", "/f")},
        {"file_age": UNREAD},
        {"file_age": facts.fact("old", "/f")},
        {"file_age": facts.fact(2.1, "/f")},
        {"command": None},
    ],
)
def test_what_is_not_known_is_an_error_and_no_default(changes):
    found = daemon_view.setting(view(**{**values({}, {"icc": False}), **changes}), "icc", "the default")
    assert not found.known and found.error


def test_a_file_as_old_as_the_engine_was_read_by_it():
    assert daemon_view.setting(view(file_age=facts.fact(2.0, "/f")), "icc", True).value is False


def test_what_was_declared_is_said_in_words():
    assert daemon_view.declared(view(**values({"icc": True}, {"icc": False})), "icc") == "icc=True"
    assert daemon_view.declared(view(**values({}, {"icc": False})), "icc") == "icc=False"
    assert daemon_view.declared(view(command=UNREAD, file=ABSENT), "icc") == "icc not set"


def test_what_the_engine_does_not_say_is_an_error():
    assert daemon_view.info(view(), "Debug").value is False
    assert daemon_view.info(view(), "Unheard").error.startswith("ENOENT")
    for broken in (UNREAD, facts.fact([], "/info"), {}, None):
        assert not daemon_view.info(view(info=broken), "Debug").known


def test_a_security_option_is_found_by_its_name():
    assert daemon_view.security_option(view(), "seccomp").value == "name=seccomp,profile=builtin"
    assert daemon_view.security_option(view(), "rootless").value == ""
    document = facts.document()
    put(document["host"], "daemon.info.value.SecurityOptions", "name=seccomp")
    assert not daemon_view.security_option(host_from("host", document), "seccomp").known


TCP = {"kind": "tcp", "address": "::", "port": 2376}


def test_published_ports_are_containers_and_not_the_engines():
    sockets = facts.fact([TCP, {**TCP, "port": 8080}], "/fd")
    assert daemon_view.listeners(view(listeners=sockets), "tcp").value == [TCP]
    assert daemon_view.listeners(view(listeners=sockets), "tcp").raw == "[::]:2376"
    assert daemon_view.listeners(view(listeners=sockets), "unix").value == []
    for broken in (None, "8080", {}):
        assert not daemon_view.listeners(view(listeners=sockets, published=broken), "tcp").known


def test_sockets_in_another_form_are_an_error():
    for broken in (UNREAD, facts.fact({}, "/fd"), facts.fact("text", "/fd")):
        assert not daemon_view.listeners(view(listeners=broken), "unix").known


@pytest.mark.parametrize(
    ("listener", "text"),
    [
        (TCP, "[::]:2376"),
        ({**TCP, "address": "0.0.0.0"}, "0.0.0.0:2376"),
        ({"kind": "unix", "address": "/run/docker.sock"}, "/run/docker.sock"),
        ({}, "None"),
    ],
)
def test_an_address_in_words(listener, text):
    assert daemon_view.address_text(listener) == text
