# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine gives to containers that ask for nothing, and the features that weaken all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    Fact,
    as_mapping,
    fact_from,
    formed,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    FAIL,
    INFORMATIONAL,
    NOTAPPLICABLE,
    PASS,
    Check,
    Outcome,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.daemon_base import (
    OPTIONS,
    answer,
    by_setting,
    daemon_check,
    moved,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.network_evidence import network_fact
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.network_rules import (
    IPV4,
    separation,
    wires_of,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.selinux import present
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.daemon_view import (
    daemon,
    declared,
    security_option,
    setting,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Host, Room

ICC = "com.docker.network.bridge.enable_icc"


def decide_icc(host: Host, room: Room) -> Outcome:
    fact = formed(fact_from(daemon(host).get("bridge"), "/networks/bridge"), Mapping)
    said = declared(host, "icc")
    if not fact.known:
        return missing([fact])
    if fact.value.get("exists") is False:
        return Outcome(PASS, "there is no default bridge", (fact,), inspected=said)
    value = str(as_mapping(fact.value.get("options")).get(ICC))
    if value not in ("true", "false"):
        return missing([Fact(fact.path, error=f"ENOENT the network has no option {ICC}")])
    shown = fact._replace(raw=f"{ICC}={value}")
    if value == "true":
        return Outcome(FAIL, "containers on it reach each other", (shown,), inspected=said)
    item = next((one for one in host.networks if network_fact(one, "default_bridge", bool).value), None)
    if not item:
        return missing([Fact("/networks", error="ENOENT the default bridge is not among the recorded networks")])
    status, words, evidence = separation(item, room)
    return Outcome(status, words, (shown, *evidence), inspected=said) if status else missing(evidence)


def decide_iptables(host: Host, room: Room) -> Outcome:
    """What it may, and what it did: somebody can have taken its rules away since."""
    may = setting(host, "iptables", True)
    if not may.known or may.value is not True:
        return answer(may, "switched off", "", declared(host, "iptables"))
    rules = wires_of(room, host).filters[IPV4]
    if not rules.fact.known:
        return missing([rules.fact])
    chains = [name for chains in rules.tables.values() for name in chains.names if name.startswith("DOCKER")]
    fact = rules.fact._replace(raw=", ".join(chains) or "no chain of the engine's")
    said = "" if chains else "FORWARD leads to no chain of the engine's: its rules are gone"
    return Outcome(
        FAIL if said else PASS, said or "its rules are in force", (fact, may), inspected=declared(host, "iptables")
    )


def decide_userns(host: Host, _room: Room) -> Outcome:
    remapped, rootless = security_option(host, "userns"), security_option(host, "rootless")
    if not remapped.known:
        return missing([remapped])
    said = "" if remapped.value or rootless.value else "root in a container is root on the host"
    return answer(remapped, said, "users of containers are others on the host", declared(host, "userns-remap"))


def decide_cgroup_parent(host: Host, _room: Room) -> Outcome:
    fact = setting(host, "cgroup-parent", "")
    if not fact.known:
        return missing([fact])
    if fact.value == "/":
        return Outcome(FAIL, "containers lie directly below the root group", (fact,))
    if fact.value:
        reason = "a parent of the administrator's own: its limits are judged with each container"
        return Outcome(INFORMATIONAL, f"containers lie below {fact.value}", (fact,), reason=reason)
    return Outcome(PASS, "the engine's own", (fact,))


def decide_seccomp(host: Host, _room: Room) -> Outcome:
    fact = security_option(host, "seccomp")
    if not fact.known:
        return missing([fact])
    profile = str(fact.value).partition("profile=")[2]
    if not fact.value or profile == "unconfined":
        return Outcome(FAIL, "containers get no filter of system calls", (fact,))
    if profile in ("builtin", "default"):
        return Outcome(PASS, f"the {profile} profile", (fact,))
    reason = "what a profile of one's own lets through is judged with each container"
    return Outcome(INFORMATIONAL, f"the profile {profile or 'without a name'}", (fact,), reason=reason)


def decide_selinux(host: Host, room: Room) -> Outcome:
    there = present(host)
    if room.policy.selinux == "absent" or there.value is False:
        return Outcome(NOTAPPLICABLE, "not judged", (there,), reason="the host has no SELinux")
    fact = security_option(host, "selinux")
    if not there.known:
        return missing([there])
    said = "" if fact.value else "the engine gives containers no label of their own"
    return answer(fact, said, "containers get labels", declared(host, "selinux-enabled"))


def _ulimits(value: Any) -> str:
    return "" if value else "none: a container may open as many files as the engine itself"


CHECKS: tuple[Check, ...] = (
    daemon_check(
        id="daemon-icc",
        title="Containers on the default bridge do not reach each other",
        severity="medium",
        expected=f"{ICC} false, or no default bridge",
        remedy='Set "icc": false in daemon.json and restart the engine.',
        why="Whoever takes over one container can try every port of all others on that network.",
        how="Option of the network bridge as the engine holds it, and as for network-icc whether it is in force.",
        variable=OPTIONS,
        cis=("2.2",),
        nist=("4.3.3",),
        decide_host=decide_icc,
    ),
    daemon_check(
        id="daemon-iptables",
        title="The engine may write its packet filter rules",
        severity="high",
        expected="iptables not switched off, and the engine's chains in force",
        remedy='Remove "iptables": false from daemon.json, and --iptables=false from the command line. Where something '
        "flushed the rules, restart the engine, and let it start after that.",
        why="Without its rules networks of containers are not kept apart, and published ports not narrowed.",
        how="Command line and daemon.json as they run; iptables-nft-save and iptables-legacy-save.",
        variable=OPTIONS,
        cis=("2.4",),
        decide_host=decide_iptables,
    ),
    daemon_check(
        id="daemon-ulimits",
        title="Containers get limits by default",
        severity="low",
        expected="default-ulimits with at least one limit",
        remedy='Set "default-ulimits" in daemon.json, nofile above all, and restart the engine.',
        why="One container can otherwise use up descriptors that the whole host shares.",
        how="Command line and daemon.json as they run; each container's own limits are in /proc/PID/limits.",
        variable="engine_host_default_ulimits",
        decide_host=by_setting("default-ulimits", {}, _ulimits, "set"),
        **moved("2.8", "2.9"),
    ),
    daemon_check(
        id="daemon-userns",
        title="Users of containers are others on the host",
        severity="medium",
        expected="userns-remap, or a rootless engine",
        remedy='Set "userns-remap": "default" in daemon.json. Existing images and containers are not seen any more.',
        why="Root that breaks out of a container is then nobody on the host.",
        how="SecurityOptions of /info; each container's own map is in /proc/PID/uid_map.",
        variable=OPTIONS,
        decide_host=decide_userns,
        **moved("2.9", "2.10"),
    ),
    daemon_check(
        id="daemon-cgroup-parent",
        title="The default control group was not moved to the root",
        severity="low",
        expected="the engine's own, or a group with limits",
        remedy="Remove cgroup-parent, or name a slice that has limits.",
        why="Below the root group containers compete with the host's own services as equals.",
        how="Command line and daemon.json as they run; each container's group is in /proc/PID/cgroup.",
        variable="engine_host_slice",
        decide_host=decide_cgroup_parent,
        **moved("2.10", "2.11"),
    ),
    daemon_check(
        id="daemon-no-new-privileges",
        title="Containers gain no privileges by default",
        severity="medium",
        expected="no-new-privileges",
        remedy='Set "no-new-privileges": true in daemon.json and restart the engine.',
        why="A forgotten option of one container then leaves its setuid programs without effect.",
        how="Command line and daemon.json as they run; each process's own bit is in /proc/PID/status.",
        variable=OPTIONS,
        decide_host=by_setting(
            "no-new-privileges", False, lambda value: "" if value is True else "not the default", "the default"
        ),
        **moved("2.14", "2.15"),
    ),
    daemon_check(
        id="daemon-seccomp",
        title="Containers get a filter of system calls by default",
        severity="high",
        expected="the engine's own profile, or one that was chosen",
        remedy="Remove seccomp-profile, or name a file that lets through what is needed and nothing else.",
        why="Most ways out of a container begin with a system call that its program never needed.",
        how="SecurityOptions of /info; each thread's own filter is in /proc/PID/status.",
        variable=OPTIONS,
        nist=("4.4.3",),
        decide_host=decide_seccomp,
        **moved("2.17", "2.18"),
    ),
    daemon_check(
        id="daemon-labels",
        title="The engine labels its containers",
        severity="high",
        expected="SELinux support switched on in the engine",
        remedy='Set "selinux-enabled": true in daemon.json and restart the engine.',
        why="With it off containers run with the engine's own type on a host that otherwise enforces.",
        how="SecurityOptions of /info, on a host with SELinux.",
        variable=OPTIONS,
        nist=("4.4.3",),
        decide_host=decide_selinux,
    ),
)
