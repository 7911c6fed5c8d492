# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine writes down, and where it goes."""

from __future__ import annotations

from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import as_mapping, formed
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    INFORMATIONAL,
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
    by_setting,
    daemon_check,
    moved,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.daemon_view import declared, info, setting
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Host, Room

ON_THE_HOST = ("json-file", "local", "none")


def decide_central(host: Host, _room: Room) -> Outcome:
    fact = formed(info(host, "LoggingDriver"), str)
    if fact.value == "journald":
        reason = "the journal may be sent on, or not: the engine does not know"
        return Outcome(INFORMATIONAL, "goes to the host's journal", (fact,), reason=reason)
    stays = str(fact.value) in ON_THE_HOST
    said = f"{fact.value}: stays on the host, or is lost" if stays else ""
    return answer(fact, said, f"sent on by {fact.value}", declared(host, "log-driver"))


def decide_rotation(host: Host, _room: Room) -> Outcome:
    driver = formed(info(host, "LoggingDriver"), str)
    if not driver.known:
        return missing([driver])
    if driver.value == "local":
        return Outcome(PASS, "the driver local rotates by itself", (driver,), inspected=declared(host, "log-opts"))
    if driver.value != "json-file":
        return Outcome(NOTAPPLICABLE, "not judged", (driver,), reason=f"{driver.value} writes no files of the engine's")
    options = setting(host, "log-opts", {})
    limit = as_mapping(options.value).get("max-size")
    good = f"files of at most {limit}"
    return answer(options, "" if limit else "files grow without end: no max-size", good, declared(host, "log-opts"))


def _level(value: Any) -> str:
    return "" if value == "info" else f"is {value}"


CHECKS: tuple[Check, ...] = (
    daemon_check(
        id="daemon-log-level",
        title="The engine's log level is info",
        severity="low",
        expected="info",
        remedy='Set "log-level": "info" in daemon.json, or remove the key, and reload the engine.',
        why="With less, what happened cannot be told afterwards; with more, it cannot be found, and may hold secrets.",
        how="Command line and daemon.json as they run.",
        variable=OPTIONS,
        cis=("2.3",),
        decide_host=by_setting("log-level", "info", _level, "info"),
    ),
    daemon_check(
        id="daemon-debug",
        title="The engine does not run in debug mode",
        severity="low",
        expected="off",
        remedy='Remove "debug": true (or --debug) and reload the engine.',
        why="Debug mode opens profiling paths on the socket and writes whole requests, values included, to the log.",
        how="Debug of /info.",
        variable=OPTIONS,
        decide_host=by_info("Debug", False, "on", "off", "debug"),
    ),
    daemon_check(
        id="daemon-log-central",
        title="What containers write is sent to another machine",
        severity="low",
        expected="a log driver that sends",
        remedy="Set log-driver to one that sends (syslog, gelf, fluentd, ...), or collect the files with an agent.",
        why="Who takes over the host can change what is only there.",
        how="LoggingDriver of /info.",
        variable="engine_host_log_driver",
        decide_host=decide_central,
        **moved("2.13", "2.14"),
    ),
    daemon_check(
        id="daemon-log-rotation",
        title="Logs of containers have a size limit",
        severity="medium",
        expected="the driver local, or json-file with max-size",
        remedy='Set "log-driver": "local", or "log-opts" with max-size and max-file; then make the containers anew.',
        why="One container that prints without end otherwise fills the disk of all.",
        how="LoggingDriver of /info, log-opts as they run.",
        variable="engine_host_log_options",
        decide_host=decide_rotation,
    ),
)
