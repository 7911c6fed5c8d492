# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one module's real main() in this process: arguments as JSON on standard input, its result on standard output."""

from __future__ import annotations

import importlib
import json
import sys

from ansible.module_utils.testing import patch_module_args

if __name__ == "__main__":
    with patch_module_args(json.load(sys.stdin)):
        importlib.import_module(f"ansible_collections.bulkhead.classroom.plugins.modules.{sys.argv[1]}").main()
