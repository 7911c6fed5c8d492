# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges what the probes of a host brought: findings like those of the facts. Pure.

An attempt that was refused is a pass, one that got through is a fail, and an answer that is missing is an error. Errors
are judged, never exit codes; limits are judged by what the kernel counted in the control group.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    UNLIMITED,
    Fact,
    as_list,
    as_mapping,
    fact_from,
    shown,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    ERROR,
    FAIL,
    NOTAPPLICABLE,
    NOTCHECKED,
    PASS,
    Check,
    Outcome,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.probe import (
    CROSSING,
    LIMITED,
    PLACE,
    TRIED,
    Probe,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.table import BY_NAME
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.findings import finding
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import ERROR_LIMIT, NAME_LIMIT

KILLED = "KILLED"
USED = re.compile(r"USED ([0-9.]+) ([0-9.]+)")
# A quota is given for a period: what was left of one may be used at once, and the clock is read a little later.
PERIOD, TOLERANCE = 0.1, 1.05


def findings(host: str, document: Any, student_label: str = "") -> list[dict[str, Any]]:
    """document: what isolation_probe returned for a host, or its list of containers."""
    records = as_list(as_mapping(document).get("probes") if isinstance(document, Mapping) else document)
    return [found for record in map(as_mapping, records) for found in _of_container(host, record, student_label)]


def _of_container(host: str, record: Mapping[str, Any], student_label: str) -> Iterator[dict[str, Any]]:
    host = shown(host, NAME_LIMIT)
    name = shown(str(record.get("name") or str(record.get("id") or "?")[:12]), NAME_LIMIT)
    student = shown(str(as_mapping(record.get("labels")).get(student_label, "")), NAME_LIMIT) if student_label else ""
    for check, outcome in outcomes(record):
        yield {**finding(check, outcome, f"{host}/{name}"), "host": host, "container": name, "student": student}


def outcomes(record: Mapping[str, Any]) -> Iterator[tuple[Check, Outcome]]:
    """One for each probe that was asked for, or one in all where nothing could be tried."""
    if record.get("error"):
        why = shown(str(record["error"]), ERROR_LIMIT)
        yield TRIED, Outcome(ERROR, "nothing was tried", (Fact(PLACE, error=why),), reason=why)
        return
    for asked in as_list(record.get("asked")):
        probe = BY_NAME.get(str(asked))
        if probe:
            yield probe.check, decide(probe, record)


def decide(probe: Probe, record: Mapping[str, Any]) -> Outcome:
    left_out = as_mapping(record.get("left_out")).get(probe.name)
    if left_out:
        return Outcome(NOTCHECKED, "not tried", reason=str(left_out))
    if probe.name in LIMITED:
        return _limited(probe, record)
    if probe.name == CROSSING:
        return _crossing(probe, record)
    return _attempted(probe, record)


def _answered(probe: Probe, record: Mapping[str, Any]) -> Outcome | list[tuple[str, str]]:
    """The attempts, or what there is instead of them."""
    answer = as_mapping(as_mapping(record.get("answers")).get(probe.name))
    place = f"probe {probe.name}"
    if answer.get("skipped"):
        return Outcome(NOTAPPLICABLE, "nothing to try", reason=str(answer["skipped"]))
    if answer.get("unknown"):
        return Outcome(NOTCHECKED, "not tried", reason=str(answer["unknown"]))
    tried = answer.get("tried")
    pairs = [(str(one[0]), str(one[1])) for one in as_list(tried) if isinstance(one, (list, tuple)) and len(one) == 2]
    if answer.get("error") or not isinstance(tried, (list, tuple)) or len(pairs) != len(tried):
        said = str(answer.get("error") or f"no answer from the twin. {record.get('said') or ''}").strip()
        return missing([Fact(place, error=said)])
    return pairs


def _attempted(probe: Probe, record: Mapping[str, Any]) -> Outcome:
    tried = _answered(probe, record)
    if isinstance(tried, Outcome):
        return tried
    if not tried:
        return Outcome(NOTAPPLICABLE, "nothing to try", reason="the container has nothing of the kind")
    through = [(what, found) for what, found in tried if found not in probe.refused]
    if through:
        evidence = tuple(Fact(what, found, _said(found)) for what, found in through)
        return Outcome(FAIL, "; ".join(f"{what}: {_said(found)}" for what, found in through), evidence)
    evidence = tuple(Fact(what, found) for what, found in tried)
    return Outcome(PASS, ", ".join(dict.fromkeys(found for _what, found in tried)), evidence)


def _said(found: str) -> str:
    return f"{found}, which is not a refusal" if found else "succeeded"


def _crossing(probe: Probe, record: Mapping[str, Any]) -> Outcome:
    """What was tried in the twin, what the policy says of every other container, and the record of the refusal."""
    reading = as_mapping(record.get("crossing"))
    present = fact_from(reading.get("present"), "/sys/fs/selinux/enforce")
    if not present.known:
        return missing([present])
    if present.value is False:
        return Outcome(NOTAPPLICABLE, "nothing to try", (present,), reason="the kernel runs no SELinux")
    if reading.get("obstacle"):
        return Outcome(NOTCHECKED, "not tried", reason=str(reading["obstacle"]))
    tried = _attempted(probe, record)
    pairs = fact_from(reading.get("pairs"), "/sys/fs/selinux/access")
    allowed = as_list(as_mapping(pairs.value).get("allowed"))
    if tried.status == FAIL or allowed:
        said = [tried.observed] if tried.status == FAIL else []
        evidence = (*tried.evidence, *(Fact(pairs.path, str(one)) for one in allowed))
        return Outcome(FAIL, "; ".join([*said, *map(str, allowed)]), evidence)
    if tried.status != PASS:
        return tried
    denial = fact_from(reading.get("denial"), "the record of the refusal")
    asked = as_mapping(pairs.value).get("asked")
    absent = [fact for fact in (pairs, denial) if not fact.known]
    if absent or not isinstance(asked, int):
        return missing(absent or [Fact(pairs.path, error="EINVAL no number of questions")])
    observed = f"{tried.observed}, recorded; the policy refuses all {asked} crossings to other containers"
    return Outcome(PASS, observed, (*tried.evidence, denial, pairs))


def _limited(probe: Probe, record: Mapping[str, Any]) -> Outcome:
    reading = as_mapping(as_mapping(record.get("limits")).get(probe.name))
    limit = fact_from(reading.get("limit"), f"the limit {probe.name}")
    if not limit.known:
        return missing([limit])
    if limit.value == UNLIMITED:
        return Outcome(FAIL, "no limit is in force, and nothing would stop it (not tried)", (limit,))
    if reading.get("obstacle"):
        return Outcome(NOTCHECKED, "not tried", (limit,), reason=str(reading["obstacle"]))
    before, after = (fact_from(reading.get(key), f"the count of {probe.name}") for key in ("before", "after"))
    absent = [fact for fact in (before, after) if not fact.known]
    if absent:
        return missing(absent)
    tried = _answered(probe, record)
    if isinstance(tried, Outcome):
        return tried
    if not tried:
        return missing([Fact(f"probe {probe.name}", error="no attempt in the answer")])
    counted = int(after.value) - int(before.value)
    evidence = (limit, *(Fact(what, found) for what, found in tried), before, after)
    return {"memory": _memory, "pids": _pids, "cpu": _cpu}[probe.name](counted, tried[0], float(limit.value), evidence)


def _memory(counted: int, tried: tuple[str, str], limit: float, evidence: tuple[Fact, ...]) -> Outcome:
    if tried[1] != KILLED:
        return Outcome(FAIL, f"{tried[0]}: nobody stopped it", evidence)
    if counted < 1:
        return Outcome(FAIL, f"{tried[0]}: killed, but not for the limit of its own group", evidence)
    return Outcome(PASS, f"killed at its own limit (oom_kill +{counted})", evidence)


def _pids(counted: int, tried: tuple[str, str], limit: float, evidence: tuple[Fact, ...]) -> Outcome:
    if not tried[1]:
        return Outcome(FAIL, f"{tried[0]}: nobody stopped it", evidence)
    if counted < 1:
        reason = f"{tried[1]} came from something else than the limit of processes, such as ulimits"
        return Outcome(NOTCHECKED, tried[0], evidence, reason=reason)
    return Outcome(PASS, f"{tried[1]} at its own limit (max +{counted})", evidence)


def _cpu(counted: int, tried: tuple[str, str], limit: float, evidence: tuple[Fact, ...]) -> Outcome:
    used = USED.fullmatch(tried[1])
    if not used:
        return missing([Fact("probe cpu", error=f"no times in the answer: {tried[1]}")])
    seconds, wall = float(used.group(1)), float(used.group(2))
    rate = f"{seconds:.2f} s of processors in {wall:.2f} s, with {limit:g} allowed"
    if counted < 1 and seconds < limit * wall:
        return Outcome(NOTCHECKED, rate, evidence, reason="the host has so much to do that the quota was never reached")
    if counted < 1:
        return Outcome(FAIL, f"{rate}: it was never held back", evidence)
    if seconds > limit * (wall + PERIOD) * TOLERANCE:
        return Outcome(FAIL, f"{rate}: more than the quota", evidence)
    return Outcome(PASS, f"{rate} (throttled +{counted})", evidence)
