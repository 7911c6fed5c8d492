# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries out the plan for a fleet. What may run at the same time, and what must not, is decided here.

Engine 20.10.24 can deadlock for good when containers are removed concurrently, or while others start (moby#46661). So
whatever takes something down is done one by one, and never while something comes up; engines that have the fix take
several at the same time.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.container_body import (
    create_body,
    endpoint_body,
    update_body,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.container_spec import SUCCESSOR, Member
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.fleet import Plan, Step, owner
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.fleet_apply_networks import (
    networks_down,
    networks_up,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.fleet_order import DOWN
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.fleet_outcome import Outcome
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.fleet_verify import verify
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError

if TYPE_CHECKING:
    from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_containers import ContainerEngine

T = TypeVar("T")
S = TypeVar("S")
# What containerd and runc say of the id of a container whose start was interrupted by the death of the engine.
STUCK = re.compile(r"id already in use|task [0-9a-f]{64}: already exists")
NO_LIMIT = "Take the option out, or give that host a kernel that has it; the other options are not affected."


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
    networks_up(plan.network_steps, members, going, engine, out)
    run.down(leftovers, _remove)
    run.up([step for step in plan.steps if step.action in ("create", "recreate")], _create)
    run.up(chosen.get("update", []), _update)
    run.one_by_one(chosen.get("update", []), _rewire)
    for group in run.levels(down, reverse=True):
        run.down(group, _take_down)
    for group in run.levels(fresh + swaps + list(plan.waits)):
        _bring_up(run, group)
    networks_down(plan.network_steps, engine, out)
    return out


@dataclass
class _Run:
    """What steps need to be carried out."""

    engine: ContainerEngine
    out: Outcome
    workers: int
    plan: Plan
    # Steps whose container cannot be started any more.
    stuck: list[Step] = field(default_factory=list)

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
    _start_all(run, [step for step in group if step.action in ("create", "start")])
    # In batches: nobody's container is down for as long as it takes to stop the whole room.
    for batch in _batches([step for step in group if step.action in ("recreate", "restart")], run.workers):
        run.down(batch, _swap)
        _start_all(run, batch)
    begun = time.monotonic()
    run.up(group, lambda run, step: _verify(run, step, begun))


def _start_all(run: _Run, steps: Sequence[Step]) -> None:
    run.up(steps, _start)
    stuck, run.stuck = run.stuck, []
    run.one_by_one(stuck, _renew)


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
        key = run.out.ids.get(step.name, step.id)
        try:
            run.engine.start(key, step.name)
        except EngineError as error:
            if not STUCK.search(error.what) or not _never_ran(run.engine.container(key)):
                raise
            run.stuck.append(step)


def _never_ran(document: Mapping[str, Any] | None) -> bool:
    """Nothing is lost with such a container, not even in its writable layer."""
    return str(((document or {}).get("State") or {}).get("StartedAt", "")).startswith("0001-")


def _renew(run: _Run, step: Step) -> None:
    """An engine that was killed during a start holds that container's id for taken, for ever: it gets another one."""
    spec, old = _wanted(step.spec), run.out.ids.get(step.name, step.id)
    _create(run, replace(step, action="recreate", successor=""))
    run.engine.remove(old, step.name)
    run.engine.rename(run.out.ids[step.name], step.name)
    if spec.up:
        run.engine.start(run.out.ids[step.name], step.name)


def _verify(run: _Run, step: Step, begun: float) -> None:
    verify(run.engine, _wanted(step.spec), run.out.ids.get(step.name, step.id), begun)
