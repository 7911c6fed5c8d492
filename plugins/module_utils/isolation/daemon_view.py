# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine runs with, as the checks ask for it. Pure.

A value comes from the command line, else from daemon.json, else from the engine's default; each of the three is a fact
with its source. A file that was changed after the engine was started proves nothing about what runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    Fact,
    as_mapping,
    fact_from,
    formed,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Host

# The start of a process is known to a second, the boot time too.
TOLERANCE = 2.0


def daemon(host: Host) -> Mapping[str, Any]:
    return as_mapping(host.facts.get("daemon"))


def daemon_fact(host: Host, name: str) -> Fact:
    return fact_from(daemon(host).get(name), f"daemon.{name}")


def daemon_table(host: Host, name: str) -> Fact:
    """A fact whose value must be a table: anything else is a broken document."""
    return formed(daemon_fact(host, name), Mapping)


def file_absent(host: Host) -> bool:
    return daemon_fact(host, "file").error.startswith("ENOENT")


def file_changed_later(host: Host) -> bool:
    age = daemon_fact(host, "file_age")
    return isinstance(age.value, (int, float)) and age.value > TOLERANCE


def setting(host: Host, key: str, default: Any) -> Fact:
    """One key of the running configuration. default: what the engine does when nobody says anything."""
    command, file = daemon_table(host, "command"), daemon_table(host, "file")
    if not command.known:
        return command
    if key in command.value:
        return Fact(command.path, command.value[key], f"{key}={command.value[key]}")
    if file_absent(host):
        return Fact(command.path, default, f"{key} is not set; the engine's default is {default!r}")
    if not file.known:
        return file
    age = daemon_fact(host, "file_age")
    if not isinstance(age.value, (int, float)):
        return Fact(age.path, error=age.error or "recorded in a form that is no number")
    if file_changed_later(host):
        note = f"changed {age.value} s after the engine was started: what it runs with is not known"
        return Fact(file.path, error=note)
    if key in file.value:
        return Fact(file.path, file.value[key], f"{key}: {file.value[key]}")
    return Fact(file.path, default, f"{key} is not set; the engine's default is {default!r}")


def declared(host: Host, key: str) -> str:
    """What the file and the command line say of a key, in words, for the report."""
    for name in ("command", "file"):
        values = as_mapping(daemon_fact(host, name).value)
        if key in values:
            return f"{key}={values[key]}"
    return f"{key} not set"


def info(host: Host, key: str) -> Fact:
    """One value of what the engine says of itself while it runs."""
    whole = daemon_table(host, "info")
    if not whole.known:
        return whole
    value = whole.value.get(key)
    if value is None:
        return Fact(f"/info {key}", error="ENOENT the engine does not say")
    return Fact(f"/info {key}", value, str(value))


def security_option(host: Host, name: str) -> Fact:
    """The engine's security option of that name ('name=seccomp,profile=builtin'), or an empty text without it."""
    options = formed(info(host, "SecurityOptions"), list, tuple)
    if not options.known:
        return options
    texts = [str(option) for option in options.value]
    # Without any option the engine did not answer this at all: seccomp is one on every kernel that can run containers.
    found = next((text for text in texts if text.split(",")[0] == f"name={name}"), "")
    return Fact(options.path, found, ", ".join(texts) or "no security options")


def listeners(host: Host, kind: str) -> Fact:
    """The sockets of a kind that the engine's process listens on; without those that it holds for published ports."""
    fact = formed(daemon_fact(host, "listeners"), list, tuple)
    if not fact.known:
        return fact
    published = daemon(host).get("published")
    if not isinstance(published, (list, tuple)):
        return Fact(fact.path, error="the published ports are not recorded")
    found = [as_mapping(entry) for entry in fact.value]
    if not all(map(_is_listener, found)):
        return Fact(fact.path, error="recorded with an entry that is no socket")
    kept = [one for one in found if one.get("kind") == kind and (kind != "tcp" or one.get("port") not in published)]
    return Fact(fact.path, kept, ", ".join(map(address_text, kept)) or f"no {kind} socket")


def _is_listener(entry: Mapping[str, Any]) -> bool:
    texts = entry.get("kind") in ("tcp", "unix") and isinstance(entry.get("address"), str)
    return texts and isinstance(entry.get("port"), int)


def address_text(listener: Mapping[str, Any]) -> str:
    address, port = str(listener.get("address")), listener.get("port")
    if listener.get("kind") != "tcp":
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
