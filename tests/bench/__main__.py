# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Measures site.yml on the test classroom: from nothing with a cached image, and again with nothing to do (make bench).

Both are multiples of one boot, measured in the cold run itself: from the line that says that libvirt started the slower
machine to the line that says that it answered over ssh, one round trip of Ansible included. Words that are given go to
every run of Ansible. KEEP=1 leaves the machines.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from figures import BenchError, Line, boots, built_an_image, changes, report, table

ROOT = Path(__file__).resolve().parents[2]
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


def measure(words: list[str]) -> dict:
    cold = cold_run(words)
    boot = boots(cold)
    unchanged = play("site.yml", "unchanged", words)
    changed = {host: count for host, count in changes(unchanged).items() if count}
    if changed:
        raise BenchError(f"The second run changed something: {changed}; see {REPORTS / 'bench-unchanged.log'}")
    return report(boot, cold, unchanged)


def clean_up(words: list[str]) -> bool:
    if os.environ.get("KEEP"):
        print(f"KEEP is set: the classroom {os.environ['BULKHEAD_TEST_NAME']} stays")
        return True
    try:
        play("playbooks/destroy.yml", "destroy", words)
    except BenchError as error:
        print(error, file=sys.stderr)
        return False
    return True


def main(words: list[str]) -> int:
    if not os.environ.get("BULKHEAD_TEST_NAME"):
        print("BULKHEAD_TEST_NAME is not set: start this with `make bench`", file=sys.stderr)
        return 2
    REPORTS.mkdir(exist_ok=True)
    # So that the clean-up below runs after it, as after an interrupt.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    status = 1
    try:
        found = measure(words)
        (REPORTS / "bench.json").write_text(json.dumps(found, indent=2) + "\n")
        print("", *table(found), "", f"report: {REPORTS / 'bench.json'}", sep="\n")
        status = 0 if found["within_limits"] else 1
    except BenchError as error:
        print(error, file=sys.stderr)
    finally:
        destroyed = clean_up(words)
    return status if destroyed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
