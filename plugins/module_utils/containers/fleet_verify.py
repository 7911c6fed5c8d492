# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a container that was started stays up, and whether it becomes healthy in time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.container_spec import Spec
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError

if TYPE_CHECKING:
    from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_containers import ContainerEngine

PAUSE = 0.2


def verify(engine: ContainerEngine, spec: Spec, key: str, begun: float) -> None:
    """A container whose command fails at once was started all the same, says the engine.

    The time to become healthy runs from `begun`, for all at once: a whole room that is ill costs one wait, not many.
    """
    while spec.up:
        state = (engine.container(key) or {}).get("State") or {}
        if state.get("Status") in ("exited", "restarting") and state["ExitCode"]:
            raise _ended(engine, spec.name, key, state)
        if not spec.wait_healthy or _healthy(spec, state, time.monotonic() - begun):
            return
        time.sleep(PAUSE)


def _ended(engine: ContainerEngine, name: str, key: str, state: Mapping[str, Any]) -> EngineError:
    words = engine.last_words(key, name)
    return EngineError(
        f"Container {name} ended at once with exit code {state['ExitCode']}" + (f": {words}" if words else ""),
        cure="Correct its command, or what it needs; docker logs says more.",
    )


def _healthy(spec: Spec, state: Mapping[str, Any], waited: float) -> bool:
    health = state.get("Health") or {}
    status = health.get("Status") or "none"
    if status == "none":
        raise EngineError(
            f"Container {spec.name} has no health check to wait for",
            cure="Give healthcheck, take an image that has one, or drop wait_healthy.",
        )
    if state.get("Status") not in ("running", "restarting"):
        raise EngineError(
            f"Container {spec.name} ended before it was healthy", cure="Correct its command; docker logs says more."
        )
    if status == "unhealthy" or (status != "healthy" and waited > spec.wait_healthy):
        log = health.get("Log") or [{}]
        said = str(log[-1].get("Output") or "").strip()
        after = "" if status == "unhealthy" else f" after {spec.wait_healthy} s"
        raise EngineError(
            f"Container {spec.name} is {status}{after}" + (f": {said[-500:]}" if said else ""),
            cure="Correct the container or its healthcheck, or raise wait_healthy.",
        )
    return bool(status == "healthy")
