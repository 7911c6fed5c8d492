# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same module through a socket, through TLS and through ssh. The engine and the ssh server are the tests' own."""

from __future__ import annotations

import getpass
import socket
import subprocess
from pathlib import Path

import pytest
from ansible_collections.bulkhead.classroom.tests.integration.support import certificates
from ansible_collections.bulkhead.classroom.tests.integration.support.daemons import Daemon, Engine, wait_for


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def remote(workshop):
    """A second engine, that listens with TLS too and wants a certificate from its clients."""
    folder = workshop / "tls"
    folder.mkdir()
    found = certificates.make(folder / "certificates")
    remote = Engine(folder)
    remote.port, remote.certificates = free_port(), found
    remote.daemon.argv += ["-H", f"tcp://127.0.0.1:{remote.port}", "--tlsverify", f"--tlscacert={found}/ca.pem"]
    remote.daemon.argv += [f"--tlscert={found}/server.pem", f"--tlskey={found}/server-key.pem"]
    try:
        yield remote.start()
    finally:
        remote.stop()


@pytest.fixture
def through_tls(remote, run_module, rootfs):
    found = remote.certificates
    given = {
        "docker_host": f"tcp://127.0.0.1:{remote.port}",
        "tls": True,
        "tls_hostname": "engine.example",
        "ca_path": f"{found}/ca.pem",
        "client_cert": f"{found}/cert.pem",
        "client_key": f"{found}/key.pem",
    }

    def call(**change):
        args = {name: value for name, value in {**given, **change}.items() if value is not None}
        images = [{"name": "tls-test/base:1", "source": str(rootfs)}]
        return run_module("image_import", {"images": images, **args}, check=True)

    return call


def test_tls_with_the_right_certificates(through_tls, remote):
    done = through_tls()
    assert "failed" not in done and done["changed"], done
    # A certificate that is not looked at may be for any name.
    assert "failed" not in through_tls(validate_certs=False, ca_path=None, tls_hostname=None)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tls_hostname": None}, "Check tls, ca_path"),
        ({"tls_hostname": "other.example"}, "doesn't match"),
        ({"ca_path": None}, "certificate verify failed"),
        ({"client_cert": None, "client_key": None}, "alert"),
        ({"tls": False}, "it speaks TLS"),
        ({"client_key": None}, "Of client_cert and client_key only one"),
    ],
)
def test_tls_with_something_wrong(through_tls, change, said):
    failed = through_tls(**change)
    assert failed["failed"] and said in failed["msg"] and "127.0.0.1" in failed["msg"]


def test_the_environment_is_enough(run_module, remote, rootfs):
    environment = {
        "DOCKER_HOST": f"tcp://127.0.0.1:{remote.port}",
        "DOCKER_TLS_VERIFY": "1",
        "DOCKER_CERT_PATH": str(remote.certificates),
        "DOCKER_TLS_HOSTNAME": "engine.example",
    }
    images = [{"name": "tls-test/base:1", "source": str(rootfs)}]
    found = run_module("image_import", {"images": images, "docker_host": None}, check=True, **environment)
    assert "failed" not in found and found["changed"], found


@pytest.fixture(scope="module")
def ssh(workshop, engine):
    """An ssh server that lets one key in, and gives it the engine's socket and nothing else. Its url, and its home."""
    home = workshop / "home"
    (home / ".ssh").mkdir(parents=True, mode=0o700)
    for name in ("host", "user"):
        key = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(home / ".ssh" / name)]
        subprocess.run(key, check=True)
    port, keys = free_port(), home / ".ssh" / "authorized_keys"
    public = (home / ".ssh/user.pub").read_text()
    keys.write_text(f'restrict,command="docker -H {engine.url} system dial-stdio" {public}')
    (home / ".ssh/known_hosts").write_text(f"[127.0.0.1]:{port} {(home / '.ssh/host.pub').read_text()}")
    (home / ".ssh/config").write_text(
        f"Host 127.0.0.1\n  IdentityFile {home}/.ssh/user\n  UserKnownHostsFile {home}/.ssh/known_hosts\n"
    )
    options = [f"ListenAddress=127.0.0.1:{port}", f"HostKey={home}/.ssh/host", f"AuthorizedKeysFile={keys}"]
    options += ["StrictModes=no", "PermitRootLogin=prohibit-password", "PidFile=none", "UsePAM=no"]
    Path("/run/sshd").mkdir(exist_ok=True)
    argv = ["/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", *(word for o in options for word in ("-o", o))]
    daemon = Daemon(argv, home / "sshd.log")
    daemon.launch()
    try:
        wait_for(lambda: "listening" in daemon.log.read_text(), "sshd", daemon.log)
        yield f"ssh://{getpass.getuser()}@127.0.0.1:{port}", home
    finally:
        daemon.end()


@pytest.mark.parametrize("use_ssh_client", [False, True], ids=["paramiko", "ssh program"])
def test_ssh(run_module, ssh, base_image, tmp_path, use_ssh_client):
    url, home = ssh
    # The program does not look at HOME; the SDK starts the first one on the path.
    program = tmp_path / "ssh"
    program.write_text(f'#!/bin/sh\nexec /usr/bin/ssh -F {home}/.ssh/config -o BatchMode=yes "$@"\n')
    program.chmod(0o755)
    environment = {"HOME": str(home), "PATH": f"{tmp_path}:/usr/sbin:/usr/bin:/sbin:/bin"}
    args = {"docker_host": url, "use_ssh_client": use_ssh_client, "images": [{"name": base_image}]}
    found = run_module("image_pull", args, **environment)
    assert not found["changed"] and found["results"][0]["id"].startswith("sha256:"), found
    (home / ".ssh/known_hosts").rename(home / ".ssh/kept")
    try:
        failed = run_module("image_pull", args, **environment)
    finally:
        (home / ".ssh/kept").rename(home / ".ssh/known_hosts")
    assert failed["failed"] and "docker version' answers without a question" in failed["msg"], failed
