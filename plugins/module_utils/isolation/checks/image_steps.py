# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an image was built, as its history tells it. The facts hold numbers of steps, never their text."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import as_list
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    FAIL,
    NOTCHECKED,
    PASS,
    Check,
    DecideItem,
    Outcome,
    broken,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.image_history import steps_of
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Item, Room

SILENT = "its history names no step: it was imported, squashed or built with a tool that keeps none"


def decide_steps(key: str, detail: str, bad: str, good: str) -> DecideItem:
    """Objects to the steps below a key. detail: what else is recorded of each of them."""

    def decide(item: Item, room: Room) -> Outcome:
        fact = item.fact("history")
        found = fact.value.get(key) if isinstance(fact.value, Mapping) else None
        told = fact.value.get("told") if isinstance(fact.value, Mapping) else None
        if not isinstance(found, (list, tuple)) or not isinstance(told, int):
            return broken(fact)
        if found:
            steps = steps_of(found, detail) if detail else ", ".join(f"step {number}" for number in as_list(found))
            return Outcome(FAIL, f"{bad} in {steps}", (fact._replace(raw=steps),))
        evidence = (fact._replace(raw=f"{told} steps"),)
        if not told:
            return Outcome(NOTCHECKED, "no step is known", evidence, reason=SILENT)
        return Outcome(PASS, f"{good} in {told} steps", evidence)

    return decide


CHECKS = (
    Check(
        id="image-update-alone",
        title="Package lists are fetched in the step that installs from them",
        concept="images",
        severity="low",
        expected="no step that only updates",
        remedy="Join update and install in one RUN.",
        why="A step that only updates is kept by the build cache: what is installed later comes from old lists.",
        how="The image's history: apt-get update and its like without an installation in the same step.",
        decide_image=decide_steps("update_alone", "", "only updates", "none that only updates"),
        cis=("4.7",),
        nist=("4.1.1",),
    ),
    Check(
        id="image-add",
        title="Files come into the image by COPY",
        concept="images",
        severity="low",
        expected="no ADD but for the first step's root file system",
        remedy="Write COPY; fetch what is remote in a step that checks it against a known sum.",
        why="ADD unpacks archives and fetches addresses, which nobody compares with what was meant.",
        how="The image's history. The first step of a base image is left out: nothing else can begin one.",
        decide_image=decide_steps("add", "source", "ADD", "no ADD"),
        cis=("4.9",),
        nist=("4.1.5",),
    ),
    Check(
        id="image-verified",
        title="What was installed was verified",
        concept="images",
        severity="medium",
        expected="no step that switches verification off",
        remedy="Remove the option, add the repository's key, and check downloads against a known sum.",
        why="Who sits on the way to the server decides what gets into every container.",
        how="The image's history: unsigned packages, certificates not checked, downloads piped into a shell.",
        decide_image=decide_steps("unverified", "pattern", "not verified", "verification is never switched off"),
        cis=("4.11",),
        nist=("4.1.5",),
    ),
)
