# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""interrupt.py TASK SECONDS COMMAND...: runs COMMAND and kills it, as a power cut would, SECONDS after TASK began.

All that COMMAND started dies with it. Fails when COMMAND ends before that: then nothing was interrupted.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time


def main(task: str, seconds: str, *command: str) -> int:
    lines = []
    # Ended itself, it still ends what it started, which lives in a session of its own.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env={**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_FORCE_COLOR": "0", "PYTHONUNBUFFERED": "1"},
    ) as process:
        try:
            for line in process.stdout:
                lines.append(line)
                if line.startswith("TASK [") and task in line:
                    time.sleep(float(seconds))
                    break
            else:
                print(*lines[-60:], f"The command ended before task {task!r} began: nothing was interrupted", sep="")
                return 1
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    print(f"Killed {seconds} s after task {task!r} began")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
