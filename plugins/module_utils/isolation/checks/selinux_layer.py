# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels of what a container writes into its own layer: by the mount that forces them, and on the files themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact, as_mapping, fact_from
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.mountinfo import context
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    NOTCHECKED,
    Check,
    Outcome,
    judge_all,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.selinux import needing_selinux
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container, Room
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.selinux_label import Label, same_level

UPPER = "inspect GraphDriver.Data.UpperDir"


def decide_layer(container: Container, room: Room) -> Outcome:
    own = container.processes[0].label if container.processes else Fact("/proc", error="no process of it was read")
    label = Label.parse(str(own.value)) if own.known else None
    if label is None:
        return missing([own if not own.known else own._replace(value=None, error="no level in the label")])
    root = root_context(container)
    if not root.known:
        return missing([root])
    layer = as_mapping(as_mapping(container.record.get("mounting")).get("layer"))
    if not root.value and not layer.get("path") and layer.get("driver"):
        reason = f"the storage driver {layer['driver']} names no directory of its layer, and no mount labels it"
        return Outcome(NOTCHECKED, "not looked at", (root,), reason=reason)
    facts = [root] if root.value else [fact_from(layer.get("label"), UPPER)]
    # A driver without a directory of the layer leaves the mount's word alone; no record at all leaves a hole.
    if layer.get("path") or not (root.value and layer.get("driver")):
        facts += entries(layer)
    types = room.policy_for(container).selinux_file_types
    judged = [(fact, _objection(fact, label.level, types) if fact.known else "") for fact in facts]
    outcome = judge_all(judged, f"all of level {label.level}")
    wanted = f"level {label.level}, type {' or '.join(types)}"
    return replace(outcome, expected=wanted, inspected=str(container.declared.get("mount_label") or "no label"))


def root_context(container: Container) -> Fact:
    """The label that the mount of the root file system gives to everything in it; empty where it gives none."""
    table, mounts = container.mount_tables()[0]
    roots = [mount for mount in mounts if mount.target == "/"]
    if not table.known or not roots:
        return table if not table.known else Fact(table.path, error="ENOENT no mount at /")
    return Fact(table.path, context(roots[-1]), roots[-1].raw)


def entries(layer: Mapping[str, Any]) -> list[Fact]:
    """The sample of what was written, each label once."""
    found, count = layer.get("labels"), layer.get("labelled")
    if not isinstance(found, Mapping) or not isinstance(count, int) or (count and not found):
        return [Fact(UPPER, error="the labels of the layer are not recorded in the facts")]
    if layer.get("error"):
        return [Fact(str(layer.get("path")), error=str(layer["error"]))]
    places = {text: f"{layer.get('path')}{path}" for text, path in found.items()}
    return [Fact(path, text, text) if Label.parse(text) else Fact(path, error=text) for text, path in places.items()]


def _objection(fact: Fact, level: str, types: tuple[str, ...]) -> str:
    label = Label.parse(str(fact.value))
    if label is None:
        return f"{fact.path} has the label {fact.value!r}"
    if not same_level(label.level, level):
        return f"{fact.path} has {fact.value}: another level"
    return "" if label.type in types else f"{fact.path} has {fact.value}: another type"


CHECKS: tuple[Check, ...] = (
    Check(
        id="selinux-layer-label",
        title="What it writes into its layer is labelled as its own",
        concept="selinux",
        severity="high",
        expected="the container's own level and a container's type, on its root file system and in its writable layer",
        remedy="Create the container anew: the engine labels a new layer. Look at who relabelled this one (audit log).",
        why="The layer lies on the host beside all others; a file with another level is open to whom that belongs.",
        how="context= of the mount at / in /proc/PID/mountinfo; security.selinux of a sample of the writable layer.",
        nist=("4.4.3",),
        decide=needing_selinux(decide_layer),
        cis=("5.3",),
    ),
)
