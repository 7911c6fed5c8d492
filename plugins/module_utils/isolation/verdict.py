# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges the facts of all hosts together: facts, policy and waivers in, findings out. Pure, and no clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    Fact,
    as_mapping,
    fact_from,
    formed,
    shown,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks import catalogue, workspaces
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    ERROR,
    FAIL,
    NOTSELECTED,
    SEVERITIES,
    STATUSES,
    Check,
    Outcome,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.image_use import judged_images
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.mount_pairs import index_mounts
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.namespaces import KINDS
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.network_evidence import index_networks
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.network_rules import index_wires
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.selinux import container_categories
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.selinux_levels import index_levels
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.user_namespaces import (
    INITIAL,
    index_ranges,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.expectations import absent
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.policy import Expected, Policy
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.profiles import selected
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.values import PolicyError
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.waivers import (
    Accepted,
    Subject,
    Waiver,
    waivers_from,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes import tried
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.probe import TRIED
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.findings import RED, finding
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import (
    NAME_LIMIT,
    Container,
    Host,
    Item,
    Room,
    host_from,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.uncollected import uncollected

# Version of the form of a report: files/isolation.schema.json of the role isolation_audit.
SCHEMA = 2
EXISTENCE = frozenset(check.id for check in (*catalogue.EXISTENCE, TRIED))
IDS = catalogue.IDS | tried.IDS


@uncollected()
def verdict(
    documents: Mapping[str, Any],
    policy: Mapping[str, Any] | None = None,
    waivers: list[Mapping[str, Any]] | None = None,
    generated: str = "",
    probes: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """documents: host name to facts (or to the isolation_info result with them). generated: ISO time of this run.

    probes: host name to the isolation_probe result, when probes were asked for. They count whatever the profile.
    """
    room = build(documents, Policy.from_params(policy, IDS))
    given = waivers_from(waivers, IDS)
    accepted = Accepted(given, _day(generated, given))
    found = [*_findings(room), *_tried(room, probes)]
    findings = [_waived(finding, subject, accepted) for finding, subject in found]
    findings.sort(key=_rank)
    return {
        "schema": SCHEMA,
        "generated": generated,
        "profile": room.policy.profile,
        "fail_on": room.policy.fail_on,
        "hosts": {host.subject: _host_line(host) for host in room.hosts},
        "summary": _summary(findings, room.policy.fail_on),
        "waivers": accepted.lines(),
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
        index_wires(room, host)
        for container in (*host.containers, *host.neighbours):
            for process in container.processes:
                for kind in (*KINDS, *INITIAL):
                    fact = process.namespace(kind)
                    if fact.known:
                        room.add(f"ns-{kind}", host.name, fact.value, container.subject)
            for found in container_categories(container):
                room.add("categories", host.name, found, container.subject)
            index_mounts(room, host.name, container)
            index_networks(room, host.name, container)
            for source in container.sources:
                identity = formed(fact_from(source.get("identity")), str)
                if identity.known:
                    room.add("source", host.name, identity.value, container.subject)
    return room


def _findings(room: Room) -> Iterator[tuple[dict[str, Any], Subject]]:
    checks = selected(room.policy.profile)
    for host in room.hosts:
        yield _host_finding(workspaces.AVAILABLE, host, room), host
        if not host.error:
            for check in (workspaces.SELECTED, *checks):
                if check.decide_host:
                    yield _host_finding(check, host, room), host
            for container in host.containers:
                for finding in _container_findings(container, room, checks):
                    yield finding, container
            images = judged_images(host)
            for check in checks:
                for item in images if check.decide_image else host.networks if check.decide_network else ():
                    yield _item_finding(check, item, room), item
    for want in absent(room):
        yield _absent_finding(want, room), None


def _tried(room: Room, probes: Mapping[str, Any] | None) -> Iterator[tuple[dict[str, Any], Subject]]:
    """Nothing when no probe was asked for; else each host has an answer, or an error."""
    if probes is not None and not isinstance(probes, Mapping):
        raise PolicyError("The results of the probes must be a dictionary of host name to result.")
    for host in room.hosts if probes is not None else ():
        for check, outcome, subject in tried.of_host(host, as_mapping(probes).get(host.name)):
            if isinstance(subject, Container):
                yield _of_container(check, outcome, subject, room), subject
            else:
                yield _of_host(check, outcome, subject, room), subject


def _container_findings(container: Container, room: Room, checks: tuple[Check, ...]) -> Iterator[dict[str, Any]]:
    if room.expected(container):
        yield _container_finding(workspaces.PRESENT, container, room)
    yield _container_finding(workspaces.RUNNING, container, room)
    if container.running and not container.record.get("error"):
        for check in checks:
            if check.decide:
                yield _container_finding(check, container, room)


def _absent_finding(want: Expected, room: Room) -> dict[str, Any]:
    place = want.host or "any host"
    outcome = Outcome(FAIL, f"no container of that name on {place}", (Fact("container list", want.name, "not in it"),))
    outcome = _unless_skipped(workspaces.PRESENT, room.policy, outcome)
    host, name = shown(want.host or "", NAME_LIMIT), shown(want.name, NAME_LIMIT)
    return {
        **finding(workspaces.PRESENT, outcome, f"{host or '?'}/{name}"),
        "host": host,
        "container": name,
        "student": shown(want.student or "", NAME_LIMIT),
    }


def _host_finding(check: Check, host: Host, room: Room) -> dict[str, Any]:
    if check.decide_host is None:
        raise AssertionError(f"check {check.id} does not judge hosts, and was asked to")
    return _of_host(check, check.decide_host(host, room), host, room)


def _of_host(check: Check, outcome: Outcome, host: Host, room: Room) -> dict[str, Any]:
    outcome = _unless_skipped(check, room.policy, outcome)
    return {**finding(check, outcome, host.subject), "host": host.subject, "container": "", "student": ""}


def _item_finding(check: Check, item: Item, room: Room) -> dict[str, Any]:
    decide = check.decide_image or check.decide_network
    if decide is None:
        raise AssertionError(f"check {check.id} judges neither images nor networks, and was asked to")
    outcome = _unless_skipped(check, room.policy, decide(item, room))
    host = shown(item.host, NAME_LIMIT)
    return {**finding(check, outcome, item.subject), "host": host, "container": "", "student": ""}


def _container_finding(check: Check, container: Container, room: Room) -> dict[str, Any]:
    if check.decide is None:
        raise AssertionError(f"check {check.id} does not judge containers, and was asked to")
    return _of_container(check, check.decide(container, room), container, room)


def _of_container(check: Check, outcome: Outcome, container: Container, room: Room) -> dict[str, Any]:
    outcome = _unless_skipped(check, room.policy_for(container), outcome)
    return {
        **finding(check, outcome, container.subject),
        "host": shown(container.host, NAME_LIMIT),
        "container": container.name,
        "student": shown(str(container.labels.get(room.policy.student_label, "")), NAME_LIMIT),
    }


def _unless_skipped(check: Check, policy: Policy, outcome: Outcome) -> Outcome:
    """No facts means that nothing else is judged either: leaving out that error would make the whole subject green."""
    reason = (policy.skip or {}).get(check.id)
    if not reason or (check.id in EXISTENCE and outcome.status == ERROR):
        return outcome
    return Outcome(NOTSELECTED, "not judged", reason=f"left out by the policy: {reason}")


def _waived(finding: dict[str, Any], subject: Subject, accepted: Accepted) -> dict[str, Any]:
    """An expired waiver is shown and does not apply. One that applies does not hide what was found."""
    if finding["status"] not in RED:
        return finding
    return {**finding, "waiver": accepted.accept(finding["check"], finding["subject"], subject)}


def red(finding: Mapping[str, Any]) -> bool:
    """Is this finding a fault, or might it be one, that no waiver accepts?"""
    waiver = finding["waiver"]
    return finding["status"] in RED and (waiver is None or bool(waiver["expired"]))


def fatal(finding: Mapping[str, Any], fail_on: str) -> bool:
    """Does this finding make the whole fail? Of what is not there, or not known, no severity was found: it counts."""
    absent = finding["check"] in EXISTENCE
    grave = SEVERITIES.index(finding["severity"]) <= SEVERITIES.index(fail_on)
    return red(finding) and (grave or absent)


def _summary(findings: list[dict[str, Any]], fail_on: str) -> dict[str, Any]:
    found = Counter(finding["status"] for finding in findings)
    counts = {status: found[status] for status in STATUSES}
    waived = sum(finding["status"] in RED and not red(finding) for finding in findings)
    judged = len({finding["subject"] for finding in findings if finding["container"]})
    # A verdict over nothing proves nothing.
    ok = bool(findings) and not any(fatal(finding, fail_on) for finding in findings)
    return {**counts, "waived": waived, "containers": judged, "ok": ok}


def _rank(finding: Mapping[str, Any]) -> tuple[bool, int, int, str]:
    """Red first, then by status and severity; within that the order of the hosts and of the catalogue stays."""
    severity = SEVERITIES.index(finding["severity"])
    return not red(finding), STATUSES.index(finding["status"]), severity, ""


def _text(value: Any) -> str | None:
    return shown(value) if isinstance(value, str) else None


def _host_line(host: Host) -> dict[str, Any]:
    engine = as_mapping(host.facts.get("engine"))
    return {
        "kernel": _text(fact_from(host.facts.get("kernel")).value),
        "engine": _text(engine.get("version")),
        "cgroup_version": _text(host.facts.get("cgroup_version")),
        "selinux": _text(fact_from(host.selinux.get("enforce")).value),
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
