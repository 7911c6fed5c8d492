# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The writable layer of a container: what has to be fetched to know it, and what it holds. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.images import digest
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.layer_entries import Entry

CHANGES = {0: "changed", 1: "added", 2: "deleted"}
LARGEST = 10
# The engine starts a process of its own for each path that is asked for (70 ms), and sends a whole file system at
# 250 MB/s: one path costs as much as so many bytes.
BYTES_PER_FETCH = 16 << 20


@dataclass(frozen=True)
class Fetch:
    """A path to ask for: with everything below it, or alone."""

    path: str
    whole: bool


@dataclass(frozen=True)
class Layer:
    """`changes` maps each path to what happened to it, `entries` to what is there now. A path that has neither content
    nor a deletion does not go into an image: a mount lies over it, or it is a socket."""

    changes: Mapping[str, str]
    entries: Mapping[str, Entry]

    def digest(self) -> str:
        """Equal for equal content, owners and rights, whatever the times."""
        now = {path: entry.identity() for path, entry in self.entries.items()}
        bare = {path: change for path, change in self.changes.items() if path not in now}
        return digest.key({"version": 1, "entries": now, "bare": bare})

    def summary(self, list_paths: bool = False) -> dict[str, Any]:
        counts = dict.fromkeys(("added", "changed", "deleted"), 0)
        for change in self.changes.values():
            counts[change] += 1
        large = sorted(self.entries.values(), key=lambda entry: (-entry.size, entry.path))[:LARGEST]
        report: dict[str, Any] = {
            **counts,
            "bytes": sum(entry.size for entry in self.entries.values()),
            "largest": [{"path": entry.path, "bytes": entry.size} for entry in large if entry.size],
        }
        if list_paths:
            report["paths"] = [{"path": path, "change": self.changes[path]} for path in sorted(self.changes)]
        return report


def named(changes: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The engine's list of changes by path."""
    return {item["Path"]: CHANGES[item["Kind"]] for item in changes}


def mount_points(container: Mapping[str, Any]) -> frozenset[str]:
    """Where something else lies over the container's own file system. Reading such a path gives what lies there."""
    mounts = [mount["Destination"] for mount in container.get("Mounts") or []]
    mounts += list((container.get("HostConfig") or {}).get("Tmpfs") or {})
    return frozenset(path.rstrip("/") or "/" for path in mounts)


def carried(changes: Mapping[str, str], mounts: Iterable[str]) -> frozenset[str]:
    """The paths that have content of their own: not deleted, and not at or below a mount."""
    over = frozenset(mounts)
    return frozenset(
        path for path, change in changes.items() if change != "deleted" and not over.intersection(_upwards(path))
    )


def fetches(changes: Mapping[str, str], mounts: Iterable[str]) -> list[Fetch]:
    """As few paths as give all that is carried: an added directory comes whole, unless a mount lies in it."""
    over = frozenset(mounts)
    crowded = {parent for path in over for parent in _upwards(path)}
    wanted: list[Fetch] = []
    covered: set[str] = set()
    for path in sorted(carried(changes, over), key=lambda path: path.split("/")):
        if covered.intersection(_upwards(path)):
            continue
        whole = changes[path] == "added" and path not in crowded
        if whole:
            covered.add(path)
        wanted.append(Fetch(path, whole))
    return wanted


def export_is_cheaper(wanted: list[Fetch], image_bytes: int) -> bool:
    """Whether to read the whole file system once. A name that is not UTF-8 cannot be asked for at all."""
    return len(wanted) * BYTES_PER_FETCH > image_bytes or any("\ufffd" in fetch.path for fetch in wanted)


def resolve(found: Mapping[str, Entry]) -> tuple[dict[str, Entry], list[str]]:
    """Gives further names of a file its content; the paths whose first name was not found come second."""
    known, unknown = dict(found), []
    for path, entry in found.items():
        if not entry.hard:
            continue
        first = found.get(entry.hard)
        if first is None or first.hard:
            unknown.append(path)
        else:
            known[path] = replace(entry, content=first.content, xattrs=first.xattrs, marks=first.marks)
    return known, unknown


def _upwards(path: str) -> list[str]:
    """The path and everything above it but the root, which holds every path."""
    parts = path.strip("/").split("/")
    return ["/" + "/".join(parts[: length + 1]) for length in range(len(parts))]
