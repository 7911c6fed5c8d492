# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which audit rules are loaded, which stand in files, and where the things are that should be watched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host import audit
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.audit_rules import watch
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact, as_mapping
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.file_facts import UNIT_FOLDERS

PROGRAM_FOLDERS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
RULE_FILES, RULE_FOLDER = "/etc/audit/audit.rules", "/etc/audit/rules.d"
# Row to where it may be; the first that is there counts. A name without a slash is a program.
WATCHED: dict[str, tuple[str, ...]] = {
    "dockerd": ("dockerd",),
    "containerd-run": ("/run/containerd",),
    "data-root": (),
    "engine-folder": ("/etc/docker",),
    "engine-service": tuple(f"{folder}/docker.service" for folder in UNIT_FOLDERS),
    "containerd-socket": ("/run/containerd/containerd.sock", "/run/docker/containerd/containerd.sock"),
    "engine-socket": tuple(f"{folder}/docker.socket" for folder in UNIT_FOLDERS),
    "engine-defaults": ("/etc/default/docker",),
    "engine-file": (),
    "containerd-file": ("/etc/containerd/config.toml",),
    "engine-sysconfig": ("/etc/sysconfig/docker",),
    "containerd": ("containerd",),
    "shim": ("containerd-shim",),
    "shim-v1": ("containerd-shim-runc-v1",),
    "shim-v2": ("containerd-shim-runc-v2",),
    "runc": ("runc",),
}


def read_audit(kernel: Kernel, daemon: Mapping[str, Any], ask: Callable[[Kernel], Fact] = audit.ask) -> dict[str, Any]:
    return {
        "loaded": ask(kernel).document(),
        "files": read_rule_files(kernel).document(),
        "places": {row: place.document() for row, place in find_places(kernel, daemon).items()},
    }


def find_places(kernel: Kernel, daemon: Mapping[str, Any]) -> dict[str, Fact]:
    """Row to the real path of what should be watched; an empty text when there is none on this host."""
    info = as_mapping(as_mapping(daemon.get("info")).get("value"))
    own = {
        "data-root": str(info.get("DockerRootDir") or "/var/lib/docker"),
        "engine-file": str(as_mapping(daemon.get("file")).get("path") or "/etc/docker/daemon.json"),
    }
    found = {}
    for row, names in WATCHED.items():
        paths = [own[row]] if row in own else [path for name in names for path in _paths(name)]
        there = next((path for path in paths if kernel.exists(path)), "")
        found[row] = Fact(there or ", ".join(names) or own.get(row, ""), kernel.real(there) if there else "")
    return found


def _paths(name: str) -> list[str]:
    return [name] if "/" in name else [f"{folder}/{name}" for folder in PROGRAM_FOLDERS]


def read_rule_files(kernel: Kernel) -> Fact:
    """Watches in the files that the audit service loads at its start, in the form of the loaded ones."""
    folder = kernel.names(RULE_FOLDER)
    if folder.error and not folder.error.startswith("ENOENT"):
        return folder
    paths = [RULE_FILES, *(f"{RULE_FOLDER}/{name}" for name in folder.value or [] if name.endswith(".rules"))]
    facts = [fact for fact in map(kernel.read, paths) if not fact.error.startswith("ENOENT")]
    unread = [fact for fact in facts if not fact.known]
    if unread:
        return unread[0]
    if not facts:
        return Fact(RULE_FILES, error="ENOENT there are no audit rules in files")
    rules = [rule for fact in facts for rule in map(watch, str(fact.value).splitlines()) if rule]
    return Fact(", ".join(fact.path for fact in facts), [list(rule) for rule in rules], f"{len(rules)} watches")
