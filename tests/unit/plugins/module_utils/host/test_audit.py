# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's answers about its audit rules, as bytes; and the rules in files."""

from __future__ import annotations

import struct

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.host import audit
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.audit_rules import current, watch
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts import audit_facts
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.fake_kernel import FakeKernel

KEY, ARCHITECTURE = 210, 11


def rule(*fields, action=audit.ALWAYS, flags=audit.EXIT):
    """A rule as the kernel prints it; the value of a text field is its text."""
    texts = [value.encode() for _field, value in fields if isinstance(value, str)]
    values = [len(value.encode()) if isinstance(value, str) else value for _field, value in fields]
    numbers = [field for field, _value in fields]
    padding = [0] * (64 - len(fields))
    mask, compared = [0] * 64, [0] * 64
    body = struct.pack("=III64I", flags, action, len(fields), *mask) + struct.pack("=64I", *numbers, *padding)
    body += struct.pack("=64I", *values, *padding) + struct.pack("=64I", *compared)
    return body + struct.pack("=I", len(b"".join(texts))) + b"".join(texts)


def message(kind, body=b""):
    data = struct.pack("=IHHII", 16 + len(body), kind, 0, 1, 0) + body
    return data + b"\0" * (-len(data) % 4)


WATCHED = rule((audit.PERMISSION, 10), (KEY, "docker"), (audit.WATCH, "/etc/docker/daemon.json"))
BELOW = rule((audit.DIRECTORY, "/etc/docker"), (audit.PERMISSION, 2))


class Connection:
    """Answers in datagrams, and remembers what was asked."""

    def __init__(self, datagrams):
        self.datagrams, self.sent = list(datagrams), []

    def __enter__(self):
        return self

    def __exit__(self, *_arguments):
        return None

    def settimeout(self, _seconds):
        return None

    bind = settimeout

    def sendto(self, data, _address):
        self.sent.append(data)

    def recv(self, _size):
        if not self.datagrams:
            raise TimeoutError("timed out")
        return self.datagrams.pop(0)


def ask(monkeypatch, *datagrams):
    connection = Connection(datagrams)
    monkeypatch.setattr(audit.socket, "socket", lambda *_arguments: connection)
    return audit.ask(Kernel()), connection.sent


def test_rules_are_listed_and_nothing_else_is_ever_sent(monkeypatch):
    acknowledged = message(2, struct.pack("=i", 0))
    listed = message(audit.LIST_RULES, WATCHED) + message(audit.LIST_RULES, BELOW)
    fact, sent = ask(monkeypatch, acknowledged, listed, message(3))
    assert fact.value == [["/etc/docker/daemon.json", False, 10], ["/etc/docker", True, 2]]
    assert [struct.unpack_from("=IH", data) for data in sent] == [(16, audit.LIST_RULES)]


@pytest.mark.parametrize(("code", "name"), [(1, "EPERM"), (93, "EPROTONOSUPPORT"), (111, "ECONNREFUSED")])
def test_a_refusal_is_an_error_with_its_name(monkeypatch, code, name):
    fact, _sent = ask(monkeypatch, message(2, struct.pack("=i", -code)))
    assert not fact.known and fact.error.startswith(f"{name} ")


def test_no_rule_is_an_answer_and_silence_is_none(monkeypatch):
    assert ask(monkeypatch, message(3))[0].value == []
    assert not ask(monkeypatch)[0].known
    # Half of a list is none either.
    assert not ask(monkeypatch, message(audit.LIST_RULES, WATCHED))[0].known


def test_a_recorded_tree_has_no_kernel_to_ask(tmp_path):
    assert audit.ask(Kernel(str(tmp_path))).error.startswith("ENOTSUP")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        WATCHED[:100],
        rule((audit.WATCH, "/x"), action=0),
        rule((audit.WATCH, "/x"), flags=1),
        rule((audit.PERMISSION, 2), (KEY, "only a key")),
    ],
)
def test_what_writes_down_no_path_is_no_watch(body):
    assert audit.parse(body) is None


def test_texts_before_the_path_are_skipped_and_without_access_it_is_any():
    assert audit.parse(rule((KEY, "kéy"), (ARCHITECTURE, 7), (audit.WATCH, "/x"))) == audit.Rule("/x", False, 15)
    assert audit.parse(rule((audit.WATCH, "/\x1b[2J\n")))[0] == "/\x1b[2J\n"


def test_broken_messages_end_the_list():
    assert audit.messages(b"\0" * 16) == [] and audit.messages(b"short") == []
    assert [kind for kind, _body in audit.messages(message(2, b"abcde") + message(3))] == [2, 3]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("-a always,exit -F perm=wa -F dir=/etc/docker/ -F key=docker", ("/etc/docker", True, 10)),
        ("-a never,exit -F perm=wa -F dir=/etc/docker", None),
        ("-w /etc/docker/ -p wa -k docker", ("/etc/docker", True, 10)),
        ("  -w / -p r", ("/", True, 4)),
        ("-w /usr/bin/runc", ("/usr/bin/runc", True, 15)),
        ("-a always,exit -F path=/usr/bin/runc -F perm=x -k x", ("/usr/bin/runc", False, 1)),
        ("-a exit,always -S all -F dir=/var/lib/docker/ -F perm=rwxa", ("/var/lib/docker", True, 15)),
        ("# -w /etc/docker -p wa", None),
        ("-a never,exit -F path=/x", None),
        ("-a always,exit -S open", None),
        ("-D", None),
        ("", None),
        ("-w", None),
    ],
)
def test_a_line_of_a_file_of_rules(line, found):
    assert watch(line) == (audit.Rule(*found) if found else None)


RULES = """# The engine.
-a never,exit -F perm=wa -F subj_type=dockerd_t -F dir=/var/lib/docker
-a always,exit -F perm=wa -F dir=/var/lib/docker -F key=docker
-a always,exit -F path=/usr/bin/runc -F perm=wa -F key=docker
"""
LOADED = [audit.Rule("/var/lib/docker", True, 10), audit.Rule("/usr/bin/runc", False, 10)]
MERGED = "-D\n" + RULES.replace("# The engine.\n", "")


def test_rules_are_current_when_the_file_for_the_boot_and_the_kernel_have_them():
    assert current(RULES, MERGED, LOADED)
    assert current("", "", [])


@pytest.mark.parametrize(
    ("merged", "loaded"),
    [
        ("-D\n", LOADED),
        (MERGED.replace("dockerd_t", "other_t"), LOADED),
        (MERGED, []),
        (MERGED, LOADED[:1]),
        (MERGED, [LOADED[0], audit.Rule("/usr/bin/runc", False, 4)]),
        (MERGED, [audit.Rule("/var/lib/docker", False, 10), LOADED[1]]),
    ],
)
def test_rules_that_one_of_the_two_lacks_are_not(merged, loaded):
    assert not current(RULES, merged, loaded)


def test_files_of_rules_are_one_list_and_one_that_is_closed_spoils_it(tmp_path):
    fake = FakeKernel(tmp_path)
    assert audit_facts.read_rule_files(fake.kernel).error.startswith("ENOENT")
    fake.write("/etc/audit/rules.d/10-docker.rules", "-w /etc/docker -p wa\n\x1b[2J\n" + "x" * 70000)
    fake.write("/etc/audit/rules.d/ignored.txt", "-w /ignored\n")
    assert audit_facts.read_rule_files(fake.kernel).value == [["/etc/docker", True, 10]]
    (tmp_path / "etc/audit/audit.rules").mkdir()
    assert audit_facts.read_rule_files(fake.kernel).error.startswith("EISDIR")


def test_the_first_place_that_is_there_counts_and_none_is_said(tmp_path):
    fake = FakeKernel(tmp_path)
    fake.write("/usr/bin/runc", "")
    fake.write("/opt/docker.json", "{}")
    (tmp_path / "etc/docker").mkdir(parents=True)
    (tmp_path / "etc/docker/daemon.json").symlink_to("../../opt/docker.json")
    daemon = {"file": {"path": "/etc/docker/daemon.json"}, "info": {"value": {"DockerRootDir": "/data"}}}
    found = audit_facts.find_places(fake.kernel, daemon)
    assert found["runc"].value == "/usr/bin/runc" and found["engine-file"].value == "/opt/docker.json"
    assert found["data-root"].value == "" and found["data-root"].path == "/data"
    assert found["dockerd"].value == "" and set(found) == set(audit_facts.WATCHED)
