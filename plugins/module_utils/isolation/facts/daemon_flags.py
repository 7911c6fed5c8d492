# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dockerd's command line and daemon.json in one form: the keys of daemon.json. Pure.

Only keys that a check needs keep their value. Tokens of log drivers, passwords in addresses and whatever else stands in
a configuration stay on the host.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

CONFIG_FILE = "/etc/docker/daemon.json"
HIDDEN = "(not shown)"
_SWITCHES = (
    *("debug", "experimental", "icc", "ip-forward", "ip-masq", "ip6tables", "iptables", "ipv6", "live-restore"),
    *("no-new-privileges", "selinux-enabled", "tls", "tlsverify", "userland-proxy", "raw-logs", "validate"),
    *("rootless", "version", "help", "init", "allow-direct-routing"),
)
_TEXTS = (
    *("bridge", "cgroup-parent", "config-file", "data-root", "default-cgroupns-mode", "default-runtime", "exec-root"),
    *("group", "log-driver", "log-level", "metrics-addr", "seccomp-profile", "storage-driver", "tlscacert", "tlscert"),
    *("tlskey", "userns-remap"),
)
# Flags that may be given again: the name in daemon.json differs.
_LISTS = {
    "authorization-plugin": "authorization-plugins",
    "exec-opt": "exec-opts",
    "host": "hosts",
    "insecure-registry": "insecure-registries",
    "registry-mirror": "registry-mirrors",
    "storage-opt": "storage-opts",
}
_TABLES = {"default-ulimit": "default-ulimits", "log-opt": "log-opts"}
_SHORT = {"D": "debug", "G": "group", "H": "host", "b": "bridge", "g": "data-root", "l": "log-level"}
_SHORT.update({"s": "storage-driver", "v": "version", "h": "help"})
_SHOWN = frozenset((*_SWITCHES, *_TEXTS, *_LISTS.values(), *_TABLES.values()))
_SHOWN_LOG_OPTIONS = ("max-size", "max-file", "compress", "mode")
_WORD = re.compile(r"\S+")


def from_command(words: list[str]) -> dict[str, Any]:
    """The flags of a command line as keys of daemon.json. A flag that is not known here is left out."""
    found: dict[str, Any] = {}
    rest = list(words)
    while rest:
        name, value = _flag(rest.pop(0))
        if not name:
            continue
        if name in _SWITCHES:
            found[name] = (value or "true").lower() in ("true", "1", "t")
        elif name not in _TEXTS and name not in _LISTS and name not in _TABLES:
            continue
        else:
            _store(found, name, value if value is not None else (rest.pop(0) if rest else ""))
    return shown(found)


def _flag(word: str) -> tuple[str, str | None]:
    """--name=value, --name value, -Hvalue, -H=value, -H value."""
    if word.startswith("--"):
        name, equals, value = word[2:].partition("=")
        return name, value if equals else None
    if word.startswith("-") and word[1:2] in _SHORT:
        value = word[2:]
        return _SHORT[word[1]], value[1:] if value.startswith("=") else value or None
    return "", None


def _store(found: dict[str, Any], name: str, value: str) -> None:
    if name in _LISTS:
        found.setdefault(_LISTS[name], []).append(value)
    elif name in _TABLES:
        key, _equals, entry = value.partition("=")
        found.setdefault(_TABLES[name], {})[key] = entry
    else:
        found[name] = value


def from_file(text: str) -> dict[str, Any]:
    """The keys of daemon.json. Raises ValueError, with the place, for what the engine would refuse too."""
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return shown(value)


def shown(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same keys; values only where a check needs them, and no user or password in an address."""
    kept = {str(key): _clean(value) if key in _SHOWN else HIDDEN for key, value in values.items()}
    options = kept.get("log-opts", {})
    if isinstance(options, dict):
        options = {key: value if key in _SHOWN_LOG_OPTIONS else HIDDEN for key, value in options.items()}
    if "log-opts" in kept:
        # In any other form the engine refuses them, and a token stands in them all the same.
        kept["log-opts"] = options if isinstance(options, dict) else HIDDEN
    return kept


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return without_user(value)
    if isinstance(value, list):
        return [_clean(entry) for entry in value]
    if isinstance(value, dict):
        return {str(key): _clean(entry) for key, entry in value.items()}
    return value


def without_user(address: str) -> str:
    """No user and no password in any address, whatever characters they have."""
    return _WORD.sub(lambda match: _without_login(match[0]), address)


def _without_login(word: str) -> str:
    """Up to the last @: a password may have a slash or an @ of its own. A path (unix:///run/a@b) has no login."""
    scheme, slashes, rest = word.partition("//")
    rest = rest if slashes else word
    login, at, host = rest.rpartition("@")
    if not at or rest.startswith("/") or not (slashes or ":" in login):
        return word
    return f"{scheme if slashes else ''}{slashes}***@{host}"
