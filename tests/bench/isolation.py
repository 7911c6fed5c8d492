# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures facts and verdict of isolation on fleets of a private engine of this host. Needs root."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

import docker
from ansible_collections.bulkhead.classroom.tests.bench import isolation_figures
from ansible_collections.bulkhead.classroom.tests.bench.docker_bench import DockerBench
from ansible_collections.bulkhead.classroom.tests.bench.page import page_figures
from ansible_collections.bulkhead.classroom.tests.bench.runs import COLLECTIONS, BenchError, Runs, timed
from ansible_collections.bulkhead.classroom.tests.integration.support.daemons import Engine
from ansible_collections.bulkhead.classroom.tests.integration.support.rootfs import write_rootfs

SIZES = (10, 100, 500)
# Small fleets are noisy.
ROUNDS = {10: 9, 100: 7, 500: 5}
PLAYS = 3
COMPARED = 100
THREADS = 8
IMAGE = "bench/base:1"
HERE = Path(__file__).parent
PROGRAMS = {"bulkhead": HERE / "isolation_ours.py", "floor": HERE / "isolation_floor.py"}


class Fleet:
    """Sleeping containers with limits, in a network of their own: that of the engine has room for 250."""

    def __init__(self, url: str) -> None:
        self._client = docker.APIClient(base_url=url, version="auto", timeout=300, num_pools=THREADS)
        # Named as the tests' bridges are, so that what a killed run left is found.
        options = {"com.docker.network.bridge.name": f"bht{os.getpid()}n"}
        self._network = self._client.create_network("bench", options=options)["Id"]
        self._size = 0

    def grow(self, size: int) -> None:
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(self._one, range(self._size, size)))
        self._size = size

    def _one(self, number: int) -> None:
        host = self._client.create_host_config(mem_limit="32m", pids_limit=32, network_mode="bench")
        made = self._client.create_container(IMAGE, ["sleep", "36000"], name=f"bench-{number}", host_config=host)
        self._client.start(made["Id"])

    def remove(self) -> None:
        """One by one: this engine can deadlock on concurrent removals (moby#46661)."""
        for listed in self._client.containers(all=True):
            self._client.remove_container(listed["Id"], force=True)
        self._client.remove_network(self._network)


def measure(words: list[str], sizes: tuple[int, ...] = SIZES) -> tuple[dict[str, Any], list[str]]:
    """The report, and the same for a terminal. words: the folder of docker-bench-security, or nothing."""
    if os.geteuid() != 0:
        raise BenchError("Isolation is measured on an engine that is started for it: root is needed")
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bht")))
        for name in ("engine", "runs"):
            (folder / name).mkdir()
        other = DockerBench(Path(words[0]), folder) if words else None
        engine = Engine(folder / "engine")
        stack.callback(engine.stop)
        engine.start()
        rootfs = write_rootfs(folder / "rootfs.tar")
        engine.client.import_image_from_file(str(rootfs), repository=IMAGE.partition(":")[0], tag="1")
        fleet = Fleet(engine.url)
        stack.callback(fleet.remove)
        found = _measure(engine, fleet, Runs(folder / "runs", engine.url), folder, other, sizes)
    seconds = found["docker_bench"]["seconds"] if found["docker_bench"] else None
    judged = [*isolation_figures.judge(found["seconds"], seconds), *isolation_figures.judge_page(found["pages"])]
    found["judged"] = [{**one._asdict(), "ok": one.ok} for one in judged]
    found["within_limits"] = all(one.ok for one in judged)
    return found, isolation_figures.table(found, judged)


def _measure(
    engine: Engine, fleet: Fleet, runs: Runs, folder: Path, other: DockerBench | None, sizes: tuple[int, ...]
) -> dict[str, Any]:
    found: dict[str, Any] = {"engine": engine.client.version()["Version"], "docker_bench": None}
    found.update({"seconds": {}, "parts": {}, "pages": {}, "playbook": {"verify": {}}})
    for size in sizes:
        fleet.grow(size)
        seconds, answers = rounds(engine.url, size, folder)
        found["seconds"][str(size)] = seconds
        parts = [one["seconds"] for one in answers]
        found["parts"][str(size)] = {part: median(one[part] for one in parts) for part in parts[0]}
        found["pages"][str(size)] = page_figures(folder / "bulkhead.json")
        found["memory"] = max(one["memory"] for one in answers)
        found["playbook"]["verify"][str(size)] = median(_verify(runs, size, folder) for _number in range(PLAYS))
        print(f"  {size} containers: {json.dumps(seconds)} {json.dumps(found['parts'][str(size)])}", flush=True)
        if other and size == COMPARED:
            found["docker_bench"] = {"version": other.version, "seconds": other.run(engine.url)[0]}
    found["playbook"]["empty"] = median(runs.play("empty") for _number in range(PLAYS))
    return found


def rounds(url: str, size: int, folder: Path) -> tuple[dict[str, float], list[dict[str, Any]]]:
    """Medians of both, who take turns, and what ours said of itself."""
    times: dict[str, list[float]] = {who: [] for who in PROGRAMS}
    answers = []
    for number in range(ROUNDS.get(size, 5)):
        for who in sorted(PROGRAMS, reverse=bool(number % 2)):
            seconds, answer = _one(who, url, size, folder)
            times[who].append(seconds)
            if who == "bulkhead":
                answers.append(answer)
    return {who: median(found) for who, found in times.items()}, answers


def _one(who: str, url: str, size: int, folder: Path) -> tuple[float, dict[str, Any]]:
    command = [sys.executable, str(PROGRAMS[who]), url, str(folder / f"{who}.json")]
    seconds, done = timed(command, {**os.environ, "PYTHONPATH": str(COLLECTIONS)})
    answer = json.loads(done.stdout) if done.returncode == 0 else {}
    if answer.get("containers") != size or answer.get("unread"):
        raise BenchError(f"{who} had to read {size} containers: {(done.stdout + done.stderr)[-2000:]}")
    return seconds, answer


def _verify(runs: Runs, size: int, folder: Path) -> float:
    """Seconds of the playbook. These containers are as people make them, so its verdict is red, and it ends with 2."""
    report = folder / "isolation.json"
    report.unlink(missing_ok=True)
    wanted = {"isolation_audit_docker_host": runs.engine, "isolation_audit_report": str(report)}
    seconds, done = runs.run("bulkhead.classroom.verify", **wanted)
    judged = json.loads(report.read_text())["hosts"]["localhost"]["containers"] if report.exists() else None
    if judged != size or done.returncode not in (0, 2):
        raise BenchError(f"The playbook verify had to judge {size} containers: {(done.stdout + done.stderr)[-3000:]}")
    return seconds
