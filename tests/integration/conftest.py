# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the integration tests share. They need root, the Debian packages docker.io, docker-registry, apache2-utils
(htpasswd), iproute2, podman, skopeo and busybox-static, and no network."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from ansible_collections.bulkhead.classroom.tests.integration.support.daemons import Engine, Registry, running
from ansible_collections.bulkhead.classroom.tests.integration.support.modules import calling
from ansible_collections.bulkhead.classroom.tests.integration.support.rootfs import BUSYBOX, imported, write_rootfs

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
    yield from running(Engine(workshop / "engine"))


@pytest.fixture(scope="session")
def registry(workshop):
    (workshop / "registry").mkdir()
    yield from running(Registry(workshop / "registry"))


@pytest.fixture(scope="session")
def open_registry(workshop):
    """A registry that wants no password."""
    (workshop / "open").mkdir()
    yield from running(Registry(workshop / "open", open=True))


@pytest.fixture(scope="session")
def rootfs(workshop) -> Path:
    return write_rootfs(workshop / "rootfs.tar")


@pytest.fixture(scope="session")
def base_image(engine, rootfs) -> str:
    """The name of an image with a shell, that was made behind the modules' back."""
    return imported(engine, rootfs)


@pytest.fixture(scope="session")
def run_module(engine):
    """Calls a module as Ansible would, on the private engine; returns its result."""
    return calling(engine)
