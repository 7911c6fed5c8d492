# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading mounts for a verdict: every mount of every mount namespace of a container. Pure."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.mountinfo import Mount
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import Outcome, judge_all
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container


def judge_mounts(container: Container, object_to: Callable[[Mount], str], good: str) -> Outcome:
    """Every mount of every mount namespace of the container."""
    judged: list[tuple[Fact, str]] = []
    for table, mounts in container.mount_tables():
        if not table.known:
            judged.append((table, ""))
        faults = [(mount, object_to(mount)) for mount in mounts]
        judged.extend((Fact(table.path, mount.raw, mount.raw), said) for mount, said in faults if said)
        if mounts and not any(said for _mount, said in faults):
            judged.append((Fact(table.path, len(mounts), f"{len(mounts)} mounts"), ""))
    return judge_all(judged, good)
