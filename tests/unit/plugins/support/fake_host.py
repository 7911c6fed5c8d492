# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole engine host as files in a folder, on which every check of the host is green: real readers read it.

Files belong to root there, whoever runs the tests.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts import (
    audit_facts,
    engine_host,
    filter_facts,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.gather import gather
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.kernel_settings import FILES, whole
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.network_facts import BRIDGE_FILTERS
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts_host, facts_networks
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.fake_kernel import (
    FakeEngine,
    FakeKernel,
    FileKernel,
    inspection,
)

PID, BOOT, SOCKET = 801, 2_000_000, "/run/docker.sock"
DAEMON, LOGIN = "/etc/docker/daemon.json", "/root/.docker/config.json"
CONF, CPU = "/proc/sys/net/ipv4/conf", "/sys/devices/system/cpu/vulnerabilities"
REGISTRY = "registry.classroom.test"
TCP = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
UNIX = "Num       RefCount Protocol Flags    Type St Inode Path\n"
LISTENING = f"0000000000000000: 00000002 00000000 00010000 0001 01 100 {SOCKET}\n"
MOUNTS = "1 0 254:1 / / rw - ext4 /dev/vda1 rw\n2 1 254:2 / /var/lib/docker rw - ext4 /dev/vda2 rw\n"
CONFIGURED = {
    **facts_host.daemon()["file"]["value"],
    **{"tlscacert": "/etc/docker/ca.pem", "tlscert": "/etc/docker/cert.pem", "tlskey": "/etc/docker/key.pem"},
}
PROGRAMS = ("dockerd", "containerd", "containerd-shim", "containerd-shim-runc-v1", "containerd-shim-runc-v2", "runc")
# Path to its mode.
PLACES = {
    "/lib/systemd/system/docker.service": 0o644,
    "/lib/systemd/system/docker.socket": 0o644,
    "/etc/default/docker": 0o644,
    "/etc/sysconfig/docker": 0o644,
    f"/etc/docker/certs.d/{REGISTRY}/ca.crt": 0o444,
    "/etc/docker/ca.pem": 0o444,
    "/etc/docker/cert.pem": 0o444,
    "/etc/docker/key.pem": 0o400,
    "/etc/containerd/config.toml": 0o644,
    "/run/containerd/containerd.sock": 0o660,
    SOCKET: 0o660,
    "/var/lib/docker/engine-id": 0o600,
    "/usr/bin/podman": 0o755,
    **{f"/usr/bin/{name}": 0o755 for name in PROGRAMS},
}
TEXTS = {
    "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\nmallory:x:1000:1000::/home/mallory:/bin/sh\n",
    "/etc/group": "root:x:0:\ndocker:x:999:\nusers:x:100:\n",
    "/etc/audit/audit.rules": "-w /etc/docker -p wa -k docker\n",
    "/etc/containers/registries.conf": f'[[registry]]\nlocation = "{REGISTRY}"\n',
    "/etc/containers/policy.json": '{"default": [{"type": "reject"}]}',
    LOGIN: '{"auths": {}, "credsStore": "pass"}',
    BRIDGE_FILTERS["bridge_filter"]: "1",
    "/sys/fs/selinux/enforce": "1",
    "/sys/fs/selinux/mls": "1",
    "/sys/fs/selinux/booleans/container_manage_cgroup": "0 0",
    "/etc/subuid": "dockremap:100000:65536\n",
    "/etc/subgid": "dockremap:100000:65536\n",
    "/proc/stat": f"cpu 1 2 3\nbtime {BOOT}\n",
    f"{CPU}/meltdown": "Mitigation: PTI",
    f"/proc/{PID}/comm": "dockerd\n",
    f"/proc/{PID}/cmdline": "dockerd\0-H\0fd://\0",
    f"/proc/{PID}/uid_map": "         0     100000      65536\n",
    f"/proc/{PID}/net/tcp": TCP,
    f"/proc/{PID}/net/tcp6": TCP,
    f"/proc/{PID}/net/unix": UNIX + LISTENING,
    f"/proc/{PID}/mountinfo": MOUNTS,
}
INFO = {
    **{key: value for key, value in facts_host.info().items() if key[0].isupper() and key != "Authorization"},
    "Plugins": {"Authorization": ["opa"]},
    "RegistryConfig": {
        "InsecureRegistryCIDRs": ["127.0.0.0/8"],
        "IndexConfigs": {"docker.io": {"Secure": True}},
        "Mirrors": ["https://mirror.classroom.test/"],
    },
    "Swarm": {"LocalNodeState": "inactive", "ControlAvailable": False},
}
OPTIONS = {facts_host.ICC: "false", "com.docker.network.bridge.name": "docker0"}
VERSIONS = {"Engine": "28.5.2", "containerd": "1.7.29", "runc": "1.3.3"}


class OwnedKernel(FileKernel):
    """Whose a file is stands in a table: a plain user cannot give files to root. Some files are closed."""

    def __init__(self, root: str) -> None:
        super().__init__(root)
        self.owners: dict[str, tuple[int, int]] = {}
        self.closed: set[str] = set()

    def status(self, path: str) -> Fact:
        fact = super().status(path)
        uid, gid = self.owners.get(path, (0, 0))
        return Fact(path, {**fact.value, "uid": uid, "gid": gid}, fact.raw) if fact.known else fact

    def read(self, path: str) -> Fact:
        return Fact(path, error="EACCES Permission denied") if path in self.closed else super().read(path)

    def names(self, path: str) -> Fact:
        return Fact(path, error="EACCES Permission denied") if path in self.closed else super().names(path)


class FakeHost(FakeKernel):
    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.kernel: OwnedKernel = OwnedKernel(str(root))
        self.kernel.owners[SOCKET] = (0, 999)
        self.info: dict[str, Any] = {**INFO}
        self.versions = {**VERSIONS}
        self.services: list[dict[str, Any]] = []
        self.bridge: dict[str, Any] = {"Driver": "bridge", "Options": dict(OPTIONS), "IPAM": {"Config": []}}
        self.rules = "\n".join(["*filter", *facts_networks.rules("docker0"), "COMMIT"])
        self.process(PID, "/system.slice/docker.service")
        (root / f"proc/{PID}/fd").mkdir(exist_ok=True)
        (root / f"proc/{PID}/fd/3").symlink_to("socket:[100]")
        for path, text in TEXTS.items():
            self.write(path, text)
        for path, mode in PLACES.items():
            self.write(path, "")
            (root / path[1:]).chmod(mode)
        for name, value in facts_host.SETTINGS.items():
            self.write(whole(FILES[name]), value)
        for name in ("all", "default", "eth0"):
            for key, value in facts_host.interface().items():
                self.write(f"{CONF}/{name}/{key}", value)
        (root / "etc/docker").chmod(0o755)
        self.configure(CONFIGURED)
        self.loaded = [[place, False, 10] for place in self.places().values() if place]

    def configure(self, values: Any) -> None:
        """What stands in daemon.json: text as it is, anything else as JSON. Older than the engine's start."""
        self.write(DAEMON, values if isinstance(values, str) else json.dumps(values))
        (self.root / DAEMON[1:]).chmod(0o644)
        os.utime(self.root / DAEMON[1:], (BOOT - 3600, BOOT - 3600))

    def places(self) -> dict[str, str]:
        """Where the watched files are here."""
        return {row: str(place.value) for row, place in audit_facts.find_places(self.kernel, {}).items()}

    def gather(self, monkeypatch: Any) -> dict[str, Any]:
        """The document, read by the real readers. Only what the kernel tells programs cannot lie in a folder."""

        def read_audit(kernel: Kernel, daemon: dict[str, Any]) -> dict[str, Any]:
            return audit_facts.read_audit(kernel, daemon, lambda _kernel: Fact("netlink", self.loaded))

        def read_rules(kernel: Kernel, pid: int, info: dict[str, Any], networks: Any) -> dict[str, Any]:
            return filter_facts.read_rules(
                kernel, pid, info, networks, lambda _kernel, _pid, name: Fact(name, self.rules)
            )

        monkeypatch.setattr(engine_host, "read_audit", read_audit)
        monkeypatch.setattr(engine_host, "read_rules", read_rules)
        return gather(HostEngine(self), self.kernel, {}, "tcp://127.0.0.1:1")


class HostEngine(FakeEngine):
    """One stopped container, whose image is of the private registry."""

    def __init__(self, host: FakeHost) -> None:
        stopped = inspection("a", 0)
        stopped["Config"] = {**stopped["Config"], "Image": f"{REGISTRY}/course/base"}
        super().__init__(stopped)
        self.host = host

    def info(self) -> dict[str, Any]:
        return self.host.info

    def version(self) -> dict[str, Any]:
        parts = [{"Name": name, "Version": version} for name, version in self.host.versions.items()]
        return {"Version": "28.5.2", "ApiVersion": "1.45", "Components": parts}

    def networks(self) -> list[dict[str, Any]]:
        return [{"Name": "bridge", "Id": "b" * 64, "EnableIPv6": False, **self.host.bridge}]

    def services(self) -> list[dict[str, Any]]:
        return self.host.services
