# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a host concerns its engine and not one container: the engine, files, audit, kernel, registries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_reading import Readable
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact, as_list, as_mapping
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.audit_facts import read_audit
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.daemon_facts import read_daemon
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.file_facts import accounts, read_files
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.filter_facts import read_rules
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.kernel_settings import read_settings
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.network_facts import (
    DEFAULT_BRIDGE,
    read_host_network,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.registry_facts import read_registries
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.stray_facts import read_strays, scan
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.swarm_facts import read_swarm_facts
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.user_facts import read_subordinates


def read_engine_host(
    engine: Readable,
    kernel: Kernel,
    info: Mapping[str, Any],
    host: Mapping[str, Any],
    inspected: Iterable[Mapping[str, Any]],
    networks: Iterable[Mapping[str, Any]],
) -> dict[str, Any]:
    """Keys that read_host() does not have. host: what it read."""
    pid = as_mapping(host.get("engine")).get("pid")
    listed = list(networks)
    daemon = read_daemon(kernel, info, pid, bridge_among(listed))
    daemon.update(read_swarm_facts(engine, kernel, info))
    records = list(inspected)
    daemon["published"] = published_ports(records)
    processes = scan(kernel)
    daemon["proxies"] = read_proxies(kernel, pid, processes).document()
    names = accounts(kernel)
    known = {str(record.get("Id")) for record in records}
    return {
        "daemon": daemon,
        "files": read_files(kernel, daemon, names),
        "groups": names.members.document(),
        "group_numbers": names.numbers.document(),
        "subordinate_ids": read_subordinates(kernel, names.users),
        "audit": read_audit(kernel, daemon),
        "settings": read_settings(kernel),
        "strays": read_strays(kernel, daemon, processes, lambda key: key in known or inspects(engine, key)).document(),
        "registries": read_registries(kernel),
        "network": {**read_host_network(kernel, pid), "rules": read_rules(kernel, pid, info, listed)},
    }


def bridge_among(networks: Iterable[Mapping[str, Any]]) -> Fact:
    """The options of the default bridge, which is not there when the engine was told so."""
    found = next((network for network in map(as_mapping, networks) if network.get("Name") == DEFAULT_BRIDGE), None)
    options = dict(as_mapping(as_mapping(found).get("Options")))
    return Fact("/networks", {"exists": found is not None, "options": options})


def published_ports(inspected: Iterable[Mapping[str, Any]]) -> list[int]:
    """The host's ports that containers' ports are published at: the engine itself may hold these sockets."""
    found: set[int] = set()
    for record in inspected:
        for bindings in as_mapping(as_mapping(record.get("NetworkSettings")).get("Ports")).values():
            ports = (str(as_mapping(binding).get("HostPort")) for binding in as_list(bindings))
            found.update(int(port) for port in ports if port.isdecimal())
    return sorted(found)


def read_proxies(kernel: Kernel, pid: int | None, processes: Mapping[int, tuple[str, str]]) -> Fact:
    """How many docker-proxy programs this engine runs."""
    path = "/proc/PID/comm"
    if not pid:
        return Fact(path, error="ESRCH the engine's process was not found on this host")
    proxies = [number for number, (name, _group) in processes.items() if name == "docker-proxy"]
    parents = [str(kernel.read(f"/proc/{number}/stat").value or "").rpartition(")")[2].split() for number in proxies]
    return Fact(path, sum(fields[1:2] == [str(pid)] for fields in parents))


def inspects(engine: Readable, identifier: str) -> bool:
    """A container that was made while the others were read is known now."""
    try:
        engine.inspect_container(identifier)
    except EngineError as error:
        if error.status == 404:
            return False
        raise
    return True
