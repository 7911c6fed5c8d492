# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries out the plan for a fleet. What may run at the same time, and what must not, is decided here.

Engine 20.10.24 can deadlock for good when containers are removed concurrently, or while others start (moby#46661). So
whatever takes something down is done one by one, and never while something comes up; engines that have the fix take
several at the same time.
"""

from __future__ import annotations

import time
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
from ansible_collections.bulkhead.classroom.plugins.module_utils.fleet_order import DOWN
from ansible_collections.bulkhead.classroom.plugins.module_utils.fleet_verify import verify
from ansible_collections.bulkhead.classroom.plugins.module_utils.networks import NetworkStep, network_body

if TYPE_CHECKING:
    from ansible_collections.bulkhead.classroom.plugins.module_utils.engine_containers import ContainerEngine

T = TypeVar("T")
S = TypeVar("S")
HANG = "no answer within the time limit"
NO_LIMIT = "Take the option out, or give that host a kernel that has it; the other options are not affected."


@dataclass
class Outcome:
    """What came of it, by name. `hang` is the first call that the engine did not answer."""

    ids: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    network_errors: dict[str, str] = field(default_factory=dict)
    hang: str = ""
    warnings: list[str] = field(default_factory=list)

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
    # Who has a problem is not tried, and holds up those that depend on it.
    out = Outcome(errors=dict(plan.problems))
    run = _Run(engine, out, workers, plan)
    chosen: dict[str, list[Step]] = {}
    for step in plan.steps:
        chosen.setdefault(step.action, []).append(step)
    leftovers = [step for step in chosen.get("remove", []) if step.name.endswith(SUCCESSOR)]
    down = [step for step in plan.steps if step.action in DOWN and step not in leftovers]
    swaps = chosen.get("recreate", []) + chosen.get("restart", [])
    fresh = chosen.get("create", []) + chosen.get("start", [])

    going = {step.name for step in down + swaps if step.action in ("remove", "recreate")}
    _networks_up(plan.network_steps, members, going, engine, out)
    run.down(leftovers, _remove)
    run.up([step for step in plan.steps if step.action in ("create", "recreate")], _create)
    run.up(chosen.get("update", []), _update)
    run.one_by_one(chosen.get("update", []), _rewire)
    for group in run.levels(down, reverse=True):
        run.down(group, _take_down)
    for group in run.levels(fresh + swaps + list(plan.waits)):
        _bring_up(run, group)
    for network in plan.network_steps:
        if network.action == "remove":
            _attempt_network(out, network, lambda: engine.remove_network(network.id, network.name))  # noqa: B023
    return out


@dataclass
class _Run:
    """What steps need to be carried out."""

    engine: ContainerEngine
    out: Outcome
    workers: int
    plan: Plan

    def up(self, steps: Sequence[Step], do: Callable[[_Run, Step], Any]) -> None:
        """At the same time; returns when all are done, so that nothing overlaps what comes next."""
        if steps:
            with ThreadPoolExecutor(min(self.workers, len(steps))) as pool:
                list(pool.map(lambda step: self._attempt(step, do), steps))

    def down(self, steps: Sequence[Step], do: Callable[[_Run, Step], Any]) -> None:
        concurrent = len(steps) > 1 and self.safe()
        (self.up if concurrent else self.one_by_one)(steps, do)

    def one_by_one(self, steps: Sequence[Step], do: Callable[[_Run, Step], Any]) -> None:
        for step in steps:
            self._attempt(step, do)

    def _attempt(self, step: Step, do: Callable[[_Run, Step], Any]) -> None:
        self.out.attempt(owner(step.name), lambda: do(self, step))

    def safe(self) -> bool:
        try:
            return self.engine.safe_teardown()
        except EngineError:
            return False

    def levels(self, steps: Iterable[Step], reverse: bool = False) -> list[list[Step]]:
        found: dict[int, list[Step]] = {}
        for step in steps:
            found.setdefault(self.plan.levels.get(owner(step.name), 0), []).append(step)
        return [found[level] for level in sorted(found, reverse=reverse)]


def _bring_up(run: _Run, group: Sequence[Step]) -> None:
    """One level of dependencies: what it depends on is up, and healthy where that was asked for."""
    run.one_by_one(group, _check_dependencies)
    run.up([step for step in group if step.action in ("create", "start")], _start)
    # In batches: nobody's container is down for as long as it takes to stop the whole room.
    for batch in _batches([step for step in group if step.action in ("recreate", "restart")], run.workers):
        run.down(batch, _swap)
        run.up(batch, _start)
    begun = time.monotonic()
    run.up(group, lambda run, step: _verify(run, step, begun))


def _check_dependencies(run: _Run, step: Step) -> None:
    spec = _wanted(step.spec)
    failed = [name for name in spec.depends_on if name in run.out.errors] if spec.up else []
    if failed:
        left = "Left as it is" if step.action in ("recreate", "restart", "wait") else "Not started"
        raise EngineError(f"{left}, because it depends on {', '.join(failed)}, which failed")


def _batches(items: Sequence[T], size: int) -> list[Sequence[T]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def _wanted(spec: S | None) -> S:
    """What a step wants. plan() gives it to each that makes or changes something."""
    if spec is None:
        raise AssertionError("the plan has a step that makes something, without saying what")
    return spec


def _create(run: _Run, step: Step) -> None:
    """The container, or its successor under a name of its own; an earlier run's finished successor is taken over."""
    spec, out = _wanted(step.spec), run.out
    if step.successor:
        out.ids[step.name] = step.successor
        if step.action == "create":
            run.engine.rename(step.successor, step.name)
        return
    for endpoint in spec.networks:
        if endpoint.name in out.network_errors:
            raise EngineError(out.network_errors[endpoint.name].rstrip("."))
    name = step.name if step.action == "create" else step.name + SUCCESSOR
    made = run.engine.create(name, create_body(spec))
    dropped = _dropped(out, made.warnings)
    if dropped:
        # Never started, so that nothing is torn down with it.
        run.engine.remove(made.id, name)
        raise EngineError(f"The engine would drop a limit: {dropped}", cure=NO_LIMIT)
    # Engines before API 1.44 take one network at creation.
    for endpoint in spec.networks[1:]:
        run.engine.join(endpoint.name, made.id, endpoint_body(endpoint))
    out.ids[step.name] = made.id


def _dropped(out: Outcome, warnings: Iterable[str]) -> str:
    """The engine warns that it dropped a limit, and reports success. Other warnings are passed on."""
    warnings = list(warnings)
    out.warnings += [text for text in warnings if "discarded" not in text.lower()]
    return "; ".join(text for text in warnings if "discarded" in text.lower())


def _update(run: _Run, step: Step) -> None:
    body = update_body(step.changes, _wanted(step.spec))
    dropped = _dropped(run.out, run.engine.update(step.id, step.name, body)) if body else ""
    if dropped:
        raise EngineError(f"The engine dropped a limit: {dropped}", cure=NO_LIMIT)


def _rewire(run: _Run, step: Step) -> None:
    """Leaves and joins networks. Leaving is a kind of removal to the engine, so this is done one by one."""
    for change in step.changes:
        if change.rewires:
            for endpoint in change.before:
                if endpoint not in change.after:
                    run.engine.leave(endpoint.name, step.id)
            for endpoint in change.after:
                if endpoint not in change.before:
                    run.engine.join(endpoint.name, step.id, endpoint_body(endpoint))


def _take_down(run: _Run, step: Step) -> None:
    if step.action == "stop":
        run.engine.stop(step.id, step.name, step.stop_timeout)
    else:
        _remove(run, step)


def _remove(run: _Run, step: Step) -> None:
    run.engine.remove(step.id, step.name)


def _swap(run: _Run, step: Step) -> None:
    """Only reached when the successor exists; a restart is its own."""
    run.engine.stop(step.id, step.name, step.stop_timeout)
    if step.action == "recreate":
        run.engine.remove(step.id, step.name)
        run.engine.rename(run.out.ids[step.name], step.name)


def _start(run: _Run, step: Step) -> None:
    if step.paused:
        run.engine.unpause(step.id, step.name)
    elif step.spec is not None and step.spec.up:
        run.engine.start(run.out.ids.get(step.name, step.id), step.name)


def _verify(run: _Run, step: Step, begun: float) -> None:
    verify(run.engine, _wanted(step.spec), run.out.ids.get(step.name, step.id), begun)


def _networks_up(
    steps: Iterable[NetworkStep], members: Mapping[str, Member], going: set[str], engine: ContainerEngine, out: Outcome
) -> None:
    lost: dict[str, str] = {}
    for step in steps:
        if step.action == "create":
            _attempt_network(out, step, lambda: _create_network(step, engine))  # noqa: B023
        elif step.action == "recreate":
            inside = [member for member in members.values() if member.network_ids.get(step.name) == step.id]
            if _attempt_network(out, step, lambda: _recreate_network(step, inside, engine)):  # noqa: B023
                for member in inside:
                    if member.spec.name not in going:
                        # Also when the member has a problem of its own: it would be left without its network.
                        name = owner(member.spec.name)
                        out.attempt(name, lambda: _rejoin(step.name, member, engine), lost)  # noqa: B023
    out.errors.update({name: error for name, error in lost.items() if name not in out.errors})


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
