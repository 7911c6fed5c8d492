# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Owners and modes of the engine's files. Modes are bits: 0606 is looser than 0644, whatever its number says."""

from __future__ import annotations

import re
from typing import NamedTuple

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    Fact,
    as_list,
    as_mapping,
    fact_from,
    formed,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    NOTAPPLICABLE,
    Check,
    DecideHost,
    Outcome,
    judge_all,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Host, Room

PERMISSIONS = 0o777


class Row(NamedTuple):
    """One kind of file. mode: the bits that it may have at most; groups beside root that may own it."""

    key: str
    what: str
    owner_cis: str
    mode_cis: str
    mode: int
    groups: tuple[str, ...] = ()
    severity: str = "medium"


ROWS = (
    Row("engine-service", "The engine's service unit", "3.1", "3.2", 0o644),
    Row("engine-socket-unit", "The engine's socket unit", "3.3", "3.4", 0o644),
    Row("engine-folder", "The engine's configuration folder", "3.5", "3.6", 0o755),
    Row("registry-certificates", "Certificates of registries", "3.7", "3.8", 0o444),
    Row("tls-ca", "The CA certificate of the engine's clients", "3.9", "3.10", 0o444),
    Row("tls-certificate", "The engine's own certificate", "3.11", "3.12", 0o444),
    Row("tls-key", "The key of the engine's certificate", "3.13", "3.14", 0o400, severity="high"),
    Row("engine-socket", "The engine's sockets", "3.15", "3.16", 0o660, ("docker",), "critical"),
    Row("engine-file", "The engine's configuration file", "3.17", "3.18", 0o644),
    Row("engine-defaults", "Defaults of the engine's service (default)", "3.19", "3.20", 0o644),
    Row("engine-sysconfig", "Defaults of the engine's service (sysconfig)", "3.22", "3.21", 0o644),
    Row("containerd-socket", "containerd's socket", "3.23", "3.24", 0o660, (), "critical"),
)


def files(host: Host, row: Row) -> tuple[list[Fact], Outcome | None]:
    """The files of a row, or what there is to say without any."""
    listed = formed(fact_from(as_mapping(host.facts.get("files")).get(row.key), f"files.{row.key}"), list, tuple)
    if not listed.known:
        return [], missing([listed])
    if not listed.value:
        reason = f"there is no such file (looked for: {listed.path})"
        return [], Outcome(NOTAPPLICABLE, "not judged", reason=reason)
    found = [fact_from(entry, listed.path) for entry in as_list(listed.value)]
    broken = [one for one in found if one.known and not {"owner", "group", "mode"} <= as_mapping(one.value).keys()]
    if broken:
        return [], missing([one._replace(value=None, error="no owner or mode recorded") for one in broken])
    return found, None


def mode_objection(text: str, allowed: int) -> str:
    """Which of the permission bits are there that may not be."""
    excess = int(text, 8) & PERMISSIONS & ~allowed
    return f"has mode {text}: {excess:04o} more than {allowed:04o}" if excess else ""


def deciding_mode(row: Row) -> DecideHost:
    def decide(host: Host, _room: Room) -> Outcome:
        found, without = files(host, row)
        if without:
            return without
        judged = []
        for fact in found:
            text = str(as_mapping(fact.value).get("mode"))
            if fact.known and not re.fullmatch(r"[0-7]{1,5}", text):
                fact = fact._replace(value=None, error=f"EINVAL {text!r} is no mode")
            said = mode_objection(text, row.mode) if fact.known else ""
            judged.append((fact, f"{fact.path} {said}" if said else ""))
        return judge_all(judged, f"at most {row.mode:04o}")

    return decide


def deciding_owner(row: Row) -> DecideHost:
    def decide(host: Host, _room: Room) -> Outcome:
        found, without = files(host, row)
        if without:
            return without
        judged = []
        for fact in found:
            entry = as_mapping(fact.value)
            good = entry.get("owner") == "root" and entry.get("group") in ("root", *row.groups)
            said = f"{fact.path} belongs to {entry.get('owner')}:{entry.get('group')}"
            judged.append((fact, "" if good else said))
        return judge_all(judged, owners(row))

    return decide


def owners(row: Row) -> str:
    return " or ".join(f"root:{group}" for group in ("root", *row.groups))


def owner_check(row: Row) -> Check:
    return Check(
        id=f"{row.key}-owner",
        title=f"{row.what}: owned by root",
        severity=row.severity,
        expected=owners(row),
        remedy=f"chown {'root:' + row.groups[0] if row.groups else 'root:root'} FILE",
        concept="host",
        why="Who owns it can change it, and so decide what the engine does as root.",
        how="stat of each file where it is on this host, behind links; numbers decide, not names.",
        cis=(row.owner_cis,),
        nist=("4.5.5",),
        decide_host=deciding_owner(row),
    )


def mode_check(row: Row) -> Check:
    return Check(
        id=f"{row.key}-mode",
        title=f"{row.what}: permissions",
        severity=row.severity,
        expected=f"no permission beyond {row.mode:04o}",
        remedy=f"chmod {row.mode:04o} FILE",
        concept="host",
        why="A permission too many lets a user who is not root read what is secret, or decide what the engine does.",
        how="stat of each file where it is on this host; every bit beyond the allowed ones is named.",
        cis=(row.mode_cis,),
        nist=("4.5.5",),
        decide_host=deciding_mode(row),
    )


CHECKS: tuple[Check, ...] = tuple(make(row) for row in ROWS for make in (owner_check, mode_check))
