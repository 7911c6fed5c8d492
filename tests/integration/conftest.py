# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the integration tests share. They need root, the Debian packages docker.io, docker-registry, apache2-utils
(htpasswd), iproute2, podman, skopeo and busybox-static, and no network."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from ansible_collections.bulkhead.classroom.tests.integration.support.daemons import Engine, Registry
from ansible_collections.bulkhead.classroom.tests.integration.support.rootfs import BUSYBOX, write_rootfs

ROOT = Path(__file__).parents[2]
RUNNER = Path(__file__).parent / "support" / "run_module.py"
NEEDED = ("dockerd", "docker-registry", "htpasswd", "ip", "podman", "skopeo", str(BUSYBOX))


@pytest.fixture(scope="session")
def workshop():
    """A folder with a short path: a socket's path may have 107 characters."""
    missing = [program for program in NEEDED if not shutil.which(program)]
    if missing or os.geteuid() != 0:
        pytest.fail(f"Integration tests need root and these programs, which are missing: {missing}", pytrace=False)
    with tempfile.TemporaryDirectory(prefix="bht") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def engine(workshop):
    (workshop / "engine").mkdir()
    engine = Engine(workshop / "engine")
    try:
        yield engine.start()
    finally:
        engine.stop()


@pytest.fixture(scope="session")
def registry(workshop):
    (workshop / "registry").mkdir()
    registry = Registry(workshop / "registry")
    try:
        yield registry.start()
    finally:
        registry.stop()


@pytest.fixture(scope="session")
def open_registry(workshop):
    """A registry that wants no password."""
    (workshop / "open").mkdir()
    registry = Registry(workshop / "open", open=True)
    try:
        yield registry.start()
    finally:
        registry.stop()


@pytest.fixture(scope="session")
def rootfs(workshop) -> Path:
    return write_rootfs(workshop / "rootfs.tar")


@pytest.fixture(scope="session")
def base_image(engine, rootfs) -> str:
    """The name of an image with a shell, that was made behind the modules' back."""
    name = "bulkhead-test/base:1"
    engine.client.import_image_from_file(str(rootfs), repository="bulkhead-test/base", tag="1")
    assert engine.client.inspect_image(name)["Id"]
    return name


@pytest.fixture(scope="session")
def run_module(engine):
    """Calls a module as Ansible would, in a process of its own, on the private engine; returns its result."""

    def call(name: str, args: dict, check: bool = False, diff: bool = True, **env: str) -> dict:
        given = {name: value for name, value in {"docker_host": engine.url, **args}.items() if value is not None}
        arguments = {**given, "_ansible_check_mode": check, "_ansible_diff": diff}
        done = subprocess.run(
            [sys.executable, str(RUNNER), name],
            input=json.dumps(arguments),
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT / "collections"), **env},
        )
        assert done.stdout, f"{name} said nothing: {done.stderr}"
        result = json.loads(done.stdout.splitlines()[-1])
        assert "exception" not in result, f"{name} crashed: {result}"
        return result

    return call
