# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's files through any mount: what the engine promised to cover, and switches that act on the whole host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact, as_list, as_mapping
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.mountinfo import Mount, covering, inside
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    NOTAPPLICABLE,
    Check,
    Outcome,
    judge_all,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.mount_evidence import judge_mounts
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.mounts import KERNEL_FILESYSTEMS
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container, Room

# Where the host has the file system of a kind; a switch inside it is recorded by its path on the host.
USUAL_PLACES = {"proc": "/proc", "sysfs": "/sys"}
# At the root of every hierarchy of version 1, and of none of version 2.
RELEASE_AGENT = "/release_agent"
# Whole file systems that are such switches.
WHOLE = ("binfmt_misc", "bpf", "configfs", "debugfs", "efivarfs", "pstore", "securityfs", "selinuxfs", "tracefs")


def open_switches(mount: Mount, mounts: list[Mount], recorded: list[str]) -> list[str]:
    """The switches that can be written through this mount, by their path inside the container."""
    if mount.read_only:
        return []
    if mount.filesystem in WHOLE:
        return [mount.target]
    usual = USUAL_PLACES.get(mount.filesystem, "")
    switches = [path[len(usual) :] for path in recorded if usual and inside(path, usual)]
    seen = []
    for switch in [RELEASE_AGENT] if mount.filesystem == "cgroup" else switches:
        if inside(switch, mount.root):
            path = mount.target.rstrip("/") + switch[len(mount.root.rstrip("/")) :]
            if covering(mounts, path) is mount:
                seen.append(path)
    return seen


def decide_switches(container: Container, room: Room) -> Outcome:
    recorded = [str(path) for path in as_list(room.host_of(container).facts.get("kernel_switches"))]
    if not recorded or not all(path.startswith(("/proc/", "/sys/")) for path in recorded):
        return missing([Fact("/proc/sys", error="the switches of the host's kernel are not recorded")])
    tables = {id(mount): mounts for _table, mounts in container.mount_tables() for mount in mounts}

    def object_to(mount: Mount) -> str:
        seen = open_switches(mount, tables[id(mount)], recorded)
        return f"writable: {', '.join(seen)}" if seen else ""

    return judge_mounts(container, object_to, "none that can be written to")


def decide_promised(container: Container, room: Room) -> Outcome:
    """Three values: what this kernel has, what the engine promised, and what is covered."""
    mounting = as_mapping(container.record.get("mounting"))
    lists = {key: as_list(mounting.get(key)) for key in ("masked", "read_only", "absent")}
    if any(not isinstance(mounting.get(key), (list, tuple)) for key in lists):
        return missing([Fact("inspect HostConfig.MaskedPaths", error="not recorded in the facts")])
    inspected = f"{len(lists['masked'])} masked, {len(lists['read_only'])} read-only"
    wanted = [(str(path), key) for key in ("masked", "read_only") for path in lists[key] if path not in lists["absent"]]
    if not wanted:
        reason = "the engine was told to cover nothing: see masked-paths"
        return Outcome(NOTAPPLICABLE, "nothing was promised", reason=reason, inspected=inspected)
    judged = []
    for table, mounts in container.mount_tables():
        if not table.known:
            judged.append((table, ""))
            continue
        for path, key in wanted:
            mount = covering(mounts, path)
            if mount is None:
                judged.append((Fact(table.path, error=f"no mount covers {path}"), ""))
            else:
                judged.append((Fact(table.path, mount.raw, mount.raw), _broken(path, key, mount)))
    return replace(judge_all(judged, "all of it is in force"), inspected=inspected)


def _broken(path: str, key: str, mount: Mount) -> str:
    if mount.filesystem not in KERNEL_FILESYSTEMS:
        return ""
    if key == "masked":
        return f"{path} is not masked"
    return "" if mount.read_only else f"{path} is writable"


_COMMON: Mapping[str, Any] = {"concept": "mounts", "nist": ("4.4.3", "4.5.2")}
CHECKS = (
    Check(
        id="masked-as-promised",
        title="What the engine promised to cover is covered",
        severity="high",
        expected="every path of MaskedPaths and ReadonlyPaths that the kernel has",
        why="Inspect repeats the promise after somebody took the cover away, and nothing shows that it is gone.",
        how="HostConfig.MaskedPaths and ReadonlyPaths of inspect, each against its mount in /proc/PID/mountinfo.",
        remedy="Create the container anew, and find out who unmounted it.",
        decide=decide_promised,
        **_COMMON,
    ),
    Check(
        id="host-kernel-switches",
        title="No switch of the host's kernel can be written to",
        severity="critical",
        expected="core_pattern, modprobe, release_agent, uevent_helper, binfmt_misc, sysrq and their like out of reach",
        why="The kernel runs the program that is named there as root, outside of every container.",
        how="Each writable mount of proc, sysfs, cgroup, debugfs, tracefs, securityfs and binfmt_misc in "
        "/proc/PID/mountinfo, wherever it is mounted, and what covers the switch in it.",
        remedy="Take out the mount, or create the container without privileged and systempaths=unconfined.",
        decide=decide_switches,
        cis=("5.5",),
        **_COMMON,
    ),
)
