# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is managed of a container, in one spelling, whether it comes from a task or from the engine.

Everything that is not a field of Spec is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.devices import Rates
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.healthcheck import Healthcheck
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.mounts import Mount
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.ports import Port

# Options that the engine's configuration decides when nobody asks for them. Single ulimits and log options are further
# ones.
ENGINE_DECIDES = ("hostname", "ipc_mode", "cgroupns_mode", "shm_size", "runtime", "log_driver")

SUCCESSOR = ".next"
# Of cpu_shares; what a container has that asks for nothing.
SHARES = 1024
BUILT_IN_NETWORKS = ("default", "bridge", "host", "none")
STATES = ("started", "stopped", "absent", "restarted")


@dataclass(frozen=True, order=True)
class Endpoint:
    """A container's place in a network."""

    name: str
    aliases: tuple[str, ...] = ()
    ipv4_address: str = ""
    ipv6_address: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, [self.name, *self.aliases, self.ipv4_address, self.ipv6_address]))


@dataclass(frozen=True)
class Spec:
    """None means that the image or the engine decides."""

    name: str
    image: str = ""
    state: str = "started"
    command: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    group_add: tuple[str, ...] = ()
    workdir: str | None = None
    hostname: str | None = None
    tty: bool = False
    interactive: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    memory: int = 0
    memory_swap: int | None = None
    memory_reservation: int = 0
    cpus: int = 0
    # 0 is the engine's default of 1024.
    cpu_shares: int = 0
    cpuset_cpus: str = ""
    cpuset_mems: str = ""
    # Never asked for; anything else than 0 was set behind our back, and stands in the way of cpus.
    cpu_quota: int = 0
    pids_limit: int = 0
    blkio_weight: int = 0
    device_read_bps: Rates = ()
    device_write_bps: Rates = ()
    device_read_iops: Rates = ()
    device_write_iops: Rates = ()
    oom_score_adj: int = 0
    shm_size: int | None = None
    ulimits: tuple[tuple[str, int, int], ...] = ()
    sysctls: Mapping[str, str] = field(default_factory=dict)
    devices: tuple[str, ...] = ()
    device_cgroup_rules: tuple[str, ...] = ()
    cap_add: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    security_opts: tuple[str, ...] = ()
    privileged: bool = False
    read_only: bool = False
    init: bool | None = None
    tmpfs: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[Mount, ...] = ()
    storage_opt: Mapping[str, str] = field(default_factory=dict)
    networks: tuple[Endpoint, ...] = ()
    network_mode: str | None = None
    ports: tuple[Port, ...] = ()
    # The order of these three is the order in which they are tried.
    dns: tuple[str, ...] = ()
    dns_search: tuple[str, ...] = ()
    dns_options: tuple[str, ...] = ()
    extra_hosts: Mapping[str, str] = field(default_factory=dict)
    cgroup_parent: str = ""
    pid_mode: str = ""
    ipc_mode: str | None = None
    uts_mode: str = ""
    userns_mode: str = ""
    cgroupns_mode: str | None = None
    runtime: str | None = None
    log_driver: str | None = None
    log_options: Mapping[str, str] = field(default_factory=dict)
    healthcheck: Healthcheck | None = None
    restart_policy: str = "no"
    stop_signal: str | None = None
    stop_timeout: int | None = None
    # How it is converged, and nothing that the container has.
    depends_on: tuple[str, ...] = ()
    wait_healthy: int = 0

    @property
    def up(self) -> bool:
        return self.state in ("started", "restarted")

    @property
    def asked(self) -> frozenset[str]:
        """The options asked for that end up in label ASKED."""
        names = [name for name in ENGINE_DECIDES if getattr(self, name) is not None]
        names += [f"ulimits.{name}" for name, _soft, _hard in self.ulimits]
        return frozenset(names + [f"log_options.{name}" for name in self.log_options])


WISHES = ("name", "state", "depends_on", "wait_healthy")
# In the order in which changes are shown.
PROPERTIES = tuple(name for name in Spec.__dataclass_fields__ if name not in WISHES)


@dataclass(frozen=True)
class Member:
    """A container of the fleet as the engine reports it."""

    spec: Spec
    id: str
    image_id: str
    status: str
    asked: frozenset[str] = frozenset()
    network_ids: Mapping[str, str] = field(default_factory=dict)
    health: str = ""
    pid: int = 0
    # What the control group has, where it can be read.
    kernel: Mapping[str, Any] = field(default_factory=dict)

    @property
    def running(self) -> bool:
        return self.status in ("running", "restarting")


def tmpfs_words(entries: Mapping[str, str | None]) -> dict[str, str]:
    """Mount options by target, sorted: their order means nothing."""
    return {str(target): ",".join(sorted((words or "").split(","))) for target, words in entries.items()}
