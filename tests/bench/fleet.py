# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleets of several sizes: Bulkhead, a loop of community.docker, and the docker SDK as the floor, in one run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from ansible_collections.bulkhead.classroom.tests.bench.runs import COLLECTIONS, BenchError, Runs, output
from ansible_collections.bulkhead.classroom.tests.integration.support.daemons import Engine

SIZES = (1, 10, 50, 100, 200)
VERBS = ("start", "unchanged", "remove")
# Small fleets are noisy, big ones take long.
ROUNDS = {1: 5, 10: 3}
STATES = {"start": "started", "unchanged": "started", "remove": "absent"}
RUNNER = Path(__file__).parents[1] / "integration" / "support" / "run_module.py"


def measure(runs: Runs, engine: Engine, image: str, sizes: tuple[int, ...] = SIZES) -> dict[str, Any]:
    """Seconds by size, verb and contestant, and the peak memory of the module (bytes) with the largest fleet."""
    seconds = {}
    for size in sizes:
        names = [f"bench-{number}" for number in range(size)]
        rounds = [_one_round(runs, engine, image, names) for _number in range(ROUNDS.get(size, 1))]
        seconds[str(size)] = {
            verb: {who: median(one[verb][who] for one in rounds) for who in rounds[0][verb]} for verb in VERBS
        }
        print(f"  fleet of {size}: {json.dumps(seconds[str(size)])}", flush=True)
    return {"seconds": seconds, "memory": _memory(engine, image, max(sizes))}


def _one_round(runs: Runs, engine: Engine, image: str, names: list[str]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {verb: {} for verb in VERBS}
    for who, playbook in (("bulkhead", "fleet"), ("loop", "fleet_peer")):
        for verb in VERBS:
            changes = verb != "unchanged"
            found[verb][who] = runs.play(playbook, changes, names=names, image=image, state=STATES[verb])
        _settle(engine)
    for verb in VERBS:
        program = [sys.executable, str(Path(__file__).with_name("floor.py")), engine.url, verb, image, *names]
        found[verb]["floor"] = float(output(program)[1])
    _settle(engine)
    return found


def _settle(engine: Engine) -> None:
    left = engine.client.containers(all=True)
    if left:
        raise BenchError(f"{len(left)} containers are left after a removal")


def _memory(engine: Engine, image: str, size: int) -> dict[str, int]:
    """Peak resident memory of the module's process, as the kernel counted it."""
    names = [f"bench-{number}" for number in range(size)]
    return {verb: _peak(engine, image, names, STATES[verb]) for verb in VERBS}


def _peak(engine: Engine, image: str, names: list[str], state: str) -> int:
    shared = {"image": image, "command": ["sleep", "3600"], "memory": "32m", "pids_limit": 32}
    arguments = {"name": "bench", "state": state, "docker_host": engine.url, "defaults": shared}
    arguments["containers"] = [{"name": name} for name in names]
    environment = {**os.environ, "PYTHONPATH": str(COLLECTIONS)}
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as peak:
        ran = subprocess.run(
            [sys.executable, str(RUNNER), "container_fleet", peak.name],
            input=json.dumps(arguments),
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )
        if ran.returncode:
            raise BenchError(f"container_fleet failed: {ran.stdout[-2000:]}{ran.stderr[-2000:]}")
        return int(peak.read()) * 1024
