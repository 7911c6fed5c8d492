# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seccomp: which system calls a process may make at all."""

from __future__ import annotations

import json
import re

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    Fact,
    as_list,
    as_mapping,
    printable,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    FAIL,
    NOTAPPLICABLE,
    NOTCHECKED,
    PASS,
    Check,
    Outcome,
    judge_processes,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container, Host, Room

SECCOMP_FILTER = "2"
WORKSPACES = "student_workspaces entry point main"
SECCOMP_WORDS = {"0": "has no seccomp filter", "1": "is in strict mode, which no container can run in"}
# The engine's own profile: "default" until version 22, "builtin" since.
OWN_PROFILES = ("builtin", "default")
UNCONFINED = "unconfined"
# A call that is only written down is let through too.
LETS_THROUGH = ("SCMP_ACT_ALLOW", "SCMP_ACT_LOG")
# The engine takes keys of any case; a long profile is recorded by its beginning only, so it cannot be parsed.
DEFAULT_ACTION = re.compile(r'"defaultAction"\s*:\s*"(\w+)"', re.IGNORECASE)
OPTION = re.compile(r"seccomp[=:](.*)", re.DOTALL)
UNREADABLE = "what the loaded filter refuses cannot be read without ptrace"


def decide_seccomp(container: Container, room: Room) -> Outcome:
    def object_to(fact: Fact) -> str:
        mode = str(fact.value)
        return "" if mode == SECCOMP_FILTER else SECCOMP_WORDS.get(mode, f"is in the unknown mode {mode}")

    return judge_processes(container, lambda process: process.status("Seccomp"), object_to, "filtered")


def default_action(profile: str) -> str:
    """What happens to a call that no rule of the profile names; nothing when that is not to be seen."""
    try:
        whole = as_mapping(json.loads(profile))
    except ValueError:
        found = DEFAULT_ACTION.search(profile)
        return found.group(1) if found else ""
    return next((str(value) for key, value in whole.items() if key.lower() == "defaultaction"), "")


def judge_profile(profile: str, evidence: Fact) -> Outcome:
    """profile: the engine's word, or the JSON text that was given."""
    if profile == UNCONFINED:
        return Outcome(FAIL, "unconfined", (evidence,))
    if profile in OWN_PROFILES:
        return Outcome(PASS, "the engine's own profile", (evidence,))
    action = default_action(profile)
    if action in LETS_THROUGH:
        return Outcome(FAIL, f"a profile that lets through what it does not name ({action})", (evidence,))
    shown = f", {action} for what it does not name" if action else ""
    return Outcome(NOTCHECKED, printable(f"a custom profile{shown}"), (evidence,), reason=UNREADABLE)


def engine_profile(host: Host) -> Outcome:
    """What a container gets that names no profile."""
    options = as_mapping(host.facts.get("engine")).get("security_options")
    path = "/info SecurityOptions"
    if not isinstance(options, (list, tuple)) or not all(isinstance(option, str) for option in options):
        return missing([Fact(path, error="not recorded in the facts")])
    found = next((option for option in options if option.split(",")[0] == "name=seccomp"), "")
    if not found:
        return Outcome(NOTCHECKED, "the engine names no profile", (Fact(path, list(options)),), reason=UNREADABLE)
    return judge_profile(found.partition("profile=")[2], Fact(path, found, found))


def decide_profile(container: Container, room: Room) -> Outcome:
    """That there is a filter at all is seccomp-filter's: here only which one it must be."""
    options = container.declared.get("security_opts")
    path = f"inspect {container.name} HostConfig.SecurityOpt"
    if not isinstance(options, (list, tuple)) or not all(isinstance(option, str) for option in options):
        return missing([Fact(path, error="not recorded in the facts")])
    chosen = [(found.group(1), option) for option in as_list(options) if (found := OPTION.fullmatch(option))]
    outcomes = [judge_profile(profile, Fact(path, option, option)) for profile, option in chosen]
    outcomes = outcomes or [engine_profile(room.host_of(container))]
    worst = next((one for status in (FAIL, NOTCHECKED) for one in outcomes if one.status == status), outcomes[0])
    if worst.status != PASS:
        return worst
    loaded = decide_seccomp(container, room)
    if loaded.status == FAIL:
        return Outcome(NOTAPPLICABLE, "not every process has a filter", loaded.evidence, reason="see seccomp-filter")
    return Outcome(PASS, worst.observed, worst.evidence + loaded.evidence) if loaded.status == PASS else loaded


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
        variable=WORKSPACES,
        decide=decide_seccomp,
        cis=("5.22",),
        nist=("4.4.3",),
    ),
    Check(
        id="seccomp-profile",
        title="The filter is the engine's own",
        concept="seccomp",
        severity="high",
        expected="the engine's own profile; of another one only that it lets nothing through by default",
        remedy="Take seccomp=... out of security_opts and seccomp-profile out of the engine's configuration, or give a "
        "profile that refuses what it does not name.",
        why="A filter that lets everything through is mode 2 as well, and stops no system call.",
        how="HostConfig.SecurityOpt of the container, else SecurityOptions of /info, with Seccomp in /proc/PID/status.",
        variable=WORKSPACES,
        decide=decide_profile,
        cis=("5.22",),
        nist=("4.4.3",),
    ),
)
