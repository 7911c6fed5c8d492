# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a process really listens: its open sockets, looked up in the kernel's tables of its network namespace."""

from __future__ import annotations

import re
import socket
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel

_FLAGS = re.compile(r"[0-9A-Fa-f]{8}")
_ADDRESS = re.compile(r"(?:[0-9A-F]{8}|[0-9A-F]{32}):[0-9A-F]{4}")
LISTENING = "0A"
ACCEPTING = 1 << 16


def read_listeners(kernel: Kernel, pid: int | None) -> Fact:
    """[{kind: tcp or unix, address, port}]. Configuration is not asked: a socket handed over by systemd counts too."""
    if not pid:
        return Fact("/proc/PID/fd", error="ESRCH the engine's process was not found on this host")
    folder = f"/proc/{pid}/fd"
    names = kernel.names(folder)
    if not names.known:
        return names
    links = (kernel.link(f"{folder}/{name}") for name in names.value)
    inodes = {str(link.value)[len("socket:[") : -1] for link in links if str(link.value).startswith("socket:[")}
    found: list[dict[str, Any]] = []
    for table, read in (("tcp", _tcp), ("tcp6", _tcp), ("unix", _unix)):
        fact = kernel.read_once(f"/proc/{pid}/net/{table}")
        # A kernel without IPv6 has no table for it.
        if not fact.known and not (table == "tcp6" and fact.error.startswith("ENOENT")):
            return fact
        found += [entry for entry in map(read, str(fact.value or "").split("\n")[1:]) if entry]
    ours = [entry for entry in found if entry["inode"] in inodes]
    return Fact(folder, [{key: value for key, value in entry.items() if key != "inode"} for entry in ours])


def _tcp(line: str) -> dict[str, Any] | None:
    fields = line.split()
    if len(fields) < 10 or fields[3] != LISTENING or not _ADDRESS.fullmatch(fields[1]):
        return None
    address, _colon, port = fields[1].partition(":")
    return {"kind": "tcp", "address": address_of(address), "port": int(port, 16), "inode": fields[9]}


def address_of(digits: str) -> str:
    """The kernel prints addresses as 32-bit words in the machine's byte order."""
    words = [bytes.fromhex(digits[start : start + 8])[::-1] for start in range(0, len(digits), 8)]
    family = socket.AF_INET if len(words) == 1 else socket.AF_INET6
    return socket.inet_ntop(family, b"".join(words))


def _unix(line: str) -> dict[str, Any] | None:
    # Paths are printed as they are, and one may have a line end in it: what is left over then is no socket.
    fields = line.split(None, 7)
    if len(fields) < 8 or not _FLAGS.fullmatch(fields[3]) or not int(fields[3], 16) & ACCEPTING:
        return None
    return {"kind": "unix", "address": fields[7], "port": 0, "inode": fields[6]}
