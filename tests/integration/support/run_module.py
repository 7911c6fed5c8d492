# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one module's real main() in this process: arguments as JSON on standard input, its result on standard output.

With a file as second argument, the most memory that the process had (kilobytes, VmHWM of /proc/self/status) goes there.
What wait4 says is no measure: a process begins with the peak of the one that started it.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

from ansible.module_utils.testing import patch_module_args


def peak() -> str:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(line.split()[1] for line in lines if line.startswith("VmHWM:"))


if __name__ == "__main__":
    try:
        with patch_module_args(json.load(sys.stdin)):
            importlib.import_module(f"ansible_collections.bulkhead.classroom.plugins.modules.{sys.argv[1]}").main()
    finally:
        if len(sys.argv) > 2:
            Path(sys.argv[2]).write_text(peak(), encoding="utf-8")
