# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that have nothing but their times: nobody signs or checks them."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta, timezone

SEQUENCE, INTEGER, VERSION, UTC_TIME, GENERAL_TIME = 0x30, 0x02, 0xA0, 0x17, 0x18


def element(tag: int, body: bytes) -> bytes:
    count = (len(body).bit_length() + 7) // 8
    length = bytes([len(body)]) if len(body) < 128 else bytes([0x80 | count]) + len(body).to_bytes(count, "big")
    return bytes([tag]) + length + body


def pem(*times: bytes, version: bool = True, padding: int = 0) -> str:
    """padding: bytes of the issuer, which make lengths long."""
    parts = [element(VERSION, element(INTEGER, b"\2"))] * version
    parts += [element(INTEGER, b"\7"), element(SEQUENCE, b""), element(SEQUENCE, b"x" * padding)]
    whole = element(SEQUENCE, element(SEQUENCE, b"".join([*parts, element(SEQUENCE, b"".join(times))])))
    text = base64.encodebytes(whole).decode()
    return f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n"


def utc(when: datetime) -> bytes:
    return element(UTC_TIME, when.strftime("%y%m%d%H%M%SZ").encode())


def authority(age: int, left: int) -> str:
    """One that began `age` days ago and ends `left` days and a bit from now."""
    now = datetime.now(timezone.utc)
    return pem(utc(now - timedelta(days=age, hours=1)), utc(now + timedelta(days=left, hours=1)))
