# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which security module of the kernel confines containers, and AppArmor's profiles. No distribution's name decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact, as_mapping, fact_from
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    FAIL,
    NOTAPPLICABLE,
    PASS,
    Check,
    Outcome,
    judge_processes,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.selinux import present
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container, Host, Room

# Modes of a profile that refuse. (kill) ends the process as well.
STRICT = ("(enforce)", "(kill)")


def recorded(host: Host, key: str, path: str) -> Fact:
    return fact_from(as_mapping(host.facts.get("lsm")).get(key), path)


def apparmor(host: Host) -> Fact:
    """Whether AppArmor runs. No such file means that this kernel has none."""
    switch = recorded(host, "apparmor", "/sys/module/apparmor/parameters/enabled")
    if switch.error.startswith("ENOENT"):
        return Fact(switch.path, False, switch.error)
    if switch.known and switch.value not in ("Y", "N"):
        return switch._replace(value=None, error=f"EINVAL {switch.value!r} is neither Y nor N")
    return switch._replace(value=switch.value == "Y", raw=str(switch.value)) if switch.known else switch


def decide_active(host: Host, room: Room) -> Outcome:
    names = recorded(host, "list", "/sys/kernel/security/lsm")
    found = {"SELinux": present(host), "AppArmor": apparmor(host)}
    evidence = (*found.values(), names)
    active = [name for name, fact in found.items() if fact.value is True]
    inspected = str(names.value) if names.known else ""
    if active:
        return Outcome(PASS, " and ".join(active), evidence, inspected=inspected)
    unknown = [fact for fact in found.values() if not fact.known]
    if unknown:
        return missing(unknown)
    if room.policy.selinux != "required":
        reason = "the kernel of this host runs neither SELinux nor AppArmor, and the policy takes it as it is"
        return Outcome(NOTAPPLICABLE, "not judged", evidence, reason=reason)
    return Outcome(FAIL, "neither SELinux nor AppArmor", evidence, inspected=inspected)


def decide_profile(container: Container, room: Room) -> Outcome:
    runs = apparmor(room.host_of(container))
    if not runs.known:
        return missing([runs])
    if runs.value is False:
        return Outcome(NOTAPPLICABLE, "not judged", (runs,), reason="the kernel of this host runs no AppArmor")

    def object_to(fact: Fact) -> str:
        text = str(fact.value)
        if text == "unconfined":
            return "is unconfined"
        return "" if text.endswith(STRICT) else f"has the profile {text}, which does not refuse"

    outcome = judge_processes(container, lambda process: process.profile, object_to, "confined by a profile")
    told = container.declared.get("apparmor_profile")
    return replace(outcome, inspected=str(told or "no profile"))


_COMMON: Mapping[str, Any] = {"concept": "lsm", "nist": ("4.4.3",)}
CHECKS: tuple[Check, ...] = (
    Check(
        id="lsm-active",
        title="The kernel has mandatory access control",
        severity="high",
        expected="SELinux or AppArmor, running",
        remedy="Boot with security=selinux and a policy, or with AppArmor where that is the host's module.",
        why="Without it nothing but namespaces and capabilities stands between a container and the host's files.",
        how="/sys/fs/selinux, /sys/module/apparmor/parameters/enabled and the kernel's list of its modules.",
        variable="selinux_enforcing entry point main",
        decide_host=decide_active,
        cis=("5.2", "5.3"),
        **_COMMON,
    ),
    Check(
        id="apparmor-profile",
        title="Confined by a profile of AppArmor",
        severity="high",
        expected="a profile in enforce mode, for every process",
        remedy="Create the container without apparmor=unconfined and without privileged; or aa-enforce it.",
        why="A profile that only complains writes down what a process does, and refuses nothing.",
        how="/proc/PID/attr/apparmor/current of every process, where AppArmor runs: the mode in brackets counts.",
        decide=decide_profile,
        cis=("5.2",),
        **_COMMON,
    ),
)
