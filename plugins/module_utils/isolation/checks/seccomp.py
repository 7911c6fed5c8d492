# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seccomp: which system calls a process may make at all."""

from __future__ import annotations

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    Check,
    Outcome,
    judge_processes,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container, Room

SECCOMP_FILTER = "2"
SECCOMP_WORDS = {"0": "has no seccomp filter", "1": "is in strict mode, which no container can run in"}


def decide_seccomp(container: Container, room: Room) -> Outcome:
    def object_to(fact: Fact) -> str:
        mode = str(fact.value)
        return "" if mode == SECCOMP_FILTER else SECCOMP_WORDS.get(mode, f"is in the unknown mode {mode}")

    return judge_processes(container, lambda process: process.status("Seccomp"), object_to, "filtered")


CHECKS = (
    Check(
        id="seccomp-filter",
        title="System calls are filtered",
        concept="seccomp",
        severity="high",
        expected="seccomp mode 2 (filter) for every process",
        remedy="Create the container without seccomp=unconfined and not as privileged.",
        why="Without a filter every system call of the shared kernel, and every bug in one, is within reach.",
        how="Seccomp in /proc/PID/status of every process. What the filter lets through is not told by it.",
        decide=decide_seccomp,
        cis=("5.22",),
        nist=("4.4.3",),
    ),
)
