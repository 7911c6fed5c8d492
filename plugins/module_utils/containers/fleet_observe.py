# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what the plan for a fleet needs: one list call, then one inspect per container, image and network of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.container_changes import Image
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.container_inspect import (
    from_inspect,
    member_of,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.fleet import Observed, Wish
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.fleet_kernel import ControlGroups
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.fleet_labels import FLEET
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.networks import (
    Network,
    network_from_inspect,
)

if TYPE_CHECKING:
    from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_containers import ContainerEngine

Document = dict[str, Any]
T = TypeVar("T")


def observe(wish: Wish, engine: ContainerEngine, workers: int, groups: ControlGroups | None = None) -> Observed:
    """`groups`: where the kernel's own values are read from, for an engine on this host."""
    wanted = [spec for spec in wish.containers if spec.state != "absent"]
    listed = engine.member_names(wish.fleet)
    names = dict.fromkeys([*listed, *(spec.name for spec in wish.containers)])
    documents = [one for one in _each(engine.container, names, workers) if one]
    found = map(from_inspect, (one for one in documents if member_of(one, wish.fleet)))
    members = {one.spec.name: replace(one, kernel=groups.limits(one)) if groups else one for one in found}
    # Somebody may have called a container of theirs by a name that we want.
    strangers = {str(one["Name"])[1:]: str(one["Id"]) for one in documents if str(one["Name"])[1:] not in members}
    references = dict.fromkeys(spec.image for spec in wanted)
    images = dict(zip(references, _each(engine.image, references, workers)))
    return Observed(
        members=members,
        strangers=strangers,
        images={name: Image(one["Id"], one.get("Config") or {}) for name, one in images.items() if one},
        networks=_networks(wish, engine, workers),
        api=engine.api_version(),
        swap_limit=engine.swap_limit() if any(spec.memory for spec in wanted) else True,
    )


def _networks(wish: Wish, engine: ContainerEngine, workers: int) -> tuple[Network, ...]:
    """The list says who exists; only an inspect says which containers are inside."""
    listed = [network_from_inspect(document) for document in engine.networks()]
    wanted = {spec.name for spec in wish.networks}
    ours = [one.id for one in listed if one.spec.labels.get(FLEET) == wish.fleet or one.spec.name in wanted]
    inspected = [network_from_inspect(one) for one in _each(engine.network, ours, workers) if one]
    return tuple([one for one in listed if one.id not in ours] + inspected)


def _each(call: Callable[[str], T], names: Iterable[str], workers: int) -> list[T]:
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(call, names))
