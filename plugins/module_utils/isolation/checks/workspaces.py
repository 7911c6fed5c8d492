# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must be there at all: facts from every host, and a running container for every workspace."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact, printable
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    ERROR,
    FAIL,
    NOTAPPLICABLE,
    NOTCHECKED,
    PASS,
    Check,
    Outcome,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.selection import (
    Selection,
    image_fits,
    name_fits,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container, Host, Room

# Besides running and paused.
STATES = ("created", "restarting", "removing", "exited", "dead")
# Names that a finding lists.
SHOWN = 20


def decide_available(host: Host, room: Room) -> Outcome:
    if host.error:
        return Outcome(ERROR, "nothing is known about this host", (Fact(host.name, error=host.error),), "", host.error)
    return Outcome(PASS, f"{len(host.containers)} containers", (Fact(host.name, "facts"),))


def unmatched(room: Room, selection: Selection) -> list[str]:
    """What of a selection fits no container of any host, in words."""
    chosen = [container for host in room.hosts for container in host.containers]
    labels = f" with the labels {', '.join(selection.labels)}" if selection.labels else ""
    said = [
        f"no container{labels} is called {pattern}"
        for pattern in selection.containers
        if not any(name_fits((pattern,), one.given_name) for one in chosen)
    ]
    said += [
        f"no container{labels} was made from {pattern}"
        for pattern in selection.images
        if not any(image_fits((pattern,), one.image, one.image_id) for one in chosen)
    ]
    return said or ([] if chosen else [f"no container{labels} fits all that was asked for"])


def decide_selected(host: Host, room: Room) -> Outcome:
    """Over all hosts, as a container is on one of them; each host says which names it has."""
    if not isinstance(host.document.get("selection"), Mapping):
        return Outcome(NOTCHECKED, "not judged", reason="the facts do not say what was asked for")
    selection = host.selection
    if not selection:
        return Outcome(NOTAPPLICABLE, "not judged", reason="nothing was asked for: all containers are judged")
    everyone = (*host.containers, *host.neighbours)
    names = sorted(f"{one.name} ({one.image})" if selection.images else one.name for one in everyone)
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    here = f"here are: {', '.join(names[:SHOWN]) or 'none'}{more}"
    evidence = (Fact("container list", names, here),)
    faults = unmatched(room, selection)
    if faults:
        return Outcome(FAIL, "; ".join(faults), evidence)
    return Outcome(PASS, f"{len(host.containers)} of {len(everyone)} containers", evidence)


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
SELECTED = Check(
    id="containers-selected",
    title="The selection finds containers",
    concept="workspaces",
    severity="high",
    expected="each name and image that was asked for fits a container of some host",
    remedy="Write names, images and labels as the hosts have them: the names that there are stand beside this.",
    why="A verdict over nothing proves nothing, and a name that was misspelled would look like one that is well.",
    how="The engine's list of containers against the names, images and labels that were asked for.",
    variable="isolation_audit_containers, isolation_audit_images, isolation_audit_labels",
    decide_host=decide_selected,
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
