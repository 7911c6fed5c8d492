# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes: what they hold that leads out of the container, and what they carry that others should not read."""

from __future__ import annotations

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    Fact,
    as_list,
    fact_from,
    printable,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    FAIL,
    INFORMATIONAL,
    Check,
    Outcome,
    judge_all,
    said,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.process_record import Process
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container, Room

# /dev/null of the host: what an engine gives as input to a container that gets none.
NULL = "c 1:3"


def whole_processes(container: Container) -> list[Process]:
    """Threads share their process's files and environment."""
    return [process for process in container.processes if not process.thread]


def decide_descriptors(container: Container, _room: Room) -> Outcome:
    judged = []
    for process in whole_processes(container):
        fact = process.descriptors
        entries = [as_list(entry) for entry in as_list(fact.value)]
        if fact.known and not (isinstance(fact.value, (list, tuple)) and all(len(entry) == 3 for entry in entries)):
            fact = Fact(fact.path, error="recorded in a form that is no list of descriptors")
        leaks = [f"{name} ({link})" for name, link, node in entries if node != NULL] if fact.known else []
        judged.append((fact, said(process, f"reaches out of its mounts: {', '.join(leaks)}") if leaks else ""))
    return judge_all(judged, "nothing but what lies on its own mounts")


def decide_environment(container: Container, _room: Room) -> Outcome:
    given = fact_from(container.record.get("environment"), "inspect Config.Env")
    processes = whole_processes(container)
    judged = [(given, f"the engine gives {_named(given)}" if given.value else "")] if processes else []
    for process in processes:
        fact = process.environment
        judged.append((fact, said(process, f"has {_named(fact)}") if fact.value else ""))
    outcome = judge_all(judged, "no variable that is called like a secret")
    if outcome.status != FAIL:
        return outcome
    reason = "a name proves no secret; whoever may inspect the container, and every program in it, reads the value"
    return Outcome(INFORMATIONAL, outcome.observed, outcome.evidence, reason=reason)


def _named(fact: Fact) -> str:
    return printable(", ".join(map(str, as_list(fact.value))) or str(fact.value))


CHECKS: tuple[Check, ...] = (
    Check(
        id="process-descriptors",
        title="Nothing open leads out of the container",
        concept="processes",
        severity="high",
        expected="working folder, root, program and descriptors on mounts of the process's own namespace, or /dev/null",
        remedy="End the process and find out who started it; update runc (CVE-2024-21626) and what starts programs in "
        "containers with descriptors of the host open.",
        why="An open folder of the host is a way to all of its files, whatever the container's mounts show.",
        how="mnt_id of /proc/PID/{cwd,exe,root} and fd/* against /proc/PID/mountinfo; up to 1024 descriptors for each "
        "process. Pipes, sockets and memory have no place in a file system.",
        decide=decide_descriptors,
        nist=("4.4.1", "4.4.3"),
    ),
    Check(
        id="process-environment-secrets",
        title="No secrets in the environment",
        concept="processes",
        severity="medium",
        expected="no variable whose name looks like a secret's; one that has such a name is for information",
        remedy="Give the secret as a file (a mount on tmpfs) and its path in NAME_FILE.",
        why="The environment is shown by inspect, inherited by every program, and written into logs and crash reports.",
        how="Names in /proc/PID/environ of every process and in Config.Env; values are not recorded.",
        decide=decide_environment,
        nist=("4.1.4",),
    ),
)
