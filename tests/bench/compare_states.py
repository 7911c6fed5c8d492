# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The containers and images of the comparison: the bad states of the integration tests, and those that show a
difference of method besides. Each name says what was prepared; `good` and `plain` are the controls.
"""

from __future__ import annotations

import contextlib
import io
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible_collections.bulkhead.classroom.tests.integration.isolation.test_containers import (
    PREFIX,
    STATES,
    made,
    made_and_weakened,
    made_with_sources,
)
from ansible_collections.bulkhead.classroom.tests.integration.support.daemons import Engine

# A set-id program, an ADD, a lone update, a password and no user: what one can do wrong in a recipe.
RECIPE = """FROM {base}
ADD Dockerfile /srv/
ENV DATABASE_PASSWORD=hunter2
RUN : apt-get update
RUN cp /bin/busybox /bin/helper && chmod u+s /bin/helper
"""
GOOD_IMAGE, BAD_IMAGE = "compared/good:1", "compared/bad:1"
HEALTHY = {"Test": ["CMD", "true"], "Interval": 5_000_000_000, "Timeout": 3_000_000_000}
GROUP = "bulkhead-compared"
SSHD = "echo sshd > /proc/self/comm; sleep 36000 & wait"


def prepare(engine: Engine, base: str, folder: Path, open_to_all: str) -> list[str]:
    """Makes everything; the names of the containers that run."""
    _images(engine, base)
    made(engine, base, "good")
    for name, (changes, _checks) in STATES.items():
        made(engine, base, name, **changes)
    made_with_sources(engine, base, folder, open_to_all)
    made_and_weakened(engine, base)
    _plain(engine, base)
    _published(engine, base)
    _entered(engine, base)
    return sorted(str(listed["Names"][0]).lstrip("/") for listed in engine.client.containers())


def _images(engine: Engine, base: str) -> None:
    recipe = RECIPE.format(base=base).encode()
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as archive:
        entry = tarfile.TarInfo("Dockerfile")
        entry.size = len(recipe)
        archive.addfile(entry, io.BytesIO(recipe))
    context.seek(0)
    for line in engine.client.build(fileobj=context, custom_context=True, tag=BAD_IMAGE, decode=True, rm=True):
        if "error" in line:
            raise RuntimeError(line["error"])
    config = {"Image": base, "Cmd": ["true"], "User": "1000:1000", "Healthcheck": HEALTHY}
    key = engine.client.create_container_from_config(config)["Id"]
    repository, _colon, tag = GOOD_IMAGE.partition(":")
    engine.client.commit(key, repository, tag)
    engine.client.remove_container(key)


def _plain(engine: Engine, base: str) -> None:
    """As people make them."""
    for name, image in {"plain": base, "bad-image": BAD_IMAGE, "healthy": GOOD_IMAGE}.items():
        key = engine.client.create_container(image, ["sleep", "36000"], name=PREFIX + name)["Id"]
        engine.client.start(key)
    made(engine, base, "shares", nano_cpus=0, cpu_shares=512)
    made(engine, base, "no-retry-limit", restart_policy={"Name": "on-failure", "MaximumRetryCount": 50})
    made(engine, base, "group-parent", cgroup_parent=f"/{GROUP}")
    made(engine, base, "rshared", binds=[f"{engine.folder}/shared:/given:rw,rshared"])
    sshd = {"Image": base, "Cmd": ["sh", "-c", SSHD], "User": "1000:1000"}
    engine.client.start(engine.client.create_container_from_config(sshd, f"{PREFIX}sshd")["Id"])


def _published(engine: Engine, base: str) -> None:
    """One port at all addresses of version 4, one at all of version 6 only, one at the loopback address."""
    for name, address in {"wildcard-4": "0.0.0.0", "wildcard-6": "::", "loopback": "127.0.0.1"}.items():
        bindings = {"8080/tcp": [{"HostIp": address, "HostPort": "0"}]}
        host = engine.client.create_host_config(port_bindings={8080: (address,)})
        host["PortBindings"] = bindings
        config = {"Image": base, "Cmd": ["sleep", "36000"], "HostConfig": host, "ExposedPorts": {"8080/tcp": {}}}
        engine.client.start(engine.client.create_container_from_config(config, PREFIX + name)["Id"])


def _entered(engine: Engine, base: str) -> None:
    """A process more than the container was made with, as root."""
    key = made(engine, base, "entered")
    session: Any = engine.client.exec_create(key, ["sleep", "36000"], user="0:0")
    engine.client.exec_start(session["Id"], detach=True)


@contextlib.contextmanager
def shared_folder(engine: Engine) -> Iterator[None]:
    """A mount that spreads what is mounted below it."""
    folder = engine.folder / "shared"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(folder)], check=True)
    try:
        subprocess.run(["mount", "--make-rshared", str(folder)], check=True)
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=False, capture_output=True)
        # The engine is gone by now, and leaves the parent that it made for one container.
        for group in Path("/sys/fs/cgroup").glob(f"*/{GROUP}"):
            with contextlib.suppress(OSError):
                group.rmdir()
