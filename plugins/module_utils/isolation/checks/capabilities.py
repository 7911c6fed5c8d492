# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Capabilities: which parts of root's power any process of a container holds, or may gain."""

from __future__ import annotations

from functools import lru_cache

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    Check,
    Outcome,
    judge_all,
    judge_processes,
    said,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container, Room

# Bit by bit, as in linux/capability.h.
NAMES = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
]
SETS = ("CapEff", "CapPrm", "CapBnd", "CapInh", "CapAmb")


def capability_set(mask: str) -> set[str]:
    """Names of the bits that are set; one that has no name yet is called by its number."""
    return set(_names(mask))


# A fleet has a handful of different sets, and fifteen are asked for in each container.
@lru_cache(maxsize=256)
def _names(mask: str) -> tuple[str, ...]:
    bits = int(mask, 16)
    return tuple(
        NAMES[bit] if bit < len(NAMES) else f"capability {bit}" for bit in range(bits.bit_length()) if bits >> bit & 1
    )


def decide_new_privileges(container: Container, room: Room) -> Outcome:
    def object_to(fact: Fact) -> str:
        return "" if str(fact.value) == "1" else "may gain privileges through set-user-id programs"

    return judge_processes(container, lambda process: process.status("NoNewPrivs"), object_to, "set")


def decide_capabilities(container: Container, room: Room) -> Outcome:
    want = room.expected(container)
    named = want.capabilities if want and want.capabilities is not None else room.policy_for(container).capabilities
    allowed = set(named)
    judged = []
    for process in container.processes:
        for name in SETS:
            fact, objection = process.status(name), ""
            if fact.known:
                try:
                    extra = capability_set(str(fact.value)) - allowed
                except ValueError:
                    fact = fact._replace(value=None, error=f"EINVAL not a capability mask: {fact.value!r}")
                    extra = set()
                objection = said(process, f"has {', '.join(sorted(extra))} ({name})") if extra else ""
            judged.append((fact, objection))
    outcome = judge_all(judged, "within what is allowed")
    expected = f"nothing but {', '.join(sorted(allowed))}" if allowed else "no capability at all"
    return Outcome(outcome.status, outcome.observed, outcome.evidence, expected, outcome.reason)


CHECKS = (
    Check(
        id="capabilities",
        title="No capability but the allowed ones",
        concept="capabilities",
        severity="critical",
        expected="effective, permitted, bounding, inheritable and ambient set within what the policy allows",
        remedy="Create the container with cap_drop: [ALL] and cap_add for what it needs, and never as privileged.",
        why="Each capability is a part of the host's root; some (SYS_ADMIN, SYS_MODULE) are a way out by themselves.",
        how="CapEff, CapPrm, CapBnd, CapInh and CapAmb in /proc/PID/status of every process, against the policy.",
        variable="student_workspaces entry point main (cap_drop)",
        decide=decide_capabilities,
        cis=("5.4",),
        nist=("4.4.3",),
    ),
    Check(
        id="no-new-privileges",
        title="No way to gain privileges",
        concept="capabilities",
        severity="high",
        expected="NoNewPrivs 1 for every process",
        remedy="Add no-new-privileges to security_opts, or to the engine's configuration.",
        why="A set-user-id program in the image or in a volume turns any user of the container into its root.",
        how="NoNewPrivs in /proc/PID/status of every process; the option that was declared proves nothing.",
        variable="engine_host entry point main (no-new-privileges)",
        decide=decide_new_privileges,
        cis=("5.26",),
        nist=("4.4.3",),
    ),
)
