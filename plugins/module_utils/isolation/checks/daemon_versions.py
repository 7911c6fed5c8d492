# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions of the engine and of its runtimes with a known way out of a container. Dated: November 2025."""

from __future__ import annotations

import re
from typing import NamedTuple

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact, as_mapping
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    FAIL,
    INFORMATIONAL,
    PASS,
    Check,
    DecideHost,
    Outcome,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.daemon_base import daemon_check
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Host, Room

AS_OF = "2025-11"
_FORM = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?(.*)", re.DOTALL)
_PRERELEASE = re.compile(r"[-~.](?:rc|beta|alpha|dev)")
_UPSTREAM = ("", "-ce", "-ee")


class Flaw(NamedTuple):
    name: str
    # The first good version of each branch that was repaired.
    fixed: tuple[tuple[int, int, int], ...]


class Program(NamedTuple):
    component: str
    # How many leading numbers make a branch.
    branch: int
    flaws: tuple[Flaw, ...]


RUNC = Program(
    "runc",
    2,
    (
        Flaw("CVE-2019-5736", ((1, 0, 0),)),
        Flaw("CVE-2021-30465", ((1, 0, 0),)),
        Flaw("CVE-2024-21626", ((1, 1, 12),)),
        Flaw("CVE-2025-31133, CVE-2025-52565 and CVE-2025-52881", ((1, 2, 8), (1, 3, 3), (1, 4, 0))),
    ),
)
CONTAINERD = Program(
    "containerd",
    2,
    (
        Flaw("CVE-2022-23648", ((1, 4, 13), (1, 5, 10), (1, 6, 1))),
        Flaw("CVE-2024-40635", ((1, 6, 38), (1, 7, 27), (2, 0, 4))),
        Flaw("CVE-2024-25621 and CVE-2025-64329", ((1, 7, 29), (2, 0, 7), (2, 1, 5), (2, 2, 0))),
    ),
)
ENGINE = Program(
    "Engine",
    1,
    (
        Flaw("CVE-2024-24557", ((24, 0, 9), (25, 0, 2))),
        Flaw("CVE-2024-41110", ((23, 0, 15), (25, 0, 6), (26, 1, 5), (27, 1, 1))),
    ),
)


class Version(NamedTuple):
    numbers: tuple[int, int, int]
    prerelease: bool
    distribution: bool


def parse(text: str) -> Version | None:
    match = _FORM.fullmatch(text.strip())
    if match is None:
        return None
    major, minor, patch, rest = match.groups()
    prerelease = bool(_PRERELEASE.match(rest))
    return Version(
        (int(major), int(minor), int(patch or 0)), prerelease, not prerelease and rest.lower() not in _UPSTREAM
    )


def repaired(version: Version, flaw: Flaw, branch: int) -> bool:
    """By the fix of its own branch; else it must be newer than every fix. A release candidate is not the release."""

    def reaches(fix: tuple[int, int, int]) -> bool:
        return version.numbers > fix or (version.numbers == fix and not version.prerelease)

    own = [fix for fix in flaw.fixed if fix[:branch] == version.numbers[:branch]]
    return any(map(reaches, own)) or reaches(max(flaw.fixed))


def deciding(program: Program) -> DecideHost:
    def decide(host: Host, _room: Room) -> Outcome:
        components = as_mapping(as_mapping(host.facts.get("engine")).get("components"))
        text = str(components.get(program.component) or "")
        path = f"/version {program.component}"
        version = parse(text)
        if version is None:
            return missing([Fact(path, raw=text, error="the engine names no version that can be compared")])
        fact = Fact(path, text, text)
        open_flaws = [flaw for flaw in program.flaws if not repaired(version, flaw, program.branch)]
        if not open_flaws:
            return Outcome(PASS, f"{text} has none of the flaws known in {AS_OF}", (fact,))
        said = f"{text} is older than the repair of " + ", ".join(flaw.name for flaw in open_flaws)
        if version.distribution:
            reason = "a distribution repairs old versions and keeps their number: ask its security tracker"
            return Outcome(INFORMATIONAL, said, (fact,), reason=reason)
        return Outcome(FAIL, said, (fact,))

    return decide


def version_check(name: str, program: Program, why: str) -> Check:
    return daemon_check(
        id=f"{name}-version",
        title=f"No version of {name} with a known flaw",
        severity="high",
        expected=f"a version with the repairs known in {AS_OF}",
        remedy=f"Update {name}, and restart the engine and its containers.",
        why=why,
        how="Components of /version against a table of repaired versions.",
        variable="engine_host entry point main (packages)",
        cis=("1.2.2",),
        nist=("3.4.1", "4.4.1"),
        decide_host=deciding(program),
    )


CHECKS: tuple[Check, ...] = (
    version_check("engine", ENGINE, "A flaw of the engine's API lets a request past the plugin that should refuse it."),
    version_check("containerd", CONTAINERD, "Its flaws open directories of the host, or run a container as root."),
    version_check("runc", RUNC, "Its flaws let the first process of a container reach the host's file system."),
)
