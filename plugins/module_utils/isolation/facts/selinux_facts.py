# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host's SELinux says of itself, and the policy's answers to questions about the labels of its containers.

The policy is not read from a file: the kernel is asked, as it is asked at every access.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact, as_list, as_mapping
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.selinux_label import (
    Label,
    categories,
    clearance,
)

SELINUX = "/sys/fs/selinux"
ACCESS, CONTEXT = f"{SELINUX}/access", f"{SELINUX}/context"
BOOLEANS = f"{SELINUX}/booleans"
PREFIXES = ("container_", "docker_", "sshd_launch_containers", "virt_sandbox_")
# What nobody may do to another container's files and processes.
FORBIDDEN: Mapping[str, tuple[str, ...]] = {"file": ("read", "write"), "process": ("ptrace", "signal")}
# In the flags of a decision: refusals in this domain are only logged.
PERMISSIVE = 0x1
FIELDS = 6
_IDENTIFIER = re.compile(r"[0-9a-f]{64}")


class Labelled(NamedTuple):
    """A container's labels: those of its processes, and the one that its files should have (or nothing)."""

    processes: tuple[str, ...]
    files: str
    promised: str


def read_selinux(kernel: Kernel) -> dict[str, Any]:
    """Whether the kernel has it, whether it enforces, whether the policy knows categories, and its switches."""
    return {
        "present": kernel.exists(f"{SELINUX}/enforce"),
        "enforce": kernel.read(f"{SELINUX}/enforce").document(),
        "mls": kernel.read(f"{SELINUX}/mls").document(),
        "booleans": read_booleans(kernel).document(),
    }


def read_booleans(kernel: Kernel) -> Fact:
    """Those about containers that this policy has: 'current pending', each 0 or 1."""
    names = kernel.names(BOOLEANS)
    if not names.known:
        return names
    values: dict[str, str] = {}
    for name in names.value:
        if name.startswith(PREFIXES):
            fact = kernel.read(f"{BOOLEANS}/{name}")
            if not fact.known:
                return fact
            values[name] = str(fact.value)
    return Fact(BOOLEANS, values)


def ask_policy(
    kernel: Kernel, containers: Iterable[Mapping[str, Any]], neighbours: Iterable[Mapping[str, Any]]
) -> dict[str, Any]:
    """Two or three short questions for each container, and one for each type: nothing where there is no SELinux."""
    if not kernel.exists(f"{SELINUX}/enforce"):
        return {"domains": {}, "contexts": {}, "crossings": {}}
    judged, others = [labelled(record) for record in containers], [labelled(record) for record in neighbours]
    everybody = [*judged, *others]
    labels = {label for one in judged for label in (*one.processes, one.files, one.promised) if label}
    return {
        "domains": read_domains(kernel, {label for one in judged for label in one.processes}),
        "contexts": {label: read_context(kernel, label).document() for label in sorted(labels)},
        "crossings": {
            label: crossings(kernel, label, partner(label, everybody, number))
            for number, one in enumerate(judged)
            for label in one.processes
        },
    }


def read_strangers(kernel: Kernel, containers: Iterable[Mapping[str, Any]], known: set[str]) -> Fact:
    """Processes of nobody known here that have categories: containers of a user's podman, virtual machines.

    Each engine draws its pairs by itself, so two of them may draw the same. One process for each label.
    """
    path, found = "/proc/PID/attr/current", {}
    if not kernel.exists(f"{SELINUX}/enforce"):
        return Fact(path, [])
    ours = {pid for record in containers for one in as_list(record.get("processes")) for pid in one.get("pids", ())}
    for pid in kernel.pids():
        label = str(kernel.read(f"/proc/{pid}/attr/current").value or "") if pid not in ours else ""
        parsed = Label.parse(label)
        # A range up to all categories is what every process of the host may have.
        if parsed is None or not categories(parsed.level) or label in found:
            continue
        groups = str(kernel.read(f"/proc/{pid}/cgroup").value or "")
        if not known.intersection(_IDENTIFIER.findall(groups)):
            found[label] = {"pid": pid, "name": str(kernel.read(f"/proc/{pid}/comm").value or "?"), "label": label}
    return Fact(path, list(found.values()))


def labelled(record: Mapping[str, Any]) -> Labelled:
    labels = (as_mapping(process).get("label") for process in as_list(record.get("processes")))
    declared = as_mapping(record.get("declared"))
    processes = tuple(dict.fromkeys(str(label) for label in labels if label))
    return Labelled(processes, str(declared.get("mount_label") or ""), str(declared.get("process_label") or ""))


def partner(label: str, everybody: list[Labelled], number: int) -> Labelled | None:
    """Whom the container at this place is asked about: the next one that its level does not contain. What its level
    contains is open to it by that, and selinux-categories-dominate says so."""
    own = clearance(label)
    for one in (*everybody[number + 1 :], *everybody[:number]) if own else ():
        other = clearance(one.processes[0]) if one.processes else None
        if own and other and not own.dominates(other):
            return one
    return None


def crossings(kernel: Kernel, label: str, other: Labelled | None) -> list[dict[str, Any]]:
    if other is None:
        return []
    targets = (("file", other.files), ("process", other.processes[0]))
    return [crossing(kernel, label, target, kind) for kind, target in targets if target]


def crossing(kernel: Kernel, source: str, target: str, kind: str) -> dict[str, Any]:
    """Which of the forbidden things the policy would allow."""
    decided = decision(kernel, source, target, kind)
    bits = permission_bits(kernel, kind)
    known = bits if decided.known else decided
    if known.known:
        allowed = [name for name, bit in bits.value.items() if decided.value["allowed"] & bit]
        known = Fact(decided.path, allowed, decided.raw)
    return {"to": target, "class": kind, "allowed": known.document()}


def permission_bits(kernel: Kernel, kind: str) -> Fact:
    """The loaded policy numbers its permissions: each is a file with its number, from 1 on."""
    folder = f"{SELINUX}/class/{kind}/perms"
    bits: dict[str, int] = {}
    for name in FORBIDDEN[kind]:
        fact = kernel.read_once(f"{folder}/{name}")
        if not fact.known or not str(fact.value).isdigit():
            return Fact(fact.path, error=fact.error or "EINVAL not a number")
        bits[name] = 1 << (int(fact.value) - 1)
    return Fact(folder, bits)


def decision(kernel: Kernel, source: str, target: str, kind: str) -> Fact:
    """The kernel's decision: allowed (bits) and flags."""
    index = kernel.read_once(f"{SELINUX}/class/{kind}/index")
    if not index.known:
        return index
    answer = kernel.ask(ACCESS, f"{source} {target} {index.value}")
    if not answer.known:
        return answer
    fields = str(answer.value).split()
    try:
        value = {"allowed": int(fields[0], 16), "flags": int(fields[FIELDS - 1], 16)}
    except (IndexError, ValueError):
        return Fact(ACCESS, error=f"EPROTO the answer is {answer.value!r}")
    return answer._replace(value=value)


def read_domains(kernel: Kernel, labels: Iterable[str]) -> dict[str, Any]:
    """By type, whether the policy enforces in it. The level makes no difference: one question for each type."""
    found: dict[str, Any] = {}
    for text in sorted(labels):
        label = Label.parse(text)
        if label is None or label.type in found:
            continue
        decided = decision(kernel, text, text, "process")
        if decided.known:
            decided = decided._replace(value="permissive" if decided.value["flags"] & PERMISSIVE else "enforced")
        found[label.type] = decided.document()
    return found


def read_context(kernel: Kernel, label: str) -> Fact:
    """Whether the loaded policy has this label: its user, role, type and level, and all of them together."""
    answer = kernel.ask(CONTEXT, label)
    if answer.error.startswith("EINVAL"):
        return Fact(CONTEXT, "unknown", f"{label}: {answer.error}")
    return answer._replace(value="loaded") if answer.known else answer
