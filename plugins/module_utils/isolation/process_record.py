# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Some processes of a container as its facts have them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    Fact,
    as_list,
    as_mapping,
    formed,
    texts,
)

NAMELESS = "EINVAL recorded without a controller"


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

    def _text(self, name: str, value: Any, raw: str = "", file: str = "") -> Fact:
        return formed(self._fact(name, value, raw, file), str)

    def _fact(self, name: str, value: Any, raw: str = "", file: str = "") -> Fact:
        path = f"/proc/{self.pid}/{file or name}"
        error = str(as_mapping(self.record.get("errors")).get(name) or "")
        if value is None and not error:
            error = "not recorded in the facts"
        return Fact(path, None if error else value, raw or str(value), error)

    def namespace(self, kind: str) -> Fact:
        return self._text(f"ns/{kind}", as_mapping(self.record.get("namespaces")).get(kind))

    def status(self, key: str) -> Fact:
        value = as_mapping(self.record.get("status")).get(key)
        name = f"task/{self.thread}/status" if self.thread else "status"
        return self._text("status", value, f"{key}: {value}", name)

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
        return self._text("attr/current", self.record.get("label") or None)

    @property
    def profile(self) -> Fact:
        """AppArmor's, with its mode."""
        return self._text("attr/apparmor/current", self.record.get("apparmor") or None)

    @property
    def groups(self) -> Fact:
        fact = self._fact("cgroup", as_mapping(self.record.get("cgroups")) or None)
        # A group that no controller is recorded for would bind nothing.
        lists = map(texts, (Fact(fact.path, names) for names in as_mapping(fact.value).values()))
        return next((Fact(fact.path, error=one.error or NAMELESS) for one in lists if not one.value), fact)
