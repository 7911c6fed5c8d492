# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Swarm mode: off where it is not needed, and what must hold where it is on."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    FAIL,
    NOTAPPLICABLE,
    PASS,
    Check,
    DecideHost,
    Outcome,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.daemon_access import (
    EVERYWHERE,
    SWARM_PORTS,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.daemon_base import (
    answer,
    daemon_check,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.daemon_view import (
    address_text,
    daemon_table,
    listeners,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Host, Room

ODD = (1, 3, 5, 7)
NINETY_DAYS = 90 * 24 * 3600 * 10**9


def decide_off(host: Host, _room: Room) -> Outcome:
    fact = daemon_table(host, "swarm")
    state = fact.value.get("state") if fact.known else ""
    return answer(fact, "" if state == "inactive" else f"the engine is part of a swarm ({state})", "off")


def of_manager(key: str, object_to: Callable[[Any], str], good: str) -> DecideHost:
    """A rule about the whole swarm: a manager alone knows it."""

    def decide(host: Host, _room: Room) -> Outcome:
        fact = daemon_table(host, "swarm")
        if not fact.known:
            return missing([fact])
        refused = elsewhere(fact.value)
        if refused:
            return Outcome(NOTAPPLICABLE, "not judged", (fact,), reason=refused)
        value = fact.value.get(key)
        if value is None:
            return missing([fact._replace(value=None, error=f"ENOENT the engine does not say: {key}")])
        said = object_to(value)
        return Outcome(FAIL if said else PASS, said or good, (fact._replace(raw=f"{key}: {value}"),))

    return decide


def off(swarm: Mapping[str, Any]) -> str:
    """Why nothing is judged, or nothing."""
    return "swarm mode is off" if swarm.get("state") == "inactive" else ""


def elsewhere(swarm: Mapping[str, Any]) -> str:
    if off(swarm) or swarm.get("manager"):
        return off(swarm)
    return "this engine is no manager of its swarm; a manager's report has it"


def decide_bound(host: Host, _room: Room) -> Outcome:
    swarm, sockets = daemon_table(host, "swarm"), listeners(host, "tcp")
    if not swarm.known:
        return missing([swarm])
    if off(swarm.value):
        return Outcome(NOTAPPLICABLE, "not judged", (swarm,), reason=off(swarm.value))
    if not sockets.known:
        return missing([sockets])
    ours = [one for one in sockets.value if one.get("port") in SWARM_PORTS]
    wide = [address_text(one) for one in ours if one.get("address") in EVERYWHERE]
    return answer(sockets, f"the swarm listens at {', '.join(wide)}" if wide else "", "at chosen addresses")


def _managers(value: Any) -> str:
    return "" if value in ODD else f"{value} managers: an even number adds a target and no safety, and so do many"


def _autolock(value: Any) -> str:
    return "" if value is True else "the keys of the swarm lie open on the disk of each manager"


def _expiry(value: Any) -> str:
    days = int(value) / NINETY_DAYS * 90 if re.fullmatch(r"\d+", str(value)) else None
    if days is None or not 0 < days <= 90:
        return f"certificates of members are good for {'?' if days is None else round(days)} days"
    return ""


CHECKS: tuple[Check, ...] = (
    daemon_check(
        id="swarm-off",
        title="Swarm mode is off",
        severity="medium",
        expected="off, unless it is used",
        remedy="docker swarm leave (--force on the last manager); where it is wanted, waive this check.",
        why="Swarm mode opens ports on the host and takes orders from other machines.",
        how="Swarm.LocalNodeState of /info.",
        cis=("5.1",),
        nist=("4.3.5",),
        decide_host=decide_off,
    ),
    daemon_check(
        id="swarm-managers",
        title="As few managers as needed, and an odd number",
        severity="low",
        expected="1, 3, 5 or 7",
        remedy="docker node demote NODE, or promote one more.",
        why="Each manager can give orders to all engines; an even number outlives no more failures than one less.",
        how="Swarm.Managers of /info, on a manager.",
        cis=("7.1",),
        decide_host=of_manager("managers", _managers, "a good number"),
    ),
    daemon_check(
        id="swarm-address",
        title="The swarm listens at chosen addresses only",
        severity="medium",
        expected="no socket at 0.0.0.0 or [::]",
        remedy="Leave, and join again with --listen-addr ADDRESS:2377.",
        why="Every network of the host, containers' own included, can otherwise talk to the cluster's heart.",
        how="Listening sockets of the engine's process at the swarm's ports.",
        cis=("7.2",),
        decide_host=decide_bound,
    ),
    daemon_check(
        id="swarm-autolock",
        title="The keys of the swarm are locked",
        severity="medium",
        expected="AutoLockManagers",
        remedy="docker swarm update --autolock=true, and keep the key that it prints.",
        why="Who copies a manager's disk otherwise has the keys and all secrets of the swarm.",
        how="Swarm.Cluster.Spec.EncryptionConfig of /info, on a manager.",
        cis=("7.5",),
        decide_host=of_manager("autolock", _autolock, "locked"),
    ),
    daemon_check(
        id="swarm-certificates",
        title="Certificates of the swarm's members are renewed",
        severity="low",
        expected="an expiry of at most 90 days",
        remedy="docker swarm update --cert-expiry 2160h",
        why="A certificate that was stolen is of use for as long as it is good.",
        how="Swarm.Cluster.Spec.CAConfig.NodeCertExpiry of /info, on a manager.",
        cis=("7.7",),
        decide_host=of_manager("certificate_expiry", _expiry, "at most 90 days"),
    ),
)
