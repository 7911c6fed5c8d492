# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The arguments of container_fleet. They stand apart because there are many, and because they are used twice."""

from __future__ import annotations

from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.container_spec import STATES
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.devices import RATES
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.mounts import PROPAGATIONS
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_arguments import ENGINE_ARGUMENTS

Arguments = dict[str, dict[str, Any]]

_WORDS: dict[str, Any] = {"type": "list", "elements": "str"}

_ULIMIT: Arguments = {
    "name": {"type": "str", "required": True},
    "soft": {"type": "int", "required": True},
    "hard": {"type": "int"},
}

_MOUNT: Arguments = {
    "type": {"type": "str", "choices": ["bind", "volume", "tmpfs"], "default": "volume"},
    "source": {"type": "str"},
    "target": {"type": "str", "required": True},
    "read_only": {"type": "bool"},
    "propagation": {"type": "str", "choices": list(PROPAGATIONS)},
    "selinux": {"type": "str", "choices": ["private", "shared"]},
    "no_copy": {"type": "bool"},
    "size": {"type": "str"},
    "mode": {"type": "str"},
}

_ENDPOINT: Arguments = {
    "name": {"type": "str", "required": True},
    "aliases": _WORDS,
    "ipv4_address": {"type": "str"},
    "ipv6_address": {"type": "str"},
}

_HEALTHCHECK: Arguments = {
    "test": _WORDS,
    "interval": {"type": "str"},
    "timeout": {"type": "str"},
    "start_period": {"type": "str"},
    "start_interval": {"type": "str"},
    "retries": {"type": "int"},
}

_RATES: dict[str, Any] = {
    "type": "list",
    "elements": "dict",
    "options": {"path": {"type": "str", "required": True}, "rate": {"type": "str", "required": True}},
}

# No defaults in here: what is not given must be told from what is.
CONTAINER: Arguments = {
    "image": {"type": "str"},
    "command": _WORDS,
    "entrypoint": _WORDS,
    "env": {"type": "dict"},
    "secret_env": {"type": "dict", "no_log": True},
    "user": {"type": "str"},
    "group_add": {**_WORDS, "aliases": ["groups"]},
    "workdir": {"type": "str", "aliases": ["working_dir"]},
    "hostname": {"type": "str"},
    "tty": {"type": "bool"},
    "interactive": {"type": "bool"},
    "labels": {"type": "dict"},
    "memory": {"type": "str"},
    "memory_swap": {"type": "str"},
    "memory_reservation": {"type": "str"},
    "cpus": {"type": "float"},
    "cpu_shares": {"type": "int"},
    "cpuset_cpus": {"type": "str"},
    "cpuset_mems": {"type": "str"},
    "pids_limit": {"type": "int"},
    "blkio_weight": {"type": "int"},
    **dict.fromkeys(RATES, _RATES),
    "oom_score_adj": {"type": "int"},
    "shm_size": {"type": "str"},
    "ulimits": {"type": "list", "elements": "dict", "options": _ULIMIT},
    "sysctls": {"type": "dict"},
    "devices": _WORDS,
    "device_cgroup_rules": _WORDS,
    "cap_drop": _WORDS,
    "cap_add": {**_WORDS, "aliases": ["capabilities"]},
    "security_opts": _WORDS,
    "privileged": {"type": "bool"},
    "read_only": {"type": "bool"},
    "init": {"type": "bool"},
    "tmpfs": {"type": "dict"},
    "volumes": _WORDS,
    "mounts": {"type": "list", "elements": "dict", "options": _MOUNT},
    "storage_opt": {"type": "dict"},
    "networks": {"type": "list", "elements": "dict", "options": _ENDPOINT},
    "network_mode": {"type": "str"},
    "ports": {**_WORDS, "aliases": ["published_ports"]},
    "dns": {**_WORDS, "aliases": ["dns_servers"]},
    "dns_search": {**_WORDS, "aliases": ["dns_search_domains"]},
    "dns_options": {**_WORDS, "aliases": ["dns_opts"]},
    "extra_hosts": {"type": "dict", "aliases": ["etc_hosts"]},
    "cgroup_parent": {"type": "str"},
    "pid_mode": {"type": "str"},
    "ipc_mode": {"type": "str"},
    "uts_mode": {"type": "str"},
    "userns_mode": {"type": "str"},
    "cgroupns_mode": {"type": "str"},
    "runtime": {"type": "str"},
    "log_driver": {"type": "str"},
    "log_options": {"type": "dict"},
    "healthcheck": {"type": "dict", "options": _HEALTHCHECK},
    "restart_policy": {"type": "str"},
    "stop_signal": {"type": "str"},
    "stop_timeout": {"type": "int"},
    "wait_healthy": {"type": "int"},
    "state": {"type": "str", "choices": list(STATES)},
}

NETWORK: Arguments = {
    "name": {"type": "str", "required": True},
    "driver": {"type": "str", "default": "bridge"},
    "internal": {"type": "bool", "default": False},
    "options": {"type": "dict", "aliases": ["driver_opts"]},
    "labels": {"type": "dict"},
    "subnet": {"type": "str"},
    "gateway": {"type": "str"},
}

ARGUMENT_SPEC: Arguments = {
    "name": {"type": "str", "required": True},
    "labels": {"type": "dict", "default": {}},
    "networks": {"type": "list", "elements": "dict", "default": [], "options": NETWORK},
    "containers": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {"name": {"type": "str", "required": True}, "depends_on": _WORDS, **CONTAINER},
    },
    "defaults": {"type": "dict", "default": {}, "options": CONTAINER},
    "state": {"type": "str", "choices": list(STATES), "default": "started"},
    "prune": {"type": "bool", "default": False},
    "force": {"type": "bool", "default": False},
    "parallel": {"type": "int", "default": 8},
    **ENGINE_ARGUMENTS,
}
