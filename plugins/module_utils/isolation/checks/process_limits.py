# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes: the limits that each carries itself (rlimits), in force against what was declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact, as_list, as_mapping
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    FAIL,
    INFORMATIONAL,
    PASS,
    Check,
    Outcome,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.daemon_view import setting
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container, Host, Room

OPEN_FILES, CORE = "Max open files", "Max core file size"
OPEN_FILES_LIMIT = 1 << 20
UNLIMITED = -1
# The engine's names, and the kernel's in /proc/PID/limits.
NAMES = {
    "core": CORE,
    "cpu": "Max cpu time",
    "data": "Max data size",
    "fsize": "Max file size",
    "locks": "Max file locks",
    "memlock": "Max locked memory",
    "msgqueue": "Max msgqueue size",
    "nice": "Max nice priority",
    "nofile": OPEN_FILES,
    "nproc": "Max processes",
    "rss": "Max resident set",
    "rtprio": "Max realtime priority",
    "rttime": "Max realtime timeout",
    "sigpending": "Max pending signals",
    "stack": "Max stack size",
}


def rlimit(container: Container, name: str) -> Fact:
    """The hard limit: what a process may set itself. The value is a number, UNLIMITED for none."""
    path = f"/proc/{container.record.get('pid')}/limits"
    text = str(as_mapping(container.record.get("rlimits")).get(name) or "")
    words = text.split()
    if len(words) != 2 or not all(word.isdecimal() or word == "unlimited" for word in words):
        return Fact(path, error=f"{name} is not recorded in the facts")
    return Fact(path, UNLIMITED if words[1] == "unlimited" else int(words[1]), f"{name} {text}")


def shown(value: Any) -> str:
    return "unlimited" if value == UNLIMITED else str(value)


def above(value: int, bound: int) -> bool:
    return bound != UNLIMITED and (value == UNLIMITED or value > bound)


def declared_limits(container: Container, host: Host) -> Fact:
    """The engine's name to the hard limit that was asked for; the container's own before the engine's defaults."""
    path = f"inspect {container.name} HostConfig.Ulimits"
    own = container.declared.get("ulimits")
    rows = [as_list(row) for row in as_list(own)]
    if not isinstance(own, (list, tuple)) or not all(len(row) == 3 and isinstance(row[2], int) for row in rows):
        return Fact(path, error="not recorded in the facts")
    defaults = setting(host, "default-ulimits", {})
    if not defaults.known:
        return defaults
    wanted = {str(name): _hard(value) for name, value in as_mapping(defaults.value).items()}
    if not isinstance(defaults.value, Mapping) or None in wanted.values():
        return Fact(defaults.path, error="default-ulimits is in a form that is not known")
    wanted.update({str(name): hard for name, _soft, hard in rows})
    listed = ", ".join(f"{name}={shown(hard)}" for name, hard in sorted(wanted.items()))
    return Fact(path, wanted, listed or "no limits asked for")


def _hard(value: Any) -> int | None:
    """Of {Name, Soft, Hard} in the file, where case does not matter, or of soft:hard on the command line."""
    if isinstance(value, Mapping):
        fields = {str(key).lower(): entry for key, entry in value.items()}
        value = fields.get("hard", fields.get("soft"))
    text = str(value).rpartition(":")[2]
    return int(text) if text.lstrip("-").isdecimal() else None


def decide_rlimits(container: Container, room: Room) -> Outcome:
    declared = declared_limits(container, room.host_of(container))
    files, core = rlimit(container, OPEN_FILES), rlimit(container, CORE)
    inspected = declared.raw if declared.known else ""
    facts, faults = [files, core], []
    if files.known and above(files.value, OPEN_FILES_LIMIT):
        faults.append((files, f"{shown(files.value)} open files"))
    for name, bound in (declared.value or {}).items():
        fact = rlimit(container, NAMES.get(name, name))
        facts.append(fact)
        if fact.known and above(fact.value, bound):
            faults.append((fact, f"{fact.raw.lower()}, above the {shown(bound)} that was asked for"))
    if faults:
        observed = "; ".join(dict.fromkeys(objection for _fact, objection in faults))
        return Outcome(FAIL, observed, tuple(fact for fact, _objection in faults), inspected=inspected)
    unread = [fact for fact in (declared, *facts) if not fact.known]
    if unread:
        return missing(unread)
    if core.value != 0:
        reason = "a crash may write the memory of a process, secrets included, to a disk"
        observed = f"core files up to {shown(core.value)}"
        return Outcome(INFORMATIONAL, observed, (core, files), reason=reason, inspected=inspected)
    return Outcome(PASS, f"{files.value} open files, no core files", tuple(facts), inspected=inspected)


CHECKS: tuple[Check, ...] = (
    Check(
        id="process-rlimits",
        title="Open files and core files are limited, and limits are as declared",
        concept="processes",
        severity="low",
        expected=f"at most {OPEN_FILES_LIMIT} open files, and no hard limit above what was declared; a core file size "
        "other than 0 is for information",
        remedy="Set ulimits (nofile, core) of the container, or default-ulimits in the engine's configuration; a limit "
        "that was raised afterwards (prlimit) is back after a restart.",
        why="Open files are memory of the kernel that all share; core files carry secrets out and fill disks.",
        how="The hard limits in /proc/PID/limits of the first process, which the others inherit, against "
        "HostConfig.Ulimits and the engine's default-ulimits.",
        variable="engine_host_default_ulimits",
        decide=decide_rlimits,
        cis=("5.19",),
    ),
)
