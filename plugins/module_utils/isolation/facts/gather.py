# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gathers the isolation facts of one engine host: one list call, one inspect per container, and the kernel."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_reading import Readable
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.cgroups import Hierarchy
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import as_list, as_mapping
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.container_facts import (
    declared_by,
    identity_of,
    mounts_of,
    read_container,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.device_facts import read_instructions
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.engine_host import read_engine_host
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.host_facts import (
    read_hierarchies,
    read_host,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.image_facts import read_images
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.network_facts import (
    add_settings,
    begin_settings,
    read_networks,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.processes import grouped, read_process
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.selinux_facts import (
    ask_policy,
    read_strangers,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.user_facts import read_user_namespaces
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.selection import Selection
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import SCHEMA
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.uncollected import uncollected

ATTEMPTS = 2
SHARED_BY_MATES = ("pid", "mnt")
_IDENTIFIER = re.compile(r"[0-9a-f]{64}")


@uncollected()
def gather(
    engine: Readable,
    kernel: Kernel,
    labels: Mapping[str, str],
    docker_host: str,
    names: Iterable[str] = (),
    image_names: Iterable[str] = (),
) -> dict[str, Any]:
    """The document of this host. Containers that are not selected are recorded as neighbours: a namespace or a pair of
    categories that a workspace shares with one of them is shared all the same."""
    selection = Selection(dict(labels), tuple(names), tuple(image_names))
    kernel.forget()
    listed = engine.containers(all=True)
    inspected = [record for record in (_inspect(engine, str(entry["Id"])) for entry in listed) if record]
    found = read_hierarchies(kernel)
    info, version, networks = engine.info(), engine.version(), as_list(engine.networks())
    host = read_host(kernel, describe(info, version), docker_host)
    settings = begin_settings(kernel, (identity_of(record)["pid"] for record in inspected), host)
    images, host["image_store"] = read_images(engine, kernel, inspected)
    host.update(read_engine_host(engine, kernel, info, host, inspected, networks))
    mates = find_mates(kernel, inspected, host)
    known = {str(record.get("Id")) for record in inspected}
    containers, neighbours = [], []
    for record in inspected:
        if selected(record, selection):
            containers.append(_container(engine, kernel, found, record, mates, known))
        else:
            neighbours.append(neighbour(kernel, record))
    host["selinux"].update(ask_policy(kernel, containers, neighbours))
    host["selinux"]["strangers"] = read_strangers(kernel, containers, known).document()
    add_settings(settings, containers, host)
    return {
        "schema": SCHEMA,
        "host": {**host, "device_programs": read_instructions(kernel)},
        "selection": selection.document(),
        "containers": containers,
        "neighbours": neighbours,
        "images": images,
        "networks": read_networks(kernel, networks, inspected),
    }


def describe(info: Mapping[str, Any], version: Mapping[str, Any]) -> dict[str, Any]:
    """The engine in its own words."""
    return {
        "version": version.get("Version"),
        "api_version": version.get("ApiVersion"),
        "components": {str(part.get("Name")): part.get("Version") for part in as_list(version.get("Components"))},
        "security_options": as_list(info.get("SecurityOptions")),
        "cgroup_driver": info.get("CgroupDriver"),
        "data_root": info.get("DockerRootDir"),
        "storage_driver": info.get("Driver"),
        "operating_system": info.get("OperatingSystem"),
        "live_restore": info.get("LiveRestoreEnabled"),
    }


def selected(inspected: Mapping[str, Any], selection: Selection) -> bool:
    """The labels as the engine has them, not cut as in the record."""
    config = as_mapping(inspected.get("Config"))
    return selection.fits(
        str(inspected.get("Name", "")).lstrip("/"),
        as_mapping(config.get("Labels")),
        str(config.get("Image") or ""),
        str(inspected.get("Image") or ""),
    )


def find_mates(
    kernel: Kernel, inspected: list[dict[str, Any]], host: Mapping[str, Any]
) -> dict[tuple[str, str], list[int]]:
    """(kind, namespace) to the processes in it, for the containers' namespaces that are not the host's.

    This finds what left its control group, and what entered from the host (nsenter): neither is in cgroup.procs.
    """
    hosts = {
        (kind, as_mapping(as_mapping(owner).get(kind)).get("value"))
        for owner in as_mapping(host.get("namespaces")).values()
        for kind in SHARED_BY_MATES
    }
    inits = [identity_of(record)["pid"] for record in inspected]
    found: dict[tuple[str, str], list[int]] = {}
    for pid in filter(None, inits):
        for kind in SHARED_BY_MATES:
            fact = kernel.identity(f"/proc/{pid}/ns/{kind}")
            if fact.known and (kind, fact.value) not in hosts:
                found[kind, str(fact.value)] = []
    for pid in kernel.pids() if found else []:
        for kind in SHARED_BY_MATES:
            key = (kind, str(kernel.identity(f"/proc/{pid}/ns/{kind}").value))
            if key in found:
                found[key].append(pid)
    return found


def _mates_of(
    kernel: Kernel, pid: int, mates: Mapping[tuple[str, str], list[int]], known: set[str], identifier: str
) -> set[int]:
    """Mates of one container; a process that sits in another container's group is that container's."""
    pids: set[int] = set()
    for kind in SHARED_BY_MATES:
        pids.update(mates.get((kind, str(kernel.identity(f"/proc/{pid}/ns/{kind}").value)), []))
    ours = set()
    for mate in pids:
        owners = set(_IDENTIFIER.findall(str(kernel.read(f"/proc/{mate}/cgroup").value or ""))) & known
        if identifier in owners or not owners:
            ours.add(mate)
    return ours


def _container(
    engine: Readable,
    kernel: Kernel,
    found: dict[str, Hierarchy],
    inspected: dict[str, Any],
    mates: Mapping[tuple[str, str], list[int]],
    known: set[str],
) -> dict[str, Any]:
    """The record of a container, read once more when its first process died in between."""
    latest: dict[str, Any] | None = inspected
    for _attempt in range(ATTEMPTS):
        if latest is None:
            break
        inspected = latest
        pid = identity_of(inspected)["pid"]
        if not pid:
            return {**identity_of(inspected), "declared": declared_by(inspected)}
        own = _mates_of(kernel, pid, mates, known, str(inspected.get("Id")))
        record = read_container(kernel, found, inspected, own)
        if record is not None:
            return record
        latest = _inspect(engine, str(inspected["Id"]))
    note = "ESRCH the first process ended while it was read, twice"
    return {**identity_of(inspected), "declared": declared_by(inspected), "error": note}


def neighbour(kernel: Kernel, inspected: Mapping[str, Any]) -> dict[str, Any]:
    """What a comparison needs of a container that is not judged itself."""
    record = identity_of(inspected)
    first = read_process(kernel, record["pid"]) if record["pid"] else None
    record.pop("labels")
    record["processes"] = grouped([first]) if first else []
    record["mounts"] = mounts_of(kernel, [first]) if first else {}
    record["user_namespaces"] = read_user_namespaces(kernel, [first]) if first else {}
    record["sources"] = [
        {"target": mount["target"], "identity": kernel.identity(mount["source"]).document()}
        for mount in declared_by(inspected)["mounts"]
        if mount["writable"]
    ]
    return record


def _inspect(engine: Readable, identifier: str) -> dict[str, Any] | None:
    """None for a container that is gone since the list was made."""
    try:
        inspected: dict[str, Any] = engine.inspect_container(identifier)
    except EngineError as error:
        if error.status == 404:
            return None
        raise
    return inspected
