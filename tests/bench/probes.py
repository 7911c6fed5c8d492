# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures what the probes of a twin cost beyond the twin itself, on a private engine of this host. Needs root."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_images import Images
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_probes import ProbeEngine
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes import chosen, image, run, session
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.probe import LIMITED
from ansible_collections.bulkhead.classroom.tests.bench.modules_figures import Judged
from ansible_collections.bulkhead.classroom.tests.bench.runs import BenchError
from ansible_collections.bulkhead.classroom.tests.integration.support.daemons import Engine
from ansible_collections.bulkhead.classroom.tests.integration.support.rootfs import write_rootfs

ROUNDS = 7
IMAGE = "bench/base:1"
# Seconds beyond the bare create, start, exec and remove.
LIMIT = 1.0
FEWEST = 24
HOST = {
    "network_mode": "none",
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "mem_limit": "64m",
    "memswap_limit": "64m",
    "nano_cpus": 500_000_000,
    "pids_limit": 64,
}


def measure(words: list[str]) -> tuple[dict[str, Any], list[str]]:
    """The report, and the same for a terminal."""
    if os.geteuid() != 0:
        raise BenchError("Probes are measured on an engine that is started for it: root is needed")
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bht")))
        (folder / "engine").mkdir()
        engine = Engine(folder / "engine")
        stack.callback(engine.stop)
        engine.start()
        rootfs = write_rootfs(folder / "rootfs.tar")
        engine.client.import_image_from_file(str(rootfs), repository=IMAGE.partition(":")[0], tag="1")
        found = _measure(engine.client)
    judged = Judged(f"{found['probes']} probes: seconds beyond the bare twin", found["beyond"], LIMIT, False)
    found["judged"] = [{**judged._asdict(), "ok": judged.ok}]
    found["within_limits"] = judged.ok
    lines = [f"{name:<44}{seconds:>6.2f} s" for name, seconds in found["seconds"].items()]
    return found, [
        *lines,
        f"{'ok      ' if judged.ok else 'MISSED  '}{judged.what} {judged.value:.2f} (at most {LIMIT:g})",
    ]


def _measure(client: Any) -> dict[str, Any]:
    host = client.create_host_config(**HOST)
    body = {"Image": IMAGE, "Cmd": ["sleep", "36000"], "HostConfig": host, "User": "1000:1000"}
    original = client.create_container_from_config(body)["Id"]
    client.start(original)
    engine, begin = ProbeEngine(client), time.monotonic()
    packed = image.pack()
    name = session.provide(Images(client), engine, packed)
    seconds = {"the image, once": time.monotonic() - begin}
    runner = run.Runner(engine, Kernel(), name, packed, "0" * 12)
    everything = chosen.probes(None, False)
    light = [one for one in everything if one not in LIMITED]

    def bare() -> None:
        twin = engine.create("bench-twin", body).id
        engine.start(twin, "bench-twin")
        engine.execute(twin, "bench-twin", ["true"])
        engine.remove(twin, "bench-twin")

    def probed(names: list[str]) -> None:
        record = runner.probe(client.inspect_container(original), names, {})
        if set(names) - set(record.get("answers", {})):
            raise BenchError(f"A probe did not answer: {record}")

    ways: dict[str, Callable[[], None]] = {
        "create, start, exec and remove": bare,
        f"a twin with {len(light)} probes": lambda: probed(light),
        f"a twin with all {len(everything)}, limits too": lambda: probed(everything),
    }
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _number in range(ROUNDS):
        for way, call in ways.items():
            begin = time.monotonic()
            call()
            times[way].append(time.monotonic() - begin)
    seconds.update({way: median(found) for way, found in times.items()})
    floor, tried, _all = (median(found) for found in times.values())
    if len(light) < FEWEST:
        raise BenchError(f"{len(light)} probes are fewer than {FEWEST}")
    return {"seconds": seconds, "probes": len(light), "beyond": tried - floor}
