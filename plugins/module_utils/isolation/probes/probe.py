# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a probe is: a check whose evidence is an attempt, and the errors that count as a refusal. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import Check

PREFIX = "probe-"
PLACE = "isolation_probe"
# Not permitted; read-only; no such system call here, or a filter that kills who makes it.
REFUSED = frozenset({"EPERM", "EACCES", "EROFS", "ENOSYS", "SIGSYS"})
# Not there, or hidden by the engine.
ABSENT = frozenset({"ENOENT", "ENXIO", "ENODEV", "ENOTDIR", "MASKED"})
NOBODY = frozenset({"ESRCH", "ENOENT"})
NO_FAMILY = frozenset({"EAFNOSUPPORT", "EPROTONOSUPPORT"})
NO_WAY = frozenset({"ETIMEDOUT", "ENETUNREACH", "EHOSTUNREACH", "ENETDOWN", "EADDRNOTAVAIL"})
# Judged by what the policy says of all other containers, and by the record of the refusal.
CROSSING = "category-read"
# Reached on purpose, and judged by what the kernel counted.
LIMITED = ("memory", "pids", "cpu")
# Something goes out: only on request.
NETWORK = ("metadata", "peers")

TRIED = Check(
    id="probes-tried",
    title="The probes were tried",
    concept="workspaces",
    severity="critical",
    expected="an answer of the probes for every container that runs and is judged",
    remedy="See the error: run as root, without check mode, and again when a container ended meanwhile.",
    why="Probes that were asked for and did not run prove nothing, and nobody would notice that they are missing.",
    how="The result of isolation_probe, against the running containers in the facts of the same host.",
    variable="isolation_audit_probe",
)


@dataclass(frozen=True)
class Probe:
    """The check's id is PREFIX and the name of the function in inside/main.py."""

    check: Check
    refused: frozenset[str] = REFUSED

    @property
    def name(self) -> str:
        return self.check.id[len(PREFIX) :]
