# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the packet filter as iptables-save prints them, and who gets through them. Pure.

Only what begins a connection is followed: an answer to what was let through belongs to it. A rule that is not
understood never closes anything, and nothing that it might have closed counts as open: such an answer is UNSURE.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import NamedTuple

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    Fact,
    as_mapping,
    formed,
    printable,
    texts,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.packet_rule import (
    SURE,
    UNKNOWN,
    Rule,
    Subnets,
    covers,
    network_of,
    rule_from,
)

FORWARD = "FORWARD"
# From the best to the worst. PORTS: nothing but single ports of single addresses gets through.
CLOSED, PORTS, UNSURE, OPEN = range(4)
DROPS = ("DROP", "REJECT")
# Of these a packet comes back to the next rule.
PASSING = (
    *("AUDIT", "CHECKSUM", "CLASSIFY", "CONNMARK", "CONNSECMARK", "CT", "DSCP", "HL", "LOG", "MARK", "NFLOG"),
    *("SECMARK", "SET", "TCPMSS", "TCPOPTSTRIP", "TOS", "TRACE", "TTL", "ULOG"),
)
TOO_LONG = "more rules than are followed"
NO_RULES = "the packet filter has no rules"
# The kernel lets no chain lead back to itself. A broken document might.
DEPTH = 32
# Far more than what some hundred networks take.
STEPS = 100_000


class Way(NamedTuple):
    """From some interfaces, each with the subnets of its network, to one. Nobody is taken to forge an address."""

    sources: Mapping[str, Subnets]
    to: str
    subnets: Subnets = ()


class Answer(NamedTuple):
    """How open a way is, and for which source by which rule."""

    status: int
    through: tuple[tuple[str, str], ...] = ()


class Filter(NamedTuple):
    """What one version of addresses has for rules: the fact, the chains of each kind of table that is in use, and by
    address what is sent there instead of where it was going (of an address that is none: under an empty text)."""

    fact: Fact
    tables: Mapping[str, Chains] = {}
    sent: Mapping[str, list[Rule]] = {}


def kept(text: str) -> dict[str, list[str]]:
    """Of what iptables-save prints, what is judged: the chains that FORWARD leads to, and what is sent elsewhere (nat).
    Counters are left out."""
    found: dict[str, list[str]] = {}
    table = ""
    for line in text.splitlines():
        if line.startswith("*"):
            table = line[1:].strip()
            found[table] = []
        elif line.startswith("# Table") and "is incompatible" in line:
            raise ValueError(line[2:])
        elif table and line.startswith((":", "-A ")):
            found[table].append(printable(line.partition(" [")[0] if line[0] == ":" else line))
    sent = [line for line in found.get("nat", []) if " -j DNAT " in line]
    return {"filter": reachable(found.get("filter", [])), "nat": sent}


def reachable(lines: Iterable[str]) -> list[str]:
    """The chains that FORWARD leads to, in the order of the lines."""
    listed = list(lines)
    targets: dict[str, set[str]] = {}
    for line in listed:
        words = line.split()
        if words[0] == "-A":
            targets.setdefault(words[1], set()).update(
                after for word, after in zip(words, words[1:]) if word in ("-j", "-g")
            )
    known, new = {FORWARD}, [FORWARD]
    while new:
        new = [one for chain in new for one in targets.get(chain, ()) if one not in known]
        known.update(new)
    return [line for line in listed if (line.split()[1] if line.startswith("-A") else line[1:].split()[0]) in known]


class Chains:
    """The filter table of one kind. ValueError: the lines are none that iptables-save prints."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.policy = "ACCEPT"
        self._rules: dict[str, list[Rule]] = {}
        for number, line in enumerate(lines):
            words = split(line)
            if line.startswith(":") and len(words) == 2:
                self._rules.setdefault(words[0][1:], [])
                self.policy = words[1] if words[0] == f":{FORWARD}" else self.policy
            elif words[:1] == ["-A"] and len(words) > 2:
                self._rules.setdefault(words[1], []).append(rule_from(number, line, words[2:]))
            else:
                raise ValueError(f"no line of iptables-save: {line}")
        self._to: dict[str, dict[str, list[Rule]]] = {}
        for chain, rules in self._rules.items():
            for rule in rules:
                # Nearly every rule of an engine names one interface: of hundreds only its own are looked at.
                self._to.setdefault(chain, {}).setdefault(rule.only_to, []).append(rule)

    def __contains__(self, chain: object) -> bool:
        return chain in self._rules

    @property
    def names(self) -> list[str]:
        return sorted(self._rules)

    def toward(self, chain: str, interface: str) -> list[Rule]:
        """The rules of a chain that what goes to an interface can meet, in their order."""
        groups = self._to.get(chain, {})
        own, any_ = groups.get(interface, []), groups.get("", [])
        return sorted([*own, *any_]) if own and any_ else own or any_

    def answer(self, way: Way) -> Answer:
        return _Walk(self, way).answer()


class _Walk:
    """One way through the chains, for all sources at once: each rule takes some of them out."""

    def __init__(self, chains: Chains, way: Way) -> None:
        self._chains, self._way = chains, way
        self._rules: dict[str, list[Rule]] = {}
        # Source to the rule that lets it through, by how open that makes the way.
        self._through: dict[int, dict[str, str]] = {PORTS: {}, UNSURE: {}, OPEN: {}}
        # Those that a rule which is not understood might have stopped.
        self._doubtful: set[str] = set()
        self._steps = STEPS

    def answer(self) -> Answer:
        left = self._follow(FORWARD, set(self._way.sources), SURE, DEPTH)
        policy = Rule(0, f"-P {FORWARD} {self._chains.policy}", self._chains.policy)
        self._end(policy, left, SURE)
        if self._steps < 0:
            return Answer(UNSURE, tuple((source, TOO_LONG) for source in self._way.sources))
        status = max((status for status, found in self._through.items() if found), default=CLOSED)
        return Answer(status, tuple(sorted(self._through.get(status, {}).items())))

    def _follow(self, chain: str, sources: set[str], level: int, depth: int) -> set[str]:
        """The sources of which something comes back from a chain."""
        if chain not in self._rules:
            self._rules[chain] = self._chains.toward(chain, self._way.to)
        left, back = set(sources), set()
        for rules in self._alike(self._rules[chain]):
            if not left or self._steps < 0:
                break
            caught: dict[int, set[str]] = {}
            untouched = set(left)
            for rule in rules:
                self._steps -= 1
                for group, certainty in self._caught(rule, untouched):
                    caught.setdefault(certainty, set()).update(group)
                    untouched -= group if certainty == SURE else set()
            for certainty, group in caught.items():
                ended, returned = self._meet(rules[0], group, max(level, certainty), depth)
                back |= returned
                left -= ended if certainty == SURE else set()
        return back | left

    def _alike(self, rules: list[Rule]) -> Iterator[list[Rule]]:
        """Neighbours that lead to one chain are followed together: an engine writes one for each of its networks."""
        for _key, group in groupby(
            rules, lambda one: (one.target, one.goto) if one.target in self._chains else one.number
        ):
            yield list(group)

    def _meet(self, rule: Rule, group: set[str], level: int, depth: int) -> tuple[set[str], set[str]]:
        """Whose way ends at a rule, if all that it names is caught, and of whom something leaves the chain."""
        if rule.target == "RETURN":
            return group, group
        if rule.target in self._chains and depth:
            returned = self._follow(rule.target, group, level, depth - 1)
            return (group, returned) if rule.goto else (group - returned, set())
        return self._end(rule, group, level), set()

    def _caught(self, rule: Rule, left: set[str]) -> Iterator[tuple[set[str], int]]:
        """The sources of which a rule takes something, and whether it takes all (SURE)."""
        certainty = rule.catches(self._way.to)
        if certainty is None:
            return
        group = rule.among(left)
        if rule.destination:
            reached = covers(rule.destination, self._way.subnets)
            if reached is None:
                return
            certainty = max(certainty, reached)
        if not rule.source:
            if group:
                yield group, certainty
            return
        by_certainty: dict[int, set[str]] = {}
        for source in group:
            sent = covers(rule.source, self._way.sources[source])
            if sent is not None:
                by_certainty.setdefault(max(certainty, sent), set()).add(source)
        yield from ((found, one) for one, found in by_certainty.items())

    def _end(self, rule: Rule, group: set[str], level: int) -> set[str]:
        """Whose way ends at a rule, if all that it names is caught."""
        if rule.target in PASSING or not rule.target:
            return set()
        if rule.target == "ACCEPT":
            for source in group:
                unsure = level == UNKNOWN or source in self._doubtful
                status = UNSURE if unsure else PORTS if rule.one_port else OPEN
                self._through[status].setdefault(source, rule.text)
            return group
        if rule.target in DROPS:
            if level == UNKNOWN:
                self._doubtful |= group
            return group
        # A target of which nobody knows where it leads (NFQUEUE): it may let through, and may stop.
        for source in group:
            self._through[UNSURE].setdefault(source, rule.text)
        self._doubtful |= group
        return set()


def filter_from(fact: Fact) -> Filter:
    """fact: {kind: {table: lines}}."""
    fact = formed(fact, Mapping)
    if not fact.known:
        return Filter(fact)
    tables: dict[str, Chains] = {}
    sent: dict[str, list[Rule]] = {}
    for kind, found in fact.value.items():
        lines = {table: texts(Fact(fact.path, as_mapping(found).get(table))) for table in ("filter", "nat")}
        try:
            if not all(one.known for one in lines.values()):
                raise ValueError("a table is not recorded")
            tables[str(kind)] = Chains(lines["filter"].value)
            for number, line in enumerate(lines["nat"].value):
                rule = rule_from(number, line, split(line)[2:])
                sent.setdefault(address_in(rule.sent_to), []).append(rule)
        except ValueError as error:
            return Filter(Fact(fact.path, error=f"EINVAL {error}"))
    return Filter(fact, tables, sent)


def split(line: str) -> list[str]:
    return shlex.split(line) if '"' in line else line.split()


def address_in(sent_to: str) -> str:
    """The address in ADDRESS:PORT or [ADDRESS]:PORT; nothing where it is more than one, or none."""
    text = sent_to[1:].partition("]")[0] if sent_to.startswith("[") else sent_to.partition(":")[0]
    return text if network_of(text) else ""


def through(filter_: Filter, way: Way) -> Answer:
    """A packet has to get through the tables of each kind: the strictest one counts. Without any nothing is closed."""
    answers = [chains.answer(way) for chains in filter_.tables.values()]
    if answers:
        return min(answers, key=lambda one: one.status)
    return Answer(OPEN, tuple((source, NO_RULES) for source in way.sources))
