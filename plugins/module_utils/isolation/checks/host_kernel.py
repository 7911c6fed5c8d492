# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of the kernel that all containers of a host share."""

from __future__ import annotations

import re
from collections.abc import Callable

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    Fact,
    as_mapping,
    fact_from,
    formed,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.mountinfo import inside
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    FAIL,
    INFORMATIONAL,
    NOTAPPLICABLE,
    PASS,
    Check,
    DecideHost,
    Outcome,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.host_kernel_rows import (
    LACKING,
    ROWS,
    Row,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.kernel_settings import FILES, whole
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Host, Room

SHARED = "Containers share the host's kernel: "


def setting(host: Host, key: str) -> Fact:
    return fact_from(as_mapping(host.facts.get("settings")).get(key), f"settings.{key}")


def deciding(row: Row) -> DecideHost:
    def decide(host: Host, _room: Room) -> Outcome:
        fact = setting(host, row.key)
        if fact.error.startswith("ENOENT"):
            if row.absent == LACKING:
                return Outcome(FAIL, "this kernel has no such protection", (fact,))
            return Outcome(NOTAPPLICABLE, "not judged", (fact,), reason="this kernel has no such thing")
        if not fact.known:
            return missing([fact])
        value = str(fact.value)
        if value in row.good:
            return Outcome(PASS, f"is {value}", (fact,))
        if not re.fullmatch(r"-?\d+", value):
            return missing([fact._replace(value=None, error=f"EINVAL {value!r} is no number")])
        if row.known:
            return Outcome(INFORMATIONAL, f"is {value}: {row.known}", (fact,), reason="a choice, and no fault")
        return Outcome(FAIL, f"is {value}", (fact,))

    return decide


def decide_core_pattern(host: Host, _room: Room) -> Outcome:
    fact = formed(setting(host, "core_pattern"), str)
    if not fact.known:
        return missing([fact])
    text = str(fact.value)
    if not text.startswith("|"):
        return Outcome(PASS, f"a file: {text!r}", (fact,))
    program = text[1:].split(" ", maxsplit=1)[0]
    data = str(as_mapping(host.facts.get("engine")).get("data_root") or "/var/lib/docker")
    writable = (data, "/var/lib/containerd", "/var/lib/containers", "/tmp", "/var/tmp", "/dev/shm", "/home", "/proc")
    if any(inside(program, tree) for tree in writable) or "/../" in program:
        return Outcome(FAIL, f"the kernel starts {program} as root, which lies where containers write", (fact,))
    reason = "a program of the host's, with root's rights, reads what a container makes"
    return Outcome(INFORMATIONAL, f"memory of ended programs goes to {program}", (fact,), reason=reason)


def decide_lockdown(host: Host, _room: Room) -> Outcome:
    fact = setting(host, "lockdown")
    if fact.error.startswith("ENOENT"):
        return Outcome(INFORMATIONAL, "the kernel has no lockdown", (fact,), reason="a choice, and no fault")
    chosen = re.search(r"\[(\w+)\]", str(fact.value)) if fact.known else None
    if chosen is None:
        return missing([fact if not fact.known else fact._replace(value=None, error="EINVAL no mode is marked")])
    if chosen[1] == "none":
        return Outcome(INFORMATIONAL, "lockdown is off", (fact,), reason="a choice, and no fault")
    return Outcome(PASS, f"lockdown: {chosen[1]}", (fact,))


def table(host: Host, key: str) -> Fact:
    fact = setting(host, key)
    if fact.known and not as_mapping(fact.value):
        return Fact(fact.path, error="recorded without an entry")
    return fact


def decide_vulnerabilities(host: Host, _room: Room) -> Outcome:
    fact = table(host, "vulnerabilities")
    if not fact.known:
        return missing([fact])
    if not all(isinstance(text, str) for text in fact.value.values()):
        return missing([Fact(fact.path, error="recorded with an entry that is no text")])
    found = [f"{name}: {text}" for name, text in fact.value.items() if "vulnerable" in text.lower()]
    return Outcome(FAIL if found else PASS, "; ".join(found) or "none that is open", (fact,))


def by_interface(object_to: Callable[[dict[str, str], dict[str, str], str], str], good: str) -> DecideHost:
    """object_to gets an interface's settings, those of `all`, and its name."""

    def decide(host: Host, _room: Room) -> Outcome:
        fact = table(host, "interfaces")
        if not fact.known:
            return missing([fact])
        entries = {str(name): {str(k): str(v) for k, v in as_mapping(one).items()} for name, one in fact.value.items()}
        whole_host = entries.pop("all", {})
        if not whole_host or not all(entries.values()):
            return missing([Fact(fact.path, error="ENOENT the settings of an interface are not recorded")])
        found = [object_to(one, whole_host, name) for name, one in entries.items() if name != "lo"]
        said = list(filter(None, found))
        return Outcome(
            FAIL if said else PASS, "; ".join(said) or good, (fact._replace(raw=f"{len(entries)} interfaces"),)
        )

    return decide


def _localnet(own: dict[str, str], everywhere: dict[str, str], name: str) -> str:
    if everywhere.get("route_localnet") == "0" and own.get("route_localnet") == "0":
        return ""
    return f"{name} takes packets for 127.0.0.0/8"


def _filter(own: dict[str, str], everywhere: dict[str, str], name: str) -> str:
    # The stricter of the two counts.
    on = "1" in (own.get("rp_filter"), everywhere.get("rp_filter")) or "2" in (
        own.get("rp_filter"),
        everywhere.get("rp_filter"),
    )
    return "" if on else f"{name} takes packets from forged addresses"


def _redirects(own: dict[str, str], everywhere: dict[str, str], name: str) -> str:
    both = (own.get("accept_redirects") != "0", everywhere.get("accept_redirects") != "0")
    # An interface that forwards wants both, one that does not takes either.
    taken = all(both) if own.get("forwarding") == "1" else any(both)
    return f"{name} lets strangers change its routes" if taken else ""


def kernel_check(name: str, title: str, severity: str, expected: str, path: str, why: str, decide: DecideHost) -> Check:
    return Check(
        id=f"kernel-{name.replace('_', '-')}",
        title=title,
        severity=severity,
        expected=expected,
        remedy=f"Set it with a file in /etc/sysctl.d (or the boot loader), and load it; it stands in {path}.",
        concept="host",
        why=SHARED + why,
        how=f"{path}, read in the host's own namespaces.",
        nist=("4.5.2",),
        decide_host=decide,
    )


CONF = "/proc/sys/net/ipv4/conf/*/"
CHECKS: tuple[Check, ...] = (
    *(
        kernel_check(
            row.key,
            row.title,
            row.severity,
            row.good[0] if len(row.good) > 4 else " or ".join(row.good),
            whole(FILES[row.key]),
            row.why,
            deciding(row),
        )
        for row in ROWS
    ),
    kernel_check(
        "core_pattern",
        "Memory of ended programs goes to no program in reach of containers",
        "critical",
        "a file, or a program of the host's",
        "/proc/sys/kernel/core_pattern",
        "a program named there is started by the kernel, as root, outside of every container.",
        decide_core_pattern,
    ),
    kernel_check(
        "lockdown",
        "The kernel is closed even to root",
        "low",
        "integrity or confidentiality",
        "/sys/kernel/security/lockdown",
        "a root that escaped could still change it while it runs.",
        decide_lockdown,
    ),
    kernel_check(
        "vulnerabilities",
        "No open flaw of the processor",
        "medium",
        "mitigated, or not affected",
        "/sys/devices/system/cpu/vulnerabilities/*",
        "such a flaw lets one container read what another works on.",
        decide_vulnerabilities,
    ),
    kernel_check(
        "route_localnet",
        "No interface takes packets for the host's own loopback",
        "medium",
        "0 everywhere",
        CONF + "route_localnet",
        "services that listen at 127.0.0.1 alone are then in reach of neighbours; an engine "
        "without userland-proxy sets it on its bridges.",
        by_interface(_localnet, "0 everywhere"),
    ),
    kernel_check(
        "rp_filter",
        "Packets from forged addresses are dropped",
        "low",
        "1 or 2 on every interface",
        CONF + "rp_filter",
        "a container with raw sockets can speak in another's name.",
        by_interface(_filter, "on, on every interface"),
    ),
    kernel_check(
        "accept_redirects",
        "Strangers do not change routes",
        "low",
        "0 on every interface",
        CONF + "accept_redirects",
        "a container could draw the host's traffic to itself.",
        by_interface(_redirects, "refused, on every interface"),
    ),
)
