# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is what stands in the engine's file what the engine runs with?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact, as_list, as_mapping
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    FAIL,
    NOTAPPLICABLE,
    PASS,
    Check,
    Outcome,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.daemon_base import (
    answer,
    daemon_check,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.daemon_view import (
    daemon_fact,
    daemon_table,
    file_absent,
    file_changed_later,
    info,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Host, Room

# Keys of daemon.json that the running engine repeats as they are.
_SAME = {
    "debug": "Debug",
    "live-restore": "LiveRestoreEnabled",
    "experimental": "ExperimentalBuild",
    "log-driver": "LoggingDriver",
    "storage-driver": "Driver",
    "default-runtime": "DefaultRuntime",
}
_OPTION = {"selinux-enabled": "selinux", "userns-remap": "userns"}


def decide_valid(host: Host, _room: Room) -> Outcome:
    fact = daemon_fact(host, "file")
    if file_absent(host):
        return Outcome(NOTAPPLICABLE, "not judged", (fact,), reason=f"there is no {fact.path}")
    if fact.error.startswith("EINVAL"):
        return Outcome(FAIL, fact.error[len("EINVAL ") :], (fact,))
    return answer(fact, "", "a JSON object")


def decide_in_force(host: Host, _room: Room) -> Outcome:
    fact, age = daemon_fact(host, "file"), daemon_fact(host, "file_age")
    if file_absent(host):
        return Outcome(NOTAPPLICABLE, "not judged", (fact,), reason=f"there is no {fact.path}")
    whole = daemon_fact(host, "info")
    absent = [one for one in (fact, whole, age) if not one.known]
    wrong = _differences(as_mapping(fact.value), host)
    said = [f"{key} is {want!r} in the file and {have!r} in the engine" for key, want, have in wrong]
    if file_changed_later(host):
        said.insert(0, f"the file was changed {age.value} s after the engine was started")
    if said:
        return Outcome(FAIL, "; ".join(said), (age, fact), inspected=_words(wrong))
    return missing(absent) if absent else Outcome(PASS, "read after its last change, nothing differs", (age, fact))


def _differences(values: Mapping[str, Any], host: Host) -> list[tuple[str, Any, Any]]:
    found = []
    for key, theirs in _SAME.items():
        running = info(host, theirs)
        if key in values and running.known and values[key] != running.value:
            found.append((key, values[key], running.value))
    options = info(host, "SecurityOptions")
    texts = {str(option).partition(",")[0] for option in as_list(options.value)}
    for key, name in _OPTION.items():
        if options.known and key in values and bool(values[key]) != (f"name={name}" in texts):
            found.append((key, values[key], f"name={name}" in texts))
    return found


def _words(differences: list[tuple[str, Any, Any]]) -> str:
    return "; ".join(f"{key}={have!r}" for key, _want, have in differences)


def decide_partition(host: Host, _room: Room) -> Outcome:
    fact = daemon_table(host, "data_root")
    place = as_mapping(fact.value)
    if fact.known and not all(isinstance(place.get(key), str) for key in ("device", "above")):
        return missing([Fact(fact.path, error="recorded without the two devices")])
    same = place.get("device") == place.get("above")
    text = f"{place.get('path')} lies on the same file system as the directory above it ({place.get('device')})"
    good = f"{place.get('path')} is a file system of its own ({place.get('device')})"
    return answer(fact, text if same else "", good)


CHECKS: tuple[Check, ...] = (
    daemon_check(
        id="daemon-file-valid",
        title="The engine's configuration file can be used",
        severity="medium",
        expected="valid JSON, an object",
        remedy="Correct the file and try it with: dockerd --validate --config-file FILE",
        why="With a broken file the engine does not come up after the next restart, and no container with it.",
        how="The file named by --config-file, or /etc/docker/daemon.json, is parsed as the engine would.",
        variable="engine_host_daemon_options",
        decide_host=decide_valid,
    ),
    daemon_check(
        id="daemon-file-in-force",
        title="The engine runs with what its file says",
        severity="medium",
        expected="unchanged since the engine read it, and equal to what the engine says of itself",
        remedy="Restart the engine (systemctl restart docker), so that it reads the file, and look again.",
        why="Who reads a file that was never loaded believes in a protection that is not there.",
        how="Change time of the file against the start in /proc/PID/stat, or a reload's record; keys against /info.",
        variable="handler engine_host_restart",
        decide_host=decide_in_force,
    ),
    daemon_check(
        id="daemon-data-partition",
        title="The engine's data has a file system of its own",
        severity="low",
        expected="another device than the directory above it",
        remedy="Mount a file system of its own at the engine's data root before the engine is started.",
        why="Images and logs of containers that fill the disk then leave the host its own room.",
        how="Devices of the data root and of its parent in the engine's mountinfo; a bind on itself does not count.",
        cis=("1.1.1",),
        nist=("4.5.5",),
        decide_host=decide_partition,
    ),
)
