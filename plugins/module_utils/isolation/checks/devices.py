# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices: what a container's group lets it open, beyond what the engine gives to every container."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    Fact,
    as_list,
    as_mapping,
    fact_from,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    FAIL,
    NOTCHECKED,
    PASS,
    Check,
    Outcome,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container, Room

# What runc and crun let everybody do: make nodes; open null, zero, full, tty, random, console, ptmx, tun, terminals.
DEFAULT = {
    "b *:*": "m",
    "c *:*": "m",
    **dict.fromkeys(("c 1:3", "c 1:5", "c 1:7", "c 1:8", "c 1:9", "c 5:0", "c 5:1", "c 5:2"), "rwm"),
    **dict.fromkeys(("c 10:200", "c 136:*"), "rwm"),
}
PROOF = "a program in the kernel decides, and has no file to read: opening a device inside the container would prove it"


def entry_of(line: str) -> tuple[str, str] | None:
    """('b 8:0', 'rwm') of a line of devices.list; 'a *:* rwm' is everything."""
    parts = line.split()
    if len(parts) != 3 or parts[0] not in ("a", "b", "c") or ":" not in parts[1]:
        return None
    return f"{parts[0]} {parts[1]}", parts[2]


def objection(line: str, names: Mapping[str, Any]) -> str:
    entry = entry_of(line)
    if entry is None:
        return ""
    device, rights = entry
    beyond = set(rights) - set(DEFAULT.get(device, ""))
    if not beyond:
        return ""
    kind, number = device.split()
    if kind == "a":
        return f"every device ({number}) {rights}"
    if "*" in number:
        whole = "every block device" if kind == "b" else "every character device"
        number_of = f"{whole} {number}" if number == "*:*" else f"{whole} of number {number}"
        known = sorted(str(path) for key, path in names.items() if fnmatchcase(str(key), device))[:3]
        return f"{number_of} {rights}" + (f" (here {', '.join(known)})" if known else "")
    return f"{names.get(device, 'a device without a name here')} ({device}) {rights}"


def decide_devices(container: Container, room: Room) -> Outcome:
    record = as_mapping(container.record.get("devices"))
    told = as_mapping(record.get("declared"))
    words = [str(word) for key in ("devices", "rules", "requests") for word in as_list(told.get(key))]
    if container.declared.get("privileged"):
        words.append("privileged: all devices")
    inspected = "; ".join(words) or "no devices"
    if record.get("version") == 2:
        evidence = Fact("inspect HostConfig", inspected, inspected)
        if words:
            return Outcome(FAIL, f"the engine was told to give {inspected}", (evidence,), inspected=inspected)
        return Outcome(NOTCHECKED, "nothing was declared", (evidence,), reason=PROOF, inspected=inspected)
    fact = fact_from(record.get("list"), "devices.list")
    if not fact.known:
        return missing([fact])
    lines = str(fact.value).splitlines()
    strange = [line for line in lines if entry_of(line) is None]
    if strange or not lines:
        return missing([fact._replace(value=None, error=f"EINVAL not a list of devices: {strange or 'empty'}")])
    names = as_mapping(room.host_of(container).facts.get("device_names"))
    faults = [(line, objection(line, names)) for line in lines]
    found = [Fact(fact.path, line, line) for line, said in faults if said]
    if found:
        return Outcome(FAIL, "; ".join(said for _line, said in faults if said), tuple(found), inspected=inspected)
    return Outcome(PASS, "the engine's default devices", (fact,), inspected=inspected)


CHECKS = (
    Check(
        id="cgroup-devices",
        title="No device of the host",
        concept="cgroups",
        severity="high",
        expected="no more than null, zero, full, random, terminals and the like",
        why="Who may open the host's disk reads and writes every file on it, whatever mounts and labels say.",
        how="devices.list of the container's own group (version 1), and HostConfig.Devices, DeviceCgroupRules and "
        "DeviceRequests.",
        remedy="Create the container without devices, device_cgroup_rules and privileged.",
        decide=decide_devices,
        cis=("5.18",),
        nist=("4.4.3",),
    ),
)
