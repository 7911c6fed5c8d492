# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices: what a container's group lets it open, beyond what the engine gives to every container."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    Fact,
    as_list,
    as_mapping,
    fact_from,
    texts,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    FAIL,
    PASS,
    Check,
    Outcome,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.device_rules import device_rules, wider
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container, Host, Room

# What runc and crun let everybody do: make nodes; open null, zero, full, tty, random, console, ptmx, tun, terminals.
DEFAULT = {
    "b *:*": "m",
    "c *:*": "m",
    **dict.fromkeys(("c 1:3", "c 1:5", "c 1:7", "c 1:8", "c 1:9", "c 5:0", "c 5:1", "c 5:2"), "rwm"),
    **dict.fromkeys(("c 10:200", "c 136:*"), "rwm"),
}


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
    if not set(rights).difference(*(DEFAULT.get(one, "") for one in (device, *wider(device)))):
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


def listed(record: Mapping[str, Any], host: Host) -> list[Fact]:
    """Version 1's list, or for each group of version 2 the list that its programs stand for."""
    if record.get("version") == 2:
        groups = as_list(record.get("programs")) or [None]
        return [rules_of(texts(fact_from(group, "programs of the control group")), host) for group in groups]
    fact = fact_from(record.get("list"), "devices.list")
    lines = str(fact.value).splitlines()
    strange = [line for line in lines if entry_of(line) is None]
    if fact.known and (strange or not lines):
        fact = fact._replace(value=None, error=f"EINVAL not a list of devices: {strange or 'empty'}")
    return [fact]


def rules_of(tags: Fact, host: Host) -> Fact:
    """The list that stands for all programs with these tags together."""
    if not tags.known:
        return tags
    recorded = as_mapping(host.facts.get("device_programs"))
    found = [as_mapping(recorded.get(tag)) for tag in tags.value]
    programs = [(program.get("order"), program.get("code")) for program in found]
    known = tuple((order, code) for order, code in programs if isinstance(order, str) and isinstance(code, str))
    if len(known) < len(programs):
        return Fact(tags.path, error="ENODATA the instructions of its programs are not recorded in the facts")
    lines, unclear = device_rules(known)
    if unclear:
        return Fact(tags.path, error=f"EOPNOTSUPP what {tags.raw or 'its programs'} do is not clear: {unclear}")
    text = "\n".join(lines)
    return Fact(f"{tags.path} ({tags.raw})" if tags.raw else tags.path, text, text)


def decide_devices(container: Container, room: Room) -> Outcome:
    record, host = as_mapping(container.record.get("devices")), room.host_of(container)
    told = as_mapping(record.get("declared"))
    words = [str(word) for key in ("devices", "rules", "requests") for word in as_list(told.get(key))]
    if container.declared.get("privileged"):
        words.append("privileged: all devices")
    inspected = "; ".join(words) or "no devices"
    facts = listed(record, host)
    names = as_mapping(host.facts.get("device_names"))
    lines = [(fact, line) for fact in facts if fact.known for line in str(fact.value).splitlines()]
    faults = [(Fact(fact.path, line, line), why) for fact, line in lines if (why := objection(line, names))]
    if faults:
        observed = "; ".join(dict.fromkeys(why for _fact, why in faults))
        return Outcome(FAIL, observed, tuple(fact for fact, _why in faults), inspected=inspected)
    unread = [fact for fact in facts if not fact.known]
    if unread:
        return replace(missing(unread), inspected=inspected)
    return Outcome(PASS, "the engine's default devices", tuple(facts), inspected=inspected)


CHECKS = (
    Check(
        id="cgroup-devices",
        title="No device of the host",
        concept="cgroups",
        severity="high",
        expected="no more than null, zero, full, random, terminals and the like",
        why="Who may open the host's disk reads and writes every file on it, whatever mounts and labels say.",
        how="devices.list of the container's own group (version 1); every way through the BPF programs of its groups "
        "and of those above (version 2); beside them HostConfig.Devices, DeviceCgroupRules and DeviceRequests.",
        remedy="Create the container without devices, device_cgroup_rules and privileged.",
        decide=decide_devices,
        cis=("5.18",),
        nist=("4.4.3",),
    ),
)
