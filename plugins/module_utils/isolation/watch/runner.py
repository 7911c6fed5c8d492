# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verification of one host without Ansible: a timer starts it, the journal gets what is different since.

Lines begin with the journal's priorities. It ends with 0 when all is well, 1 when something is red, and 2 when it could
not do its work, so that the unit fails and nobody takes an old report for a new one.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_reading import reading
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_socket import DEFAULT_HOST, PREFIX
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import as_list, as_mapping, printable
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.access import require_access
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.gather import gather
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.values import PolicyError
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.files import write
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.history import (
    KEPT,
    drift,
    key,
    remembered,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.report import report_lines
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.verdict import red, verdict

GREEN, RED, BROKEN = 0, 1, 2
# Of syslog: err and info.
BAD, FINE = "<3>", "<6>"
REPORT, HISTORY = "report.json", "history.json"


class WatchError(ValueError):
    """Settings or a folder that cannot be used."""


def main(words: list[str]) -> int:
    """words: the file with the settings, which the role isolation_audit writes."""
    try:
        settings = load(words)
        folder = Path(str(settings.get("folder") or ""))
        before = history_of(folder)
        judged = judge(settings, datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"))
        write(folder / REPORT, json.dumps(judged, indent=1) + "\n")
        lines = list(journal(before, judged))
        write(folder / HISTORY, json.dumps(remembered(before, judged, int(settings.get("keep") or KEPT))) + "\n")
    except (WatchError, PolicyError, OSError) as error:
        sys.stdout.write(f"{BAD}{printable(str(error))}\n")
        return BROKEN
    sys.stdout.write("\n".join(lines) + "\n")
    return GREEN if judged["summary"]["ok"] else RED


def load(words: list[str]) -> Mapping[str, Any]:
    if len(words) != 1:
        raise WatchError("Name the file with the settings, and nothing else.")
    try:
        settings = json.loads(Path(words[0]).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WatchError(f"Cannot read the settings {words[0]}: {error}") from error
    if not isinstance(settings, dict) or not Path(str(settings.get("folder") or "")).is_absolute():
        raise WatchError(f"The settings {words[0]} lack folder, an absolute path for the reports.")
    return settings


def judge(settings: Mapping[str, Any], now: str) -> dict[str, Any]:
    host = str(settings.get("host") or os.uname().nodename)
    return verdict({host: document(settings)}, _policy(settings, host), as_list(settings.get("waivers")), now)


def document(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The facts. Without them the reason, which the verdict makes red."""
    docker_host = str(settings.get("docker_host") or DEFAULT_HOST)
    if not docker_host.startswith(PREFIX):
        raise WatchError(f"docker_host is {docker_host}, and only a socket of this host is watched: unix:///...")
    engine, kernel = reading({"docker_host": docker_host}), Kernel()
    labels = as_mapping(settings.get("labels"))
    try:
        engine.version()
        require_access(engine, kernel, docker_host)
        return gather(engine, kernel, {str(name): str(value or "") for name, value in labels.items()}, docker_host)
    except EngineError as error:
        return {"error": str(error)}


def _policy(settings: Mapping[str, Any], host: str) -> dict[str, Any]:
    """What is expected on another host is not missing on this one."""
    policy = dict(as_mapping(settings.get("policy")))
    if isinstance(policy.get("expected"), list):
        policy["expected"] = [one for one in policy["expected"] if as_mapping(one).get("host") in (None, host)]
    return policy


def history_of(folder: Path) -> str:
    """Without one, or with one that cannot be read, it begins with this run."""
    try:
        return (folder / HISTORY).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""


def journal(history: str, judged: Mapping[str, Any]) -> Iterator[str]:
    """One line in all, one for each finding that is new, changed, fixed or gone; at first, each that is red."""
    yield f"{FINE if judged['summary']['ok'] else BAD}{report_lines(judged)[-1]}"
    since = drift(history, judged)
    found = {key(finding): finding["observed"] for finding in judged["findings"] if red(finding)}
    if not since["since"]:
        since["new"] = list(found)
    for kind in ("new", "changed"):
        yield from (f"{BAD}{kind.upper():8} {one}: {found[one]}" for one in since[kind])
    for kind in ("fixed", "gone"):
        yield from (f"{FINE}{kind.upper():8} {printable(one)}" for one in since[kind])


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
