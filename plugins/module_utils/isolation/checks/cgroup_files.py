# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Control groups: the files themselves, as a container sees them."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.mountinfo import Mount, inside
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    INFORMATIONAL,
    PASS,
    Check,
    Outcome,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.mount_evidence import judge_mounts
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.user_namespaces import (
    without_host_root,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container, Room

CONTROL_GROUPS = ("cgroup", "cgroup2")
# Where an engine mounts them.
ENGINES = "/sys/fs/cgroup"


def decide_group_files(container: Container, room: Room) -> Outcome:
    """Who writes to the files of a group lifts its limits; with version 1's release_agent he runs programs outside."""

    excused = without_host_root(container, room.host_of(container))
    engines: list[str] = []

    def object_to(mount: Mount) -> str:
        if mount.filesystem not in CONTROL_GROUPS or mount.read_only:
            return ""
        if excused and inside(mount.target, ENGINES):
            engines.append(mount.target)
            return ""
        return f"{mount.target} is writable"

    outcome = judge_mounts(container, object_to, "read-only, or not there")
    if outcome.status == PASS and engines:
        reason = "the engine mounts them so where it maps users; they belong to the host's root, who is nobody inside"
        return replace(outcome, status=INFORMATIONAL, observed=f"{', '.join(engines)} writable", reason=reason)
    return outcome


CHECKS: tuple[Check, ...] = (
    Check(
        id="cgroup-files-read-only",
        title="Its own limits are out of its reach",
        concept="cgroups",
        severity="high",
        expected="control group file systems are read-only inside",
        why="A process that can write to the files of its group lifts its limits, and may let itself out of the group.",
        how="/proc/PID/mountinfo: every mount of type cgroup or cgroup2 has the option ro.",
        remedy="Create the container without privileged, and without a mount of /sys/fs/cgroup.",
        decide=decide_group_files,
        cis=("5.5",),
        nist=("4.4.3",),
    ),
)
