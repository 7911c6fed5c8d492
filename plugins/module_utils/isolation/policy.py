# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is expected of containers, and which findings are accepted. Pure; bad input is refused, never ignored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from fnmatch import fnmatchcase
from typing import Any

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
# Keys whose values are lists of strings.
LISTS = (
    "selinux_types",
    "selinux_file_types",
    "allowed_mounts",
    "engine_users",
    "restart_policies",
    "allowed_registries",
)
FAIL_ON_CHOICES = ("critical", "high", "medium", "low")
# What each selects is in policy_profiles.py.
PROFILE_CHOICES = ("all", "baseline", "cis-1.8", "classroom")
_SIZE = re.compile(r"^(\d+(?:\.\d+)?)\s*([bkmgt]?)(?:i?b)?$", re.IGNORECASE)
_FACTORS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


class PolicyError(ValueError):
    """A policy or waiver that cannot be used, with the key and the cure."""


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
    skip: Mapping[str, str] | None = None
    expected: tuple[Expected, ...] = ()

    @classmethod
    def from_params(cls, given: Mapping[str, Any] | None, checks: frozenset[str]) -> Policy:
        values = {key: value for key, value in _known(given or {}, cls, "policy").items() if value is not None}
        if values.get("profile", "all") not in PROFILE_CHOICES:
            raise PolicyError(f"policy.profile is {values['profile']!r}. Use one of {', '.join(PROFILE_CHOICES)}.")
        if values.get("fail_on", "low") not in FAIL_ON_CHOICES:
            raise PolicyError(f"policy.fail_on is {values['fail_on']!r}. Use one of {', '.join(FAIL_ON_CHOICES)}.")
        if values.get("selinux", "required") not in SELINUX_CHOICES:
            raise PolicyError(f"policy.selinux is {values['selinux']!r}. Use one of {', '.join(SELINUX_CHOICES)}.")
        for key in LISTS:
            if key in values:
                values[key] = tuple(_strings(values[key], f"policy.{key}"))
        if "restart_retries" in values:
            values["restart_retries"] = _number(values["restart_retries"], int, "policy.restart_retries")
        if not isinstance(values.get("require_healthcheck", False), bool):
            raise PolicyError("policy.require_healthcheck must be true or false.")
        if "capabilities" in values:
            values["capabilities"] = capability_names(values["capabilities"], "policy.capabilities")
        values["skip"] = _skip(values.get("skip") or {}, checks)
        expected = values.get("expected", [])
        if not isinstance(expected, (list, tuple)):
            raise PolicyError("policy.expected must be a list of dictionaries.")
        values["expected"] = tuple(
            expected_from(entry, f"policy.expected[{index}]") for index, entry in enumerate(expected)
        )
        return cls(**values)


def expected_from(given: Any, where: str) -> Expected:
    if not isinstance(given, Mapping) or not given.get("name"):
        raise PolicyError(f"{where} must be a dictionary with a name (of the container).")
    values = {key: value for key, value in _known(given, Expected, where).items() if value is not None}
    for key in ("memory", "memory_swap"):
        if key in values:
            values[key] = size(values[key], f"{where}.{key}")
    for key, kind in (("cpus", float), ("pids_limit", int)):
        if key in values:
            values[key] = _number(values[key], kind, f"{where}.{key}")
    if "capabilities" in values:
        values["capabilities"] = capability_names(values["capabilities"], f"{where}.capabilities")
    return Expected(**values)


def capability_names(given: Any, where: str) -> tuple[str, ...]:
    return tuple(sorted(name.upper().replace("CAP_", "", 1) for name in _strings(given, where)))


def size(given: Any, where: str) -> int:
    """Bytes, of a number or of words such as 512m, 1.5g, 2GiB; the engine counts in powers of 1024."""
    match = _SIZE.match(str(given).strip())
    if match is None:
        raise PolicyError(f"{where} is {given!r}. Write a size such as 512m or 1g, or a number of bytes.")
    return int(float(match.group(1)) * _FACTORS[match.group(2).lower()])


def _number(given: Any, kind: type, where: str) -> Any:
    try:
        return kind(given)
    except (TypeError, ValueError):
        raise PolicyError(f"{where} is {given!r}. Write a number.") from None


def _strings(given: Any, where: str) -> list[str]:
    if isinstance(given, str) or not isinstance(given, (list, tuple)):
        raise PolicyError(f"{where} must be a list of strings.")
    return [str(entry) for entry in given]


def _known(given: Any, kind: Any, where: str) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise PolicyError(f"{where} must be a dictionary.")
    allowed = {field.name for field in fields(kind)}
    unknown = sorted(str(key) for key in given if key not in allowed)
    if unknown:
        raise PolicyError(f"{where} has unknown keys: {', '.join(unknown)}. Known are: {', '.join(sorted(allowed))}.")
    return dict(given)


def _skip(given: Any, checks: frozenset[str]) -> dict[str, str]:
    """Checks left out, each with the reason that the report shows."""
    if not isinstance(given, Mapping):
        raise PolicyError("policy.skip must be a dictionary of check id: reason.")
    for check, reason in given.items():
        _check_exists(str(check), checks, "policy.skip")
        if not reason:
            raise PolicyError(f"policy.skip.{check} has no reason. Write down why this check is left out.")
    return {str(check): str(reason) for check, reason in given.items()}


def _check_exists(check: str, checks: frozenset[str], where: str) -> None:
    if check not in checks:
        raise PolicyError(
            f"{where} names the check {check!r}, which does not exist. Known are: {', '.join(sorted(checks))}."
        )


@dataclass(frozen=True)
class Waiver:
    """An accepted finding: which check, on which subjects (host or host/container, with wildcards), why, until when."""

    check: str
    subject: str
    reason: str
    expires: date

    def covers(self, check: str, subject: str) -> bool:
        return self.check == check and fnmatchcase(subject, self.subject)

    def expired(self, today: date) -> bool:
        """The day of expiry itself is still covered."""
        return today > self.expires


def waivers_from(given: Any, checks: frozenset[str]) -> tuple[Waiver, ...]:
    if given is not None and not isinstance(given, (list, tuple)):
        raise PolicyError("waivers must be a list of dictionaries.")
    return tuple(_waiver(entry, f"waivers[{index}]", checks) for index, entry in enumerate(given or []))


def _waiver(entry: Any, where: str, checks: frozenset[str]) -> Waiver:
    values = {key: str(value).strip() for key, value in _known(entry, Waiver, where).items()}
    missing = [field.name for field in fields(Waiver) if not values.get(field.name)]
    if missing:
        raise PolicyError(f"{where} lacks {', '.join(missing)}. A waiver needs check, subject, reason and expires.")
    _check_exists(values["check"], checks, where)
    try:
        expires = date.fromisoformat(values["expires"])
    except ValueError:
        raise PolicyError(f"{where}.expires is {values['expires']!r}. Write a date: 2026-12-31.") from None
    return Waiver(values["check"], values["subject"], values["reason"], expires)
