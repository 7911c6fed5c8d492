# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's /proc, cgroupfs and selinuxfs as files in a folder, and an engine that answers for the containers in it.

A namespace is a file, and sharing one is a hard link: so device and inode behave as the kernel's do.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel

KINDS = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")
STATUS = "Name:\tsleep\nUid:\t1000\t1000\t1000\t1000\nCapEff:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n"
STATUS += "Threads:\t1\n"
V1 = ["memory", "cpu", "pids"]
V1_MOUNTS = "".join(
    f"3{n} 1 0:3{n} / /sys/fs/cgroup/{name} rw - cgroup cgroup rw,{name}\n" for n, name in enumerate(V1)
)
V2_MOUNTS = "30 1 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
ROOT_MOUNT = "1 0 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
CONTAINER_MOUNTS = "9 8 0:90 / / ro,relatime - overlay overlay rw,lowerdir=/a:/b\n"


class FileKernel(Kernel):
    """What stands in a folder lies on no mount of its own: here every place is on the only one of CONTAINER_MOUNTS."""

    def __init__(self, root: str) -> None:
        super().__init__(root)
        self.mount_numbers: dict[str, int] = {}

    def mount_number(self, path: str) -> Fact:
        return Fact(path, self.mount_numbers.get(path, 9)) if self.exists(path) else super().mount_number(path)


class FakeKernel:
    def __init__(self, root: Path, version: int = 2) -> None:
        self.root, self.version = root, version
        self.kernel = FileKernel(str(root))
        self.write("/proc/self/mountinfo", ROOT_MOUNT + (V2_MOUNTS if version == 2 else V1_MOUNTS))
        self.write("/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids")
        self.write("/proc/sys/kernel/osrelease", "6.12.0\n")
        self.write("/proc/meminfo", "MemTotal:        2048 kB\nSwapTotal:          0 kB\n")
        for kind in KINDS:
            self.write(f"/proc/self/ns/{kind}", "")

    def write(self, path: str, text: str) -> None:
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    def link(self, path: str, to: str) -> None:
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.symlink_to(to)

    def descriptor(self, pid: int, number: int, to: str, mount: int) -> None:
        self.link(f"/proc/{pid}/fd/{number}", to)
        self.write(f"/proc/{pid}/fdinfo/{number}", f"pos:\t0\nflags:\t0100000\nmnt_id:\t{mount}\n")

    def thread(self, pid: int, number: int, **changed: str) -> None:
        """A thread whose status differs in these lines from its process's; the process says that it has it."""
        status = self.root / f"proc/{pid}/status"
        own = [line for line in status.read_text().splitlines() if not line.startswith("Threads")]
        (self.root / f"proc/{pid}/task/{pid}").mkdir(parents=True, exist_ok=True)
        lines = [line for line in own if line.partition(":")[0] not in changed]
        lines += [f"{key}:\t{value}" for key, value in changed.items()]
        self.write(f"/proc/{pid}/task/{number}/status", "\n".join(lines) + "\n")
        count = len(list((self.root / f"proc/{pid}/task").iterdir()))
        status.write_text("\n".join([*own, f"Threads:\t{count}"]) + "\n")

    def process(self, pid: int, group: str = "/", start: int = 100, share: dict[str, str] | None = None) -> None:
        """share: kind of namespace to the number (or 'self') whose it is; the others are its own."""
        self.write(f"/proc/{pid}/stat", stat(pid, start))
        self.write(f"/proc/{pid}/status", STATUS)
        self.write(f"/proc/{pid}/comm", "sleep\n")
        self.write(f"/proc/{pid}/attr/current", "system_u:system_r:container_t:s0:c1,c2\0")
        self.write(f"/proc/{pid}/mountinfo", CONTAINER_MOUNTS)
        self.write(f"/proc/{pid}/environ", "PATH=/usr/bin\0HOME=/\0")
        for name in ("uid_map", "gid_map"):
            self.write(f"/proc/{pid}/{name}", "         0     100000      65536\n")
        for name in ("cwd", "exe", "root"):
            self.link(f"/proc/{pid}/{name}", "/")
        (self.root / f"proc/{pid}/fd").mkdir(exist_ok=True)
        lines = [f"0::{group}"] if self.version == 2 else [f"{n}:{name}:{group}" for n, name in enumerate(V1, 1)]
        self.write(f"/proc/{pid}/cgroup", "\n".join(lines) + "\n")
        for kind in KINDS:
            place = self.root / f"proc/{pid}/ns/{kind}"
            place.parent.mkdir(exist_ok=True)
            if share and kind in share:
                os.link(self.root / f"proc/{share[kind]}/ns/{kind}", place)
            else:
                place.write_text("")

    def group(self, path: str, pids: tuple[int, ...] = (), **files: str) -> None:
        """A control group; memory_max='1' writes memory.max (version 2), or the file of that name (version 1)."""
        if self.version == 2:
            self._group(f"/sys/fs/cgroup{path}", pids, files)
        else:
            for name in V1:
                own = {key: text for key, text in files.items() if key.startswith(name)}
                self._group(f"/sys/fs/cgroup/{name}{path}", pids, own)

    def _group(self, folder: str, pids: tuple[int, ...], files: dict[str, str]) -> None:
        self.write(f"{folder}/cgroup.procs", "".join(f"{pid}\n" for pid in pids))
        for key, text in files.items():
            controller, _blank, name = key.partition("_")
            self.write(f"{folder}/{controller}.{name}", text + "\n")


def stat(pid: int, start: int, state: str = "S") -> str:
    """A name with a bracket and a space in it, as a hostile program may call itself."""
    return f"{pid} (a) S b) {state} " + " ".join(["0"] * 18) + f" {start} 0\n"


def identifier(letter: str) -> str:
    return letter * 64


class FakeEngine:
    """Answers like the low-level client. Each inspection may be changed by what stands in `changes`, once."""

    def __init__(self, *inspections: dict[str, Any]) -> None:
        self.inspections = {entry["Id"]: entry for entry in inspections}
        self.changes: dict[str, list[Any]] = {}
        self.asked: list[str] = []
        self.kept: dict[str, dict[str, Any]] = {}
        self.steps: dict[str, Any] = {}

    def containers(self, all: bool) -> list[dict[str, Any]]:
        assert all, "a stopped container counts too"
        return [{"Id": key} for key in self.inspections]

    def inspect_container(self, key: str) -> dict[str, Any]:
        self.asked.append(key)
        if self.changes.get(key):
            self.changes[key].pop(0)()
        if key not in self.inspections:
            raise EngineError("Cannot inspect", status=404)
        return self.inspections[key]

    def info(self) -> dict[str, Any]:
        return {"CgroupDriver": "systemd", "DockerRootDir": "/var/lib/docker", "SecurityOptions": ["name=selinux"]}

    def networks(self) -> list[dict[str, Any]]:
        options = {"com.docker.network.bridge.enable_icc": "true"}
        return [{"Name": "bridge", "Id": "b" * 64, "Driver": "bridge", "Options": options}]

    def services(self) -> list[dict[str, Any]]:
        return []

    def images(self) -> list[dict[str, Any]]:
        return list(self.kept.values())

    def inspect_image(self, key: str) -> dict[str, Any]:
        if key not in self.kept:
            raise EngineError("No such image", status=404)
        return self.kept[key]

    def history(self, key: str) -> Any:
        return self.steps.get(key, [])

    def version(self) -> dict[str, Any]:
        return {"Version": "26.1.5", "ApiVersion": "1.45", "Components": []}


def inspection(letter: str, pid: int, **labels: str) -> dict[str, Any]:
    return {
        "Id": identifier(letter),
        "Name": f"/workspace-{letter}",
        "Config": {"Image": "course/workspace", "Labels": labels, "Env": ["TOKEN=hunter2"]},
        "State": {"Status": "running" if pid else "exited", "Pid": pid},
        "HostConfig": {"Memory": 1024, "PidsLimit": None, "SecurityOpt": None},
        "Mounts": [],
    }
