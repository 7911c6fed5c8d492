# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user gets to read of a plan and its outcome. Values of env appear nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.container_changes import Change, display
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.container_spec import PROPERTIES, Spec
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.fleet import (
    Observed,
    Plan,
    Step,
    Wish,
    owner,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.fleet_outcome import Outcome
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.networks import NetworkStep

Document = dict[str, Any]
# When a container has several steps, the first of these names what happened to it.
_RANK = ("create", "recreate", "remove", "restart", "update", "start", "stop")


def report(wish: Wish, observed: Observed, plan: Plan, outcome: Outcome) -> Document:
    by_name: dict[str, list[Step]] = {spec.name: [] for spec in wish.containers}
    for step in plan.steps:
        by_name.setdefault(owner(step.name), []).append(step)
    errors = {**plan.problems, **outcome.errors}
    containers = [_container(name, steps, observed, outcome, errors) for name, steps in by_name.items()]
    networks = _networks(wish, plan, outcome)
    up = [step for step in plan.network_steps if step.action != "remove"]
    down = [step for step in plan.network_steps if step.action == "remove"]
    lines = [
        *(f"{step.action} network {step.name}{_because(step.changes)}" for step in up),
        *(f"{step.action} container {step.name}{_because(step.changes)}" for step in plan.steps),
        *(f"{step.action} network {step.name}" for step in down),
    ]
    result = {"changed": plan.changed, "containers": containers, "networks": networks, "steps": lines}
    result["diff"] = _diff(plan, observed)
    result["warnings"] = list(dict.fromkeys(outcome.warnings))
    failed = [one for one in networks + containers if one["error"]]
    if failed:
        result["failed"] = True
        result["msg"] = f"{len(failed)} of fleet {wish.fleet} failed: " + " | ".join(
            f"{one['name']}: {one['error']}" for one in failed
        )
    return result


def _container(
    name: str, steps: list[Step], observed: Observed, outcome: Outcome, errors: Mapping[str, str]
) -> Document:
    member = observed.members.get(name)
    return {
        "name": name,
        "id": outcome.ids.get(name) or (member.id if member else None),
        "action": _action(name, steps),
        "changes": [_change(change) for step in steps for change in step.changes],
        "error": errors.get(name),
    }


def _action(name: str, steps: Iterable[Step]) -> str:
    # A successor that is cleared away beside other steps is not what happened to the container.
    actions = {step.action for step in steps if step.name == name} or {step.action for step in steps}
    return next((action for action in _RANK if action in actions), "none")


def _networks(wish: Wish, plan: Plan, outcome: Outcome) -> list[Document]:
    steps = {step.name: step for step in plan.network_steps}
    errors = {**plan.network_problems, **outcome.network_errors}
    names = list(dict.fromkeys([spec.name for spec in wish.networks] + list(steps) + list(errors)))
    return [_network(name, steps.get(name), errors.get(name)) for name in names]


def _network(name: str, step: NetworkStep | None, error: str | None) -> Document:
    changes = [_change(change) for change in step.changes] if step else []
    return {"name": name, "action": step.action if step else "none", "changes": changes, "error": error}


def _change(change: Change) -> Document:
    before, after = (None if v is None else display(change.name, v) for v in (change.before, change.after))
    return {"property": change.name, "before": before, "after": after}


def _because(changes: Iterable[Change]) -> str:
    names = ", ".join(dict.fromkeys(change.name for change in changes))
    return f" ({names})" if names else ""


def _diff(plan: Plan, observed: Observed) -> Document:
    before: Document = {}
    after: Document = {}
    for network in plan.network_steps:
        key = f"network {network.name}"
        _put(before, after, key, network.action, network.changes, {"state": "present"}, {"state": "present"})
    for step in plan.steps:
        missing = "not of this fleet" if step.id in observed.strangers.values() else "absent"
        status = observed.members[step.name].status if step.name in observed.members else missing
        wanted = _shown(step.spec) if step.spec and step.action == "create" else {"state": _goal(step)}
        _put(before, after, f"container {step.name}", step.action, step.changes, {"state": status}, wanted)
    return {"before": before, "after": after}


def _put(
    before: Document, after: Document, key: str, action: str, changes: Iterable[Change], was: Document, will: Document
) -> None:
    shown = [_change(change) for change in changes]
    if shown:
        before.setdefault(key, {}).update({one["property"]: one["before"] for one in shown})
        after.setdefault(key, {}).update({one["property"]: one["after"] for one in shown})
    if action in ("remove", "restart", "start", "stop"):
        before.setdefault(key, {}).update(was)
    if action in ("create", "restart", "start", "stop"):
        after.setdefault(key, {}).update(will)


def _goal(step: Step) -> str:
    return {"stop": "stopped", "restart": "restarted"}.get(step.action, "started")


def _shown(spec: Spec) -> Document:
    """What the task gives, without what it leaves open."""
    empty = Spec(name="")
    values = {name: getattr(spec, name) for name in PROPERTIES if getattr(spec, name) != getattr(empty, name)}
    return {"state": spec.state, **{name: display(name, value) for name, value in values.items()}}
