# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A container that is isolated in every respect, from which bad ones differ in one."""

from __future__ import annotations

MIB = 1 << 20
GOOD = {
    "network_mode": "none",
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "ipc_mode": "private",
    "mem_limit": 32 * MIB,
    "memswap_limit": 32 * MIB,
    "nano_cpus": 500_000_000,
    "pids_limit": 20,
    "read_only": True,
    "ulimits": [{"Name": "nofile", "Soft": 1024, "Hard": 4096}, {"Name": "core", "Soft": 0, "Hard": 0}],
}
