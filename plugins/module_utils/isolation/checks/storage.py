# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies in the container's layer and sources: set-id programs, device nodes, modes, and whole file systems."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    Fact,
    as_list,
    as_mapping,
    fact_from,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.mountinfo import Mount
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    FAIL,
    INFORMATIONAL,
    NOTCHECKED,
    PASS,
    Check,
    Decide,
    Outcome,
    judge_all,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.mount_evidence import judge_mounts
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container, Room


def decide_layer(key: str, good: str) -> Decide:
    def decide(container: Container, room: Room) -> Outcome:
        record = as_mapping(as_mapping(container.record.get("mounting")).get("layer"))
        path, driver = str(record.get("path") or ""), str(record.get("driver") or "")
        if not path and driver:
            reason = f"the storage driver {driver} names no directory of the writable layer: docker diff would show it"
            return Outcome(NOTCHECKED, "not looked at", reason=reason)
        found, entries = record.get(key), record.get("entries")
        if not path or not isinstance(found, (list, tuple)) or not isinstance(entries, int):
            return missing([Fact("inspect GraphDriver.Data.UpperDir", error="the layer is not recorded in the facts")])
        if found:
            evidence = tuple(Fact(path, str(name), str(name)) for name in found)
            return Outcome(FAIL, ", ".join(map(str, found)), evidence)
        if record.get("error"):
            return missing([Fact(path, error=str(record["error"]))])
        evidence = (Fact(path, entries, f"{entries} entries"),)
        if record.get("cut") is not False:
            reason = f"the layer has more than {entries} entries: those beyond were not looked at"
            return Outcome(NOTCHECKED, f"none in the first {entries} entries", evidence, reason=reason)
        return Outcome(PASS, f"{good} in {entries} entries", evidence)

    return decide


def judge_sources(container: Container, key: str, object_to: Callable[[Fact], str], good: str) -> Outcome:
    if "sources" not in container.record:
        return missing([Fact("mounts", error="the writable sources are not recorded")])
    if not container.sources:
        return Outcome(PASS, "nothing writable is mounted from the host", (Fact("mounts", "none", "none"),))
    facts = [fact_from(source.get(key), f"the source of {source.get('target')}") for source in container.sources]
    return judge_all(((fact, object_to(fact) if fact.known else "") for fact in facts), good)


def decide_modes(container: Container, room: Room) -> Outcome:
    facts = [fact_from(source.get("mode"), f"the source of {source.get('target')}") for source in container.sources]
    broken = [fact._replace(value=None, error="EINVAL no mode") for fact in facts if fact.known and _mode(fact) is None]
    if broken:
        return missing(broken)

    def object_to(fact: Fact) -> str:
        mode = _mode(fact) or 0
        loose = mode & 0o002 and not fact.value.get("closed_by")
        return f"{fact.path} ({mode:04o}) can be written to by everybody on the host" if loose else ""

    return judge_sources(container, "mode", object_to, "only by their owners, or behind a closed directory")


def _mode(fact: Fact) -> int | None:
    text = str(as_mapping(fact.value).get("mode") or "")
    return int(text, 8) if text and set(text) <= set("01234567") and isinstance(fact.value, dict) else None


def decide_anonymous(container: Container, room: Room) -> Outcome:
    targets = as_mapping(container.record.get("mounting")).get("anonymous")
    if not isinstance(targets, (list, tuple)):
        return missing([Fact("inspect Mounts", error="the volumes are not recorded in the facts")])
    listed = ", ".join(map(str, targets))
    evidence = (Fact("inspect Mounts", listed or "none", listed or "none"),)
    if targets:
        return Outcome(INFORMATIONAL, f"volumes without a name at {listed}", evidence, inspected=listed)
    return Outcome(PASS, "every volume has a name", evidence, inspected="none without a name")


def decide_file_systems(container: Container, room: Room) -> Outcome:
    """The root of a file system on a disk: what else lies on it, nobody decided for this container."""
    mounts = map(as_mapping, as_list(container.declared.get("mounts")))
    sources = {str(mount.get("target")): str(mount.get("source")) for mount in mounts}
    patterns = room.policy_for(container).allowed_mounts

    def object_to(mount: Mount) -> str:
        allowed = any(fnmatchcase(sources.get(mount.target, ""), pattern) for pattern in patterns)
        whole = mount.source.startswith("/dev/") and mount.root == "/" and mount.target != "/"
        return f"{mount.target} is all of {mount.source}" if whole and not allowed else ""

    return judge_mounts(container, object_to, "directories, and no whole file system of a disk")


_COMMON: Mapping[str, Any] = {"concept": "mounts", "nist": ("4.4.3",)}
CHECKS = (
    Check(
        id="rootfs-set-id",
        title="No set-id program in the writable layer",
        severity="medium",
        expected="no file with set-user or set-group rights that the image did not bring",
        why="A set-id program that was left in the layer gives its owner's rights to whoever starts it next.",
        how="Every entry of GraphDriver.Data.UpperDir by lstat, up to a bound; beyond it nothing is claimed.",
        remedy="Look at who made it, and create the container anew, read-only and with no-new-privileges.",
        decide=decide_layer("setid", "none"),
        cis=("4.8",),
        **_COMMON,
    ),
    Check(
        id="rootfs-devices",
        title="No device node in the writable layer",
        severity="high",
        expected="no node that the image did not bring",
        why="A node of the host's disk, made with MKNOD, is all that is needed where devices are not refused.",
        how="Every entry of GraphDriver.Data.UpperDir by lstat, up to a bound; beyond it nothing is claimed.",
        remedy="Drop MKNOD, and create the container anew.",
        decide=decide_layer("devices", "none"),
        cis=("5.18",),
        **_COMMON,
    ),
    Check(
        id="mounts-source-mode",
        title="Sources are not writable for everybody on the host",
        severity="medium",
        expected="no writable source with others' write permission on an open path",
        why="Any user of the host can then change a student's files, or put a program there for him to start.",
        how="Mode and owner of each writable source by stat, and the first directory above that keeps others out.",
        remedy="Take the write permission from others: chmod o-w, or close a directory above.",
        variable="student_workspaces_homes",
        decide=decide_modes,
        **_COMMON,
    ),
    Check(
        id="mounts-anonymous",
        title="Volumes have names",
        severity="low",
        expected="for information: volumes that nobody named",
        why="A volume without a name outlives its container unseen, and the work in it is found by nobody.",
        how="Mounts of type volume in inspect whose name is an identifier.",
        remedy="Mount a directory or a named volume at the paths that the image declares as volumes.",
        decide=decide_anonymous,
        **_COMMON,
    ),
    Check(
        id="host-file-systems",
        title="No whole file system of a disk",
        severity="high",
        expected="no mount of the root of a file system that lies on a block device",
        why="A whole disk shows what was never meant for the container, whatever directory it is usually mounted at.",
        how="Source and path inside the file system of each mount in /proc/PID/mountinfo.",
        remedy="Mount the directory that is needed; policy.allowed_mounts names exceptions by source.",
        decide=decide_file_systems,
        cis=("5.6",),
        **_COMMON,
    ),
)
