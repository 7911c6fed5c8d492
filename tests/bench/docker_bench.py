# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs docker-bench-security on an engine and reads its results. It is not part of this project: who wants to be
compared with it brings a copy.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any, NamedTuple

from ansible_collections.bulkhead.classroom.tests.bench.runs import BenchError

SCRIPT = "docker-bench-security.sh"
HOW = (
    "Clone https://github.com/docker/docker-bench-security and name the folder: "
    "make bench-isolation DOCKER_BENCH=/folder"
)
# 500 containers take ten minutes.
LIMIT = 1800


class Result(NamedTuple):
    """What it says of one check: PASS, WARN, INFO or NOTE; the containers or images that it names."""

    title: str
    verdict: str
    details: str
    items: tuple[str, ...]


class DockerBench:
    def __init__(self, source: Path, folder: Path) -> None:
        """folder: for a copy, because it writes beside itself."""
        if not (source / SCRIPT).is_file():
            raise BenchError(f"{source} has no {SCRIPT}. {HOW}")
        self._copy, self._log = folder / "docker-bench-security", folder / "docker-bench-security.log"
        shutil.copytree(source, self._copy, ignore=shutil.ignore_patterns(".git", "log"))
        said = re.search(r"^version='([^']+)'", (self._copy / SCRIPT).read_text(), re.MULTILINE)
        self.version = said[1] if said else "unknown"

    def run(self, url: str) -> tuple[float, dict[str, Result]]:
        """Seconds and results of all checks on an engine."""
        command = ["bash", SCRIPT, "-b", "-l", str(self._log)]
        begin = time.monotonic()
        # A session of its own: what it started ends with it.
        process = subprocess.Popen(
            command,
            cwd=self._copy,
            env={**os.environ, "DOCKER_HOST": url},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            said, _nothing = process.communicate(timeout=LIMIT)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if isinstance(error, subprocess.TimeoutExpired):
                raise BenchError(f"docker-bench-security took more than {LIMIT} s") from error
            raise
        seconds = time.monotonic() - begin
        if process.returncode:
            raise BenchError(f"docker-bench-security ended with {process.returncode}: {said[-2000:]}")
        return seconds, results(Path(f"{self._log}.json").read_text())


def results(text: str) -> dict[str, Result]:
    """By id of the benchmark (1.6.0)."""
    try:
        document = json.loads(text, strict=False)
    except ValueError as error:
        raise BenchError(f"The results of docker-bench-security are no JSON: {error}") from error
    tests = [one for section in document["tests"] for one in section["results"]]
    return {str(one["id"]): _result(one) for one in tests}


def _result(one: dict[str, Any]) -> Result:
    items = tuple(str(item) for item in one.get("items", []))
    return Result(str(one["desc"]), str(one["result"]), str(one.get("details", "")), items)
