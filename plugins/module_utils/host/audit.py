# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's audit rules, asked over netlink. Only the request that lists them is ever sent: nothing is changed."""

from __future__ import annotations

import socket
import struct
from typing import NamedTuple

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel, words

PATH = "netlink AUDIT_LIST_RULES"
NETLINK_AUDIT, LIST_RULES = 9, 1013
_ERROR, _DONE = 2, 3
_REQUEST, _ACK = 1, 4
_HEADER = struct.Struct("=IHHII")
# flags, action, field count, mask, fields, values, how each is compared, length of the texts after it.
_RULE = struct.Struct("=III64I64I64I64II")
ALWAYS, EXIT = 2, 4
# Fields of a rule whose value is the length of a text: labels of subject and object, watch, dir, filter key, exe.
_TEXTS = (*range(13, 18), *range(19, 24), 105, 107, 210, 112)
WATCH, DIRECTORY, PERMISSION = 105, 107, 106
ANY_ACCESS, WRITE = 15, 2


class Rule(NamedTuple):
    """What is written down at this path (and below it, for a directory)."""

    path: str
    below: bool
    access: int


def ask(kernel: Kernel, timeout: float = 2.0) -> Fact:
    """The watches that are loaded, as [path, below, access]. None is an answer too."""
    if kernel.root:
        return Fact(PATH, error="ENOTSUP a recorded tree has no kernel to ask")
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_AUDIT) as connection:
            connection.settimeout(timeout)
            connection.bind((0, 0))
            connection.sendto(_HEADER.pack(_HEADER.size, LIST_RULES, _REQUEST | _ACK, 1, 0), (0, 0))
            return _answers(connection)
    except OSError as error:
        return Fact(PATH, error=words(error))


def _answers(connection: socket.socket) -> Fact:
    """The kernel acknowledges the request, lists the rules, and says when it is done."""
    found: list[Rule] = []
    while True:
        data = connection.recv(1 << 16)
        for kind, body in messages(data):
            if kind == _ERROR:
                code = -struct.unpack_from("=i", body)[0]
                if code:
                    return Fact(PATH, error=words(OSError(code, "the kernel refused to list its audit rules")))
            elif kind == _DONE:
                return Fact(PATH, [list(rule) for rule in found], f"{len(found)} watches are loaded")
            elif kind == LIST_RULES:
                found += [rule for rule in [parse(body)] if rule]


def messages(data: bytes) -> list[tuple[int, bytes]]:
    """(type, body) of the messages in one datagram; each begins at a multiple of four."""
    found, place = [], 0
    while place + _HEADER.size <= len(data):
        length, kind, _flags, _sequence, _port = _HEADER.unpack_from(data, place)
        if length < _HEADER.size:
            break
        found.append((kind, data[place + _HEADER.size : place + length]))
        place += (length + 3) & ~3
    return found


def parse(body: bytes) -> Rule | None:
    """A rule that writes down what happens to a path; None for any other."""
    if len(body) < _RULE.size:
        return None
    numbers = _RULE.unpack_from(body)
    flags, action, count = numbers[:3]
    fields, values = numbers[67 : 67 + count], numbers[131 : 131 + count]
    if action != ALWAYS or flags & 7 != EXIT:
        return None
    path, below, access, place = "", False, ANY_ACCESS, _RULE.size
    for field, value in zip(fields, values):
        if field == PERMISSION:
            access = value
        if field not in _TEXTS:
            continue
        text = body[place : place + value].decode("utf-8", "replace")
        place += value
        if field in (WATCH, DIRECTORY):
            path, below = text, field == DIRECTORY
    return Rule(path, below, access) if path else None
