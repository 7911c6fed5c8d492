# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to do with a fleet of containers: one pure decision for check mode, diff and the real run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.container_changes import (
    Change,
    Image,
    compare,
    effective,
    live,
    short,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.container_spec import (
    SUCCESSOR,
    Member,
    Spec,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.fleet_order import levels, ordered
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.networks import (
    Network,
    NetworkSpec,
    NetworkStep,
    plan_networks,
)

STOP_TIMEOUT = 10


@dataclass(frozen=True)
class Wish:
    """What a task declares. `drop`: the fleet shall go. `force`: containers of others that have our names go too."""

    fleet: str
    containers: tuple[Spec, ...] = ()
    networks: tuple[NetworkSpec, ...] = ()
    prune: bool = False
    drop: bool = False
    force: bool = False


@dataclass(frozen=True)
class Observed:
    """What the engine says. Members by their present name, successors among them; images by the reference asked for.

    `strangers`: by name, the ids of containers that are not of the fleet. `api`: the version that the engine speaks.
    """

    members: Mapping[str, Member] = field(default_factory=dict)
    strangers: Mapping[str, str] = field(default_factory=dict)
    images: Mapping[str, Image] = field(default_factory=dict)
    networks: tuple[Network, ...] = ()
    swap_limit: bool = True
    api: tuple[int, ...] = (1, 41)


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
    """Problems by name: these containers and networks are left as they are, and the others are not held up.

    `waits`: containers with nothing to do that are not healthy yet. `levels`: see fleet_order.
    """

    steps: tuple[Step, ...] = ()
    waits: tuple[Step, ...] = ()
    levels: Mapping[str, int] = field(default_factory=dict)
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
    level = levels(wish.containers)
    for spec in sorted(wish.containers, key=lambda one: level[one.name]):
        try:
            if spec.state != "absent":
                _check_api(spec, observed.api)
                _check_networks(spec, known, network_problems, lenient)
            steps += _converge(spec, wish, observed, lenient, replaced)
        except Obstacle as obstacle:
            problems[spec.name] = str(obstacle)
    if wish.prune:
        listed = {spec.name for spec in wish.containers}
        steps += [_remove(observed.members[name]) for name in sorted(observed.members) if owner(name) not in listed]
    return Plan(
        tuple(ordered(steps, level)),
        _waits(wish, observed, steps, problems),
        level,
        tuple(network_steps),
        problems,
        network_problems,
    )


def _waits(wish: Wish, observed: Observed, steps: Iterable[Step], problems: Iterable[str]) -> tuple[Step, ...]:
    busy = {step.name for step in steps if step.action != "update"} | set(problems)
    return tuple(
        Step("wait", spec.name, observed.members[spec.name].id, spec)
        for spec in wish.containers
        if spec.up and spec.wait_healthy and spec.name not in busy and spec.name in observed.members
        if observed.members[spec.name].health != "healthy"
    )


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


def _converge(spec: Spec, wish: Wish, observed: Observed, lenient: bool, replaced: Iterable[str]) -> list[Step]:
    strangers = [name for name in (spec.name + SUCCESSOR, spec.name) if name in observed.strangers]
    if strangers and not wish.force:
        raise Obstacle(
            f"a container named {strangers[-1]} exists and is not of this fleet. It is left alone: remove or rename "
            "it, choose another name, or set force"
        )
    member, successor = observed.members.get(spec.name), observed.members.get(spec.name + SUCCESSOR)
    if spec.state == "absent":
        return [_remove(one) for one in (successor, member) if one] + [
            _evict(name, wish, observed) for name in strangers
        ]
    image = observed.images.get(spec.image)
    if image is None and not lenient:
        raise Obstacle(f"image {spec.image} is not on this engine; pull, build or import it first")
    evictions = [_evict(name, wish, observed) for name in strangers if name != spec.name]
    if spec.name in strangers:
        # Like a member that differs: it goes when what replaces it exists.
        step = Step("recreate", spec.name, observed.strangers[spec.name], spec, (Change("fleet", None, wish.fleet),))
        return [*evictions, *([_remove(successor)] if successor else []), step]
    if member is None:
        return evictions + _create(spec, successor, image, observed)
    return evictions + _keep(spec, member, successor, image, observed, replaced)


def _keep(
    spec: Spec,
    member: Member,
    successor: Member | None,
    image: Image | None,
    observed: Observed,
    replaced: Iterable[str],
) -> list[Step]:
    changes = _changes(spec, member, image, observed, replaced)
    if live(changes):
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
    if spec.state == "restarted" and (member.running or member.status == "paused"):
        return [Step("restart", spec.name, member.id, spec, stop_timeout=_patience(member))]
    if spec.up and not member.running:
        return [Step("start", spec.name, member.id, spec, paused=member.status == "paused")]
    if spec.state == "stopped" and (member.running or member.status == "paused"):
        return [Step("stop", spec.name, member.id, spec, stop_timeout=_patience(member))]
    return []


def _evict(name: str, wish: Wish, observed: Observed) -> Step:
    return Step("remove", name, observed.strangers[name], changes=(Change("fleet", None, wish.fleet),))


def _remove(member: Member) -> Step:
    return Step("remove", member.spec.name, member.id)


def _patience(member: Member) -> int:
    return STOP_TIMEOUT if member.spec.stop_timeout is None else member.spec.stop_timeout


def _check_api(spec: Spec, api: tuple[int, ...]) -> None:
    """What an older engine would drop without a word."""
    if spec.healthcheck and spec.healthcheck.start_interval and api < (1, 44):
        raise Obstacle(
            f"healthcheck.start_interval needs API 1.44 (Docker 25), and this engine speaks {'.'.join(map(str, api))}; "
            "take it out, or upgrade the engine"
        )


def _check_networks(spec: Spec, known: Iterable[str], problems: Mapping[str, str], lenient: bool) -> None:
    for endpoint in spec.networks:
        if endpoint.name in problems:
            raise Obstacle(problems[endpoint.name])
        if endpoint.name not in known and not lenient:
            raise Obstacle(f"network {endpoint.name} does not exist; list it under networks, or create it first")
