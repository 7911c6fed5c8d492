# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's tables of one network namespace, of which /proc/PID/net shows that of the process."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.daemon_listeners import (
    ACCEPTING,
    LISTENING,
    address_of,
)

# Who may make sockets inside could make thousands, and hide one among them: of half a list nothing can be proved.
SOCKET_LIMIT = 256
DATAGRAM = 2
_LEAF = re.compile(r"\|-- (\S+)")
# The kernel's own choice for a client that has no name: nobody listens there.
_MADE_UP = re.compile(r"@[0-9a-f]{5}")


def read_addresses(kernel: Kernel, owner: str) -> Fact:
    """The addresses of version 4 that the namespace has, without the loopback ones."""
    fact = kernel.read(f"/proc/{owner}/net/fib_trie")
    return Fact(fact.path, local_addresses(str(fact.value))) if fact.known else fact


def local_addresses(text: str) -> list[str]:
    """Out of fib_trie: a leaf is an address, and the lines below it say what kind of route it has."""
    found: list[str] = []
    latest = ""
    for line in text.splitlines():
        leaf = _LEAF.search(line)
        latest = leaf.group(1) if leaf else latest
        if "/32 host LOCAL" in line and not latest.startswith("127."):
            found.append(latest)
    return list(dict.fromkeys(found))


def read_tcp(kernel: Kernel, owner: str) -> Fact:
    """[{address, port}] of every socket that listens, of both versions. A kernel without IPv6 has no table for it."""
    found: list[dict[str, Any]] = []
    for table in ("tcp", "tcp6"):
        fact = kernel.read_once(f"/proc/{owner}/net/{table}")
        if not fact.known and not (table == "tcp6" and fact.error.startswith("ENOENT")):
            return fact
        found += [entry for entry in listening(str(fact.value or "")) if entry not in found]
    return Fact(f"/proc/{owner}/net/tcp", found)


def listening(text: str) -> Iterator[dict[str, Any]]:
    for line in text.splitlines()[1:]:
        fields = line.split()
        if len(fields) > 3 and fields[3] == LISTENING:
            address, _colon, port = fields[1].partition(":")
            yield {"address": address_of(address), "port": int(port, 16)}


def read_abstract(kernel: Kernel, owner: str) -> Fact:
    """Names of the sockets that every process of the network namespace can reach, whatever files it sees."""
    fact = kernel.read(f"/proc/{owner}/net/unix")
    names = abstract_names(str(fact.value)) if fact.known else []
    if len(names) > SOCKET_LIMIT:
        return Fact(fact.path, error=f"E2BIG {len(names)} sockets, of which at most {SOCKET_LIMIT} are recorded")
    return Fact(fact.path, names) if fact.known else fact


def abstract_names(text: str) -> list[str]:
    """Those that take connections or datagrams. In such a name the kernel shows a NUL as '@'."""
    found: set[str] = set()
    for line in text.splitlines()[1:]:
        fields = line.split(None, 7)
        if len(fields) < 8 or not fields[7].startswith("@") or _MADE_UP.fullmatch(fields[7]):
            continue
        try:
            flags, kind = int(fields[3], 16), int(fields[4], 16)
        except ValueError:
            # A name may hold a line end; what follows is no line of the kernel's.
            continue
        if flags & ACCEPTING or kind == DATAGRAM:
            found.add(fields[7])
    return sorted(found)
