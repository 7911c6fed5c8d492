# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges the facts of all hosts together: facts, policy and waivers in, findings out. Pure, and no clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    Fact,
    as_mapping,
    clipped,
    fact_from,
    printable,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks import catalogue, workspaces
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    ERROR,
    EVIDENCE_LIMIT,
    FAIL,
    NOTSELECTED,
    SEVERITIES,
    STATUSES,
    Check,
    Outcome,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.mount_pairs import index_mounts
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.namespaces import KINDS
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.selinux import container_categories
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.selinux_levels import index_levels
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.user_namespaces import (
    INITIAL,
    index_ranges,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy import (
    Expected,
    Policy,
    PolicyError,
    Waiver,
    waivers_from,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy_profiles import selected
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import (
    Container,
    Host,
    Item,
    Room,
    host_from,
)

SCHEMA = 1
RED = (FAIL, ERROR)


def verdict(
    documents: Mapping[str, Any],
    policy: Mapping[str, Any] | None = None,
    waivers: list[Mapping[str, Any]] | None = None,
    generated: str = "",
) -> dict[str, Any]:
    """documents: host name to facts (or to the isolation_info result with them). generated: ISO time of this run."""
    room = build(documents, Policy.from_params(policy, catalogue.IDS))
    accepted = waivers_from(waivers, catalogue.IDS)
    today = _day(generated, accepted)
    findings = [_waived(finding, accepted, today) for finding in _findings(room)]
    findings.sort(key=_rank)
    return {
        "schema": SCHEMA,
        "generated": generated,
        "profile": room.policy.profile,
        "fail_on": room.policy.fail_on,
        "hosts": {host.name: _host_line(host) for host in room.hosts},
        "summary": _summary(findings, room.policy.fail_on),
        "findings": findings,
    }


def build(documents: Mapping[str, Any], policy: Policy) -> Room:
    """The room with its indexes: each kind of pair is found by its key, so the work grows with the containers."""
    if not isinstance(documents, Mapping):
        raise PolicyError("The facts must be a dictionary of host name to facts.")
    room = Room(tuple(host_from(str(name), document) for name, document in documents.items()), policy)
    for host in room.hosts:
        index_levels(room, host)
        index_ranges(room, host)
        for container in (*host.containers, *host.neighbours):
            for process in container.processes:
                for kind in (*KINDS, *INITIAL):
                    fact = process.namespace(kind)
                    if fact.known:
                        room.add(f"ns-{kind}", host.name, fact.value, container.subject)
            for found in container_categories(container):
                room.add("categories", host.name, found, container.subject)
            index_mounts(room, host.name, container)
            for source in container.sources:
                identity = fact_from(source.get("identity"))
                if identity.known:
                    room.add("source", host.name, identity.value, container.subject)
    return room


def _findings(room: Room) -> Iterator[dict[str, Any]]:
    for host in room.hosts:
        yield _host_finding(workspaces.AVAILABLE, host, room)
        if not host.error:
            for check in selected(room.policy.profile):
                if check.decide_host:
                    yield _host_finding(check, host, room)
            for container in host.containers:
                yield from _container_findings(container, room)
            for check in selected(room.policy.profile):
                for item in host.images if check.decide_image else host.networks if check.decide_network else ():
                    yield _item_finding(check, item, room)
    yield from _absent(room)


def _container_findings(container: Container, room: Room) -> Iterator[dict[str, Any]]:
    if room.expected(container):
        yield _container_finding(workspaces.PRESENT, container, room)
    yield _container_finding(workspaces.RUNNING, container, room)
    if container.running and not container.record.get("error"):
        for check in selected(room.policy.profile):
            if check.decide:
                yield _container_finding(check, container, room)


def _absent(room: Room) -> Iterator[dict[str, Any]]:
    """Workspaces that the policy expects and no host has."""
    present = {(container.host, container.name) for host in room.hosts for container in host.containers}
    names = {name for _host, name in present}
    for want in room.policy.expected:
        found = (want.host, want.name) in present if want.host else want.name in names
        if not found:
            yield _absent_finding(want, room)


def _absent_finding(want: Expected, room: Room) -> dict[str, Any]:
    place = want.host or "any host"
    outcome = Outcome(FAIL, f"no container of that name on {place}", (Fact("container list", want.name, "not in it"),))
    subject = f"{want.host or '?'}/{want.name}"
    return {
        **_finding(workspaces.PRESENT, _unless_skipped(workspaces.PRESENT, room, outcome), subject),
        "host": want.host or "",
        "container": want.name,
        "student": want.student or "",
    }


def _host_finding(check: Check, host: Host, room: Room) -> dict[str, Any]:
    if check.decide_host is None:
        raise AssertionError(f"check {check.id} does not judge hosts, and was asked to")
    outcome = _unless_skipped(check, room, check.decide_host(host, room))
    return {**_finding(check, outcome, host.subject), "host": host.name, "container": "", "student": ""}


def _item_finding(check: Check, item: Item, room: Room) -> dict[str, Any]:
    decide = check.decide_image or check.decide_network
    if decide is None:
        raise AssertionError(f"check {check.id} judges neither images nor networks, and was asked to")
    outcome = _unless_skipped(check, room, decide(item, room))
    return {**_finding(check, outcome, item.subject), "host": item.host, "container": "", "student": ""}


def _container_finding(check: Check, container: Container, room: Room) -> dict[str, Any]:
    if check.decide is None:
        raise AssertionError(f"check {check.id} does not judge containers, and was asked to")
    outcome = _unless_skipped(check, room, check.decide(container, room))
    return {
        **_finding(check, outcome, container.subject),
        "host": container.host,
        "container": container.name,
        "student": printable(str(container.labels.get(room.policy.student_label, ""))),
    }


def _unless_skipped(check: Check, room: Room, outcome: Outcome) -> Outcome:
    """No facts means that nothing else is judged either: leaving out that error would make the whole subject green."""
    reason = (room.policy.skip or {}).get(check.id)
    if not reason or (check in catalogue.EXISTENCE and outcome.status == ERROR):
        return outcome
    return Outcome(NOTSELECTED, "not judged", reason=f"left out by the policy: {reason}")


def _finding(check: Check, outcome: Outcome, subject: str) -> dict[str, Any]:
    return {
        "check": check.id,
        "title": check.title,
        "severity": check.severity,
        "concept": check.concept,
        "subject": subject,
        "status": outcome.status,
        "expected": outcome.expected or check.expected,
        "observed": printable(clipped(outcome.observed)),
        "inspected": printable(clipped(outcome.inspected)),
        "reason": printable(outcome.reason),
        "evidence": [_evidence(fact) for fact in _distinct(outcome.evidence)[:EVIDENCE_LIMIT]],
        "remedy": check.remedy if outcome.status in RED else "",
        "why": check.why,
        "variable": check.variable,
        "references": check.references(),
        "waiver": None,
    }


def _distinct(facts: Iterable[Fact]) -> list[Fact]:
    """Each fact once, in order. By equality: a value may be a list, which has no hash."""
    found: list[Fact] = []
    for fact in facts:
        if fact not in found:
            found.append(fact)
    return found


def _evidence(fact: Fact) -> dict[str, str]:
    raw = fact.error if fact.error else fact.raw or str(fact.value)
    return {"path": printable(fact.path), "raw": printable(clipped(raw))}


def _waived(finding: dict[str, Any], waivers: tuple[Waiver, ...], today: date) -> dict[str, Any]:
    """An expired waiver is shown and does not apply. One that applies does not hide what was found."""
    fitting = [waiver for waiver in waivers if waiver.covers(finding["check"], finding["subject"])]
    if finding["status"] not in RED or not fitting:
        return finding
    best = max(fitting, key=lambda waiver: waiver.expires)
    shown = {"reason": best.reason, "expires": best.expires.isoformat(), "expired": best.expired(today)}
    return {**finding, "waiver": shown}


def red(finding: Mapping[str, Any]) -> bool:
    """Is this finding a fault, or might it be one, that no waiver accepts?"""
    waiver = finding["waiver"]
    return finding["status"] in RED and (waiver is None or bool(waiver["expired"]))


def fatal(finding: Mapping[str, Any], fail_on: str) -> bool:
    """Does this finding make the whole fail? Where nothing is known of a subject, no severity was found either."""
    unknown = finding["status"] == ERROR and any(finding["check"] == check.id for check in catalogue.EXISTENCE)
    grave = SEVERITIES.index(finding["severity"]) <= SEVERITIES.index(fail_on)
    return red(finding) and (grave or unknown)


def _summary(findings: list[dict[str, Any]], fail_on: str) -> dict[str, Any]:
    counts = {status: sum(finding["status"] == status for finding in findings) for status in STATUSES}
    waived = sum(finding["status"] in RED and not red(finding) for finding in findings)
    judged = len({finding["subject"] for finding in findings if finding["container"]})
    # A verdict over nothing proves nothing.
    ok = bool(findings) and not any(fatal(finding, fail_on) for finding in findings)
    return {**counts, "waived": waived, "containers": judged, "ok": ok}


def _rank(finding: Mapping[str, Any]) -> tuple[bool, int, int, str]:
    """Red first, then by status and severity; within that the order of the hosts and of the catalogue stays."""
    severity = SEVERITIES.index(finding["severity"])
    return not red(finding), STATUSES.index(finding["status"]), severity, ""


def _host_line(host: Host) -> dict[str, Any]:
    engine = as_mapping(host.facts.get("engine"))
    return {
        "kernel": fact_from(host.facts.get("kernel")).value,
        "engine": engine.get("version"),
        "cgroup_version": host.facts.get("cgroup_version"),
        "selinux": fact_from(host.selinux.get("enforce")).value,
        "containers": len(host.containers),
        "error": host.error,
    }


def _day(generated: str, waivers: tuple[Waiver, ...]) -> date:
    try:
        return date.fromisoformat(generated[:10])
    except ValueError:
        if waivers:
            raise PolicyError(
                f"generated is {generated!r}, and waivers need a day to expire on. Give the time of this run: "
                "2026-12-31T12:00:00Z."
            ) from None
        return date.min
