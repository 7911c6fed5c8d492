# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures the modules on a private engine and registry of this host. Needs root."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_containers import ContainerEngine
from ansible_collections.bulkhead.classroom.tests.bench import fleet, modules_figures
from ansible_collections.bulkhead.classroom.tests.bench.images import Images
from ansible_collections.bulkhead.classroom.tests.bench.runs import BenchError, Runs
from ansible_collections.bulkhead.classroom.tests.integration.support.daemons import Engine, Registry
from ansible_collections.bulkhead.classroom.tests.integration.support.rootfs import write_rootfs

BASE = "bench/base:1"


def measure() -> tuple[dict[str, Any], list[str]]:
    """The report, and the same for a terminal."""
    if os.geteuid() != 0:
        raise BenchError("The modules are measured on an engine that is started for it: root is needed")
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bht")))
        for name in ("engine", "registry", "runs", "images"):
            (folder / name).mkdir()
        engine, registry = Engine(folder / "engine"), Registry(folder / "registry", open=True)
        stack.callback(engine.stop)
        engine.start()
        stack.callback(registry.stop)
        registry.start()
        rootfs = write_rootfs(folder / "rootfs.tar")
        engine.client.import_image_from_file(str(rootfs), repository=BASE.partition(":")[0], tag="1")
        runs = Runs(folder / "runs", engine.url)
        return _measure(runs, engine, registry, folder)


def _measure(runs: Runs, engine: Engine, registry: Registry, folder: Path) -> tuple[dict[str, Any], list[str]]:
    images = Images(runs, engine, registry, folder / "images", BASE).measure()
    containers = fleet.measure(runs, engine, BASE)
    together = ContainerEngine(engine.client).safe_teardown()
    judged = modules_figures.fleet(containers["seconds"], containers["memory"], together)
    judged += modules_figures.images(images)
    report = {
        "engine": engine.client.version()["Version"],
        "fleet": containers,
        "images": images,
        "judged": [{**one._asdict(), "ok": one.ok} for one in judged],
        "within_limits": all(one.ok for one in judged),
    }
    return report, modules_figures.table(containers["seconds"], images, judged)
