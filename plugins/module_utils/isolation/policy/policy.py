# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is expected of containers. Pure; bad input is refused, never ignored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.rules import (
    Rule,
    combined,
    rules_from,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.values import (
    PolicyError,
    known,
    parsed,
)

# Docker's own default without NET_RAW (forged packets) and MKNOD (device nodes).
CAPABILITIES = (
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
)
# Without "always": it starts again what somebody has stopped.
RESTART_POLICIES = ("no", "on-failure", "unless-stopped")
SELINUX_CHOICES = ("required", "where_present", "absent")
FAIL_ON_CHOICES = ("critical", "high", "medium", "low")
# What each selects is in profiles.py.
PROFILE_CHOICES = ("all", "baseline", "cis-1.8", "classroom")
CHOICES = {"profile": PROFILE_CHOICES, "fail_on": FAIL_ON_CHOICES, "selinux": SELINUX_CHOICES}


@dataclass(frozen=True)
class Expected:
    """A workspace that must be there. Limits are upper bounds; without one, what the engine was told counts."""

    name: str
    host: str | None = None
    student: str | None = None
    memory: int | None = None
    memory_swap: int | None = None
    cpus: float | None = None
    pids_limit: int | None = None
    cgroup_parent: str | None = None
    capabilities: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Policy:
    profile: str = "all"
    # The least severity of a red finding that makes the whole fail.
    fail_on: str = "low"
    selinux: str = "required"
    selinux_types: tuple[str, ...] = ("container_t", "container_init_t")
    selinux_file_types: tuple[str, ...] = ("container_file_t",)
    capabilities: tuple[str, ...] = CAPABILITIES
    student_label: str = "org.bulkhead.student"
    allowed_mounts: tuple[str, ...] = ()
    engine_users: tuple[str, ...] = ()
    restart_policies: tuple[str, ...] = RESTART_POLICIES
    restart_retries: int = 5
    require_healthcheck: bool = False
    allowed_registries: tuple[str, ...] = ()
    published_ports: tuple[str, ...] | None = None
    # The most that any container may have; what it was declared to have counts beside it.
    memory: int | None = None
    memory_swap: int | None = None
    cpus: float | None = None
    pids_limit: int | None = None
    skip: Mapping[str, str] | None = None
    expected: tuple[Expected, ...] = ()
    rules: tuple[Rule, ...] = ()

    @classmethod
    def from_params(cls, given: Mapping[str, Any] | None, checks: frozenset[str]) -> Policy:
        values = parsed(known(given or {}, cls, "policy"), "policy", checks)
        for key, choices in CHOICES.items():
            if key in values and values[key] not in choices:
                raise PolicyError(f"policy.{key} is {values[key]!r}. Use one of {', '.join(choices)}.")
        values.setdefault("skip", {})
        values["expected"] = expected_from(values.get("expected", []), checks)
        values["rules"] = rules_from(values.get("rules", []), checks)
        return cls(**values)

    def for_container(self, name: str, labels: Mapping[str, Any], image: str, image_id: str) -> Policy:
        """What is expected of one container: this policy, and the rules that fit."""
        fitting = tuple(rule for rule in self.rules if rule.selection.fits(name, labels, image, image_id))
        return replace(self, **combined(fitting, self.skip or {})) if fitting else self


def expected_from(given: Any, checks: frozenset[str]) -> tuple[Expected, ...]:
    if not isinstance(given, (list, tuple)):
        raise PolicyError("policy.expected must be a list of dictionaries.")
    return tuple(_expected(entry, f"policy.expected[{index}]", checks) for index, entry in enumerate(given))


def _expected(given: Any, where: str, checks: frozenset[str]) -> Expected:
    if not isinstance(given, Mapping) or not given.get("name"):
        raise PolicyError(f"{where} must be a dictionary with a name (of the container).")
    return Expected(**parsed(known(given, Expected, where), where, checks))
