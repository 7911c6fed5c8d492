# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must be there at all: facts from every host, and a running container for every workspace."""

from __future__ import annotations

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact, printable
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    ERROR,
    FAIL,
    NOTAPPLICABLE,
    PASS,
    Check,
    Outcome,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container, Host, Room

# Besides running and paused.
STATES = ("created", "restarting", "removing", "exited", "dead")


def decide_available(host: Host, room: Room) -> Outcome:
    if host.error:
        return Outcome(ERROR, "nothing is known about this host", (Fact(host.name, error=host.error),), "", host.error)
    return Outcome(PASS, f"{len(host.containers)} containers", (Fact(host.name, "facts"),))


def decide_running(container: Container, room: Room) -> Outcome:
    """Decided for every container, running or not: see verdict.py."""
    state = printable(str(container.record.get("state") or "unknown"))
    evidence = (Fact(f"inspect {container.name}", state, f"State.Status: {state}"),)
    broken = str(container.record.get("error") or "")
    if broken:
        return Outcome(ERROR, "could not be read", (Fact(f"inspect {container.name}", error=broken),), "", broken)
    if container.running:
        return Outcome(PASS, state, evidence)
    if state not in STATES:
        return missing([Fact(f"inspect {container.name}", error=f"no state that an engine knows: {state}")])
    if room.policy.student_label in container.labels or room.expected(container):
        return Outcome(FAIL, f"the container is {state}", evidence)
    return Outcome(NOTAPPLICABLE, state, evidence, reason="not running, and no workspace: there is nothing to isolate")


def decide_present(container: Container, room: Room) -> Outcome:
    """For what the policy expects: the container here, if any, stands for the one expected (see verdict.py)."""
    want = room.expected(container)
    label = room.policy.student_label
    found = container.labels.get(label)
    evidence = (Fact(f"inspect {container.name}", str(found), f"{label}: {found}"),)
    if want and want.student and found != want.student:
        return Outcome(FAIL, f"belongs to {printable(str(found))}", evidence, f"the workspace of {want.student}")
    return Outcome(PASS, "found", evidence)


AVAILABLE = Check(
    id="facts-available",
    title="Facts came from the host",
    concept="workspaces",
    severity="critical",
    expected="a document of facts",
    remedy="See the error: reach the host, run as root, start its engine, then verify again.",
    decide_host=decide_available,
)
PRESENT = Check(
    id="workspace-present",
    title="The expected workspace exists",
    concept="workspaces",
    severity="high",
    expected="a container of that name and student",
    remedy="Run the workspaces playbook, or take the student off the list.",
    decide=decide_present,
)
RUNNING = Check(
    id="workspace-running",
    title="The workspace runs",
    concept="workspaces",
    severity="high",
    expected="running",
    remedy="Look at the container's log, start it, or run the workspaces playbook.",
    decide=decide_running,
)
