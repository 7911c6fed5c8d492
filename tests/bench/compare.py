# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bulkhead and docker-bench-security on the same prepared containers of one private engine. Needs root.

    python -m ansible_collections.bulkhead.classroom.tests.bench.compare /folder/of/docker-bench-security

It runs in namespaces of its own: docker-bench-security takes the newest process with dockerd in its command line for
the engine, and must see no other one.

Prints what docs/compare.md is written from: how often the two differ, and a table of each check where they do. The
whole, with the evidence, is in reports/compare.json.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_reading import reading
from ansible_collections.bulkhead.classroom.plugins.module_utils.host import audit
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.gather import gather
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.verdict import verdict
from ansible_collections.bulkhead.classroom.tests.bench import compare_rows, compare_states
from ansible_collections.bulkhead.classroom.tests.bench.docker_bench import DockerBench
from ansible_collections.bulkhead.classroom.tests.bench.runs import ROOT, BenchError, output
from ansible_collections.bulkhead.classroom.tests.integration.support.daemons import Engine
from ansible_collections.bulkhead.classroom.tests.integration.support.rootfs import write_rootfs

REPORT = ROOT / "reports" / "compare.json"
MODULE = "ansible_collections.bulkhead.classroom.tests.bench.compare"
BASE = "compared/base:1"
# The rules that the kernel has loaded: it answers in the first pid namespace only, so they are asked for before.
AUDIT = "BULKHEAD_AUDIT"
APART = ("unshare", "--pid", "--net", "--fork", "--kill-child", "--mount-proc", "--propagation=slave", "sh", "-c")
# A mount has to spread as on the host, or nothing could be shared with it; ports are published at loopback too.
THEN = 'mount --make-rshared / && ip link set lo up && "$@"'
# Every check there is. SELinux is judged where the kernel has it.
POLICY = {"profile": "all", "selinux": "where_present"}


def compare(source: Path) -> dict[str, Any]:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bht")))
        open_to_all = stack.enter_context(tempfile.TemporaryDirectory(prefix="bht"))
        Path(open_to_all).chmod(0o777)
        for name in ("engine", "sources"):
            (folder / name).mkdir()
        other = DockerBench(source, folder)
        engine = Engine(folder / "engine")
        stack.enter_context(compare_states.shared_folder(engine))
        stack.callback(engine.stop)
        engine.start()
        rootfs = write_rootfs(folder / "rootfs.tar")
        engine.client.import_image_from_file(str(rootfs), repository=BASE.partition(":")[0], tag="1")
        names = compare_states.prepare(engine, BASE, folder / "sources", open_to_all)
        # So that the health checks have answered.
        time.sleep(10)
        their_seconds, results = other.run(engine.url)
        our_seconds, judged = _ours(engine)
        versions = _versions(other, engine, source)
    rows = compare_rows.rows(results, judged["findings"], names)
    return {
        "versions": versions,
        "containers": names,
        "seconds": {"docker-bench-security": their_seconds, "bulkhead": our_seconds},
        "counts": compare_rows.counts(rows, results),
        "own_checks": _without_an_id(judged["findings"]),
        "rows": compare_rows.document(rows),
        "table": compare_rows.markdown(rows),
    }


def _ours(engine: Engine) -> tuple[float, dict[str, Any]]:
    begin = time.monotonic()
    facts = gather(reading({"docker_host": engine.url}), Kernel(), {}, engine.url)
    facts["host"]["audit"]["loaded"] = json.loads(os.environ[AUDIT])
    judged = verdict({"here": facts}, POLICY)
    return time.monotonic() - begin, judged


def _versions(other: DockerBench, engine: Engine, source: Path) -> dict[str, str]:
    version = engine.client.version()
    git = ["git", "-C", str(source), "log", "-1", "--format=%h of %cs"]
    commit = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()
    client = ["docker", f"--host={engine.url}", "version", "--format", "{{.Client.Version}}"]
    return {
        "docker-bench-security": f"{other.version} {commit}".strip(),
        "engine": str(version["Version"]),
        "client": output(client)[1].strip(),
        "kernel": str(version["KernelVersion"]),
    }


def _without_an_id(findings: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Checks that no version of the benchmark has, with those that they object to."""
    found: dict[str, list[str]] = {}
    for one in findings:
        if not any(source.startswith("CIS") for source in one["references"]):
            red = found.setdefault(one["check"], [])
            if one["status"] in compare_rows.RED:
                red.append(str(one["container"] or one["subject"]))
    return found


def main(words: list[str]) -> int:
    if os.geteuid() != 0 or len(words) != 1:
        print(f"As root, with the folder of docker-bench-security.\n{__doc__}", file=sys.stderr)
        return 1
    if AUDIT not in os.environ:
        os.environ[AUDIT] = json.dumps(audit.ask(Kernel()).document())
        os.execvp(APART[0], [*APART, THEN, "sh", sys.executable, "-m", MODULE, *words])
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    try:
        found = compare(Path(words[0]).resolve())
    except BenchError as error:
        print(error, file=sys.stderr)
        return 1
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(found, indent=2) + "\n")
    print(*found["table"], "", json.dumps(found["counts"], indent=2), json.dumps(found["seconds"]), sep="\n")
    print(f"versions: {json.dumps(found['versions'])}", f"report: {REPORT}", sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
