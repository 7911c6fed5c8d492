# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a build said: which instruction it came to, and its last lines. Pure."""

from __future__ import annotations

import re
from collections import deque

LINES = 30
NO_SPACE = "Free space below the engine's data folder, for example with 'docker system df' and 'docker image prune'."

# 'Step 2/5 : RUN make' of the engine's builder, '#7 [stage 2/5] RUN make' of BuildKit.
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# What they count is not of use: the engine adds an instruction for the labels, and BuildKit counts by stage.
_STEP = re.compile(r"Step (\d+)/\d+ : (.*)")
_BUILDKIT_STEP = re.compile(r"#(\d+) \[(?:(\S+) )?\s*(\d+)/\d+\] (.*)")
_BUILDKIT_ERROR = re.compile(r"#(\d+) ERROR: (.*)")


class BuildLog:
    """Takes the log as it comes, in pieces of any length."""

    def __init__(self) -> None:
        self.step = ""
        self.tail: deque[str] = deque(maxlen=LINES)

    def add(self, text: str) -> None:
        # The engine colours what a process writes to its standard error.
        for line in _COLOUR.sub("", text).splitlines():
            if line.strip():
                self.tail.append(line)
            found = _STEP.match(line)
            if found:
                self.step = f"instruction {found[1]}, {found[2].strip()}"

    def what(self, said: str) -> str:
        return f"{said} at {self.step}" if self.step else said

    def cure(self, otherwise: str) -> str:
        if not self.tail:
            return otherwise
        end = "\n".join(self.tail)
        # A full disk or a registry that does not answer is no mistake of the Dockerfile.
        if "no space left" in end.lower():
            otherwise = NO_SPACE
        elif not otherwise or "engine's log says more" in otherwise:
            otherwise = "Correct the instruction that failed."
        return f"{otherwise} The log ends:\n{end}"


def of_buildkit(text: str) -> tuple[str, str, str]:
    """The failed instruction, what was said of it, and the last lines, from BuildKit's plain log."""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    steps = {}
    for m in filter(None, map(_BUILDKIT_STEP.match, lines)):
        steps[m[1]] = f"instruction {m[3]}{f' of stage {m[2]}' if m[2] else ''}, {m[4].strip()}"
    failed = next((m for m in map(_BUILDKIT_ERROR.match, lines) if m), None)
    last = next((line for line in reversed(lines) if line.startswith("ERROR: ")), lines[-1] if lines else "")
    said = failed[2] if failed else last.replace("ERROR: ", "", 1)
    return steps.get(failed[1], "") if failed else "", said, "\n".join(lines[-LINES:])
