# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Owners and modes of the files that the engine's safety rests on, where they really are on this host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact, as_list, as_mapping
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel

UNIT_FOLDERS = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
)
FIXED = {
    "engine-folder": "/etc/docker",
    "engine-defaults": "/etc/default/docker",
    "engine-sysconfig": "/etc/sysconfig/docker",
}
TLS = {"tls-ca": "tlscacert", "tls-certificate": "tlscert", "tls-key": "tlskey"}
# Where the engine looks when TLS is on and no path was given.
TLS_DEFAULTS = {"tlscacert": "ca.pem", "tlscert": "cert.pem", "tlskey": "key.pem"}
TLS_FOLDER = "/root/.docker"
CERTIFICATES = "/etc/docker/certs.d"
DEPTH = 3
NOT_KNOWN = "the engine's configuration could not be read, so its files are not known"


class Accounts(NamedTuple):
    users: Mapping[int, str]
    groups: Mapping[int, str]
    members: Fact
    # Name to number, of the groups.
    numbers: Fact


def accounts(kernel: Kernel) -> Accounts:
    """Names for numbers, and who is in which group; of the host's own files: other directories are not asked."""
    users, groups = kernel.read("/etc/passwd"), kernel.read("/etc/group")
    people = [line.split(":") for line in str(users.value or "").splitlines() if line.count(":") >= 6]
    sets = [line.split(":") for line in str(groups.value or "").splitlines() if line.count(":") >= 3]
    names = {int(entry[2]): entry[0] for entry in people if entry[2].isdecimal()}
    members: dict[str, list[str]] = {}
    for entry in sets:
        primary = [person[0] for person in people if person[3] == entry[2]]
        members[entry[0]] = sorted({*filter(None, entry[3].split(",")), *primary})
    fact = Fact(groups.path, members) if groups.known and users.known else users if groups.known else groups
    numbers = {entry[0]: int(entry[2]) for entry in sets if entry[2].isdecimal()}
    known = Fact(groups.path, numbers) if groups.known else groups
    return Accounts(names, {int(entry[2]): entry[0] for entry in sets if entry[2].isdecimal()}, fact, known)


def read_files(kernel: Kernel, daemon: Mapping[str, Any], names: Accounts) -> dict[str, Any]:
    """Row to the list of its files; a list without an entry means that there is none, and 'path' where was looked."""
    rows = {
        "engine-service": _units(kernel, "docker.service"),
        "engine-socket-unit": _units(kernel, "docker.socket"),
        **{row: Fact(path, [path]) for row, path in FIXED.items()},
        "registry-certificates": _tree(kernel, CERTIFICATES),
        **{row: _tls(daemon, key) for row, key in TLS.items()},
        "engine-socket": _sockets(daemon),
        "engine-file": Fact(str(as_mapping(daemon.get("file")).get("path")), None),
        "containerd-socket": Fact("", ["/run/containerd/containerd.sock", _own_containerd(daemon)]),
    }
    rows["engine-file"] = rows["engine-file"]._replace(value=[rows["engine-file"].path])
    return {row: _row(kernel, fact, names).document() for row, fact in rows.items()}


def _row(kernel: Kernel, paths: Fact, names: Accounts) -> Fact:
    if not paths.known:
        return paths
    found: dict[str, Any] = {}
    for path in paths.value:
        if kernel.exists(path):
            found.setdefault(kernel.real(path), _named(kernel.status(path), names).document())
    return Fact(", ".join(paths.value) or paths.path, list(found.values()))


def _named(status: Fact, names: Accounts) -> Fact:
    if not status.known:
        return status
    uid, gid, mode = status.value["uid"], status.value["gid"], status.value["mode"]
    owner, group = names.users.get(uid, str(uid)), names.groups.get(gid, str(gid))
    # The number decides: another name may have it too.
    owner, group = "root" if uid == 0 else owner, "root" if gid == 0 else group
    return Fact(status.path, {"owner": owner, "group": group, "mode": mode}, f"{owner}:{group} {mode}")


def _units(kernel: Kernel, name: str) -> Fact:
    """The unit and what is laid over it: both decide what is started."""
    paths = []
    for folder in UNIT_FOLDERS:
        paths.append(f"{folder}/{name}")
        drops = kernel.names(f"{folder}/{name}.d").value or []
        paths += [f"{folder}/{name}.d/{entry}" for entry in drops if entry.endswith(".conf")]
    return Fact(name, paths)


def _tree(kernel: Kernel, folder: str, depth: int = DEPTH) -> Fact:
    """The files below a folder, not the folders."""
    listed = kernel.names(folder)
    if not listed.known:
        return Fact(folder, []) if listed.error.startswith("ENOENT") else listed
    files: list[str] = []
    for name in listed.value:
        below = _tree(kernel, f"{folder}/{name}", depth - 1) if depth else Fact(folder, [])
        # What is no folder is a file.
        files += below.value if below.known else [f"{folder}/{name}"]
    return Fact(folder, files)


def _configured(daemon: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The engine's configuration, the command line over the file; None when either could not be read."""
    command, file = as_mapping(daemon.get("command")), as_mapping(daemon.get("file"))
    if command.get("value") is None:
        return None
    if file.get("value") is None and not str(file.get("error")).startswith("ENOENT"):
        return None
    return {**as_mapping(file.get("value")), **as_mapping(command.get("value"))}


def _tls(daemon: Mapping[str, Any], key: str) -> Fact:
    values = _configured(daemon)
    if values is None:
        return Fact(key, error=NOT_KNOWN)
    used = values.get("tls") is True or values.get("tlsverify") is True
    path = values.get(key) or (f"{TLS_FOLDER}/{TLS_DEFAULTS[key]}" if used else "")
    return Fact(key, [str(path)] if path else [])


def _sockets(daemon: Mapping[str, Any]) -> Fact:
    """The unix sockets of the engine that have a place in the file system."""
    listeners = as_mapping(daemon.get("listeners"))
    if listeners.get("value") is None:
        return Fact(str(listeners.get("path")), error=str(listeners.get("error") or NOT_KNOWN))
    entries = [as_mapping(entry) for entry in as_list(listeners["value"])]
    paths = [str(entry.get("address")) for entry in entries if entry.get("kind") == "unix"]
    return Fact(str(listeners.get("path")), [path for path in paths if path.startswith("/") and not _internal(path)])


def _internal(path: str) -> bool:
    """The engine's own sockets to its plugins and its network driver take no orders for containers."""
    return "/libnetwork/" in path or "/plugins/" in path or path.endswith("/metrics.sock")


def _own_containerd(daemon: Mapping[str, Any]) -> str:
    """Of an engine that starts containerd itself."""
    values = _configured(daemon) or {}
    return f"{values.get('exec-root') or '/run/docker'}/containerd/containerd.sock"
