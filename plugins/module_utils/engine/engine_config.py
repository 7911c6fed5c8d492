# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a new daemon.json asks of a running engine: nothing, a reload, or a restart. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

NOTHING, RELOAD, RESTART = "none", "reload", "restart"

# On a reload (SIGHUP) the engine takes these when they stand in the file. One that was removed keeps its old value.
TAKEN_WHEN_SET = frozenset(
    (
        *("debug", "default-runtime", "insecure-registries", "labels", "live-restore", "registry-mirrors", "runtimes"),
        *("allow-nondistributable-artifacts", "shutdown-timeout"),
    )
)
# These go back to their default on a reload when they are gone.
ALWAYS_TAKEN = frozenset(("max-concurrent-downloads", "max-concurrent-uploads", "max-download-attempts"))
# Of the features only this one; the image store, for example, is chosen at the start. authorization-plugins is in
# neither list: on a reload the engine ends itself when a plugin does not answer.
FEATURES_TAKEN = frozenset(("buildkit",))


class Saved(NamedTuple):
    """A file as it lies on the disk, and when it was written (seconds since the epoch)."""

    text: str
    time: float


def parsed(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def running(since: int, file: Saved | None, record: Saved | None) -> dict[str, Any] | None:
    """What the engine runs with; None when nothing proves it.

    A record is what it took on its last reload, and counts for an engine that was started before it was written.
    Without one it is the file, unless that was written after the start.
    """
    if record is not None and record.time > since:
        return parsed(record.text)
    if file is not None and int(file.time) <= since:
        return parsed(file.text)
    return None


def changed(have: Mapping[str, Any], want: Mapping[str, Any]) -> list[str]:
    return sorted(key for key in {*have, *want} if key not in have or key not in want or have[key] != want[key])


def needs_restart(have: Mapping[str, Any], want: Mapping[str, Any]) -> list[str]:
    """The keys that differ and that the engine reads at its start only."""
    return [key for key in changed(have, want) if not _taken(key, have, want)]


def _taken(key: str, have: Mapping[str, Any], want: Mapping[str, Any]) -> bool:
    if key == "features":
        return set(changed(have.get(key) or {}, want.get(key) or {})) <= FEATURES_TAKEN
    return key in ALWAYS_TAKEN or (key in TAKEN_WHEN_SET and key in want)


def decide(have: Mapping[str, Any] | None, want: Mapping[str, Any]) -> tuple[str, list[str]]:
    """The action, and the keys because of which."""
    if have is None:
        return RESTART, ["it is not known what the engine runs with"]
    if have == want:
        return NOTHING, []
    at_start = needs_restart(have, want)
    return (RESTART, at_start) if at_start else (RELOAD, changed(have, want))
