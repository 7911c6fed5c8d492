# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs between a container that is wanted and the one that is there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.container_inspect import env_from_list
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.container_spec import (
    ENGINE_DECIDES,
    PROPERTIES,
    Endpoint,
    Member,
    Spec,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.devices import RATES
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.fleet_labels import ASKED
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.healthcheck import (
    healthcheck_from_inspect,
    merged,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.security import (
    has_label,
    security_options,
    shown,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel_limits import drifted
from ansible_collections.bulkhead.classroom.plugins.module_utils.units import UNLIMITED, signal_name

# What the engine can change while the container runs: limits to another limit, LIFTABLE to none as well. Lifting
# memory_swap (-1) is answered with success and reported by inspect, but never reaches the kernel.
LIMITS = ("memory", "memory_swap", "memory_reservation", "cpus", "cpuset_cpus", "cpuset_mems", "blkio_weight")
LIFTABLE = ("pids_limit", "cpu_shares", "restart_policy")


@dataclass(frozen=True)
class Image:
    """What a reference stands for on this engine."""

    id: str
    config: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    name: str
    before: Any
    after: Any

    @property
    def live(self) -> bool:
        """Whether the running container can take it."""
        if self.name in LIMITS:
            return self.after > 0 if isinstance(self.after, int) else bool(self.after)
        return self.name in LIFTABLE

    @property
    def rewires(self) -> bool:
        """Whether this is about places in networks, and not about a network that is gone."""
        return self.name == "networks" and isinstance(self.after, tuple)


def compare(want: Spec, have: Member, image: Image, swap_limit: bool = True) -> tuple[Change, ...]:
    """Every managed property in which the two differ, options that were dropped from the task included."""
    expected, found = effective(want, image, swap_limit), _comparable(want, have)
    changes = []
    for name in PROPERTIES:
        after, before = getattr(expected, name), getattr(found, name)
        if name == "image":
            if have.image_id != image.id:
                changes.append(Change(name, f"{before} {short(have.image_id)}", f"{after} {short(image.id)}"))
        elif after is None and name in ENGINE_DECIDES:
            # The engine's configuration decides; only what an earlier task had asked for is a difference.
            if name in have.asked:
                changes.append(Change(name, before, None))
        elif after != before:
            changes.append(Change(name, before, after))
        elif name in have.kernel and drifted(name, before, have.kernel[name]):
            changes.append(Change(name, have.kernel[name], after))
    return tuple(changes)


def live(changes: Iterable[Change]) -> bool:
    """Whether a container can take all this without being replaced."""
    names = {change.name for change in changes}
    # The first network is the container's network mode, which stays; any network can be left and joined.
    return all(change.live or (change.rewires and "network_mode" not in names) for change in changes)


def effective(want: Spec, image: Image, swap_limit: bool = True) -> Spec:
    """What the engine will report of a container that was made from `want`: image and engine fill the gaps."""
    config = image.config
    command, entrypoint = want.command, want.entrypoint
    if not entrypoint:
        # An entrypoint of the task's own drops the image's command; an empty one only the image's entrypoint.
        command = command or tuple(config.get("Cmd") or ())
        entrypoint = tuple(config.get("Entrypoint") or ()) if entrypoint is None else ()
    mode = want.networks[0].name if want.networks else want.network_mode or "bridge"
    labels = {**(config.get("Labels") or {}), **want.labels}
    labels.pop(ASKED, None)
    return replace(
        want,
        command=command or (),
        entrypoint=entrypoint,
        env={**env_from_list(config.get("Env")), **want.env},
        user=want.user or config.get("User") or "",
        workdir=want.workdir or config.get("WorkingDir") or "",
        labels=labels,
        memory_swap=_swap(want, swap_limit),
        security_opts=_security(want),
        healthcheck=merged(want.healthcheck, healthcheck_from_inspect(config.get("Healthcheck"))),
        stop_signal=want.stop_signal or signal_name(config.get("StopSignal")),
        networks=_endpoints(want),
        network_mode="bridge" if mode == "default" else mode,
    )


def _swap(want: Spec, swap_limit: bool) -> int:
    if not want.memory:
        return 0
    if not swap_limit:
        return UNLIMITED
    return 2 * want.memory if want.memory_swap is None else want.memory_swap


def _security(want: Spec) -> tuple[str, ...]:
    """The engine turns labels off for a container that sees the host's processes or has all rights."""
    exposed = want.privileged or "host" in (want.pid_mode, want.ipc_mode)
    if exposed and not has_label(want.security_opts):
        return security_options([*want.security_opts, "label=disable"])
    return want.security_opts


def _comparable(want: Spec, have: Member) -> Spec:
    """What is there, without what the engine added on its own account."""
    spec = have.spec
    names = {name for name, _soft, _hard in want.ulimits}
    asked = {word[len("ulimits.") :] for word in have.asked if word.startswith("ulimits.")}
    return replace(
        spec,
        networks=_endpoints(spec),
        log_options={
            key: text
            for key, text in spec.log_options.items()
            if key in want.log_options or f"log_options.{key}" in have.asked
        },
        # The daemon's default-ulimits are merged into every container.
        ulimits=tuple(ulimit for ulimit in spec.ulimits if ulimit[0] in names | asked),
    )


def _endpoints(spec: Spec) -> tuple[Endpoint, ...]:
    """Without the order, and without the host name: the engine makes it an alias of its own accord."""
    return tuple(
        sorted(
            replace(one, aliases=tuple(alias for alias in one.aliases if alias != spec.hostname))
            for one in spec.networks
        )
    )


def short(image_id: str) -> str:
    return image_id.replace("sha256:", "")[:12]


def display(name: str, value: Any) -> Any:
    """A property for people and for the result: values of env are hidden, because tokens live there."""
    if name == "env":
        return {key: _masked(text) for key, text in sorted(value.items())}
    if name == "security_opts":
        return shown(value)
    if name == "ulimits":
        return [f"{limit}={soft}:{hard}" for limit, soft, hard in value]
    if name in RATES:
        return [f"{path}={rate}" for path, rate in value]
    if name == "healthcheck":
        return str(value)
    if name in ("mounts", "networks", "ports"):
        return [str(item) for item in value]
    if name == "cpus":
        return value / 1_000_000_000
    return list(value) if isinstance(value, tuple) else dict(value) if isinstance(value, Mapping) else value


def _masked(text: str) -> str:
    """Tells two values apart without telling either."""
    return "*** " + hashlib.sha256(text.encode()).hexdigest()[:8]
