# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate authority of the tests' own, with a server that is called engine.example, and one client."""

from __future__ import annotations

import subprocess
from pathlib import Path

KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


def make(folder: Path) -> Path:
    """ca.pem, server.pem, server-key.pem, cert.pem and key.pem (the names that the engine's client looks for)."""
    folder.mkdir()
    authority = ["req", "-x509", *KEY, "-days", "2", "-subj", "/CN=tests", "-keyout", "ca-key.pem", "-out", "ca.pem"]
    openssl(folder, *authority)
    sign(folder, "server", "server-key.pem", "subjectAltName=DNS:engine.example\nextendedKeyUsage=serverAuth\n")
    sign(folder, "cert", "key.pem", "extendedKeyUsage=clientAuth\n")
    return folder


def sign(folder: Path, name: str, key: str, extensions: str) -> None:
    (folder / "extensions").write_text(extensions)
    openssl(folder, "req", *KEY, "-subj", f"/CN={name}", "-keyout", key, "-out", "request")
    signed = ["-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial", "-extfile", "extensions"]
    openssl(folder, "x509", "-req", "-in", "request", *signed, "-days", "2", "-out", f"{name}.pem")


def openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)
