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
    printable,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy import Expected, Policy
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.selinux_label import Clearances

# Version of the form of a facts document.
SCHEMA = 2
RUNNING = ("running", "paused")


@dataclass(frozen=True)
class Process:
    """Some processes of a container, or threads of them, that differ in nothing that is judged."""

    record: Mapping[str, Any]

    @property
    def thread(self) -> str:
        """Of a thread that is not as its process is: its number ('*' for those that were not read). Else nothing."""
        threads = as_list(self.record.get("threads"))
        return str(threads[0]) if threads else ""

    @property
    def title(self) -> str:
        return f"thread {self.thread} of process {self.pid}" if self.thread else f"process {self.pid}"

    @property
    def pid(self) -> str:
        pids = as_list(self.record.get("pids"))
        return str(pids[0]) if pids else "?"

    def _fact(self, name: str, value: Any, raw: str = "", file: str = "") -> Fact:
        path = f"/proc/{self.pid}/{file or name}"
        error = str(as_mapping(self.record.get("errors")).get(name) or "")
        if value is None and not error:
            error = "not recorded in the facts"
        return Fact(path, None if error else value, raw or str(value), error)

    def namespace(self, kind: str) -> Fact:
        return self._fact(f"ns/{kind}", as_mapping(self.record.get("namespaces")).get(kind))

    def status(self, key: str) -> Fact:
        value = as_mapping(self.record.get("status")).get(key)
        name = f"task/{self.thread}/status" if self.thread else "status"
        return self._fact("status", value, f"{key}: {value}", name)

    @property
    def descriptors(self) -> Fact:
        """What is open outside of the mounts: lists of name, link and device node."""
        return self._fact("fd", self.record.get("descriptors"))

    @property
    def environment(self) -> Fact:
        """Names of variables that look like a secret's."""
        return self._fact("environ", self.record.get("environment"))

    @property
    def label(self) -> Fact:
        return self._fact("attr/current", self.record.get("label") or None)

    @property
    def profile(self) -> Fact:
        """AppArmor's, with its mode."""
        return self._fact("attr/apparmor/current", self.record.get("apparmor") or None)

    @property
    def groups(self) -> Fact:
        return self._fact("cgroup", as_mapping(self.record.get("cgroups")) or None)


@dataclass(frozen=True)
class Container:
    host: str
    record: Mapping[str, Any]

    @property
    def identifier(self) -> str:
        return str(self.record.get("id") or "")

    @property
    def name(self) -> str:
        return printable(str(self.record.get("name") or self.identifier[:12] or "?"))

    @property
    def subject(self) -> str:
        return f"{self.host}/{self.name}"

    @property
    def running(self) -> bool:
        return self.record.get("state") in RUNNING

    @property
    def labels(self) -> Mapping[str, Any]:
        return as_mapping(self.record.get("labels"))

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
        return printable(str(self.record.get("name") or self.record.get("id") or "?"))

    @property
    def subject(self) -> str:
        return f"{self.host}/{self.kind}/{self.name}"

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
        return self.name

    @property
    def facts(self) -> Mapping[str, Any]:
        return as_mapping(self.document.get("host"))

    @property
    def error(self) -> str:
        """Why there are no facts that can be judged, or nothing."""
        schema = self.document.get("schema")
        if self.facts and schema != SCHEMA:
            return f"the facts have schema {printable(str(schema))}, and {SCHEMA} is judged here: read them again"
        if self.facts and isinstance(self.document.get("containers"), (list, tuple)):
            return ""
        return printable(str(self.document.get("error") or self.document.get("msg") or "no facts came from this host"))

    def namespaces(self, kind: str) -> list[Fact]:
        """The host's own: of the reader and of the engine."""
        owners = as_mapping(self.facts.get("namespaces"))
        return [fact_from(as_mapping(owner).get(kind), "/proc/self/ns") for owner in owners.values()]

    @property
    def selinux(self) -> Mapping[str, Any]:
        return as_mapping(self.facts.get("selinux"))


@dataclass
class Room:
    """All hosts of a run, the policy, and the indexes that make comparing pairs a look-up."""

    hosts: tuple[Host, ...]
    policy: Policy
    by_key: dict[tuple[str, str, Any], set[str]] = field(default_factory=dict)
    # By host: levels are compared by what they contain, which no key can say.
    clearances: dict[str, Clearances] = field(default_factory=dict)

    def host_of(self, container: Container) -> Host:
        return next(host for host in self.hosts if host.name == container.host)

    def expected(self, container: Container) -> Expected | None:
        for entry in self.policy.expected:
            if entry.name == container.name and entry.host in (None, container.host):
                return entry
        return None

    def add(self, kind: str, host: str, key: Any, owner: str) -> None:
        self.by_key.setdefault((kind, host, key), set()).add(owner)

    def sharers(self, kind: str, container: Container, key: Any) -> list[str]:
        """The other containers of the same host with this key. Inodes and categories mean nothing on another host."""
        found = self.by_key.get((kind, container.host, key), set())
        return sorted(found - {container.subject})


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
