# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Measures site.yml on the test classroom: from nothing with a cached image, and again with nothing to do.

Both are multiples of one boot, measured in the cold run itself: from the line that says that libvirt started the slower
machine to the line that says that it answered over ssh, one round trip of Ansible included. Words that are given go to
every run of Ansible. KEEP=1 leaves the machines.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from ansible_collections.bulkhead.classroom.tests.bench.classroom_figures import (
    Line,
    boots,
    built_an_image,
    changes,
    report,
    table,
)
from ansible_collections.bulkhead.classroom.tests.bench.runs import ROOT, BenchError

REPORTS = ROOT / "reports"


def play(playbook: str, log: str, words: list[str]) -> list[Line]:
    """The lines of a run, each with its time. They also go into a file, and the names of the plays to the screen."""
    command = [Path(sys.executable).with_name("ansible-playbook"), "-i", "inventory/test", playbook, *words]
    environment = {**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_FORCE_COLOR": "0"}
    path = REPORTS / f"bench-{log}.log"
    begin = time.monotonic()
    lines = [Line(0.0, "begin")]
    with (
        path.open("w") as kept,
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process,
    ):
        try:
            for text in process.stdout:
                lines.append(Line(time.monotonic() - begin, text.rstrip("\n")))
                kept.write(f"{lines[-1].at:8.1f} {text}")
                if text.startswith("PLAY ["):
                    print(f"{lines[-1].at:8.1f} s  {log}: {text.partition('[')[2].partition(']')[0]}", flush=True)
        finally:
            # After a signal: a run that goes on would make what the clean-up removes.
            if process.poll() is None and sys.exc_info()[0]:
                process.terminate()
    lines.append(Line(time.monotonic() - begin, "end"))
    if process.returncode:
        raise BenchError(f"{playbook} failed ({process.returncode}); the whole run is in {path}")
    return lines


def cold_run(words: list[str]) -> list[Line]:
    """From nothing but the image. A run that had to build the image fills the cache and does not count."""
    for _attempt in range(2):
        play("playbooks/destroy.yml", "destroy", words)
        lines = play("site.yml", "cold", words)
        if not built_an_image(lines):
            return lines
        print("An image was built in this run; it is cached now, and the run is made again.", flush=True)
    raise BenchError("The second cold run built an image again: its name has to be the same for the same inputs")


def measure(words: list[str]) -> tuple[dict[str, Any], list[str]]:
    """The report, and the same for a terminal. The machines are gone afterwards, unless KEEP is set."""
    if not os.environ.get("BULKHEAD_TEST_NAME"):
        raise BenchError("BULKHEAD_TEST_NAME is not set: start this with `make bench`")
    try:
        found = _measure(words)
    finally:
        clean_up(words)
    return found, table(found)


def _measure(words: list[str]) -> dict[str, Any]:
    cold = cold_run(words)
    boot = boots(cold)
    unchanged = play("site.yml", "unchanged", words)
    changed = {host: count for host, count in changes(unchanged).items() if count}
    if changed:
        raise BenchError(f"The second run changed something: {changed}; see {REPORTS / 'bench-unchanged.log'}")
    return report(boot, cold, unchanged)


def clean_up(words: list[str]) -> None:
    if os.environ.get("KEEP"):
        print(f"KEEP is set: the classroom {os.environ['BULKHEAD_TEST_NAME']} stays")
    else:
        play("playbooks/destroy.yml", "destroy", words)
