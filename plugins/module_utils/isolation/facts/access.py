# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""May this process see what it is to read? From the wrong place a number of a process means somebody else, and nothing
that is read there would be about the containers. So this is asked first, and whatever is in the way is an error.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_reading import Readable
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel

ROOT = "Run the task as root (become), in the host's own pid namespace."
OUTSIDE = "Run the task on the engine's host itself, or in a container with --pid host."


def require_access(engine: Readable, kernel: Kernel, docker_host: str, timeout: float = 5.0) -> None:
    """Returns when this process sees the engine's processes by the numbers that the engine gives them."""
    path = docker_host[len("unix://") :] if docker_host.startswith("unix://") else ""
    if path:
        listener = peer(path, timeout)
        if listener == 0:
            raise EngineError("The engine runs where this process does not see it", docker_host, OUTSIDE)
    else:
        listener = 0
        _require_same_host(engine, kernel, docker_host)
    _require_rights(kernel, listener, docker_host)


def peer(path: str, timeout: float) -> int:
    """The process that listens on a socket; 0 when it has no number in this pid namespace."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        try:
            connection.connect(path)
            credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        except OSError as error:
            raise EngineError(f"Cannot find out who listens: {error}", f"unix://{path}", ROOT) from error
    return int(struct.unpack("3i", credentials)[0])


def _require_same_host(engine: Readable, kernel: Kernel, docker_host: str) -> None:
    """An engine behind a network name may be another machine's, whose processes have other numbers."""
    info: dict[str, Any] = engine.info()
    ours = {"Name": os.uname().nodename, "KernelVersion": str(kernel.read("/proc/sys/kernel/osrelease").value)}
    theirs = {key: str(info.get(key)) for key in ours}
    if theirs != ours:
        cure = "The kernel is read where the task runs: run it there (delegate_to, or the host in the inventory)."
        what = f"That engine runs on {theirs['Name']} ({theirs['KernelVersion']}), and this is {ours['Name']}"
        raise EngineError(what, docker_host, cure)


def _require_rights(kernel: Kernel, listener: int, docker_host: str) -> None:
    """With the engine's process as an example. One that systemd listens for is tried by systemd's."""
    own, theirs = kernel.identity("/proc/self/ns/pid"), kernel.identity(f"/proc/{listener or 1}/ns/pid")
    if not own.known:
        raise EngineError(f"Cannot read {own.path}: {own.error}", docker_host, ROOT)
    denied = theirs.error.startswith((errno.errorcode[errno.EACCES], errno.errorcode[errno.EPERM]))
    # /proc/1/ns may be closed even to root; a process of somebody else is closed to whoever is not root.
    if os.geteuid() != 0 and (denied or not listener):
        raise EngineError(f"Not allowed to read {theirs.path}", docker_host, ROOT)
    if listener > 1 and theirs.error:
        raise EngineError(f"Cannot read {theirs.path}: {theirs.error}", docker_host, ROOT)
    if listener > 1 and theirs.value != own.value:
        what = "The engine runs in another pid namespace, so the numbers that it gives mean nothing here"
        raise EngineError(what, docker_host, OUTSIDE)
