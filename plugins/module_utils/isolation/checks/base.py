# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a check is, and the few ways of deciding that all of them share. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.process_record import Process
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import (
    Container,
    Host,
    Item,
    Room,
)

# The words of XCCDF 1.2 (rule-result). NOTCHECKED: there is no way to prove it here; it is never a pass.
PASS, FAIL, ERROR, INFORMATIONAL = "pass", "fail", "error", "informational"
NOTCHECKED, NOTSELECTED, NOTAPPLICABLE = "notchecked", "notselected", "notapplicable"
STATUSES = (FAIL, ERROR, NOTCHECKED, INFORMATIONAL, PASS, NOTSELECTED, NOTAPPLICABLE)
SEVERITIES = ("critical", "high", "medium", "low")
EVIDENCE_LIMIT = 5
BENCHMARKS = ("1.6", "1.7", "1.8")
NIST, STIG = "NIST SP 800-190", "DISA STIG"


@dataclass(frozen=True)
class Outcome:
    """A verdict on one subject. observed: what the kernel (or the file) says. inspected: what the engine says of it."""

    status: str
    observed: str
    evidence: tuple[Fact, ...] = ()
    expected: str = ""
    reason: str = ""
    inspected: str = ""


Decide = Callable[[Container, Room], Outcome]
DecideHost = Callable[[Host, Room], Outcome]
DecideItem = Callable[[Item, Room], Outcome]


@dataclass(frozen=True)
class Check:
    """One rule. Exactly one of the four ways to decide is set; it says what kind of subject the rule is about."""

    id: str
    title: str
    severity: str
    expected: str
    remedy: str
    # One of catalogue.CONCEPTS; why it matters; which evidence decides (files, API fields).
    concept: str = ""
    why: str = ""
    how: str = ""
    # The variable or task of Bulkhead that cures it, where there is one.
    variable: str = ""
    decide: Decide | None = None
    decide_host: DecideHost | None = None
    decide_image: DecideItem | None = None
    decide_network: DecideItem | None = None
    # CIS Docker Benchmark: the id in 1.6, 1.7 and 1.8; cis_changed: version to ids, where one differs.
    cis: tuple[str, ...] = ()
    cis_changed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # Sections of NIST SP 800-190; rule ids of DISA's STIG for Docker Enterprise.
    nist: tuple[str, ...] = ()
    stig: tuple[str, ...] = ()

    def benchmark(self, version: str) -> tuple[str, ...]:
        """The ids in one version of the CIS Docker Benchmark."""
        return self.cis_changed.get(version, self.cis)

    @cached_property
    def references(self) -> dict[str, list[str]]:
        """Where others ask for the same. Who does not is left out. One for all findings: they are not changed."""
        found = {f"CIS Docker {version}": self.benchmark(version) for version in BENCHMARKS}
        found.update({NIST: self.nist, STIG: self.stig})
        return {source: list(ids) for source, ids in found.items() if ids}


def missing(facts: Iterable[Fact]) -> Outcome:
    """Evidence that could not be read: an error, whatever the rest says."""
    absent = tuple(facts)
    what = "; ".join(f"{fact.path}: {fact.error}" for fact in absent[:EVIDENCE_LIMIT])
    return Outcome(ERROR, "evidence is missing", absent, reason=f"cannot read {what}")


def broken(fact: Fact, why: str = "") -> Outcome:
    """Evidence that is missing, or of a form that is not the recorded one."""
    return missing(
        [Fact(fact.path, error=why or f"EINVAL not what was asked for: {fact.value!r}") if fact.known else fact]
    )


def judge_all(judged: Iterable[tuple[Fact, str]], good: str) -> Outcome:
    """The verdict over many facts, each with its objection (or an empty one).

    One proven fault is a fail; else one missing piece of evidence is an error; else, if there is evidence, a pass.
    """
    pairs = list(judged)
    faults = [(fact, objection) for fact, objection in pairs if fact.known and objection]
    if faults:
        said = "; ".join(dict.fromkeys(objection for _fact, objection in faults))
        return Outcome(FAIL, said, tuple(fact for fact, _objection in faults))
    absent = [fact for fact, _objection in pairs if not fact.known]
    if absent:
        return missing(absent)
    if not pairs:
        return missing([Fact("/proc", error="no process of the container was read")])
    return Outcome(PASS, good, tuple(fact for fact, _objection in pairs))


def judge_processes(
    container: Container,
    read: Callable[[Process], Fact],
    object_to: Callable[[Fact], str],
    good: str,
) -> Outcome:
    """The same question to every process of a container, not only to the first."""
    facts = [(process, read(process)) for process in container.processes]
    return judge_all(
        ((fact, said(process, object_to(fact)) if fact.known else "") for process, fact in facts),
        good,
    )


def said(process: Process, objection: str) -> str:
    return f"{process.title} {objection}" if objection else ""
