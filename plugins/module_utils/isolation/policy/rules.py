# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of a policy: other expectations for the containers of a name, a label or an image. Pure.

All rules that fit a container apply, in their order. Where two name one key, the later one counts; the checks that
they leave out add up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.selection import Selection
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.values import (
    PolicyError,
    known,
    labels_from,
    parsed,
)

SELECTORS = ("name", "labels", "image")


@dataclass(frozen=True)
class Rule:
    """Whom it is about (all that is given must fit), and the keys of the policy that are otherwise for them."""

    name: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    image: str | None = None
    capabilities: tuple[str, ...] | None = None
    selinux_types: tuple[str, ...] | None = None
    selinux_file_types: tuple[str, ...] | None = None
    restart_policies: tuple[str, ...] | None = None
    restart_retries: int | None = None
    require_healthcheck: bool | None = None
    allowed_mounts: tuple[str, ...] | None = None
    allowed_registries: tuple[str, ...] | None = None
    published_ports: tuple[str, ...] | None = None
    memory: int | None = None
    memory_swap: int | None = None
    cpus: float | None = None
    pids_limit: int | None = None
    skip: Mapping[str, str] | None = None

    @property
    def selection(self) -> Selection:
        return Selection(
            self.labels, (self.name,) if self.name is not None else (), (self.image,) if self.image is not None else ()
        )

    def overrides(self) -> dict[str, Any]:
        found = {key: getattr(self, key) for key in OVERRIDES}
        return {key: value for key, value in found.items() if value is not None}


OVERRIDES = tuple(entry.name for entry in fields(Rule) if entry.name not in SELECTORS)


def rules_from(given: Any, checks: frozenset[str]) -> tuple[Rule, ...]:
    if not isinstance(given, (list, tuple)):
        raise PolicyError("policy.rules must be a list of dictionaries.")
    return tuple(_rule(entry, f"policy.rules[{index}]", checks) for index, entry in enumerate(given))


def _rule(given: Any, where: str, checks: frozenset[str]) -> Rule:
    values = parsed(known(given, Rule, where), where, checks)
    if "labels" in values:
        values["labels"] = labels_from(values["labels"], f"{where}.labels")
    for key in ("name", "image"):
        if key in values:
            values[key] = str(values[key]).strip()
    if not any(values.get(key) for key in SELECTORS):
        raise PolicyError(f"{where} fits everything. Name {', '.join(SELECTORS)} or several of them.")
    # An empty pattern beside a good one fits nothing; it is meant as none.
    values = {key: value for key, value in values.items() if key not in SELECTORS or value}
    rule = Rule(**values)
    if not rule.overrides():
        raise PolicyError(f"{where} changes nothing. It takes {', '.join(OVERRIDES)}.")
    return rule


def combined(rules: tuple[Rule, ...], skip: Mapping[str, str]) -> dict[str, Any]:
    """What these rules change together. skip: what the policy itself leaves out."""
    found: dict[str, Any] = {}
    left_out = dict(skip)
    for rule in rules:
        found.update(rule.overrides())
        left_out.update(rule.skip or {})
    return {**found, "skip": left_out} if found else {}
