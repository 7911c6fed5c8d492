# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registries that a host trusts, over a tree. No password is ever in the answer."""

from __future__ import annotations

import json

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts import registry_facts
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.registry_facts import insecure_in
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.fake_host import LOGIN, REGISTRY, FakeHost

POLICY, CONF = registry_facts.POLICY, registry_facts.REGISTRIES
BROKEN = ["", "{", "[" * 70000, "\x1b[2J", "\0\xff" * 99]


@pytest.fixture
def host(tmp_path):
    return FakeHost(tmp_path)


def test_the_certificates_of_each_registry(host):
    host.write(f"/etc/docker/certs.d/{REGISTRY}/client.key", "hunter2")
    host.write("/etc/docker/certs.d/plain-file", "")
    host.write("/etc/docker/certs.d/empty.test/notes", "")
    expected = {REGISTRY: ["ca.crt"], "empty.test": [], "plain-file": []}
    assert registry_facts.read_certificates(host.kernel).value == expected
    (host.root / "etc/docker/certs.d/loop").symlink_to("loop")
    assert registry_facts.read_certificates(host.kernel).error.startswith("ELOOP")


def test_no_folder_of_certificates_is_an_answer_and_a_closed_one_is_none(host):
    host.kernel.closed.add("/etc/docker/certs.d")
    assert registry_facts.read_certificates(host.kernel).error.startswith("EACCES")
    host.kernel.closed.clear()
    (host.root / "etc/docker").rename(host.root / "etc/elsewhere")
    assert registry_facts.read_certificates(host.kernel).value == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ('[[registry]]\nlocation = "a"\ninsecure = true\n', ["a"]),
        ('[[registry]]\ninsecure=true # yes\nprefix = "*.b"\nlocation = "a"\n', ["*.b"]),
        ('[[registry]]\nlocation = "a"\n\n[[registry]]\nlocation = "b"\ninsecure = true\n', ["b"]),
        ("[[registry]]\ninsecure = true\n", ["a registry without a location"]),
        ('registry = [{location = "a", insecure = true}]\n', ["a registry without a location"]),
        ('[[registry]]\nlocation = "a"\n"insecure" = true\n', ["a"]),
        ('[[registry]]\nlocation = "a"\ninsecure = false\n# insecure = true\nnot-insecure = true\n', []),
        ("[registries.insecure]\nregistries = ['a', \"b:5000\",\n]\n", ["a", "b:5000"]),
        ("[registries.insecure]\nregistries = []\n", []),
        ("[registries.search]\nregistries = ['a']\n", []),
        ('[[registry]]\nlocation = "u:hunter2@a"\ninsecure = true\n', ["***@a"]),
        ("[registries.insecure]" + "\n" * 70000, []),
        ("\x1b[2J\n" + "x" * 70000, []),
    ],
)
def test_registries_without_a_check_of_the_certificate(text, found):
    assert insecure_in(text) == found


def test_all_files_of_registries_count_and_one_that_is_closed_spoils_the_answer(host):
    host.write(f"{CONF}.d/1.conf", '[[registry]]\nlocation = "b"\ninsecure = true\n')
    host.write(f"{CONF}.d/2.txt", '[[registry]]\nlocation = "c"\ninsecure = true\n')
    assert registry_facts.read_containers_conf(host.kernel).value == ["b"]
    host.kernel.closed.add(f"{CONF}.d/1.conf")
    assert registry_facts.read_containers_conf(host.kernel).error.startswith("EACCES")
    host.kernel.closed.add(f"{CONF}.d")
    assert registry_facts.read_containers_conf(host.kernel).error.startswith("EACCES")


def test_without_any_file_there_is_none(host):
    (host.root / CONF[1:]).unlink()
    assert registry_facts.read_containers_conf(host.kernel).error.startswith("ENOENT")


@pytest.mark.parametrize("text", [*BROKEN, "[]", '{"default": {}}', '{"default": []}', '{"transports": {}}', "null"])
def test_a_policy_of_signatures_without_a_default_is_an_error(host, text):
    host.write(POLICY, text)
    assert registry_facts.read_signature_policy(host.kernel).error.startswith("EINVAL")


def test_the_types_of_the_default_rules(host):
    host.write(POLICY, '{"default": [{"type": "signedBy", "keyPath": "/k"}, 7]}')
    assert registry_facts.read_signature_policy(host.kernel).value == ["signedBy", "None"]


def test_names_of_logins_are_recorded_and_no_password(host):
    auths = {
        "a.test": {"auth": "aHVudGVyMg=="},
        "b.test": {"identitytoken": "hunter2"},
        "c.test": {"username": "u", "password": "hunter2"},
        "https://u:hunter2@d.test/v1/": {"auth": "x"},
        # A credential helper leaves an entry without anything in it.
        "helper.test": {},
        "broken.test": "hunter2",
    }
    host.write(LOGIN, json.dumps({"auths": auths, "HttpHeaders": {"X": "hunter2"}, "proxies": {"a": "hunter2"}}))
    (host.root / LOGIN[1:]).chmod(0o640)
    fact = registry_facts.read_login(host.kernel, LOGIN)
    assert fact.value == {"registries": ["a.test", "b.test", "c.test", "https://***@d.test/v1/"], "mode": "0640"}
    shown = json.dumps(fact.document())
    assert "hunter2" not in shown and "aHVudGVyMg" not in shown


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_file_of_logins_is_an_error_without_its_text(host, text):
    host.write(LOGIN, text + "hunter2")
    fact = registry_facts.read_login(host.kernel, LOGIN)
    assert fact.error.startswith("EINVAL") and "hunter2" not in fact.error


@pytest.mark.parametrize("text", ["[]", "7", '{"auths": []}', '{"auths": null}', "{}"])
def test_a_file_of_logins_without_any(host, text):
    host.write(LOGIN, text)
    assert registry_facts.read_login(host.kernel, LOGIN).value["registries"] == []


def test_whether_podman_is_there_and_all_parts(host):
    found = registry_facts.read_registries(host.kernel)
    assert found["podman"] is True and [one["path"] for one in found["logins"]] == list(registry_facts.LOGINS)
    (host.root / "usr/bin/podman").unlink()
    assert registry_facts.read_registries(host.kernel)["podman"] is False
