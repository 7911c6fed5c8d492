# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the engine stores, connects and restarts containers, and what it should leave switched off."""

from __future__ import annotations

from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    FAIL,
    NOTAPPLICABLE,
    PASS,
    Check,
    Outcome,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.daemon_base import (
    OPTIONS,
    answer,
    by_info,
    daemon_check,
    moved,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.daemon_view import (
    daemon_fact,
    daemon_table,
    declared,
    info,
    setting,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Host, Room

OLD_DRIVERS = ("aufs", "devicemapper", "overlay")

keeps_running = by_info(
    "LiveRestoreEnabled", True, "containers end with the engine", "containers outlive it", "live-restore"
)


def decide_storage(host: Host, _room: Room) -> Outcome:
    fact = info(host, "Driver")
    old = str(fact.value) in OLD_DRIVERS
    return answer(fact, f"uses {fact.value}, which is no longer kept up" if old else "", f"uses {fact.value}")


def decide_base_size(host: Host, _room: Room) -> Outcome:
    driver = info(host, "Driver")
    if not driver.known:
        return missing([driver])
    if driver.value != "devicemapper":
        return Outcome(NOTAPPLICABLE, "not judged", (driver,), reason=f"{driver.value} has no base device size")
    fact = setting(host, "storage-opts", [])
    set_to = [str(one) for one in (fact.value if isinstance(fact.value, list) else []) if "dm.basesize" in str(one)]
    return answer(fact, f"set to {', '.join(set_to)}" if set_to else "", "not changed")


def decide_proxy(host: Host, _room: Room) -> Outcome:
    fact = setting(host, "userland-proxy", True)
    running = daemon_fact(host, "proxies")
    if not fact.known:
        return missing([fact])
    number = running.value if isinstance(running.value, int) else None
    if fact.value is not False:
        said = f"on; {number} docker-proxy processes" if number is not None else "on"
        return Outcome(FAIL, said, (fact, running), inspected=declared(host, "userland-proxy"))
    if number is None:
        return missing([running])
    # Ports published before it was switched off keep theirs until the container is started again.
    said = f"off, and {number} docker-proxy processes run" if number else ""
    return Outcome(FAIL if said else PASS, said or "off", (fact, running), inspected=declared(host, "userland-proxy"))


def decide_live_restore(host: Host, _room: Room) -> Outcome:
    swarm = daemon_table(host, "swarm")
    if not swarm.known:
        return missing([swarm])
    if swarm.value.get("state") == "active":
        return Outcome(NOTAPPLICABLE, "not judged", (swarm,), reason="a member of a swarm cannot have it")
    return keeps_running(host, _room)


CHECKS: tuple[Check, ...] = (
    daemon_check(
        id="daemon-storage-driver",
        title="No storage driver that is no longer kept up",
        severity="medium",
        expected="none of aufs, devicemapper, overlay",
        remedy="Move to overlay2: save the images, set storage-driver, restart the engine, load them again.",
        why="Flaws of these drivers are not repaired any more, and layers are what keeps containers' files apart.",
        how="Driver of /info.",
        cis=("2.6",),
        cis_changed={"1.8": ("2.6", "2.7")},
        decide_host=decide_storage,
    ),
    daemon_check(
        id="daemon-base-size",
        title="The base device size was not changed without need",
        severity="low",
        expected="no dm.basesize",
        remedy="Remove dm.basesize from storage-opts.",
        why="A larger base lets each container fill more of the host's disk.",
        how="Driver of /info, storage-opts as they run.",
        decide_host=decide_base_size,
        **moved("2.11", "2.12"),
    ),
    daemon_check(
        id="daemon-live-restore",
        title="Containers outlive a restart of the engine",
        severity="low",
        expected="live-restore",
        remedy='Set "live-restore": true in daemon.json and reload the engine.',
        why="An update of the engine that stops all work is an update that is put off.",
        how="LiveRestoreEnabled of /info.",
        variable=OPTIONS,
        decide_host=decide_live_restore,
        **moved("2.15", "2.16"),
    ),
    daemon_check(
        id="daemon-userland-proxy",
        title="No program of root's carries the traffic of published ports",
        severity="low",
        expected="userland-proxy off, and no docker-proxy",
        remedy='Set "userland-proxy": false in daemon.json, restart the engine and then the containers with ports.',
        why="Each proxy is one more program of root's that strangers talk to, and it hides their addresses.",
        how="Command line and daemon.json as they run; docker-proxy processes that the engine is the parent of.",
        variable=OPTIONS,
        decide_host=decide_proxy,
        **moved("2.16", "2.17"),
    ),
    daemon_check(
        id="daemon-experimental",
        title="No experimental features",
        severity="medium",
        expected="off",
        remedy='Remove "experimental": true from daemon.json and restart the engine.',
        why="What is still tried out has not been looked at by those who look for flaws.",
        how="ExperimentalBuild of /info.",
        variable=OPTIONS,
        decide_host=by_info("ExperimentalBuild", False, "on", "off", "experimental"),
        **moved("2.18", "2.19"),
    ),
)
