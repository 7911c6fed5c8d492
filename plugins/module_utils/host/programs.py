# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of the host that print what the kernel has, for what no file shows. None that changes anything."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact, clipped
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel, words

# Where administrators' programs are; a plain user's path does not name them.
PLACES = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
SECONDS = 10.0


def printed(argv: Sequence[str], seconds: float = SECONDS) -> Fact:
    """What a program prints, if it ends well and in time."""
    line = " ".join(argv)
    program = shutil.which(argv[0], path=f"{os.environ.get('PATH', '')}:{PLACES}")
    if not program:
        return Fact(line, error=f"ENOENT {argv[0]} is not installed")
    try:
        done = subprocess.run(
            [program, *argv[1:]],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            env={"LC_ALL": "C", "PATH": PLACES},
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Fact(line, error=f"ETIMEDOUT no answer within {seconds:g} s")
    except OSError as error:
        return Fact(line, error=words(error))
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip() or "it says nothing"
        return Fact(line, error=f"EIO it ended with {done.returncode}: {clipped(said)}")
    return Fact(line, done.stdout.decode("utf-8", "replace"))


def entered(kernel: Kernel, pid: int | None) -> tuple[str, ...]:
    """What goes before a program that is to see the network of a process: nothing where this one has the same."""
    own, theirs = (kernel.identity(f"/proc/{number}/ns/net") for number in ("self", pid or "self"))
    return () if own.value == theirs.value else ("nsenter", f"--net=/proc/{pid}/ns/net", "--")
