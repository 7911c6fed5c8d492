# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets, keys and the ways of a swarm, as far as they can be seen without asking for one."""

from __future__ import annotations

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact, as_list, as_mapping
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    FAIL,
    INFORMATIONAL,
    NOTAPPLICABLE,
    NOTCHECKED,
    PASS,
    Check,
    Outcome,
    broken,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.daemon_base import (
    answer,
    daemon_check,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.daemon_swarm import elsewhere, off
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.daemon_view import (
    daemon_fact,
    daemon_table,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Host, Room

# Certificates of members are good for so long, and none outlives the CA's.
SOON_DAYS, YEAR_DAYS = 90, 365


def refused(swarm: Fact, why: str) -> Outcome | None:
    """An error, or the reason why nothing is judged; None where there is something to judge."""
    if not swarm.known:
        return missing([swarm])
    return Outcome(NOTAPPLICABLE, "not judged", (swarm,), reason=why) if why else None


def decide_secrets(host: Host, _room: Room) -> Outcome:
    swarm = daemon_table(host, "swarm")
    nothing = refused(swarm, elsewhere(as_mapping(swarm.value)))
    if nothing:
        return nothing
    fact = daemon_fact(host, "swarm_services")
    services = [as_mapping(one) for one in as_list(fact.value)]
    if not fact.known or not all(isinstance(one.get("variables"), (list, tuple)) for one in services):
        return broken(fact, "" if not fact.known else "EINVAL recorded without the variables of a service")
    named = [
        f"{one.get('name')}: {', '.join(str(as_mapping(each).get('name')) for each in one['variables'])}"
        for one in services
        if one["variables"]
    ]
    secrets = sum(one["secrets"] for one in services if isinstance(one.get("secrets"), int))
    shown = fact._replace(raw="; ".join(named) or f"{len(services)} services, {secrets} secrets given to them")
    return answer(shown, f"in variables of services: {shown.raw}" if named else "", shown.raw)


def decide_unlock_key(host: Host, _room: Room) -> Outcome:
    swarm = daemon_table(host, "swarm")
    table = as_mapping(swarm.value)
    unlocked = "" if table.get("autolock") is not False else "there is no such key, see swarm-autolock"
    nothing = refused(swarm, elsewhere(table) or unlocked)
    if nothing:
        return nothing
    reason = "the engine does not say when its key was changed; keep a record of docker swarm unlock-key --rotate"
    return Outcome(NOTCHECKED, "not to be seen", (swarm,), reason=reason)


def decide_authority(host: Host, _room: Room) -> Outcome:
    swarm, fact = daemon_table(host, "swarm"), daemon_table(host, "swarm_ca")
    nothing = refused(swarm, elsewhere(as_mapping(swarm.value)))
    if nothing or not fact.known:
        return nothing or missing([fact])
    age, left = fact.value.get("age_days"), fact.value.get("left_days")
    if not isinstance(age, int) or not isinstance(left, int):
        return missing([fact._replace(value=None, error="EINVAL recorded without days")])
    said = f"{age} days old, good for {left} more" + (", being changed now" if fact.value.get("rotating") else "")
    if left < SOON_DAYS:
        return Outcome(FAIL, said, (fact,))
    if age > YEAR_DAYS:
        reason = "how often it has to be changed is for the house to say; docker swarm ca --rotate"
        return Outcome(INFORMATIONAL, said, (fact,), reason=reason)
    return Outcome(PASS, said, (fact,))


def decide_addresses(host: Host, _room: Room) -> Outcome:
    swarm, fact = daemon_table(host, "swarm"), daemon_table(host, "swarm_addresses")
    nothing = refused(swarm, off(as_mapping(swarm.value)))
    if nothing or not fact.known:
        return nothing or missing([fact])
    control, data = fact.value.get("control"), fact.value.get("data")
    if not isinstance(control, str) or not isinstance(data, str) or not control:
        return missing([fact._replace(value=None, error="EINVAL recorded without the address of the swarm")])
    shown = fact._replace(raw=f"control {control}, data {data or 'as control'}")
    mixed = not data or data == control
    return answer(shown, f"both travel at {control}" if mixed else "", f"control at {control}, data at {data}")


CHECKS: tuple[Check, ...] = (
    daemon_check(
        id="swarm-secrets",
        title="Services get their secrets as secrets",
        severity="high",
        expected="no variable of a service that looks like a secret",
        remedy="docker secret create, and give it to the service (--secret); then change what was in the variable.",
        why="Variables of a service are shown to whoever may list it, and inherited by each of its processes.",
        how="GET /services on a manager: names and forms of variables; no value is recorded.",
        cis=("7.4",),
        decide_host=decide_secrets,
    ),
    daemon_check(
        id="swarm-unlock-key",
        title="The key that unlocks a swarm is changed from time to time",
        severity="low",
        expected="nothing on the host shows it",
        remedy="docker swarm unlock-key --rotate, and keep a record of when.",
        why="Who saw the key once can otherwise use it for as long as the swarm lives.",
        how="The engine keeps no time of it, and the key itself is not asked for.",
        cis=("7.6",),
        decide_host=decide_unlock_key,
    ),
    daemon_check(
        id="swarm-ca",
        title="The CA of the swarm is changed in time",
        severity="low",
        expected=f"good for {SOON_DAYS} more days; older than a year is for information",
        remedy="docker swarm ca --rotate",
        why="Whoever has its key makes members of the swarm, and when it ends no member trusts another.",
        how="Swarm.Cluster.TLSInfo.TrustRoot of /info, on a manager: the times in the certificate.",
        cis=("7.8",),
        decide_host=decide_authority,
    ),
    daemon_check(
        id="swarm-data-path",
        title="Orders and the packets of containers travel on different networks",
        severity="medium",
        expected="a data path address that is not the swarm's own",
        remedy="Leave, and join again with --data-path-addr ADDRESS of another interface.",
        why="Who listens to or floods the network of the containers then listens to, or stops, the managers as well.",
        how="swarm/docker-state.json below the engine's data root (AdvertiseAddr, DataPathAddr).",
        cis=("7.9",),
        nist=("4.3.3",),
        decide_host=decide_addresses,
    ),
)
