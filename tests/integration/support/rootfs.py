# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A root file system of 2 MB: a static busybox with its commands as links. Nothing is downloaded."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

BUSYBOX = Path("/bin/busybox")
FOLDERS = ("bin", "dev", "etc", "proc", "root", "sys", "tmp", "var")


def write_rootfs(target: Path) -> Path:
    applets = subprocess.run([str(BUSYBOX), "--list"], check=True, capture_output=True, text=True).stdout.split()
    with tarfile.open(target, "w:gz" if target.suffix == ".gz" else "w") as archive:
        for name in FOLDERS:
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
            archive.addfile(folder)
        _file(archive, "bin/busybox", BUSYBOX.read_bytes(), 0o755)
        _file(archive, "etc/passwd", b"root:x:0:0:root:/root:/bin/sh\nstudent:x:1000:1000::/tmp:/bin/sh\n", 0o644)
        _file(archive, "etc/group", b"root:x:0:\nstudent:x:1000:\n", 0o644)
        for applet in applets:
            if applet != "busybox":
                link = tarfile.TarInfo(f"bin/{applet}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                archive.addfile(link)
    return target


def _file(archive: tarfile.TarFile, name: str, content: bytes, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    archive.addfile(entry, io.BytesIO(content))


def imported(engine, rootfs: Path) -> str:
    """The name of an image with a shell, that was made behind the modules' back."""
    name = "bulkhead-test/base:1"
    engine.client.import_image_from_file(str(rootfs), repository="bulkhead-test/base", tag="1")
    assert engine.client.inspect_image(name)["Id"]
    return name
