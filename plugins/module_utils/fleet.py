# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to do with a fleet of containers: one pure decision for check mode, diff and the real run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ansible_collections.bulkhead.classroom.plugins.module_utils.container_changes import (
    Change,
    Image,
    compare,
    effective,
    short,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.container_spec import SUCCESSOR, Member, Spec
from ansible_collections.bulkhead.classroom.plugins.module_utils.networks import (
    Network,
    NetworkSpec,
    NetworkStep,
    plan_networks,
)

STOP_TIMEOUT = 10


@dataclass(frozen=True)
class Wish:
    """What a task declares. `drop`: the fleet shall go."""

    fleet: str
    containers: tuple[Spec, ...] = ()
    networks: tuple[NetworkSpec, ...] = ()
    prune: bool = False
    drop: bool = False


@dataclass(frozen=True)
class Observed:
    """What the engine says. Members by their present name, successors among them; images by the reference asked for."""

    members: Mapping[str, Member] = field(default_factory=dict)
    strangers: frozenset[str] = frozenset()
    images: Mapping[str, Image] = field(default_factory=dict)
    networks: tuple[Network, ...] = ()
    swap_limit: bool = True


@dataclass(frozen=True)
class Step:
    """One thing to do with one container. `successor`: the id of an earlier run's finished successor."""

    action: str
    name: str
    id: str = ""
    spec: Spec | None = None
    changes: tuple[Change, ...] = ()
    successor: str = ""
    paused: bool = False
    stop_timeout: int = STOP_TIMEOUT


@dataclass(frozen=True)
class Plan:
    """Problems by name: these containers and networks are left as they are, and the others are not held up."""

    steps: tuple[Step, ...] = ()
    network_steps: tuple[NetworkStep, ...] = ()
    problems: Mapping[str, str] = field(default_factory=dict)
    network_problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        return bool(self.steps or self.network_steps)


class Obstacle(Exception):
    """One container cannot be converged; the message says why and what to do."""


def plan(wish: Wish, observed: Observed, lenient: bool = False) -> Plan:
    """`lenient` is for check mode, where images and networks of earlier tasks were only predicted."""
    network_steps, network_problems = plan_networks(
        wish.networks, observed.networks, wish.fleet, _staying(wish, observed), wish.drop, wish.prune
    )
    leaving = frozenset(step.name for step in network_steps if step.action == "remove")
    replaced = frozenset(step.name for step in network_steps if step.action == "recreate")
    known = {network.name for network in wish.networks} | {one.spec.name for one in observed.networks} - leaving
    steps: list[Step] = []
    problems: dict[str, str] = {}
    for spec in wish.containers:
        try:
            if spec.state != "absent":
                _check_networks(spec, known, network_problems, lenient)
            steps += _converge(spec, observed, lenient, replaced)
        except Obstacle as obstacle:
            problems[spec.name] = str(obstacle)
    if wish.prune:
        listed = {spec.name for spec in wish.containers}
        steps += [_remove(observed.members[name]) for name in sorted(observed.members) if owner(name) not in listed]
    return Plan(tuple(steps), tuple(network_steps), problems, network_problems)


def _staying(wish: Wish, observed: Observed) -> dict[str, frozenset[str]]:
    """By the id of each member: the networks that it will still be in when all is done."""
    specs = {spec.name: spec for spec in wish.containers}
    staying = {}
    for name, member in observed.members.items():
        spec = specs.get(owner(name))
        if spec:
            networks = () if spec.state == "absent" else spec.networks
        else:
            networks = () if wish.prune else member.spec.networks
        staying[member.id] = frozenset(endpoint.name for endpoint in networks)
    return staying


def owner(name: str) -> str:
    """The member that a name belongs to, be it the member's own or its successor's."""
    return name[: -len(SUCCESSOR)] if name.endswith(SUCCESSOR) else name


def _converge(spec: Spec, observed: Observed, lenient: bool, replaced: Iterable[str]) -> list[Step]:
    for name in (spec.name, spec.name + SUCCESSOR):
        if name in observed.strangers:
            raise Obstacle(
                f"a container named {name} exists and is not of this fleet. It is left alone: remove or rename it, "
                "or choose another name"
            )
    member, successor = observed.members.get(spec.name), observed.members.get(spec.name + SUCCESSOR)
    if spec.state == "absent":
        return [_remove(one) for one in (successor, member) if one]
    image = observed.images.get(spec.image)
    if image is None and not lenient:
        raise Obstacle(f"image {spec.image} is not on this engine; pull, build or import it first")
    if member is None:
        return _create(spec, successor, image, observed)
    changes = _changes(spec, member, image, observed, replaced)
    if not changes or all(change.live for change in changes):
        steps = [_remove(successor)] if successor else []
        if changes and image:
            steps.append(Step("update", spec.name, member.id, effective(spec, image, observed.swap_limit), changes))
        return steps + _state(spec, member)
    return _recreate(spec, member, successor, image, observed, changes)


def _changes(
    spec: Spec, member: Member, image: Image | None, observed: Observed, replaced: Iterable[str]
) -> tuple[Change, ...]:
    if image is None:
        return (Change("image", f"{member.spec.image} {short(member.image_id)}", f"{spec.image} (not here yet)"),)
    if member.status in ("dead", "removing"):
        return (Change("status", member.status, "running"),)
    changes = compare(spec, member, image, observed.swap_limit)
    current = {network.spec.name: network.id for network in observed.networks}
    for name, old in member.network_ids.items():
        # A stopped container keeps the id of a network that somebody removed meanwhile, and cannot start any more.
        if old and current.get(name, "") != old and name not in replaced and name in {n.name for n in spec.networks}:
            changes += (Change("networks", f"{name} {old[:12]}", f"{name} {current.get(name, 'new')[:12]}"),)
    return changes


def _create(spec: Spec, successor: Member | None, image: Image | None, observed: Observed) -> list[Step]:
    if successor and image and not compare(spec, _renamed(successor), image, observed.swap_limit):
        return [Step("create", spec.name, spec=spec, successor=successor.id)]
    return ([_remove(successor)] if successor else []) + [Step("create", spec.name, spec=spec)]


def _recreate(
    spec: Spec,
    member: Member,
    successor: Member | None,
    image: Image | None,
    observed: Observed,
    changes: tuple[Change, ...],
) -> list[Step]:
    step = Step("recreate", spec.name, member.id, spec, changes, stop_timeout=_patience(member))
    if successor and image and not compare(spec, _renamed(successor), image, observed.swap_limit):
        return [replace(step, successor=successor.id)]
    return ([_remove(successor)] if successor else []) + [step]


def _renamed(successor: Member) -> Member:
    return replace(successor, spec=replace(successor.spec, name=owner(successor.spec.name)))


def _state(spec: Spec, member: Member) -> list[Step]:
    if spec.state == "started" and not member.running:
        return [Step("start", spec.name, member.id, spec, paused=member.status == "paused")]
    if spec.state == "stopped" and (member.running or member.status == "paused"):
        return [Step("stop", spec.name, member.id, spec, stop_timeout=_patience(member))]
    return []


def _remove(member: Member) -> Step:
    return Step("remove", member.spec.name, member.id)


def _patience(member: Member) -> int:
    return STOP_TIMEOUT if member.spec.stop_timeout is None else member.spec.stop_timeout


def _check_networks(spec: Spec, known: Iterable[str], problems: Mapping[str, str], lenient: bool) -> None:
    for endpoint in spec.networks:
        if endpoint.name in problems:
            raise Obstacle(problems[endpoint.name])
        if endpoint.name not in known and not lenient:
            raise Obstacle(f"network {endpoint.name} does not exist; list it under networks, or create it first")
