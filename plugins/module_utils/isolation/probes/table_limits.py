# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probes that reach a limit on purpose."""

from __future__ import annotations

from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import Check
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.probe import (
    Probe,
)

WORKSPACES = "student_workspaces entry point main"

PROBES: tuple[Probe, ...] = (
    Probe(
        Check(
            id="probe-memory",
            title="Memory ends at the limit",
            concept="cgroups",
            severity="high",
            expected="a process that takes more is killed, in its own group",
            remedy="Create the container with memory (and memory_swap).",
            why="Without it one container takes the memory of all.",
            how="A process touches more than the limit (at most 64 MiB in the twin); oom_kill in memory.events "
            "(v1 memory.oom_control), read from the host before and after.",
            variable=WORKSPACES,
            cis=("5.11",),
            nist=("4.4.3",),
        ),
    ),
    Probe(
        Check(
            id="probe-pids",
            title="Processes end at the limit",
            concept="cgroups",
            severity="high",
            expected="fork fails with EAGAIN, counted by its own group",
            remedy="Create the container with pids_limit.",
            why="Without it one container takes the last process number of the host.",
            how="fork beyond the limit (at most 64 in the twin); max in pids.events, read from the host before "
            "and after.",
            variable=WORKSPACES,
            cis=("5.29",),
            nist=("4.4.3",),
        ),
    ),
    Probe(
        Check(
            id="probe-cpu",
            title="Processor time ends at the quota",
            concept="cgroups",
            severity="medium",
            expected="busy processes are held back to the quota",
            remedy="Create the container with cpus.",
            why="Without it one container slows all others down.",
            how="More busy processes than the quota has processors, for half a second; nr_throttled in "
            "cpu.stat, read from the host before and after, and the time that they got.",
            variable=WORKSPACES,
            cis=("5.12",),
            nist=("4.4.3",),
        ),
    ),
)
