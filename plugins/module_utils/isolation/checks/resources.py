# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Control groups beyond the limits: shares, processors, reservation, I/O, and who dies first when memory ends."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    UNLIMITED,
    Fact,
    as_list,
    as_mapping,
    fact_from,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    FAIL,
    INFORMATIONAL,
    PASS,
    Check,
    Outcome,
    judge_all,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container, Room

DEFAULT_SHARES, DEFAULT_WEIGHT = 1024, 100
PROCESSOR_LIMIT = 1 << 16
# A reservation as large as this is how version 1 writes that there is none.
NO_RESERVATION = 1 << 62
_WHOLE = re.compile(r"-?[0-9]{1,20}")


def resource(container: Container, name: str) -> Fact:
    resources = as_mapping(container.record.get("resources"))
    return fact_from(resources.get(name), f"the control group's {name}")


def told(container: Container, name: str) -> Any:
    return as_mapping(as_mapping(container.record.get("resources")).get("declared")).get(name)


def whole(value: Any) -> int | None:
    """A number as the kernel or the engine writes it, and nothing for what is none."""
    text = str(value).strip()
    return int(text) if _WHOLE.fullmatch(text) else None


def most_weight(shares: int) -> int:
    """Version 2's weight for the engine's shares: runtimes have two formulas, and the larger result is allowed."""
    shares = min(max(shares, 2), 262144)
    linear = 1 + (shares - 2) * 9999 // 262142
    power = math.log2(shares)
    curved = math.ceil(10 ** ((power * power + 125 * power) / 612 - 7 / 34))
    return max(linear, curved)


def decide_weight(container: Container, room: Room) -> Outcome:
    fact = resource(container, "cpu_weight")
    if not fact.known:
        return missing([fact])
    weight, shares = whole(fact.value), whole(told(container, "cpu_shares")) or 0
    if weight is None:
        return missing([fact._replace(value=None, error=f"EINVAL not a weight: {fact.value!r}")])
    legacy = fact.path.endswith("cpu.shares")
    default = DEFAULT_SHARES if legacy else DEFAULT_WEIGHT
    most = default if not shares else max(2, shares) if legacy else most_weight(shares)
    expected, inspected = f"at most {most}", str(shares) if shares else "no shares of its own"
    if weight > most:
        observed = f"{weight}, more than the engine was told"
        return Outcome(FAIL, observed, (fact,), expected, inspected=inspected)
    return Outcome(PASS, str(fact.value), (fact,), expected, inspected=inspected)


def processors(text: str) -> set[int] | None:
    """'0-2,5' as numbers; None for what is no such list."""
    found: set[int] = set()
    for part in filter(None, text.strip().split(",")):
        lowest, _dash, highest = part.partition("-")
        first, last = whole(lowest), whole(highest or lowest)
        if first is None or last is None or not 0 <= first <= last <= PROCESSOR_LIMIT:
            return None
        found.update(range(first, last + 1))
    return found


def decide_cpuset(container: Container, room: Room) -> Outcome:
    fact = resource(container, "cpuset")
    if not fact.known:
        return missing([fact])
    own, declared = processors(str(fact.value)), str(told(container, "cpuset_cpus") or "")
    if not own:
        return missing([fact._replace(value=None, error=f"EINVAL not a list of processors: {fact.value!r}")])
    if not declared:
        said = f"{fact.value}: not bound to processors of its own"
        return Outcome(INFORMATIONAL, said, (fact,), inspected="no processors named")
    beyond = sorted(own - (processors(declared) or set()))
    if beyond:
        said = f"{fact.value}, also {', '.join(map(str, beyond))}"
        return Outcome(FAIL, said, (fact,), f"only {declared}", inspected=declared)
    return Outcome(PASS, str(fact.value), (fact,), f"only {declared}", inspected=declared)


def decide_reservation(container: Container, room: Room) -> Outcome:
    fact = resource(container, "memory_reservation")
    if not fact.known:
        return missing([fact])
    declared = told(container, "memory_reservation")
    inspected = str(declared) if declared else "no reservation"
    text = str(fact.value).strip()
    number = whole(text)
    if number is None and text != UNLIMITED:
        return missing([fact._replace(value=None, error=f"EINVAL not a size: {fact.value!r}")])
    if number is not None and not 0 < number < NO_RESERVATION:
        return Outcome(INFORMATIONAL, "nothing is reserved", (fact,), inspected=inspected)
    return Outcome(PASS, f"{text} reserved", (fact,), inspected=inspected)


def decide_oom(container: Container, room: Room) -> Outcome:
    """Version 1 can be told to let processes hang instead; version 2 cannot, and says who is ended together."""
    fact = resource(container, "oom")
    if not fact.known:
        return missing([fact])
    inspected = f"OomKillDisable: {told(container, 'oom_kill_disable')}"
    words = dict(line.split(" ", 1) for line in str(fact.value).splitlines() if " " in line)
    if "oom_kill_disable" in words:
        if words["oom_kill_disable"].strip() == "1":
            return Outcome(FAIL, "the kernel may end no process of it", (fact,), inspected=inspected)
        if words["oom_kill_disable"].strip() == "0":
            return Outcome(PASS, "the kernel ends a process of it", (fact,), inspected=inspected)
    if fact.path.endswith("memory.oom.group") and str(fact.value).strip() in ("0", "1"):
        whole = str(fact.value).strip() == "1"
        said = "all its processes are ended together" if whole else "the kernel ends a process of it"
        return Outcome(PASS, said, (fact,), inspected=inspected)
    return missing([fact._replace(value=None, error=f"EINVAL not known: {fact.value!r}")])


def decide_score(container: Container, room: Room) -> Outcome:
    scores = as_list(as_mapping(container.record.get("resources")).get("oom_scores"))
    if not scores:
        return missing([Fact("/proc/PID/oom_score_adj", error="not recorded in the facts")])
    judged = []
    for score in scores:
        fact = fact_from(score, "/proc/PID/oom_score_adj")
        number = whole(fact.value)
        if fact.known and number is None:
            fact = fact._replace(value=None, error=f"EINVAL not a number: {fact.value!r}")
        low = number is not None and number < 0
        judged.append((fact, f"{fact.value}: ends after the host's own processes" if low else ""))
    values = ", ".join(sorted({str(fact.value) for fact, _said in judged}))
    outcome = judge_all(judged, values)
    inspected = str(told(container, "oom_score_adj"))
    return Outcome(outcome.status, outcome.observed, outcome.evidence, "", outcome.reason, inspected)


def decide_io(container: Container, room: Room) -> Outcome:
    fact = resource(container, "io")
    if not fact.known:
        return missing([fact])
    declared = ", ".join(map(str, as_list(told(container, "io"))))
    text = ", ".join(line for line in str(fact.value).splitlines() if line.strip())
    status = PASS if text else FAIL if declared else INFORMATIONAL
    said = text or "no limit on any device"
    return Outcome(status, said, (fact,), declared and f"limits on {declared}", inspected=declared or "no limits")


_COMMON: Mapping[str, Any] = {"concept": "cgroups", "nist": ("4.4.3",)}
CHECKS = (
    Check(
        id="cgroup-cpu-weight",
        title="No larger share of the processors than declared",
        severity="low",
        expected="the default weight, or what was declared",
        why="When all are busy the weight decides who waits: a heavier container slows its neighbours down.",
        how="cpu.weight (version 1: cpu.shares) of the container's own group against HostConfig.CpuShares.",
        remedy="Look for who changed the group, and set the share again: docker update --cpu-shares.",
        decide=decide_weight,
        cis=("5.12",),
        **_COMMON,
    ),
    Check(
        id="cgroup-cpuset",
        title="Only the processors that were declared",
        severity="low",
        expected="the processors that were declared",
        why="What is meant to have processors of its own does not have them when another container runs there too.",
        how="cpuset.cpus.effective (version 1: cpuset.effective_cpus) against HostConfig.CpusetCpus.",
        remedy="Set the processors again: docker update --cpuset-cpus.",
        decide=decide_cpuset,
        **_COMMON,
    ),
    Check(
        id="cgroup-memory-reservation",
        title="Memory that is kept for it",
        severity="low",
        expected="for information: a reservation helps under pressure, and bounds nothing",
        why="A reservation is often taken for a limit; it is none, and says only who is spared first.",
        how="memory.low (version 1: memory.soft_limit_in_bytes) of the container's own group.",
        remedy="Nothing to do; set a limit beside it.",
        decide=decide_reservation,
        **_COMMON,
    ),
    Check(
        id="cgroup-oom-killer",
        title="The kernel may end its processes when memory runs out",
        severity="medium",
        expected="not switched off",
        why="Processes that may not be ended hang at their limit, and without a limit they take the host's memory.",
        how="oom_kill_disable in memory.oom_control (version 1); version 2 has memory.oom.group, and no such switch.",
        remedy="Create the container without oom_kill_disable.",
        decide=decide_oom,
        **_COMMON,
    ),
    Check(
        id="cgroup-oom-score",
        title="No process is spared before the host's own",
        severity="medium",
        expected="not negative, for every process",
        why="Where the host's memory ends, the kernel would rather end the engine or the login than such a process.",
        how="/proc/PID/oom_score_adj of every process against HostConfig.OomScoreAdj.",
        remedy="Create the container without a negative oom_score_adj.",
        decide=decide_score,
        **_COMMON,
    ),
    Check(
        id="cgroup-io-limit",
        title="Disk traffic is limited",
        severity="low",
        expected="for information, unless limits were declared: then they are in force",
        why="A container that reads or writes without end makes every other one on the same disk wait.",
        how="io.max (version 1: blkio.throttle.*_device) against HostConfig.BlkioDeviceReadBps and its like.",
        remedy="Set device_read_bps and its like for the container, or look for who took them out of the group.",
        decide=decide_io,
        **_COMMON,
    ),
)
