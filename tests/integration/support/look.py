# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at a running container from outside, through inspect, /proc and cgroupfs, and from inside."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any


class Look:
    """One running container, from outside and from inside."""

    def __init__(self, client: Any, name: str) -> None:
        self.client, self.name = client, name
        self.document = client.inspect_container(name)
        self.pid = self.document["State"]["Pid"]
        self.config, self.host = self.document["Config"], self.document["HostConfig"]

    def proc(self, file: str) -> str:
        return Path(f"/proc/{self.pid}/{file}").read_text()

    def status(self, field: str) -> str:
        return next(
            line.split(":", 1)[1].strip() for line in self.proc("status").splitlines() if line.startswith(field)
        )

    def words(self, file: str) -> list[str]:
        return self.proc(file).rstrip("\0").split("\0")

    def link(self, file: str) -> str:
        return str(Path(f"/proc/{self.pid}/{file}").readlink())

    def shares(self, namespace: str) -> bool:
        return self.link(f"ns/{namespace}") == str(Path(f"/proc/self/ns/{namespace}").readlink())

    def inside(self, path: str) -> str:
        return Path(f"/proc/{self.pid}/root{path}").read_text()

    def mounted(self, target: str) -> str:
        """The mount options at a path, those of the file system included; nothing when it is none."""
        found = [line for line in self.proc("mountinfo").splitlines() if line.split()[4] == target]
        return ",".join(re.split(r"[ ,]", found[-1])[5:]) if found else ""

    def limit(self, name: str) -> list[str]:
        return next(
            re.split(r"\s{2,}", line)[1:3] for line in self.proc("limits").splitlines() if line.startswith(name)
        )

    def cgroup(self, controller: str, file: str) -> str:
        """From the control group, on version 1 and on version 2."""
        for line in self.proc("cgroup").splitlines():
            number, controllers, path = line.split(":", 2)
            if controller in controllers.split(",") or (number == "0" and not controllers):
                for folder in (f"/sys/fs/cgroup/{controller}{path}", f"/sys/fs/cgroup{path}"):
                    if Path(folder, file).exists():
                        return Path(folder, file).read_text().strip()
        raise AssertionError(f"{file} of {self.name} is nowhere")

    def run(self, *argv: str) -> str:
        key = self.client.exec_create(self.name, list(argv))["Id"]
        return self.client.exec_start(key).decode().strip()

    def device(self, path: str) -> tuple[int, int]:
        status = Path(f"/proc/{self.pid}/root{path}").stat()
        return os.major(status.st_rdev), os.minor(status.st_rdev)
