# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Namespaces: what a container sees as its own. Compared by (device, inode) with the host and with its neighbours."""

from __future__ import annotations

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    PASS,
    Check,
    Decide,
    Outcome,
    judge_processes,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container, Room

# kind: (what it separates, option to leave alone, severity, CIS Docker ids)
KINDS = {
    "net": ("network interfaces, addresses and ports", "network_mode: host or container:...", "critical", ("5.10",)),
    "pid": ("processes", "pid_mode", "critical", ("5.16",)),
    "mnt": ("mounts and files", "a shared mount namespace (nsenter, a changed runtime)", "critical", ()),
    "ipc": ("shared memory and message queues", "ipc_mode: host, shareable or container:...", "high", ("5.17",)),
    "uts": ("the host name", "uts_mode: host", "medium", ("5.21",)),
    "cgroup": ("the view of control groups", "cgroupns_mode: host (the default with cgroup v1)", "medium", ()),
}

# The first namespace of a kind has this inode on every kernel (linux/proc_ns.h): a second proof, which needs nobody to
# compare with. The reader and the engine may themselves run in namespaces of their own. net and mnt have no constant
# on most kernels.
INITIAL = {"ipc": 4026531839, "uts": 4026531838, "pid": 4026531836, "cgroup": 4026531835}


def decide_for(kind: str) -> Decide:
    def decide(container: Container, room: Room) -> Outcome:
        own = room.host_of(container).namespaces(kind)
        known = {fact.value for fact in own if fact.known}
        if not own:
            return missing([Fact(f"/proc/self/ns/{kind}", error="the host's own namespaces are not recorded")])

        def object_to(fact: Fact) -> str:
            if fact.value in known or is_initial(kind, fact.value):
                return f"is in the host's {kind} namespace ({fact.value})"
            others = room.sharers(f"ns-{kind}", container, fact.value)
            return f"shares its {kind} namespace ({fact.value}) with {', '.join(others)}" if others else ""

        outcome = judge_processes(container, lambda process: process.namespace(kind), object_to, "private")
        unread = [fact for fact in own if not fact.known]
        # What was not read cannot be compared with; a fault that is proved stays one.
        return missing(unread) if unread and outcome.status == PASS else outcome

    return decide


def is_initial(kind: str, identity: object) -> bool:
    """identity: device:inode."""
    return kind in INITIAL and str(identity).rpartition(":")[2] == str(INITIAL[kind])


CHECKS = tuple(
    Check(
        id=f"ns-{kind}-private",
        title=f"Private {kind} namespace",
        concept="namespaces",
        severity=severity,
        expected=f"a {kind} namespace that neither the host nor another container has",
        remedy=f"It separates {separates}. Create the container anew without {option}.",
        why=f"In a {kind} namespace of others it reaches what that separates: {separates}.",
        how=f"Device and inode of /proc/PID/ns/{kind} of each process, against the host's, the initial and others'.",
        variable="student_workspaces entry point main",
        decide=decide_for(kind),
        cis=cis,
        nist=("4.4.2", "4.4.3") if kind == "net" else ("4.4.3",),
    )
    for kind, (separates, option, severity, cis) in KINDS.items()
)
