# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two images side by side: which files one has and the other has not, and what that costs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_files import (
    Saved,
    everything,
    flatten,
    total,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.layer_entries import Entry

CONFIGURATION = (
    "Cmd", "Entrypoint", "ExposedPorts", "Healthcheck", "OnBuild", "Shell", "StopSignal", "User", "Volumes",
    "WorkingDir",
)  # fmt: skip
ASPECTS = ("kind", "content", "mode", "uid", "gid", "xattrs")
WORDS = {"kind": "type", "uid": "owner", "gid": "group", "xattrs": "attributes"}


@dataclass(frozen=True)
class Side:
    """An image: the engine's document of it, and what was read."""

    name: str
    document: Mapping[str, Any]
    saved: Saved


def compare(before: Side, after: Side, limit: int) -> dict[str, Any]:
    """What one has to do to `before` to get `after`. Of each list the largest `limit` are shown, and all counted."""
    old, new = flatten(before.saved.layers), flatten(after.saved.layers)
    added = [_one(new[path]) for path in new.keys() - old.keys()]
    removed = [_one(old[path]) for path in old.keys() - new.keys()]
    both = ((old[path], new[path]) for path in old.keys() & new.keys())
    changed = [_other(was, now) for was, now in both if was.identity() != now.identity()]
    return {
        "before": _side(before, old),
        "after": _side(after, new),
        "identical": not (added or removed or changed) and not configuration(before.document, after.document),
        "shared_layers": _common(before.saved, after.saved),
        "added": _listed(added, limit),
        "removed": _listed(removed, limit),
        "changed": _listed(changed, limit),
        "configuration": configuration(before.document, after.document),
    }


def _side(side: Side, seen: Mapping[str, Entry]) -> dict[str, Any]:
    visible, carried = total(seen.values()), total(everything(side.saved.layers))
    return {
        "name": side.name,
        "id": side.document["Id"],
        "layers": len(side.saved.layers),
        "files": sum(1 for entry in seen.values() if entry.kind != "directory"),
        "bytes": visible,
        # What a lower layer holds and a higher one replaced or deleted is moved and stored all the same.
        "hidden_bytes": carried - visible,
    }


def _common(before: Saved, after: Saved) -> int:
    """How many layers, from the bottom, are the same."""
    count = 0
    for ours, theirs in zip(before.layers, after.layers):
        if ours.digest != theirs.digest:
            break
        count += 1
    return count


def _one(entry: Entry) -> dict[str, Any]:
    return {"path": entry.path, "type": entry.kind, "bytes": entry.size}


def _other(was: Entry, now: Entry) -> dict[str, Any]:
    what = [WORDS.get(name, name) for name in ASPECTS if getattr(was, name) != getattr(now, name)]
    return {"path": now.path, "type": now.kind, "bytes": now.size, "bytes_before": was.size, "what": what}


def _listed(found: Iterable[dict[str, Any]], limit: int) -> dict[str, Any]:
    ordered = sorted(found, key=lambda item: (-max(item["bytes"], item.get("bytes_before", 0)), item["path"]))
    moved = sum(item["bytes"] - item.get("bytes_before", 0) for item in ordered)
    return {"count": len(ordered), "bytes": moved, "paths": ordered[:limit]}


def configuration(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What the configurations differ in, by name: a value may be a secret."""
    old, new = before.get("Config") or {}, after.get("Config") or {}
    found = [key for key in CONFIGURATION if (old.get(key) or None) != (new.get(key) or None)]
    found += [f"Env {name}" for name in _differing(_variables(old), _variables(new))]
    return found + [f"Labels {name}" for name in _differing(old.get("Labels") or {}, new.get("Labels") or {})]


def _variables(config: Mapping[str, Any]) -> dict[str, str]:
    pairs = (item.partition("=") for item in config.get("Env") or [])
    return {name: value for name, _equals, value in pairs}


def _differing(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
