# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fact documents of all hosts as one thing to ask. Pure.

Every answer is a Fact with the path that the evidence came from, so a check never has to know how the document is
built, and a hole in the document is an error, not a default.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host import mountinfo
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    Fact,
    as_list,
    as_mapping,
    fact_from,
    formed,
    printable,
    shown,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.policy import Expected, Policy
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.selection import (
    Selection,
    selection_from,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.process_record import Process
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.selinux_label import Clearances

# Version of the form of a facts document.
SCHEMA = 3
RUNNING = ("running", "paused")
# A longer name is cut in the report.
NAME_LIMIT = 128
# So is a longer error: an engine's own words can be a page.
ERROR_LIMIT = 2000
# Others that a finding names.
LISTED = 10


@dataclass(frozen=True)
class Container:
    host: str
    record: Mapping[str, Any]

    @property
    def identifier(self) -> str:
        return str(self.record.get("id") or "")

    @property
    def given_name(self) -> str:
        """As the engine has it: what the policy's names are compared with."""
        return str(self.record.get("name") or self.identifier[:12] or "?")

    @cached_property
    def name(self) -> str:
        """As the report has it. Two long names that begin alike must not become one: the id tells them apart."""
        name = printable(self.given_name)
        return name if len(name) <= NAME_LIMIT else f"{name[:NAME_LIMIT]}...{printable(self.identifier[:12])}"

    @cached_property
    def subject(self) -> str:
        """Asked for with every finding and every pair, so it is made once."""
        return f"{shown(self.host, NAME_LIMIT)}/{self.name}"

    @property
    def running(self) -> bool:
        return self.record.get("state") in RUNNING

    @property
    def labels(self) -> Mapping[str, Any]:
        return as_mapping(self.record.get("labels"))

    @property
    def image(self) -> str:
        """The name that it was made with."""
        return str(self.record.get("image") or "")

    @property
    def image_id(self) -> str:
        fact = as_mapping(as_mapping(self.record.get("lifecycle")).get("image_id"))
        return str(fact.get("value") or "")

    @property
    def declared(self) -> Mapping[str, Any]:
        return as_mapping(self.record.get("declared"))

    @property
    def processes(self) -> list[Process]:
        # A broken record stays, as a process of which nothing is known.
        return [Process(as_mapping(record)) for record in as_list(self.record.get("processes"))]

    @property
    def sources(self) -> list[Mapping[str, Any]]:
        return [as_mapping(source) for source in as_list(self.record.get("sources"))]

    def user_map(self, namespace: str, name: str) -> Fact:
        """uid_map or gid_map of one of its user namespaces: lists of number inside, number outside, how many."""
        maps = as_mapping(as_mapping(self.record.get("user_namespaces")).get(namespace))
        fact = fact_from(maps.get(name), f"/proc/PID/{name}")
        extents = [as_list(extent) for extent in as_list(fact.value)]
        numbers = all(len(one) == 3 and all(isinstance(number, int) for number in one) for one in extents)
        if fact.known and (not isinstance(fact.value, (list, tuple)) or not numbers):
            return Fact(fact.path, error="recorded in a form that is no map")
        return fact

    def limit(self, name: str) -> Fact:
        return fact_from(as_mapping(self.record.get("limits")).get(name), f"the limit {name}")

    def mount_tables(self) -> list[tuple[Fact, list[mountinfo.Mount]]]:
        """Read once, though many checks ask."""
        return self._tables

    @cached_property
    def _tables(self) -> list[tuple[Fact, list[mountinfo.Mount]]]:
        return list(self._read_tables())

    def _read_tables(self) -> Iterator[tuple[Fact, list[mountinfo.Mount]]]:
        """Each mount namespace of the container: the fact, and its mounts (none when it could not be read)."""
        tables = as_mapping(self.record.get("mounts")) or {"": None}
        for table in tables.values():
            fact = fact_from(table, "/proc/PID/mountinfo")
            lines = as_list(fact.value)
            mounts = mountinfo.parse_lines(map(str, lines))
            if fact.known and (not mounts or len(mounts) != len(lines)):
                fact, mounts = Fact(fact.path, error="recorded without a mount, or with a line that is none"), []
            yield fact, mounts


@dataclass(frozen=True)
class Item:
    """An image or a network of a host: what is judged once, however many containers use it."""

    host: str
    kind: str
    record: Mapping[str, Any]

    @property
    def name(self) -> str:
        return shown(str(self.record.get("name") or self.record.get("id") or "?"), NAME_LIMIT)

    @property
    def subject(self) -> str:
        return f"{shown(self.host, NAME_LIMIT)}/{self.kind}/{self.name}"

    def fact(self, key: str) -> Fact:
        return fact_from(self.record.get(key), f"{self.kind} {self.name}")


@dataclass(frozen=True)
class Host:
    name: str
    document: Mapping[str, Any]
    containers: tuple[Container, ...]
    neighbours: tuple[Container, ...]
    images: tuple[Item, ...] = ()
    networks: tuple[Item, ...] = ()

    @property
    def subject(self) -> str:
        return shown(self.name, NAME_LIMIT)

    @property
    def facts(self) -> Mapping[str, Any]:
        return as_mapping(self.document.get("host"))

    @property
    def error(self) -> str:
        """Why there are no facts that can be judged, or nothing."""
        schema = self.document.get("schema")
        if self.facts and schema != SCHEMA:
            return f"the facts have schema {shown(str(schema))}, and {SCHEMA} is judged here: read them again"
        if self.facts and isinstance(self.document.get("containers"), (list, tuple)):
            return ""
        said = str(self.document.get("error") or self.document.get("msg") or "no facts came from this host")
        return shown(said, ERROR_LIMIT)

    def namespaces(self, kind: str) -> list[Fact]:
        """The host's own: of the reader and of the engine."""
        owners = as_mapping(self.facts.get("namespaces"))
        return [formed(fact_from(as_mapping(owner).get(kind), "/proc/self/ns"), str) for owner in owners.values()]

    @property
    def selection(self) -> Selection:
        """Which containers were to be judged; the others are neighbours."""
        return selection_from(self.document.get("selection"))

    @cached_property
    def neighbour_images(self) -> dict[str, str]:
        """Name to image of the containers that were not selected."""
        return {one.given_name: one.image for one in self.neighbours}

    @property
    def selinux(self) -> Mapping[str, Any]:
        return as_mapping(self.facts.get("selinux"))

    @property
    def strangers(self) -> Fact:
        """Processes with categories that belong to no container of this engine."""
        fact = fact_from(self.selinux.get("strangers"), "/proc/PID/attr/current of all processes")
        listed = isinstance(fact.value, (list, tuple)) and all(as_mapping(one).get("label") for one in fact.value)
        if fact.known and not listed:
            return fact._replace(value=None, error="EINVAL recorded in a form that is no list of processes")
        return fact


@dataclass
class Room:
    """All hosts of a run, the policy, and the indexes that make comparing pairs a look-up."""

    hosts: tuple[Host, ...]
    policy: Policy
    by_key: dict[tuple[str, str, Any], set[str]] = field(default_factory=dict)
    # By host: levels are compared by what they contain, which no key can say.
    clearances: dict[str, Clearances] = field(default_factory=dict)
    # By host: its bridges and its packet filter, as checks/network_rules.py puts them in order.
    wires: dict[str, Any] = field(default_factory=dict)
    _sorted: dict[tuple[str, str, Any], list[str]] = field(default_factory=dict)
    _policies: dict[int, tuple[Container, Policy]] = field(default_factory=dict)

    @cached_property
    def _host_by_name(self) -> dict[str, Host]:
        return {host.name: host for host in self.hosts}

    @cached_property
    def _expected_by_name(self) -> dict[tuple[str | None, str], tuple[int, Expected]]:
        """With the place in the list: of an entry for this host and one for any host the first counts."""
        found: dict[tuple[str | None, str], tuple[int, Expected]] = {}
        for place, entry in enumerate(self.policy.expected):
            found.setdefault((entry.host, entry.name), (place, entry))
        return found

    def host_of(self, subject: Container | Item) -> Host:
        return self._host_by_name[subject.host]

    def expected(self, container: Container) -> Expected | None:
        keys = ((container.host, container.given_name), (None, container.given_name))
        found = [self._expected_by_name[key] for key in keys if key in self._expected_by_name]
        return min(found, key=lambda entry: entry[0])[1] if found else None

    def policy_for(self, container: Container) -> Policy:
        """The policy with the rules that fit this container, found once for each."""
        if not self.policy.rules:
            return self.policy
        # With the container itself: a number is its own only as long as it lives.
        found = self._policies.get(id(container))
        if found is None:
            policy = self.policy.for_container(
                container.given_name, container.labels, container.image, container.image_id
            )
            found = self._policies[id(container)] = (container, policy)
        return found[1]

    def bounds(self, container: Container) -> Expected:
        """The most that the policy and its rules allow. It only takes away from what was declared."""
        policy = self.policy_for(container)
        return Expected(
            container.given_name,
            memory=policy.memory,
            memory_swap=policy.memory_swap,
            cpus=policy.cpus,
            pids_limit=policy.pids_limit,
        )

    def add(self, kind: str, host: str, key: Any, owner: str) -> None:
        self.by_key.setdefault((kind, host, key), set()).add(owner)
        self._sorted.pop((kind, host, key), None)

    def sharers(self, kind: str, container: Container, key: Any) -> list[str]:
        """The other containers of the same host with this key. Inodes and categories mean nothing on another host."""
        place = (kind, container.host, key)
        found = self.by_key.get(place, set())
        if place not in self._sorted:
            self._sorted[place] = sorted(found)
        # A thousand that share one thing must not be a thousand lists of a thousand names.
        others = [owner for owner in self._sorted[place][: LISTED + 1] if owner != container.subject][:LISTED]
        more = len(found) - (container.subject in found) - len(others)
        return [*others, f"{more} more"] if more else others


def host_from(name: str, document: Any) -> Host:
    """Takes a facts document, or a module's result that has one under 'facts'."""
    given = as_mapping(document)
    facts = given.get("facts") if isinstance(given.get("facts"), Mapping) else given
    records = as_mapping(facts)
    return Host(
        name,
        records,
        tuple(Container(name, as_mapping(record)) for record in as_list(records.get("containers"))),
        tuple(Container(name, as_mapping(record)) for record in as_list(records.get("neighbours"))),
        tuple(Item(name, "image", as_mapping(record)) for record in as_list(records.get("images"))),
        tuple(Item(name, "network", as_mapping(record)) for record in as_list(records.get("networks"))),
    )
