# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From when to when a certificate is good, out of its bytes: Python's own library does not tell. Pure."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime, timezone

VERSION, UTC_TIME, GENERAL_TIME = 0xA0, 0x17, 0x18
FORMS = {UTC_TIME: "%y%m%d%H%M%SZ", GENERAL_TIME: "%Y%m%d%H%M%SZ"}
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)


def validity(pem: str) -> tuple[datetime, datetime]:
    """Of the first certificate in a text. ValueError: there is none, or it is broken."""
    found = _PEM.search(pem)
    if not found:
        raise ValueError("no certificate")
    try:
        data = base64.b64decode("".join(found.group(1).split()), validate=True)
    except binascii.Error as error:
        raise ValueError(f"no certificate: {error}") from error
    signed = _parts(_parts(data)[0][1])[0][1]
    parts = _parts(signed)
    # Serial number, algorithm and issuer come before it, and the version may.
    place = 4 if parts and parts[0][0] == VERSION else 3
    if len(parts) <= place:
        raise ValueError("a certificate without a time")
    times = [_time(tag, body) for tag, body in _parts(parts[place][1])]
    if len(times) != 2:
        raise ValueError("a certificate without two times")
    return times[0], times[1]


def _parts(data: bytes) -> list[tuple[int, bytes]]:
    """(tag, body) of the elements that follow one another (DER)."""
    found, place = [], 0
    while place < len(data):
        tag, length, place = data[place], _byte(data, place + 1), place + 2
        if length & 0x80:
            count = length & 0x7F
            length, place = int.from_bytes(data[place : place + count], "big"), place + count
        if place + length > len(data):
            raise ValueError("a certificate that ends too early")
        found.append((tag, data[place : place + length]))
        place += length
    if not found:
        raise ValueError("a certificate with nothing in it")
    return found


def _byte(data: bytes, place: int) -> int:
    if place >= len(data):
        raise ValueError("a certificate that ends too early")
    return data[place]


def _time(tag: int, body: bytes) -> datetime:
    if tag not in FORMS:
        raise ValueError(f"a certificate with a time of the kind {tag}")
    return datetime.strptime(body.decode("ascii", "replace"), FORMS[tag]).replace(tzinfo=timezone.utc)
