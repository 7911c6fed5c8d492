# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries out the steps for the networks of a fleet: before its containers, and after them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.container_body import endpoint_body
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.container_spec import Member
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.fleet import owner
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.fleet_outcome import Outcome
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.networks import NetworkStep, network_body

if TYPE_CHECKING:
    from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_containers import ContainerEngine


def networks_up(
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
    if step.spec is not None:
        engine.create_network(network_body(step.spec))


def _rejoin(network: str, member: Member, engine: ContainerEngine) -> None:
    """The members stay up; they only lose their connections."""
    for endpoint in member.spec.networks:
        if endpoint.name == network:
            engine.join(network, member.id, endpoint_body(endpoint))


def networks_down(steps: Iterable[NetworkStep], engine: ContainerEngine, out: Outcome) -> None:
    for step in steps:
        if step.action == "remove":
            _attempt_network(out, step, lambda: engine.remove_network(step.id, step.name))  # noqa: B023
