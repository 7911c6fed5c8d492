# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mounts: what of the host a container can reach, recognised by device and path inside the file system."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    Fact,
    as_list,
    as_mapping,
    fact_from,
    formed,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.mountinfo import Mount, covering, inside
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    PASS,
    Check,
    Outcome,
    judge_all,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.mount_evidence import judge_mounts
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.user_namespaces import apart
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container, Room

# Below these even a read-only piece tells or gives too much; below the others only a writable piece does.
CLOSED_TREES = (
    *("/dev", "/proc", "/root", "/sys"),
    *("/etc/docker", "/etc/kubernetes", "/etc/shadow", "/etc/ssh"),
    *("/var/lib/containerd", "/var/lib/containers", "/var/lib/docker", "/var/lib/kubelet"),
)
# Where the homes of workspaces lie below the engine's data; the engine keeps nothing of its own there.
HOMES = "/bulkhead/workspaces/"
# Which namespace a kernel file system shows: one made in the host's namespace is the host's.
VIEWS = {"proc": "pid", "sysfs": "net"}
KERNEL_FILESYSTEMS = tuple(VIEWS)
# Must be read-only; the rest of the protected paths must be empty or covered.
READ_ONLY_PATHS = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", "/sys")
NODES = ("full", "null", "random", "tty", "urandom", "zero")
Place = Mapping[str, Any]


def places(container: Container, room: Room, kinds: tuple[str, ...]) -> list[Place]:
    """The host's places of these kinds. One that is recorded in part spoils all: what it was, nobody knows."""
    recorded = [as_mapping(place) for place in as_list(room.host_of(container).facts.get("places"))]
    if not all(isinstance(place.get(key), str) for place in recorded for key in ("kind", "path", "device", "inside")):
        return []
    return [place for place in recorded if place["kind"] in kinds]


def exposes(mount: Mount, place: Place) -> bool:
    """Does the mount show the place itself, or a directory above it?"""
    return mount.device == place["device"] and inside(str(place["inside"]), mount.root)


def bound_node(mount: Mount, container: Container, room: Room) -> bool:
    """A node of the host that holds nothing: in a user namespace none can be made, so the runtime binds the host's."""
    host = room.host_of(container)
    if mount.root.rpartition("/")[2] not in NODES:
        return False
    if not any(apart(process, "user", host).value for process in container.processes):
        return False
    folders = [place for place in places(container, room, ("tree",)) if place["path"] == "/dev"]
    nodes = [(place["device"], f"{place['inside'].rstrip('/')}/{name}") for place in folders for name in NODES]
    return (mount.device, mount.root) in nodes


def decide_socket(container: Container, room: Room) -> Outcome:
    sockets = places(container, room, ("socket",))
    if not sockets:
        return missing([Fact("/run", error="no socket of an engine is recorded")])

    def object_to(mount: Mount) -> str:
        seen = [str(place["path"]) for place in sockets if exposes(mount, place)]
        return f"{mount.target} shows {', '.join(seen)}" if seen else ""

    return judge_mounts(container, object_to, "out of sight")


def decide_host_mounts(container: Container, room: Room) -> Outcome:
    trees = places(container, room, ("tree", "data root", "parent"))
    if not trees:
        return missing([Fact("/proc/self/mountinfo", error="the host's directories are not recorded")])
    sources = {
        str(mount.get("target")): str(mount.get("source"))
        for mount in map(as_mapping, as_list(container.declared.get("mounts")))
    }
    allowed = room.policy_for(container).allowed_mounts
    by_device: dict[str, list[Place]] = {}
    for tree in trees:
        by_device.setdefault(str(tree["device"]), []).append(tree)

    def object_to(mount: Mount) -> str:
        own_trees = by_device.get(mount.device, ())
        said = next((said for said in (_intrusion(mount, tree, container) for tree in own_trees) if said), "")
        source = sources.get(mount.target, "")
        if not said or any(fnmatchcase(source, pattern) for pattern in allowed) or _own(mount, container, room):
            return ""
        return said

    return judge_mounts(container, object_to, "none of the host's own directories")


def _own(mount: Mount, container: Container, room: Room) -> bool:
    """The root; and proc or sysfs of a namespace that is the host's, which is what the namespace checks say already."""
    if mount.target == "/" or bound_node(mount, container, room):
        return True
    return _in_host_namespace(container, room, VIEWS.get(mount.filesystem, ""))


def _in_host_namespace(container: Container, room: Room, kind: str) -> bool:
    own = {fact.value for fact in room.host_of(container).namespaces(kind) if fact.known} if kind else set()
    return any(process.namespace(kind).value in own for process in container.processes if kind)


def _intrusion(mount: Mount, tree: Place, container: Container) -> str:
    path, below = str(tree["path"]), str(tree["inside"])
    if exposes(mount, tree):
        return f"{mount.target} is the host's {path}, or a directory above it"
    if tree["kind"] == "parent" or mount.device != tree["device"] or path == "/" or not inside(mount.root, below):
        return ""
    rest = mount.root[len(below.rstrip("/")) :]
    if tree["kind"] == "data root":
        # Its own hosts, hostname and resolv.conf come from here, and so do volumes and homes.
        own = f"/containers/{container.identifier}/"
        allowed = rest.startswith((own, "/volumes/", HOMES)) and container.identifier
        return "" if allowed else f"{mount.target} lies in the engine's data ({path})"
    # With a mapped user namespace the engine's data is a folder of its own beside the homes.
    if path == "/var/lib/docker" and rest.startswith(HOMES):
        return ""
    if path in CLOSED_TREES or not mount.read_only:
        return f"{mount.target} lies in the host's {path}" + ("" if mount.read_only else ", writable")
    return ""


def decide_root(container: Container, room: Room) -> Outcome:
    judged = []
    for table, mounts in container.mount_tables():
        root = covering(mounts, "/")
        if root is None:
            judged.append((table if not table.known else Fact(table.path, error="no mount at /"), ""))
        else:
            judged.append((Fact(table.path, root.raw, root.raw), "" if root.read_only else "writable"))
    return judge_all(judged, "read-only")


def decide_masked(container: Container, room: Room) -> Outcome:
    recorded = room.host_of(container).facts.get("protected_paths")
    if not as_list(recorded) or not all(str(path).startswith("/") for path in as_list(recorded)):
        return missing([Fact("/proc", error="the host's protected paths are not recorded")])
    judged = []
    for table, mounts in container.mount_tables():
        if not table.known:
            judged.append((table, ""))
            continue
        for path in map(str, as_list(recorded)):
            mount = covering(mounts, path)
            if mount is None:
                judged.append((Fact(table.path, error=f"no mount covers {path}"), ""))
            elif path in READ_ONLY_PATHS:
                open_path = mount.filesystem in KERNEL_FILESYSTEMS and not mount.read_only
                judged.append((Fact(table.path, mount.raw, mount.raw), f"{path} is writable" if open_path else ""))
            else:
                bare = mount.filesystem in KERNEL_FILESYSTEMS
                judged.append((Fact(table.path, mount.raw, mount.raw), f"{path} is not masked" if bare else ""))
    return judge_all(judged, "masked or read-only")


def decide_shared(container: Container, room: Room) -> Outcome:
    if not isinstance(container.record.get("sources"), (list, tuple)):
        return missing([Fact("mounts", error="the writable sources are not recorded")])
    if not container.sources:
        return Outcome(PASS, "nothing writable is mounted from the host", (Fact("mounts", "none", "none"),))
    judged = []
    for source in container.sources:
        fact = formed(fact_from(source.get("identity"), f"the source of {source.get('target')}"), str)
        others = room.sharers("source", container, fact.value) if fact.known else []
        judged.append((fact, f"{fact.path} is writable for {', '.join(others)} too" if others else ""))
    return judge_all(judged, "nobody else's")


CHECKS = (
    Check(
        id="rootfs-read-only",
        title="Read-only root file system",
        concept="mounts",
        severity="medium",
        expected="the mount at / is read-only",
        why="An attacker cannot leave a changed program behind in a file system that nobody can write to.",
        how="The options of the mount at / in /proc/PID/mountinfo of every mount namespace of the container.",
        remedy="Create the container with read_only: true, and tmpfs for what must be writable.",
        variable="student_workspaces_tmpfs",
        decide=decide_root,
        cis=("5.13",),
        nist=("4.4.3",),
    ),
    Check(
        id="engine-socket-hidden",
        title="No engine socket in sight",
        concept="mounts",
        severity="critical",
        expected="no mount that shows the socket of a container engine, or a directory above it",
        why="Who reaches an engine's socket starts a privileged container, and is root on the host.",
        how="Device and path in the file system of each mount in /proc/PID/mountinfo, against those of the sockets of "
        "Docker, containerd, Podman, CRI-O and BuildKit, the users' own included.",
        remedy="Take the mount out: who reaches the socket owns the host. The name does not matter, the file does.",
        decide=decide_socket,
        cis=("5.32",),
        nist=("4.4.3",),
    ),
    Check(
        id="host-mounts",
        title="None of the host's own directories",
        concept="mounts",
        severity="high",
        expected="no mount of the host's system directories or of the engine's data",
        why="Writable, such a directory is a way to root on the host; read-only, it gives away keys and passwords.",
        how="Device and path in the file system of each mount in /proc/PID/mountinfo, against those of the host's "
        "directories: a link or another name of the same directory makes no difference.",
        remedy="Mount a directory that was made for this container; policy.allowed_mounts names exceptions by source.",
        decide=decide_host_mounts,
        cis=("5.6",),
        nist=("4.4.3", "4.5.5"),
    ),
    Check(
        id="mounts-private",
        title="No writable directory in common",
        concept="mounts",
        severity="high",
        expected="writable sources that no other container may write to",
        why="What two containers can write to is a way from one student's workspace into another's.",
        how="Device and inode of each writable source, compared over all containers of the host.",
        remedy="Give each container a directory or volume of its own.",
        variable="student_workspaces_homes",
        decide=decide_shared,
        nist=("4.4.3",),
    ),
    Check(
        id="masked-paths",
        title="The kernel's own files are masked",
        concept="mounts",
        severity="high",
        expected="sensitive files of /proc and /sys covered, kernel settings read-only",
        why="These files show the host's memory and keys, or change settings of the kernel that all containers share.",
        how="For each sensitive path that the host has: the mount that covers it in /proc/PID/mountinfo.",
        remedy="Create the container without systempaths=unconfined and not as privileged.",
        decide=decide_masked,
        cis=("5.5",),
        nist=("4.4.3",),
    ),
)
