# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps an inventory from becoming a classroom: all problems at once, with their variables and cures. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.classroom.classroom_shape import (
    LIMITS,
    nearest,
    shape_problems,
    sized,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.units import (
    SpecError,
    parse_cpus,
    parse_pids,
    parse_size,
    parse_swap,
)

# A label of a host name (RFC 1123), in lower case: names become host names, container names and parts of paths.
NAME = re.compile(r"[a-z][a-z0-9-]{0,30}[a-z0-9]")
# The engine takes these for no limit at all.
NO_LIMIT = re.compile(r"-1|unlimited|0+(\.0+)?\s*[bkmgt]?(i?b)?", re.IGNORECASE)
VARIABLES = frozenset(
    {
        "classroom_domain",
        "classroom_engine_address",
        "classroom_engine_names",
        "classroom_engine_remote",
        "classroom_image_cache",
        "classroom_image_mirror",
        "classroom_machine",
        "classroom_machine_data_disk_gib",
        "classroom_machine_data_disk_mount",
        "classroom_machine_disk_cache",
        "classroom_machine_memory_mib",
        "classroom_machine_vcpus",
        "classroom_name",
        "classroom_pressure_limits",
        "classroom_registry",
        "classroom_registry_accounts",
        "classroom_registry_address",
        "classroom_reports",
        "classroom_rootfs_cache",
        "classroom_state",
        "classroom_students",
        "classroom_subnet",
        "classroom_uplink",
        "classroom_waivers",
        "classroom_watch",
        "classroom_workspace_cpus",
        "classroom_workspace_memory",
        "classroom_workspace_memory_swap",
        "classroom_workspace_pids_limit",
    }
)
MIB = 1 << 20


def problems(facts: Mapping[str, Any]) -> list[str]:
    """Sentences, one for each problem; an empty list when the classroom can be built."""
    unread, misshapen = variable_problems(facts["variables"]), shape_problems(facts)
    if misshapen:
        return unread + misshapen
    facts = {**facts, "machines": sized(facts["machines"])}
    return [
        *unread,
        *group_problems(facts["groups"], facts["machines"]),
        *name_problems(facts),
        *subnet_problems(facts),
        *limit_problems(facts),
        *capacity_problems(facts["machines"], facts["free"]),
    ]


def variable_problems(names: Iterable[str]) -> list[str]:
    found = []
    for name in sorted(set(names) - VARIABLES):
        cure = nearest(name, VARIABLES, "remove it; README lists the ones that exist")
        found.append(f"{name}: no variable of that name is read: {cure}")
    return found


def group_problems(groups: Mapping[str, list[str]], machines: Iterable[Any]) -> list[str]:
    found = [
        f"hosts.yml: group {name} has no host, and a classroom needs one: put it there"
        for name in ("registries", "engines", "builders")
        if not groups.get(name)
    ]
    hypervisors = groups.get("hypervisors") or []
    if machines and len(hypervisors) != 1:
        named = f"{len(hypervisors)} ({', '.join(hypervisors)})" if hypervisors else "none"
        found.append(
            f"hosts.yml: the machines need one host in group hypervisors, and there is {named}: name exactly one"
        )
    return found


def name_problems(facts: Mapping[str, Any]) -> list[str]:
    rule = "lower-case letters, digits and hyphens, a letter first, 2 to 32 characters"
    found = []
    if not NAME.fullmatch(facts["name"]):
        found.append(f"classroom_name: {facts['name']!r} is no name: use {rule}")
    students = [student["name"] for student in facts["students"]]
    found += [f"classroom_students: {name!r} is no name: use {rule}" for name in students if not NAME.fullmatch(name)]
    found += [
        f"classroom_students: {name!r} stands there {count} times: each student needs a name of their own"
        for name, count in Counter(students).items()
        if count > 1
    ]
    machines = [machine["name"] for machine in facts["machines"]]
    return found + [
        f"hosts.yml: {name!r} is no name for a machine: use {rule}" for name in machines if not NAME.fullmatch(name)
    ]


def subnet_problems(facts: Mapping[str, Any]) -> list[str]:
    if not facts["machines"]:
        return []
    try:
        subnet = ipaddress.IPv4Network(facts["subnet"])
    except ValueError as error:
        return [f"classroom_subnet: {facts['subnet']!r} is no IPv4 subnet ({error}): write one like 192.168.150.0/24"]
    found = []
    for network in facts["networks"]:
        if subnet.overlaps(ipaddress.IPv4Network(network["subnet"], strict=False)):
            found.append(
                f"classroom_subnet: {subnet} overlaps {network['subnet']} of {network['name']} on the hypervisor: "
                "choose a subnet that is free there"
            )
    addresses = [machine["address"] for machine in facts["machines"]]
    for machine in facts["machines"]:
        if not _inside(subnet, machine["address"]):
            found.append(
                f"ansible_host of {machine['name']}: {machine['address']} is no host address of classroom_subnet "
                f"{subnet} (the first one is the hypervisor's): choose another"
            )
        if addresses.count(machine["address"]) > 1:
            found.append(
                f"ansible_host of {machine['name']}: {machine['address']} is given to more than one machine: "
                "give each its own"
            )
    return found


def _inside(subnet: ipaddress.IPv4Network, text: str) -> bool:
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return address in subnet and subnet[1] < address < subnet.broadcast_address


def limit_problems(facts: Mapping[str, Any]) -> list[str]:
    engines = [machine for machine in facts["machines"] if machine.get("engine")]
    room = min(engines, key=lambda machine: machine["memory_mib"], default=None)
    (where, common), *students = _limits(facts)
    of_all = _faults(common, room)
    found = [f"{where}: {fault}" for fault in of_all]
    for where, limits in students:
        # What is wrong for everybody is said once.
        found += [f"{where}: {fault}" for fault in _faults(limits, room) if fault not in of_all]
    return found


def _faults(limits: Mapping[str, Any], room: Mapping[str, Any] | None) -> list[str]:
    missing = [name for name in LIMITS if NO_LIMIT.fullmatch(str(limits[name]).strip())]
    if "memory" in missing and limits["memory_swap"] == limits["memory"]:
        # It follows from the memory, unless somebody says otherwise.
        missing.remove("memory_swap")
    if missing:
        return [
            f"{name}: {limits[name]} would mean no limit, and a workspace needs one: write one like {LIMITS[name]}"
            for name in missing
        ]
    try:
        memory = parse_size(limits["memory"], "memory")
        parse_swap(limits["memory_swap"], memory)
        cpus = parse_cpus(limits["cpus"])
        parse_pids(int(limits["pids_limit"]))
    except SpecError as error:
        return [str(error)]
    found = []
    if room and memory > room["memory_mib"] * MIB:
        found.append(
            f"memory {limits['memory']} is more than machine {room['name']} has ({room['memory_mib']} MiB): "
            "lower it, or raise classroom_machine_memory_mib"
        )
    if room and cpus > room["vcpus"] * 1_000_000_000:
        found.append(
            f"cpus {limits['cpus']} is more than machine {room['name']} has ({room['vcpus']}): "
            "lower it, or raise classroom_machine_vcpus"
        )
    return found


def _limits(facts: Mapping[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    common = dict(facts["limits"])
    yield "classroom_workspace_memory, _memory_swap, _cpus, _pids_limit", common
    for student in facts["students"]:
        own = {key: value for key, value in student.items() if key in common and value is not None}
        if own:
            # A larger memory alone means the same without swap, as everywhere else.
            swap = {"memory_swap": own["memory"]} if "memory" in own else {}
            yield f"classroom_students, {student['name']}", {**common, **swap, **own}


def capacity_problems(machines: Iterable[Mapping[str, Any]], free: Mapping[str, Any]) -> list[str]:
    if not free:
        return []
    machines = list(machines)
    starting = [machine for machine in machines if machine["name"] not in free["running"]]
    making = [machine for machine in machines if machine["name"] not in free["existing"]]
    return [
        problem
        for problem in (
            _lack(
                "classroom_machine_memory_mib", "memory", "MiB",
                sum(machine["memory_mib"] for machine in starting), free["memory_mib"],
            ),
            _lack(
                "classroom_machine_data_disk_gib", "disk space", "GiB",
                sum(machine["data_disk_gib"] for machine in making), free["disk_gib"],
            ),
        )
        if problem
    ]  # fmt: skip


def _lack(variable: str, what: str, unit: str, wanted: int, free: int) -> str | None:
    if free < 0 or wanted <= free:
        return None
    return f"{variable}: the machines need {wanted} {unit} of {what}, the hypervisor has {free} {unit}: lower it"
