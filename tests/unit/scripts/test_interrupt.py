# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An interruption that interrupts nothing has to fail, and one that does leaves nothing running."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

INTERRUPT = Path(__file__).parents[3] / "molecule" / "classroom" / "interrupt.py"
# A child in the background, whose id goes into a file, and then the line of a task.
RUN = "sleep 60 & echo $! >{}; echo 'TASK [role : push | Push]'; wait"


def interrupt(script, task, **options):
    words = [sys.executable, INTERRUPT, task, "0.1", "sh", "-c", script]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True, **options)


def gone(path, seconds=5):
    """Whether the process ended: it is no longer there, or nobody has yet asked how it ended."""
    stat = Path("/proc", path.read_text().strip(), "stat")
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if stat.read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.05)
    return False


def test_everything_dies_when_the_task_begins(tmp_path):
    process = interrupt(RUN.format(tmp_path / "child"), "push | Push")
    assert "Killed" in process.communicate(timeout=20)[0] and process.returncode == 0
    assert gone(tmp_path / "child")


def test_a_task_that_never_begins_is_a_failure():
    process = interrupt("echo 'TASK [another]'; echo 'push | Push is no task here'", "push | Push")
    assert "nothing was interrupted" in process.communicate(timeout=20)[0] and process.returncode == 1


def test_ended_itself_it_ends_what_it_started(tmp_path):
    process = interrupt(RUN.format(tmp_path / "child"), "no such task")
    while not (tmp_path / "child").exists() or not (tmp_path / "child").read_text().strip():
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 128 + signal.SIGTERM
    assert gone(tmp_path / "child")
