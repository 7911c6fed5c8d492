# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a container's writable layer from any engine, local or not: through its API alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.commit_findings import marks
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.layer_entries import (
    Entry,
    UnreadableError,
    entries,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.writable_layer import (
    Fetch,
    Layer,
    carried,
    export_is_cheaper,
    fetches,
    mount_points,
    named,
    resolve,
)


class UnsteadyError(Exception):
    """The layer changed while it was read."""


def read_layer(engine: Any, container: Mapping[str, Any], image_bytes: int) -> Layer:
    """Everything in the layer as it is now; UnsteadyError when it does not hold still."""
    key, over = container["Id"], mount_points(container)
    changes = named(engine.changes(key))
    wanted = fetches(changes, over)
    try:
        found = _read(engine, key, carried(changes, over), wanted, export_is_cheaper(wanted, image_bytes))
    except UnreadableError as error:
        raise UnsteadyError(str(error)) from error
    # Paths without content that are still listed are sockets, which no archive and no image can hold.
    if wanted and named(engine.changes(key)) != changes:
        raise UnsteadyError("files come and go")
    return Layer(changes, found)


def _read(engine: Any, key: str, paths: frozenset[str], wanted: list[Fetch], export: bool) -> dict[str, Entry]:
    if not export:
        return _fetch(engine, key, paths, wanted)
    found: dict[str, Entry] = {}
    if wanted:
        with engine.export(key) as stream:
            found = {entry.path: entry for entry in entries(stream, paths.__contains__, marks, ends=True)}
    # The first name of a file may belong to the image; then it was not read, and the further name is asked for alone.
    found, unknown = resolve(found)
    return {**found, **_fetch(engine, key, paths, [Fetch(path, False) for path in unknown])}


def _fetch(engine: Any, key: str, paths: frozenset[str], wanted: Iterable[Fetch]) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for fetch in wanted:
        try:
            with engine.archive(key, fetch.path) as stream:
                found.update(_below(stream, fetch, paths))
        except EngineError as error:
            if error.status != 404:
                raise
            raise UnsteadyError(f"{fetch.path} went away") from error
    return found


def _below(stream: Any, fetch: Fetch, paths: frozenset[str]) -> dict[str, Entry]:
    """What one answer holds. Its paths begin with the last part of what was asked for."""
    parent = fetch.path.rpartition("/")[0]
    found: dict[str, Entry] = {}
    for entry in entries(stream, look=marks, ends=fetch.whole):
        path = parent + entry.path
        if path in paths:
            found[path] = replace(entry, path=path, hard=parent + entry.hard if entry.hard else "")
        if not fetch.whole:
            break
    return resolve(found)[0]
