# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries out the plan for a fleet. What may run at the same time, and what must not, is decided here.

Engine 20.10.24 can deadlock for good when containers are removed concurrently, or while others start (moby#46661). So
whatever takes something down is done one by one, and never while something comes up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from ansible_collections.bulkhead.classroom.plugins.module_utils.container_body import (
    create_body,
    endpoint_body,
    update_body,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.container_spec import SUCCESSOR, Member
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.fleet import Plan, Step, owner
from ansible_collections.bulkhead.classroom.plugins.module_utils.networks import NetworkStep, network_body

if TYPE_CHECKING:
    from ansible_collections.bulkhead.classroom.plugins.module_utils.engine_containers import ContainerEngine

T = TypeVar("T")
S = TypeVar("S")
HANG = "no answer within the time limit"


@dataclass
class Outcome:
    """What came of it, by name. `hang` is the first call that the engine did not answer."""

    ids: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    network_errors: dict[str, str] = field(default_factory=dict)
    hang: str = ""

    def attempt(self, name: str, call: Callable[[], Any], errors: dict[str, str] | None = None) -> bool:
        errors = self.errors if errors is None else errors
        if name in errors:
            return False
        if self.hang:
            # Waiting for the time limit once per container would take hours for a full room.
            errors[name] = f"Not tried, because the engine stopped answering. First seen: {self.hang}"
            return False
        try:
            call()
        except EngineError as error:
            errors[name] = str(error)
            if HANG in str(error):
                self.hang = str(error)
            return False
        return True


def apply(plan: Plan, members: Mapping[str, Member], engine: ContainerEngine, workers: int) -> Outcome:
    out = Outcome()
    chosen: dict[str, list[Step]] = {}
    for step in plan.steps:
        chosen.setdefault(step.action, []).append(step)
    removals, creations = chosen.get("remove", []), chosen.get("create", [])
    replacements = chosen.get("recreate", [])

    going = {step.name for step in removals + replacements}
    _networks_up(plan.network_steps, members, going, engine, out)
    _serial(out, [step for step in removals if step.name.endswith(SUCCESSOR)], lambda step: _remove(step, engine))
    _parallel(out, workers, creations + replacements, lambda step: _create(step, engine, out))
    _parallel(out, workers, chosen.get("update", []), lambda step: _update(step, engine))
    _serial(out, chosen.get("stop", []), lambda step: engine.stop(step.id, step.name, step.stop_timeout))
    _serial(out, [step for step in removals if not step.name.endswith(SUCCESSOR)], lambda step: _remove(step, engine))
    _parallel(out, workers, creations + chosen.get("start", []), lambda step: _start(step, engine, out))
    # In batches: nobody's container is down for as long as it takes to stop the whole room.
    for batch in _batches(replacements, workers):
        _serial(out, batch, lambda step: _replace(step, engine, out))
        _parallel(out, workers, batch, lambda step: _start(step, engine, out))
    _parallel(out, workers, creations + chosen.get("start", []) + replacements, lambda step: _verify(step, engine, out))
    for network in plan.network_steps:
        if network.action == "remove":
            _attempt_network(out, network, lambda: engine.remove_network(network.id, network.name))  # noqa: B023
    return out


def _serial(out: Outcome, steps: Iterable[Step], do: Callable[[Step], Any]) -> None:
    for step in steps:
        out.attempt(owner(step.name), lambda: do(step))  # noqa: B023 - called at once


def _parallel(out: Outcome, workers: int, steps: Sequence[Step], do: Callable[[Step], Any]) -> None:
    """Returns when all are done, so that nothing overlaps what comes next."""
    if steps:
        with ThreadPoolExecutor(min(workers, len(steps))) as pool:
            list(pool.map(lambda step: out.attempt(step.name, lambda: do(step)), steps))


def _batches(items: Sequence[T], size: int) -> list[Sequence[T]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def _wanted(spec: S | None) -> S:
    """What a step wants. plan() gives it to each that makes or changes something."""
    if spec is None:
        raise AssertionError("the plan has a step that makes something, without saying what")
    return spec


def _create(step: Step, engine: ContainerEngine, out: Outcome) -> None:
    """The container, or its successor under a name of its own; an earlier run's finished successor is taken over."""
    spec = _wanted(step.spec)
    if step.successor:
        out.ids[step.name] = step.successor
        if step.action == "create":
            engine.rename(step.successor, step.name)
        return
    for endpoint in spec.networks:
        if endpoint.name in out.network_errors:
            raise EngineError(out.network_errors[endpoint.name].rstrip("."))
    name = step.name if step.action == "create" else step.name + SUCCESSOR
    key = engine.create(name, create_body(spec))
    # Engines before API 1.44 take one network at creation.
    for endpoint in spec.networks[1:]:
        engine.join(endpoint.name, key, endpoint_body(endpoint))
    out.ids[step.name] = key


def _update(step: Step, engine: ContainerEngine) -> None:
    engine.update(step.id, step.name, update_body(step.changes, _wanted(step.spec)))


def _remove(step: Step, engine: ContainerEngine) -> None:
    engine.remove(step.id, step.name)


def _replace(step: Step, engine: ContainerEngine, out: Outcome) -> None:
    """Only reached when the successor exists."""
    engine.stop(step.id, step.name, step.stop_timeout)
    engine.remove(step.id, step.name)
    engine.rename(out.ids[step.name], step.name)


def _start(step: Step, engine: ContainerEngine, out: Outcome) -> None:
    if step.paused:
        engine.unpause(step.id, step.name)
    elif step.spec is not None and step.spec.state == "started":
        engine.start(out.ids.get(step.name, step.id), step.name)


def _verify(step: Step, engine: ContainerEngine, out: Outcome) -> None:
    """A container whose command fails at once was started all the same, says the engine."""
    key = out.ids.get(step.name, step.id)
    document = engine.container(key)
    state = (document or {}).get("State") or {}
    if step.spec is not None and step.spec.state == "started" and state.get("Status") == "exited" and state["ExitCode"]:
        words = engine.last_words(key, step.name)
        raise EngineError(
            f"Container {step.name} ended at once with exit code {state['ExitCode']}" + (f": {words}" if words else ""),
            cure="Correct its command, or what it needs; docker logs says more.",
        )


def _networks_up(
    steps: Iterable[NetworkStep], members: Mapping[str, Member], going: set[str], engine: ContainerEngine, out: Outcome
) -> None:
    for step in steps:
        if step.action == "create":
            _attempt_network(out, step, lambda: _create_network(step, engine))  # noqa: B023
        elif step.action == "recreate":
            inside = [member for member in members.values() if member.network_ids.get(step.name) == step.id]
            if _attempt_network(out, step, lambda: _recreate_network(step, inside, engine)):  # noqa: B023
                for member in inside:
                    if member.spec.name not in going:
                        out.attempt(owner(member.spec.name), lambda: _rejoin(step.name, member, engine))  # noqa: B023


def _attempt_network(out: Outcome, step: NetworkStep, call: Callable[[], Any]) -> bool:
    return out.attempt(step.name, call, out.network_errors)


def _recreate_network(step: NetworkStep, inside: Iterable[Member], engine: ContainerEngine) -> None:
    for member in inside:
        engine.leave(step.id, member.id)
    engine.remove_network(step.id, step.name)
    _create_network(step, engine)


def _create_network(step: NetworkStep, engine: ContainerEngine) -> None:
    engine.create_network(network_body(_wanted(step.spec)))


def _rejoin(network: str, member: Member, engine: ContainerEngine) -> None:
    """The members stay up; they only lose their connections."""
    for endpoint in member.spec.networks:
        if endpoint.name == network:
            engine.join(network, member.id, endpoint_body(endpoint))
