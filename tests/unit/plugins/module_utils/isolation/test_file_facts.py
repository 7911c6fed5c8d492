# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Owners and modes of the engine's files over a tree: where they really are, and what stands in their place."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts import file_facts
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.fake_host import (
    DAEMON,
    PID,
    SOCKET,
    FakeHost,
)

COMMAND = {"value": {}, "path": f"/proc/{PID}/cmdline"}
ABSENT = {"value": None, "path": DAEMON, "error": "ENOENT No such file or directory"}
UNREAD = {"value": None, "path": DAEMON, "error": "EINVAL broken"}
SOCKETS = {"path": "/fd", "value": [{"kind": "unix", "address": SOCKET}, {"kind": "tcp", "address": "::"}]}
DAEMON_FACTS = {"command": COMMAND, "file": {"value": {}, "path": DAEMON}, "listeners": SOCKETS}


@pytest.fixture
def host(tmp_path):
    return FakeHost(tmp_path)


def read(host, **changes):
    return file_facts.read_files(host.kernel, {**DAEMON_FACTS, **changes}, file_facts.accounts(host.kernel))


def found(row):
    return {entry["path"]: entry["value"] for entry in row["value"]}


def test_each_row_has_its_files_with_names_for_numbers(host):
    rows = read(host)
    assert found(rows["engine-socket"]) == {SOCKET: {"owner": "root", "group": "docker", "mode": "0660"}}
    assert found(rows["engine-folder"]) == {"/etc/docker": {"owner": "root", "group": "root", "mode": "0755"}}
    assert list(found(rows["registry-certificates"])) == ["/etc/docker/certs.d/registry.classroom.test/ca.crt"]
    assert rows["tls-key"]["value"] == [] and rows["engine-file"]["path"] == DAEMON


def test_a_number_without_a_name_stays_one_and_zero_is_root_whatever_its_name(host):
    host.write("/etc/passwd", "toor:x:0:0::/:/bin/sh\n")
    host.kernel.owners["/etc/docker"] = (4242, 4243)
    rows = read(host)
    assert found(rows["engine-folder"])["/etc/docker"] == {"owner": "4242", "group": "4243", "mode": "0755"}
    assert found(rows["engine-service"])["/lib/systemd/system/docker.service"]["owner"] == "root"


def test_what_is_laid_over_a_unit_counts_and_a_link_is_the_file_behind_it(host):
    host.write("/etc/systemd/system/docker.service.d/10-proxy.conf", "")
    host.write("/etc/systemd/system/docker.service.d/ignored.txt", "")
    (host.root / "etc/systemd/system/docker.service").symlink_to("../../../lib/systemd/system/docker.service")
    paths = list(found(read(host)["engine-service"]))
    assert paths == ["/etc/systemd/system/docker.service", "/etc/systemd/system/docker.service.d/10-proxy.conf"]


@pytest.mark.parametrize("path", ["/etc/default/docker", DAEMON, SOCKET, "/run/containerd/containerd.sock"])
def test_a_link_in_a_circle_is_an_error_and_not_an_absent_file(host, path):
    (host.root / path[1:]).unlink()
    (host.root / path[1:]).symlink_to(path.rpartition("/")[2])
    entries = [entry for row in read(host).values() for entry in row["value"] if entry["path"] == path]
    assert [entry["value"] for entry in entries] == [None] and entries[0]["error"].startswith("ELOOP")


def test_a_closed_folder_of_certificates_is_an_error_and_none_is_none(host):
    host.kernel.closed.add("/etc/docker/certs.d")
    assert read(host)["registry-certificates"]["error"].startswith("EACCES")
    host.kernel.closed.clear()
    (host.root / "etc/docker/certs.d").rename(host.root / "elsewhere")
    assert read(host)["registry-certificates"]["value"] == []


@pytest.mark.parametrize(
    ("file", "command", "path"),
    [
        ({"tlskey": "/k.pem"}, {}, ["/k.pem"]),
        ({"tlskey": "/k.pem"}, {"tlskey": "/other.pem"}, ["/other.pem"]),
        # Where the engine looks when nobody says anything.
        ({"tlsverify": True}, {}, ["/root/.docker/key.pem"]),
        ({"tlskey": "/a\0b"}, {}, []),
        ({"tlskey": "/" + "k" * 70000}, {}, []),
        ({"tlskey": ["/k.pem"]}, {}, []),
        ({}, {}, []),
    ],
)
def test_the_files_of_tls_are_those_of_the_configuration(host, file, command, path):
    for name in ("k", "other", "root/.docker/key"):
        host.write(f"/{name}.pem", "")
    row = read(host, file={"value": file, "path": DAEMON}, command={**COMMAND, "value": command})["tls-key"]
    assert list(found(row)) == path


def test_without_a_configuration_its_files_are_not_known(host):
    for changes in ({"command": {"value": None, "error": "ESRCH"}}, {"file": UNREAD}, {"command": None}):
        rows = read(host, **changes)
        assert [rows[row]["error"] for row in file_facts.TLS] == [file_facts.NOT_KNOWN] * 3
    assert read(host, file=ABSENT)["tls-key"]["value"] == []


@pytest.mark.parametrize("listeners", [None, {}, {"value": None, "path": "/fd", "error": "EACCES Permission denied"}])
def test_without_sockets_the_row_of_sockets_is_an_error(host, listeners):
    assert read(host, listeners=listeners)["engine-socket"]["error"]


def test_only_sockets_with_a_place_that_take_orders_count(host):
    paths = ["@abstract", "", "/run/docker/libnetwork/x.sock", "/run/docker/plugins/x.sock", "/run/docker/metrics.sock"]
    for path in paths[2:]:
        host.write(path, "")
    listed = {"path": "/fd", "value": [{"kind": "unix", "address": path} for path in paths]}
    assert read(host, listeners=listed)["engine-socket"]["value"] == []


def test_members_are_those_of_the_group_and_those_who_have_it_as_their_own(host):
    host.write("/etc/group", "root:x:0:\ndocker:x:999:ada,,grace\n")
    host.write("/etc/passwd", "root:x:0:0::/:/bin/sh\nmallory:x:1000:999::/:/bin/sh\n")
    assert file_facts.accounts(host.kernel).members.value == {"docker": ["ada", "grace", "mallory"], "root": ["root"]}


@pytest.mark.parametrize("path", ["/etc/passwd", "/etc/group"])
def test_accounts_that_cannot_be_read_are_an_error_and_nonsense_is_left_out(host, path):
    host.write(path, "x:x:²:²::/:/bin/sh\n\x1b[2J\n::::::\n+::::::\nshort:x\n" + "x" * 70000)
    assert file_facts.accounts(host.kernel).members.known
    (host.root / path[1:]).unlink()
    assert file_facts.accounts(host.kernel).members == file_facts.Fact(path, error="ENOENT No such file or directory")


def test_an_engine_with_a_containerd_of_its_own(host):
    host.write("/data/exec/containerd/containerd.sock", "")
    row = read(host, file={"value": {"exec-root": "/data/exec"}, "path": DAEMON})["containerd-socket"]
    assert list(found(row)) == ["/run/containerd/containerd.sock", "/data/exec/containerd/containerd.sock"]
