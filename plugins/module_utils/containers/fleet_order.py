# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which container waits for which: depends_on, as levels. Level 0 waits for none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.container_spec import Spec
from ansible_collections.bulkhead.classroom.plugins.module_utils.units import SpecError

if TYPE_CHECKING:
    from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.fleet import Step

DOWN = ("remove", "stop")


def levels(containers: Iterable[Spec]) -> dict[str, int]:
    """By name. Raises SpecError when the task's dependencies cannot be ordered."""
    waiting = {spec.name: frozenset(spec.depends_on) for spec in containers}
    found: dict[str, int] = {}
    level = 0
    while waiting:
        ready = [name for name, needs in waiting.items() if needs <= set(found)]
        if not ready:
            raise SpecError(f"depends_on: {' -> '.join(_circle(waiting))} is a circle; break it")
        found.update(dict.fromkeys(ready, level))
        waiting = {name: needs for name, needs in waiting.items() if name not in found}
        level += 1
    return found


def _circle(waiting: Mapping[str, frozenset[str]]) -> list[str]:
    """Whoever waits at the end waits for somebody who does, so walking along leads into the circle."""
    path = [min(waiting)]
    while path[-1] not in path[:-1]:
        path.append(min(waiting[path[-1]] & set(waiting)))
    return path[path.index(path[-1]) :]


def mistakes(containers: Sequence[Spec]) -> list[str]:
    states = {spec.name: spec.state for spec in containers}
    found = []
    for spec in containers:
        for name in spec.depends_on:
            if name not in states:
                found.append(f"container {spec.name}: depends_on: {name} is not listed under containers; add it")
            elif spec.up and states[name] in ("stopped", "absent"):
                found.append(
                    f"container {spec.name}: depends_on: {name} shall be {states[name]}; start it, or drop it here"
                )
    if not found:
        try:
            levels(containers)
        except SpecError as error:
            found.append(str(error))
    return found


def ordered(steps: Iterable[Step], level: Mapping[str, int]) -> list[Step]:
    """What is taken down goes in the opposite direction; all other steps keep their places."""
    steps = list(steps)
    down = iter(sorted((one for one in steps if one.action in DOWN), key=lambda one: -level.get(one.name, 0)))
    return [next(down) if one.action in DOWN else one for one in steps]
