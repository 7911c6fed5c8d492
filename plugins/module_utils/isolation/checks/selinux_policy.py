# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the loaded policy of SELinux answers: switches, permissive types, unknown labels, ways to other containers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    Fact,
    as_list,
    as_mapping,
    fact_from,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    FAIL,
    INFORMATIONAL,
    NOTAPPLICABLE,
    PASS,
    Check,
    Outcome,
    judge_all,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.selinux import (
    needing_selinux,
    present,
    without_selinux,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container, Host, Room
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.selinux_label import Label, clearance

ACCESS, CONTEXT = "/sys/fs/selinux/access", "/sys/fs/selinux/context"
NFS = "files on a share that have no categories"
# What a container may do once the switch is on. Names of the reference policy and of container-selinux.
WEAKENING = {
    "container_connect_any": "connect to every port",
    "container_manage_cgroup": "change control groups, and so its limits",
    "container_manage_public_content": "change what the host publishes",
    "container_modify_selinux_labels": "relabel files",
    "container_read_certs": "read the host's certificates",
    "container_use_cephfs": NFS,
    "container_use_devices": "use every device that is passed to it",
    "container_use_dri": "use the graphics processor",
    "container_use_dri_devices": "use the graphics processor",
    "container_use_ecryptfs": NFS,
    "container_use_host_all_caps": "use every capability on the host",
    "container_use_mknod": "make device nodes",
    "container_use_nfs": NFS,
    "container_use_samba": NFS,
    "container_use_sysadmin": "mount file systems",
    "container_use_userns_all_caps": "use every capability in a user namespace",
    "container_use_userns_mknod": "make device nodes in a user namespace",
    "container_use_userns_sysadmin": "mount file systems in a user namespace",
    "container_use_xserver_devices": "use the devices of the graphical screen",
    "virt_sandbox_use_all_caps": "use every capability it has",
    "virt_sandbox_use_mknod": "make device nodes",
    "virt_sandbox_use_netlink": "speak to the kernel's network tables",
    "virt_sandbox_use_nfs": NFS,
    "virt_sandbox_use_samba": NFS,
    "virt_sandbox_use_sys_admin": "mount file systems",
}


def decide_booleans(host: Host, room: Room) -> Outcome:
    if room.policy.selinux == "absent":
        return Outcome(NOTAPPLICABLE, "not judged", reason="the policy says that these hosts have no SELinux")
    runs = present(host)
    if not runs.known:
        return missing([runs])
    if runs.value is False:
        return without_selinux(runs, room)
    fact = fact_from(host.selinux.get("booleans"), "/sys/fs/selinux/booleans")
    values = {str(name): str(value).split() for name, value in as_mapping(fact.value).items()}
    if not fact.known or not isinstance(fact.value, Mapping) or any(len(pair) != 2 for pair in values.values()):
        return missing([fact if not fact.known else fact._replace(value=None, error="EINVAL not 'current pending'")])
    on = {name: Fact(f"{fact.path}/{name}", pair[0], " ".join(pair)) for name, pair in values.items() if "1" in pair}
    weak = [name for name in on if name in WEAKENING]
    if weak:
        said = "; ".join(f"{name} {on[name].raw} lets containers {_lets(name)}" for name in weak)
        return Outcome(FAIL, said, tuple(on[name] for name in weak))
    if on:
        reason = "not known to open a way out of a container"
        return Outcome(INFORMATIONAL, f"on: {', '.join(on)}", tuple(on.values()), reason=reason)
    evidence = tuple(Fact(f"{fact.path}/{name}", pair[0], " ".join(pair)) for name, pair in values.items())
    none = (Fact(fact.path, "none", "no switch about containers"),)
    return Outcome(PASS, f"all {len(values)} off" if values else "the policy has none", evidence or none)


def _lets(name: str) -> str:
    return f"use {WEAKENING[name]}" if WEAKENING[name] == NFS else WEAKENING[name]


def answers(host: Host, key: str) -> Mapping[str, Any]:
    return as_mapping(host.selinux.get(key))


def labels_of(container: Container) -> Iterator[Fact]:
    """Each label of its processes once; where none was read, what is missing."""
    seen: set[Any] = set()
    for process in container.processes:
        fact = process.label
        if not fact.known or fact.value not in seen:
            yield fact
        seen.add(fact.value)


def judge_labels(container: Container, judge: Callable[[Fact], list[tuple[Fact, str]]], good: str) -> Outcome:
    judged = []
    for fact in labels_of(container):
        judged.extend(judge(fact) if fact.known else [(fact, "")])
    return judge_all(judged, good)


def decide_domain(container: Container, room: Room) -> Outcome:
    domains = answers(room.host_of(container), "domains")

    def judge(fact: Fact) -> list[tuple[Fact, str]]:
        label = Label.parse(str(fact.value))
        name = label.type if label else str(fact.value)
        answer = fact_from(domains.get(name), f"{ACCESS} about {name}")
        if answer.known and answer.value not in ("enforced", "permissive"):
            answer = answer._replace(value=None, error=f"EINVAL the answer is {answer.value!r}")
        return [(answer, f"the type {name} is permissive" if answer.value == "permissive" else "")]

    return judge_labels(container, judge, "enforced")


def decide_loaded(container: Container, room: Room) -> Outcome:
    contexts = answers(room.host_of(container), "contexts")
    told = [container.declared.get("process_label"), container.declared.get("mount_label")]

    def judge(label: str) -> tuple[Fact, str]:
        answer = fact_from(contexts.get(label), f"{CONTEXT} about {label}")
        if answer.known and answer.value not in ("loaded", "unknown"):
            answer = answer._replace(value=None, error=f"EINVAL the answer is {answer.value!r}")
        return answer, f"the policy does not know {label}" if answer.value == "unknown" else ""

    promised = [judge(str(label)) for label in told if label]
    real = [judge(str(fact.value)) if fact.known else (fact, "") for fact in labels_of(container)]
    if not real:
        return judge_all([], "")
    return judge_all([*real, *promised], "known to the policy")


def decide_separated(container: Container, room: Room) -> Outcome:
    host = room.host_of(container)
    crossings = answers(host, "crossings")
    if container.processes and not _has_others(container, host):
        reason = "there is no other container on this host whose level its own does not contain"
        return Outcome(NOTAPPLICABLE, "not judged", reason=reason)

    def judge(fact: Fact) -> list[tuple[Fact, str]]:
        asked = [as_mapping(entry) for entry in as_list(crossings.get(str(fact.value)))]
        if not asked:
            return [(Fact(f"{ACCESS} about {fact.value}", error="not recorded in the facts"), "")]
        return [_crossing(entry) for entry in asked]

    return judge_labels(container, judge, "refused")


def _has_others(container: Container, host: Host) -> bool:
    """Is there anybody to ask about? A label that could not be read is no proof that there is nobody."""
    own = [clearance(str(process.label.value)) for process in container.processes]
    for other in (*host.containers, *host.neighbours):
        for process in other.processes if other.identifier != container.identifier else ():
            found = clearance(str(process.label.value)) if process.label.known else None
            if not process.label.known or (found and any(one is None or not one.dominates(found) for one in own)):
                return True
    return False


def _crossing(entry: Mapping[str, Any]) -> tuple[Fact, str]:
    target, kind = str(entry.get("to")), str(entry.get("class"))
    answer = fact_from(entry.get("allowed"), f"{ACCESS} about {target}")
    if answer.known and not isinstance(answer.value, (list, tuple)):
        answer = answer._replace(value=None, error=f"EINVAL the answer is {answer.value!r}")
    allowed = ", ".join(map(str, as_list(answer.value)))
    return answer, f"the policy lets it {allowed} a {kind} of {target}" if allowed else ""


_COMMON: Mapping[str, Any] = {"concept": "selinux", "nist": ("4.4.3",)}
CHECKS: tuple[Check, ...] = (
    Check(
        id="selinux-booleans",
        title="No switch of the policy is open",
        severity="medium",
        expected="every boolean off that lets containers do more",
        remedy="Switch it off (setsebool -P NAME off), or accept it with a waiver where it is meant so.",
        why="One switch, thrown for one container, opens the same way for all the others on that host.",
        how="Files of /sys/fs/selinux/booleans about containers: current and pending value of each that is there.",
        variable="engine_host entry point main",
        decide_host=decide_booleans,
        cis=("5.3",),
        **_COMMON,
    ),
    Check(
        id="selinux-domain-enforced",
        title="Its type is enforced",
        severity="critical",
        expected="no permissive type among its processes",
        remedy="Take the type from the permissive ones: semanage permissive -d TYPE, or remove the module that did it.",
        why="The host enforces and the label is right, and still nothing is refused: one type can be permissive alone.",
        how="The flags of the kernel's own decision (/sys/fs/selinux/access) for the type of every process.",
        variable="selinux_enforcing entry point main",
        decide=needing_selinux(decide_domain),
        cis=("5.3",),
        **_COMMON,
    ),
    Check(
        id="selinux-context-loaded",
        title="The policy knows its labels",
        severity="high",
        expected="every label of its processes, and what the engine says of it and its files, known to the policy",
        remedy="Load the module that has the type (semodule -l tells), and create the container anew.",
        why="A label that the policy lost is treated as unlabeled: what then is allowed was meant for something else.",
        how="Each label given to /sys/fs/selinux/context, which says whether the loaded policy has it.",
        variable="engine_host entry point main",
        decide=needing_selinux(decide_loaded),
        cis=("5.3",),
        **_COMMON,
    ),
    Check(
        id="selinux-policy-separates",
        title="The policy refuses what lies between containers",
        severity="critical",
        expected="no reading and writing of another container's files, no tracing and signalling of its processes",
        remedy="Look for the module or the type that allows it (sesearch), and use a type that categories constrain.",
        why="Categories separate only types that the policy constrains by them: another type walks through all pairs.",
        how="The kernel's decision (/sys/fs/selinux/access) from its label to the labels of one other container.",
        variable="engine_host entry point main",
        decide=needing_selinux(decide_separated),
        cis=("5.3",),
        **_COMMON,
    ),
)
