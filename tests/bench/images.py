# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds and pushes: Bulkhead, a loop of community.docker, and the engine's own client, in one run."""

from __future__ import annotations

import os
import random
from pathlib import Path
from statistics import median
from typing import Any

from ansible_collections.bulkhead.classroom.tests.bench.runs import Runs, output
from ansible_collections.bulkhead.classroom.tests.integration.support.daemons import Engine, Registry

ROUNDS = 5
MANY = 20
REAL_ROUNDS = 4
# Files of a context, and the bytes of each.
SMALL, USUAL, LARGE = (10, 100_000), (200, 100_000), (600, 1_500_000)
# Enough work for the builder that the copying is not all there is.
STEPS = "".join(f"RUN sha256sum /srv/* > /tmp/sums{number}\n" for number in range(3))


class Images:
    def __init__(self, runs: Runs, engine: Engine, registry: Registry, folder: Path, base: str) -> None:
        self.runs, self.registry, self.folder, self.base = runs, registry, folder, base
        self.client = ["env", "DOCKER_BUILDKIT=0", "docker", f"--config={folder}/client", f"--host={engine.url}"]

    def context(self, name: str, size: tuple[int, int], steps: str = "") -> dict[str, str]:
        """A new context with content of its own, as the entry of a task."""
        path, files = self.folder / name, random.Random(name)
        path.mkdir()
        for number in range(size[0]):
            (path / f"file{number}").write_bytes(files.randbytes(size[1]))
        (path / "Dockerfile").write_text(f"FROM {self.base}\nCOPY . /srv/\n{steps}")
        return {"name": f"bench/{name}:1", "path": str(path)}

    def push_of(self, build: dict[str, str]) -> dict[str, str]:
        return {"name": build["name"], "repository": f"{self.registry.host}/{build['name']}"}

    def build_by_client(self, build: dict[str, str]) -> float:
        return output([*self.client, "build", "--quiet", "--tag", build["name"], build["path"]])[0]

    def push_by_client(self, push: dict[str, str]) -> float:
        output([*self.client, "tag", push["name"], push["repository"]])
        return output([*self.client, "push", "--quiet", push["repository"]])[0]

    def unchanged(self, builds: list[dict[str, str]], rounds: int = ROUNDS) -> dict[str, dict[str, float]]:
        """Seconds of builds and pushes with nothing to do."""
        pushes = [self.push_of(build) for build in builds]
        self.runs.play("build", True, builds=builds)
        self.runs.play("push", True, pushes=pushes)
        kept = {"builds": builds, "pushes": pushes}
        found: dict[str, dict[str, float]] = {}
        for verb in ("build", "push"):
            ours = [self.runs.play(verb, False, **kept) for _number in range(rounds)]
            # The peer's first build does not find in the cache what ours built (other owners in the archive's headers).
            self.runs.play(f"{verb}_peer", None, **kept)
            peer = [self.runs.play(f"{verb}_peer", False, **kept) for _number in range(rounds)]
            # Ours again, so that the last word about the names is the one that is asked for next.
            self.runs.play(verb, None, **kept)
            found[verb] = {"bulkhead": median(ours), "loop": median(peer)}
        return found

    def real(self, empty: float) -> dict[str, dict[str, float]]:
        """Seconds of builds and pushes with everything to do; what Ansible itself needs (`empty`) is taken off."""
        times: dict[str, dict[str, list[float]]] = {"build": {}, "push": {}}
        for number in range(REAL_ROUNDS):
            builds = {who: self.context(f"{who}-{number}", LARGE, STEPS) for who in ("bulkhead", "client")}
            # Else whoever comes first shares the disk with the writing of the files.
            os.sync()
            for who in sorted(builds, reverse=bool(number % 2)):
                found = self._by_task(builds[who], empty) if who == "bulkhead" else self._by_client(builds[who])
                for verb, seconds in zip(times, found):
                    times[verb].setdefault(who, []).append(seconds)
        return {verb: {who: median(found) for who, found in one.items()} for verb, one in times.items()}

    def _by_task(self, build: dict[str, str], empty: float) -> tuple[float, float]:
        built = self.runs.play("build", True, builds=[build]) - empty
        return built, self.runs.play("push", True, pushes=[self.push_of(build)]) - empty

    def _by_client(self, build: dict[str, str]) -> tuple[float, float]:
        return self.build_by_client(build), self.push_by_client(self.push_of(build))

    def measure(self) -> dict[str, Any]:
        empty = median(self.runs.play("empty") for _number in range(ROUNDS))
        print(f"  an empty play: {empty:.2f} s", flush=True)
        one = self.unchanged([self.context("one", USUAL)])
        print(f"  one image, unchanged: {one}", flush=True)
        many = self.unchanged([self.context(f"many-{number}", SMALL) for number in range(MANY)], rounds=3)
        return {"empty": empty, "unchanged": {"1": one, str(MANY): many}, "real": self.real(empty)}
