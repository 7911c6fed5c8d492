# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates of role engine_host on a real engine: who is let in, renewal, and what revokes a client."""

from __future__ import annotations

import json
import shutil
import socket
from pathlib import Path

import pytest
from ansible_collections.bulkhead.classroom.tests.integration.support.daemons import Engine
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.playbook import run_playbook

NAME = "engine.example"


@pytest.fixture(scope="module")
def tls(workshop):
    """The role's entry point `remote`: what it returned, the directory that it made, and a call to run it again."""
    folder = workshop / "remote-access"
    folder.mkdir()

    def make(**change):
        given = {
            "engine_host_remote": "tls",
            "engine_host_remote_address": "127.0.0.1",
            "engine_host_remote_names": [NAME],
            "engine_host_remote_directory": str(folder / "engines"),
            "engine_host_remote_authority_scope": [f"DNS:{NAME}", "IP:127.0.0.0/8"],
            **change,
        }
        role = {"name": "bulkhead.classroom.engine_host", "tasks_from": "remote"}
        play = {
            "hosts": "localhost",
            "gather_facts": False,
            "tasks": [{"ansible.builtin.include_role": role}],
        }
        return run_playbook(folder, [play], "-e", json.dumps(given))

    done = make()
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "engines", make


@pytest.fixture(scope="module")
def remote(workshop, tls):
    """An engine with the flags that the role's drop-in gives it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (workshop / "remote-engine").mkdir()
    remote = Engine(workshop / "remote-engine")
    remote.port, folder = port, tls[0]
    remote.daemon.argv += [f"--host=tcp://127.0.0.1:{port}", "--tlsverify", f"--tlscacert={folder}/ca.pem"]
    remote.daemon.argv += [f"--tlscert={folder}/hosts/localhost.pem", f"--tlskey={folder}/hosts/localhost-key.pem"]
    try:
        yield remote.start()
    finally:
        remote.stop()


@pytest.fixture
def ask(remote, run_module, rootfs):
    """The same call, with the client's certificate of a directory."""

    def call(folder: Path, **change):
        url = f"tcp://127.0.0.1:{remote.port}"
        keys = {"ca_path": f"{folder}/ca.pem", "client_cert": f"{folder}/cert.pem", "client_key": f"{folder}/key.pem"}
        images = [{"name": "remote-test/base:1", "source": str(rootfs)}]
        args = {"docker_host": url, "tls": True, **keys, "images": images, **change}
        return run_module("image_import", args, check=True)

    return call


def written(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.pem")}


def test_the_client_of_the_role_is_let_in_by_address_and_by_name(ask, tls):
    for name in (None, NAME):
        done = ask(tls[0], tls_hostname=name)
        assert "failed" not in done and done["changed"], done
    assert "doesn't match" in ask(tls[0], tls_hostname="other.example")["msg"]


def test_the_same_call_says_the_same_on_the_socket(ask, tls, remote):
    directly = ask(tls[0], docker_host=remote.url, tls=None, ca_path=None, client_cert=None, client_key=None)
    through = ask(tls[0])
    assert through["results"] == directly["results"] and through["diff"] == directly["diff"]


def test_a_host_is_no_client(ask, tls):
    """Each host has a certificate of the same authority; with it, it must not give orders to the others."""
    keys = {"client_cert": f"{tls[0]}/hosts/localhost.pem", "client_key": f"{tls[0]}/hosts/localhost-key.pem"}
    assert ask(tls[0], **keys)["failed"]


def test_nobody_else_reads_the_keys(tls):
    private = [*tls[0].rglob("*key.pem"), tls[0] / "cert.pem"]
    assert len(private) == 4
    assert {oct(path.stat().st_mode & 0o777) for path in private} == {"0o600"}
    assert oct(tls[0].stat().st_mode & 0o777) == "0o700"


def test_a_second_run_changes_nothing(tls):
    folder, make = tls
    before = written(folder)
    done = make()
    assert "changed=0" in done.stdout and "failed=0" in done.stdout, done.stdout
    assert written(folder) == before


@pytest.mark.parametrize(
    "change",
    [
        {"engine_host_remote_names": ["other.example"]},
        {"engine_host_remote_address": "127.0.0.2"},
    ],
    ids=["name", "address"],
)
def test_a_certificate_for_another_host_is_refused(tls, change):
    folder, make = tls
    given = {
        "engine_host_remote_certificate": (folder / "hosts/localhost.pem").read_text(),
        "engine_host_remote_private_key": (folder / "hosts/localhost-key.pem").read_text(),
    }
    kept = written(folder)
    try:
        done = make(**given, **change)
    finally:
        for path, text in kept.items():
            (folder / path).write_bytes(text)
    assert done.returncode != 0
    assert "Nothing was changed" in done.stdout and "127.0.0.1" in done.stdout


def test_what_ends_soon_is_made_anew_and_the_authority_stays(ask, tls, workshop):
    """Run as if the certificates' last month had come. This is no revocation: the old client is let in as before."""
    folder, make = tls
    before = written(folder)
    old = shutil.copytree(folder, workshop / "old-client")
    done = make(engine_host_remote_renew_days=400)
    assert done.returncode == 0, done.stdout
    changed = {path for path, text in written(folder).items() if before[path] != text}
    assert changed == {"cert.pem", "hosts/localhost.pem"}
    for client in (folder, old):
        assert "failed" not in ask(client)


def test_a_new_authority_revokes_all_clients(ask, tls, remote, workshop):
    folder, make = tls
    old = shutil.copytree(folder, workshop / "revoked")
    shutil.rmtree(folder)
    done = make()
    assert done.returncode == 0, done.stdout
    # Until the engine is restarted it knows the old authority only.
    assert ask(folder)["failed"] and "failed" not in ask(old)
    remote.daemon.end()
    remote.launch()
    assert "failed" not in ask(folder)
    refused = ask(old, ca_path=f"{folder}/ca.pem")
    assert refused["failed"] and "127.0.0.1" in refused["msg"]
