# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is written down who changes the engine's programs and files? The kernel's loaded rules decide."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.audit import WRITE
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    Fact,
    as_list,
    as_mapping,
    fact_from,
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
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Host, Room

NO_AUDIT = ("EPROTONOSUPPORT", "ECONNREFUSED")


class Row(NamedTuple):
    key: str
    what: str
    cis: str


ROWS = (
    Row("dockerd", "the engine's program", "1.1.3"),
    Row("containerd-run", "containerd's state", "1.1.4"),
    Row("data-root", "the engine's data", "1.1.5"),
    Row("engine-folder", "the engine's configuration folder", "1.1.6"),
    Row("engine-service", "the engine's service unit", "1.1.7"),
    Row("containerd-socket", "containerd's socket", "1.1.8"),
    Row("engine-socket", "the engine's socket unit", "1.1.9"),
    Row("engine-defaults", "the defaults of the engine's service (default)", "1.1.10"),
    Row("engine-file", "the engine's configuration file", "1.1.11"),
    Row("containerd-file", "containerd's configuration file", "1.1.12"),
    Row("engine-sysconfig", "the defaults of the engine's service (sysconfig)", "1.1.13"),
    Row("containerd", "containerd's program", "1.1.14"),
    Row("shim", "the program containerd-shim", "1.1.15"),
    Row("shim-v1", "the program containerd-shim-runc-v1", "1.1.16"),
    Row("shim-v2", "the program containerd-shim-runc-v2", "1.1.17"),
    Row("runc", "the runtime's program", "1.1.18"),
)


def rule_for(rules: Iterable[Any], path: str) -> str:
    """The path of a rule that writes down changes of this one, or nothing."""
    for rule in map(as_list, rules):
        if len(rule) != 3 or not isinstance(rule[2], int) or not rule[2] & WRITE:
            continue
        if rule[0] == path or (rule[1] and inside(path, str(rule[0]))):
            return str(rule[0])
    return ""


def deciding(row: Row) -> DecideHost:
    def decide(host: Host, _room: Room) -> Outcome:
        audit = as_mapping(host.facts.get("audit"))
        place = fact_from(as_mapping(audit.get("places")).get(row.key), f"audit.places.{row.key}")
        if not place.known:
            return missing([place])
        if not place.value:
            return Outcome(NOTAPPLICABLE, "not judged", reason=f"there is no such file (looked for: {place.path})")
        loaded = fact_from(audit.get("loaded"), "the loaded audit rules")
        files = fact_from(audit.get("files"), "the files of audit rules")
        watch = rule_for(as_list(files.value), str(place.value))
        inspected = f"a rule for {watch} stands in {files.path}" if watch else "no rule in files"
        return _judged(str(place.value), loaded, files, watch, inspected)

    return decide


def _judged(path: str, loaded: Fact, files: Fact, watch: str, inspected: str) -> Outcome:
    if loaded.known and isinstance(loaded.value, (list, tuple)):
        rule = rule_for(loaded.value, path)
        if rule:
            return Outcome(PASS, f"changes are written down (rule for {rule})", (loaded,), inspected=inspected)
        said = f"no loaded rule covers {path}" if loaded.value else "no audit rule is loaded at all"
        return Outcome(FAIL, said, (loaded,), inspected=inspected)
    if loaded.error.startswith(NO_AUDIT):
        return Outcome(FAIL, "the kernel has no auditing", (loaded,), inspected=inspected)
    if watch:
        reason = f"the kernel could not be asked whether it is loaded: {loaded.error}"
        return Outcome(INFORMATIONAL, inspected, (files, loaded), reason=reason, inspected=inspected)
    return missing([loaded])


def audit_check(row: Row) -> Check:
    return Check(
        id=f"audit-{row.key}",
        title=f"Audited: {row.what}",
        severity="low",
        expected="a loaded audit rule that covers writing",
        remedy="Install auditd, add `-w PATH -p wa -k docker` to a file in /etc/audit/rules.d, run augenrules --load.",
        concept="host",
        why="Without a record nobody can tell afterwards who put a changed program or file in its place.",
        how="The kernel's own list (netlink AUDIT_LIST_RULES); files of rules only say what was meant.",
        cis=(row.cis,),
        nist=("4.5.5",),
        decide_host=deciding(row),
    )


CHECKS: tuple[Check, ...] = tuple(map(audit_check, ROWS))
