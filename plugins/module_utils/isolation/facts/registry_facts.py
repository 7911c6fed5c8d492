# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which registries the host trusts, and how, and for which it keeps a password. No password is ever recorded."""

from __future__ import annotations

import json
import re
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact, as_mapping
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.audit_facts import PROGRAM_FOLDERS
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.daemon_flags import without_user

CERTIFICATES = "/etc/docker/certs.d"
REGISTRIES, REGISTRIES_FOLDER = "/etc/containers/registries.conf", "/etc/containers/registries.conf.d"
POLICY = "/etc/containers/policy.json"
LOGINS = ("/root/.docker/config.json", "/root/.config/containers/auth.json", "/run/containers/0/auth.json")
# Also quoted, and inside of a table on one line; not in a comment.
_INSECURE = re.compile(r"^(?:[^#]*[\s,{])?[\"']?insecure[\"']?\s*=\s*true\b", re.IGNORECASE)
_LOCATION = re.compile(r"^\s*(?:location|prefix)\s*=\s*[\"']([^\"']+)")
# The old form: a table of its own with a list.
_OLD = re.compile(r"\[registries\.insecure\]\s+registries\s*=\s*\[([^\]]*)\]")


def read_registries(kernel: Kernel) -> dict[str, Any]:
    return {
        "certificates": read_certificates(kernel).document(),
        "containers_conf": read_containers_conf(kernel).document(),
        "signature_policy": read_signature_policy(kernel).document(),
        "podman": any(kernel.exists(f"{folder}/podman") for folder in PROGRAM_FOLDERS),
        "logins": [read_login(kernel, path).document() for path in LOGINS],
    }


def read_certificates(kernel: Kernel) -> Fact:
    """{registry: names of its CA files}."""
    folders = kernel.names(CERTIFICATES)
    if not folders.known:
        return Fact(CERTIFICATES, {}) if folders.error.startswith("ENOENT") else folders
    table = {}
    for name in folders.value:
        files = kernel.names(f"{CERTIFICATES}/{name}")
        if files.error and not files.error.startswith("ENOTDIR"):
            return files
        table[name] = [one for one in files.value or [] if one.endswith(".crt")]
    return Fact(CERTIFICATES, table)


def read_containers_conf(kernel: Kernel) -> Fact:
    """Registries that podman, skopeo and buildah reach without a check of the certificate."""
    more = kernel.names(REGISTRIES_FOLDER)
    if more.error and not more.error.startswith("ENOENT"):
        return more
    paths = [REGISTRIES, *(f"{REGISTRIES_FOLDER}/{name}" for name in more.value or [] if name.endswith(".conf"))]
    facts = [fact for fact in map(kernel.read, paths) if not fact.error.startswith("ENOENT")]
    unread = [fact for fact in facts if not fact.known]
    if unread:
        return unread[0]
    if not facts:
        return Fact(REGISTRIES, error="ENOENT No such file or directory")
    insecure = [name for fact in facts for name in insecure_in(str(fact.value))]
    return Fact(", ".join(fact.path for fact in facts), sorted(set(insecure)))


def insecure_in(text: str) -> list[str]:
    """Line by line: what is needed of TOML here is one key in a table, and its neighbour's name."""
    found, location, insecure = [], "", False
    for line in [*text.splitlines(), "["]:
        if line.lstrip().startswith("["):
            found += [location or "a registry without a location"] if insecure else []
            location, insecure = "", False
        match = _LOCATION.match(line)
        location = without_user(match[1]) if match and not location else location
        insecure = insecure or bool(_INSECURE.match(line))
    for match in _OLD.finditer(text):
        found += [name.strip(" \t\r\n'\"") for name in match[1].split(",") if name.strip()]
    return found


def read_signature_policy(kernel: Kernel) -> Fact:
    """The types of the default rules."""
    fact = kernel.read(POLICY)
    if not fact.known:
        return fact
    try:
        rules = as_mapping(json.loads(str(fact.value))).get("default")
    except (ValueError, RecursionError) as error:
        return Fact(POLICY, error=f"EINVAL not JSON: {error}")
    if not isinstance(rules, list) or not rules:
        return Fact(POLICY, error="EINVAL has no default rules")
    return Fact(POLICY, [str(as_mapping(rule).get("type")) for rule in rules])


def read_login(kernel: Kernel, path: str) -> Fact:
    """The registries whose password stands in this file, and the file's mode."""
    fact, status = kernel.read(path), kernel.status(path)
    if not fact.known:
        return fact
    try:
        auths = as_mapping(as_mapping(json.loads(str(fact.value))).get("auths"))
    except (ValueError, RecursionError) as error:
        return Fact(path, error=f"EINVAL not JSON: {error.__class__.__name__}")
    inline = [
        without_user(str(name))
        for name, one in auths.items()
        if as_mapping(one).get("auth") or as_mapping(one).get("password") or as_mapping(one).get("identitytoken")
    ]
    mode = as_mapping(status.value).get("mode")
    return Fact(path, {"registries": sorted(inline), "mode": mode}, f"{len(inline)} passwords, mode {mode}")
