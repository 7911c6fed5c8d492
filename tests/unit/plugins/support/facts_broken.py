# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers and hosts with many faults: each fault with the checks that have to find it, and no others."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts, facts_host
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import add_line, put, replace_line

BIND = "600 500 {} {} ro,relatime - ext4 /dev/vda1 rw"
Break = Callable[[dict[str, Any]], Any]


class Breakage(NamedTuple):
    change: Break
    checks: frozenset[str]


def value(path: str, new: Any, *checks: str) -> Breakage:
    return Breakage(lambda record: put(record, path, new), frozenset(checks))


def line(old: str, new: str, *checks: str) -> Breakage:
    return Breakage(lambda record: replace_line(record, old, new), frozenset(checks))


def mount(piece: str, target: str, *checks: str) -> Breakage:
    def add(record: dict[str, Any]) -> None:
        add_line(record, BIND.format(piece, target))
        record["declared"]["mounts"].append({"type": "bind", "source": "/x", "target": target, "writable": False})

    return Breakage(add, frozenset(checks))


# No two of them undo one another: any number of them can be in one container.
BREAKAGES: dict[str, Breakage] = {
    **{
        f"{kind} namespace of the host": value(
            f"processes.0.namespaces.{kind}", facts.HOST_NAMESPACES[kind], f"ns-{kind}-private"
        )
        for kind in ("net", "pid", "mnt", "ipc", "uts", "cgroup")
    },
    **{f"{name} unlimited": value(f"limits.{name}.value", "max", f"cgroup-{name}-limit") for name in facts.limits("")},
    "no filter": value("processes.0.status.Seccomp", "0", "seccomp-filter"),
    "new privileges": value("processes.0.status.NoNewPrivs", "0", "no-new-privileges"),
    "a capability": value("processes.0.status.CapBnd", "0000000000000001", "capabilities"),
    "out of its group": value("processes.0.cgroups", {"/system.slice/ssh.service": [""]}, "cgroup-membership"),
    "score": value("resources.oom_scores.0.value", "-500", "cgroup-oom-score"),
    "root": value("processes.0.status.Uid", "0 0 0 0", "process-not-root"),
    "a server": value("processes.0.names", ["sshd"], "process-sshd"),
    "restarts": value("lifecycle.restart.value", {"name": "always", "retries": 0}, "restart-policy"),
    "ill": value("lifecycle.health.value.status", "unhealthy", "container-health"),
    "set-id": value("mounting.layer.setid", ["/bin/su (4755, of user 0)"], "rootfs-set-id"),
    "writable root": line("500 400 0:90 / / ro", "500 400 0:90 / / rw", "rootfs-read-only"),
    # Where users are mapped the engine's own are writable, for nobody inside.
    "groups writable": line("/sys/fs/cgroup ro", "/srv/groups rw", "cgroup-files-read-only", "mounts-known"),
    "socket": mount("0:24 /docker.sock", "/a", "engine-socket-hidden"),
    "etc": mount("254:1 /etc", "/b", "host-mounts"),
    "modules": mount("254:1 /usr/lib/modules", "/c", "host-mounts"),
}


def pair_of(record: dict[str, Any]) -> str:
    """The categories of a container's first process."""
    return str(record["processes"][0]["label"]).rpartition(":")[2]


def given_pair(record: dict[str, Any], pair: str) -> dict[str, Any]:
    """The record with other categories, wherever they stand."""
    other: dict[str, Any] = json.loads(json.dumps(record).replace(pair_of(record), pair))
    return other


def container(number: int) -> dict[str, Any]:
    """A good one, with a name, categories and namespaces of its own."""
    text = json.dumps(facts.container("ada", 2000 + number)).replace("-ada", f"-{number}")
    return given_pair(json.loads(text.replace("/ada/", f"/{number}/")), f"c{number},c{number + 500}")


def fleet(number: int) -> dict[str, Any]:
    """The host's policy answers for all of them as it does for the first one of the good document."""
    found = facts.document()
    pair, policy = pair_of(found["containers"][0]), found["host"]["selinux"]
    containers = [container(one) for one in range(number)]
    for part in ("contexts", "crossings"):
        own = {label: answer for label, answer in policy[part].items() if pair in label}
        policy[part] = {
            label.replace(pair, pair_of(one)): answer for one in containers for label, answer in own.items()
        }
    return {**found, "containers": containers}


def document() -> dict[str, Any]:
    """One with every fault, one that shares with it, and a host with many of its own."""
    found = fleet(2)
    first, second = found["containers"]
    for breakage in BREAKAGES.values():
        breakage.change(first)
    put(second, "sources.0.identity", first["sources"][0]["identity"])
    found["containers"][1] = given_pair(second, pair_of(first))
    host = found["host"]
    for name in facts_host.SETTINGS:
        put(host, f"settings.{name}.value", "7" if name != "core_pattern" else "|/var/lib/docker/x")
    put(host, "settings.vulnerabilities.value.meltdown", "Vulnerable")
    for row in facts_host.ROWS:
        put(host, f"files.{row}.value.0.value", {"owner": "mallory", "group": "users", "mode": "0777"})
    put(host, "audit.loaded.value", [])
    put(host, "groups.value.docker", ["mallory"])
    put(host, "strays.value", [{"id": "a" * 64, "owner": "", "path": "/proc/9/cgroup"}])
    put(host, "registries.containers_conf.value", ["registry.test"])
    put(host, "registries.signature_policy.value", ["insecureAcceptAnything"])
    put(host, "registries.logins.0.value.registries", ["registry.test"])
    put(host, "daemon.info.value.InsecureCIDRs", ["10.0.0.0/8"])
    put(host, "daemon.info.value.Mirrors", ["http://mirror.test"])
    put(host, "daemon.listeners.value", [{"kind": "tcp", "address": "0.0.0.0", "port": 2375}])
    put(host, "daemon.info.value.Debug", True)
    put(host, "daemon.proxies.value", 2)
    put(host, "selinux.enforce.value", "0")
    put(host, "engine.components", {"Engine": "20.10.0", "containerd": "1.4.0", "runc": "1.0.0"})
    return found
