# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How mounts are made: flags, sizes, propagation, and whether the engine knows of them at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    UNLIMITED,
    Fact,
    as_list,
    as_mapping,
    fact_from,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.mountinfo import Mount, inside
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    INFORMATIONAL,
    PASS,
    Check,
    Outcome,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.mount_evidence import (
    judge_mounts,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.mounts import bound_node
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container, Room

# What every container has: made by the runtime, with flags of its own.
RUNTIME_TREES = ("/dev", "/proc", "/sys")
RUNTIME_TARGETS = ("/", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf")
INIT_TARGETS = ("/sbin/docker-init", "/usr/sbin/docker-init", "/dev/init", "/run/.containerenv", "/run/secrets")
KERNEL_FILESYSTEMS = ("proc", "sysfs", "cgroup", "cgroup2", "devpts", "mqueue", "tmpfs")


def mounting(container: Container) -> Mapping[str, Any]:
    return as_mapping(container.record.get("mounting"))


def unrecorded(container: Container, key: str) -> Outcome | None:
    """An error where the facts lack what the engine was told about mounts."""
    if key in mounting(container) and isinstance(container.declared.get("mounts"), (list, tuple)):
        return None
    return missing([Fact("inspect HostConfig and Mounts", error="not recorded in the facts")])


def told_targets(container: Container) -> dict[str, str]:
    """Target to kind, of what inspect shows: binds, volumes and tmpfs."""
    mounts = map(as_mapping, as_list(container.declared.get("mounts")))
    targets = {_clean(mount.get("target")): str(mount.get("type")) for mount in mounts}
    return {**targets, **{_clean(target): "tmpfs" for target in as_mapping(mounting(container).get("tmpfs"))}}


def _clean(target: Any) -> str:
    return str(target).rstrip("/") or "/"


def of_runtime(mount: Mount, told: Mapping[str, str]) -> bool:
    """Made by the runtime for every container, and by nobody else under that name."""
    if told and any(inside(mount.target, target) for target in told):
        return False
    if mount.target in RUNTIME_TARGETS or any(inside(mount.target, target) for target in INIT_TARGETS):
        return True
    kernels = mount.filesystem in KERNEL_FILESYSTEMS
    return kernels and any(inside(mount.target, tree) for tree in RUNTIME_TREES)


def decide_flags(container: Container, room: Room) -> Outcome:
    gap = unrecorded(container, "tmpfs")
    if gap:
        return gap
    told = told_targets(container)

    def object_to(mount: Mount) -> str:
        lacking = [flag for flag in ("nosuid", "nodev") if flag not in mount.options]
        given = not of_runtime(mount, told) and mount.filesystem != "tmpfs" and not mount.read_only
        return f"{mount.target} lacks {', '.join(lacking)}" if given and lacking else ""

    outcome = judge_mounts(container, object_to, "nosuid and nodev, or nothing writable from the host")
    facts = [process.status("NoNewPrivs") for process in container.processes]
    held = bool(facts) and all(fact.known and str(fact.value) == "1" for fact in facts)
    if outcome.status == "fail" and held:
        reason = "no process can gain rights by it: NoNewPrivs is 1 for all"
        return replace(outcome, status=INFORMATIONAL, reason=reason)
    return outcome


def decide_tmpfs(container: Container, room: Room) -> Outcome:
    gap = unrecorded(container, "tmpfs")
    if gap:
        return gap
    told = told_targets(container)
    bounded = container.limit("memory")
    counted = bounded.known and bounded.value != UNLIMITED
    soft: list[str] = []

    def object_to(mount: Mount) -> str:
        if mount.filesystem != "tmpfs" or mount.read_only or of_runtime(mount, told):
            return ""
        lacking = [flag for flag in ("nosuid", "nodev") if flag not in mount.options]
        sized = any(option.startswith("size=") for option in mount.super_options.split(","))
        if not sized and counted:
            soft.append(f"{mount.target} has no size")
        elif not sized:
            lacking.append("a size")
        if "noexec" not in mount.options:
            soft.append(f"{mount.target} may hold programs")
        return f"{mount.target} lacks {', '.join(lacking)}" if lacking else ""

    outcome = judge_mounts(container, object_to, "none, or nosuid, nodev, noexec and a size")
    options = as_mapping(mounting(container).get("tmpfs"))
    inspected = "; ".join(f"{target} {words}".strip() for target, words in options.items()) or "no tmpfs"
    if outcome.status == PASS and soft:
        return replace(outcome, status=INFORMATIONAL, observed="; ".join(soft), inspected=inspected)
    return replace(outcome, inspected=inspected)


def decide_propagation(container: Container, room: Room) -> Outcome:
    groups = fact_from(room.host_of(container).facts.get("peer_groups"), "/proc/self/mountinfo")
    if not groups.known or not isinstance(groups.value, Mapping):
        return missing([groups._replace(value=None, error=groups.error or "the host's peer groups are not recorded")])
    told = as_mapping(mounting(container).get("propagation"))
    inspected = "; ".join(f"{target} {mode}" for target, mode in told.items() if mode) or "private"
    elsewhere: list[str] = []

    def object_to(mount: Mount) -> str:
        number = mount.peers.get("shared")
        if number is None:
            return ""
        if number in groups.value:
            return f"{mount.target} shares what is mounted below it with the host's {groups.value[number]}"
        elsewhere.append(f"{mount.target} shares what is mounted below it within the group {number}, not the host's")
        return ""

    outcome = judge_mounts(container, object_to, "nothing that is mounted inside appears outside")
    if outcome.status == PASS and elsewhere:
        return replace(outcome, status=INFORMATIONAL, observed="; ".join(elsewhere), inspected=inspected)
    return replace(outcome, inspected=inspected)


def decide_known(container: Container, room: Room) -> Outcome:
    """Both ways: what is mounted and inspect does not show; what inspect shows and is not mounted."""
    gap = unrecorded(container, "tmpfs")
    if gap:
        return gap
    told = told_targets(container)

    def object_to(mount: Mount) -> str:
        known = of_runtime(mount, told) or any(inside(mount.target, target) for target in told)
        known = known or bound_node(mount, container, room)
        return "" if known else f"{mount.target} is mounted, and the engine does not know of it"

    outcome = judge_mounts(container, object_to, "what the engine was told, and nothing else")
    inspected = ", ".join(sorted(told)) or "no mounts"
    if outcome.status == PASS:
        absent = list(_absent(container, told))
        if absent:
            evidence = tuple(table for table, _mounts in container.mount_tables())
            observed = f"not mounted: {', '.join(absent)}"
            return Outcome("fail", observed, evidence, inspected=inspected)
    return replace(outcome, inspected=inspected)


def _absent(container: Container, told: Mapping[str, str]) -> Iterator[str]:
    """A link in the image may lead the runtime to another target: then the last component still is the same."""
    mounted = {mount.target for _table, mounts in container.mount_tables() for mount in mounts}
    names = {target.rsplit("/", 1)[-1] for target in mounted}
    return (target for target in told if target not in mounted and target.rsplit("/", 1)[-1] not in names)


_COMMON: Mapping[str, Any] = {"concept": "mounts", "nist": ("4.4.3",)}
CHECKS = (
    Check(
        id="mounts-flags",
        title="No set-id programs and devices on what the host gives",
        severity="low",
        expected="nosuid and nodev on each writable mount; for information where no process can gain rights",
        why="On a writable mount without nosuid a program that was made set-id in one place gives rights in another.",
        how="The options of each writable bind and volume in /proc/PID/mountinfo, and NoNewPrivs of every process.",
        remedy="Keep the sources on a file system that is mounted nosuid,nodev, or set no-new-privileges.",
        decide=decide_flags,
        **_COMMON,
    ),
    Check(
        id="mounts-tmpfs",
        title="Memory file systems have flags and a size",
        severity="low",
        expected="nosuid, nodev and noexec; a size, at least where memory is not limited",
        why="A memory file system without a size can be filled until memory ends, and may hold downloaded programs.",
        how="Options and size of each tmpfs in /proc/PID/mountinfo that is not the runtime's own.",
        remedy="Write the options: /tmp: rw,noexec,nosuid,nodev,size=32m.",
        variable="student_workspaces_tmpfs",
        decide=decide_tmpfs,
        **_COMMON,
    ),
    Check(
        id="mounts-propagation",
        title="What is mounted inside stays inside",
        severity="medium",
        expected="no mount in a peer group of the host",
        why="With shared propagation a mount that is made in the container appears on the host, and covers its files.",
        how="The field shared:N of each mount in /proc/PID/mountinfo, against the host's own groups.",
        remedy="Mount with private propagation (rprivate, the default), or rslave.",
        decide=decide_propagation,
        cis=("5.20",),
        **_COMMON,
    ),
    Check(
        id="mounts-known",
        title="No mount that the engine does not know of",
        severity="high",
        expected="what inspect shows, and what the runtime makes for every container",
        why="Inspect goes on showing what was asked for, and hides what was mounted afterwards.",
        how="Each target in /proc/PID/mountinfo against Mounts and HostConfig.Tmpfs of inspect, both ways.",
        remedy="Find out who mounted it (nsenter, SYS_ADMIN), and create the container anew.",
        decide=decide_known,
        **_COMMON,
    ),
)
