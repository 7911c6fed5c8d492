# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probes of the filter for system calls: an argument that no kernel takes, so that nothing can happen."""

from __future__ import annotations

from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import Check
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.probe import (
    Probe,
)

WORKSPACES = "student_workspaces entry point main"

PROBES: tuple[Probe, ...] = (
    Probe(
        Check(
            id="probe-keyctl",
            title="The kernel's key rings are closed",
            concept="seccomp",
            severity="medium",
            expected="keyctl is refused",
            remedy="Leave the engine's own seccomp profile on, from Docker 25 on, or give one that refuses the call.",
            why="Key rings belong to users and not to containers, so the same number shares them.",
            how="keyctl with an operation that is none: EPERM from the filter, EOPNOTSUPP from the kernel.",
            cis=("5.22",),
            nist=("4.4.3", "4.5.2"),
        ),
    ),
    Probe(
        Check(
            id="probe-bpf",
            title="No program for the kernel can be loaded",
            concept="seccomp",
            severity="high",
            expected="bpf is refused",
            remedy="Leave the engine's own seccomp profile on, from Docker 25 on, or give one that refuses the call.",
            why="Its verifier has been fooled many times, and what it lets in runs in the kernel.",
            how="bpf with a command that is none: EPERM from the filter, EINVAL from the kernel.",
            cis=("5.22",),
            nist=("4.5.2",),
        ),
    ),
    Probe(
        Check(
            id="probe-perf",
            title="Performance counters are closed",
            concept="seccomp",
            severity="medium",
            expected="perf_event_open is refused",
            remedy="Leave the engine's own seccomp profile on, from Docker 25 on, or give one that refuses the call.",
            why="They tell what others compute, and their code has had many faults.",
            how="perf_event_open with flags that are none: EPERM from the filter, EINVAL from the kernel.",
            cis=("5.22",),
            nist=("4.5.2",),
        ),
    ),
    Probe(
        Check(
            id="probe-userfaultfd",
            title="Page faults cannot be held up",
            concept="seccomp",
            severity="medium",
            expected="userfaultfd is refused",
            remedy="Leave the engine's own seccomp profile on, from Docker 25 on, or give one that refuses the call.",
            why="It is the usual helper of attacks on the kernel that need the right moment.",
            how="userfaultfd with flags that are none: EPERM from the filter, EINVAL from the kernel.",
            cis=("5.22",),
            nist=("4.5.2",),
        ),
    ),
    Probe(
        Check(
            id="probe-io-uring",
            title="io_uring is closed",
            concept="seccomp",
            severity="medium",
            expected="io_uring_setup is refused",
            remedy="Leave the engine's own seccomp profile on, from Docker 25 on, or give one that refuses the call.",
            why="A large and young part of the kernel that goes past the filter for system calls; engines "
            "before 25 let it through.",
            how="io_uring_setup of no length: EPERM from the filter, EFAULT or EINVAL from the kernel.",
            cis=("5.22",),
            nist=("4.5.2",),
        ),
    ),
)
