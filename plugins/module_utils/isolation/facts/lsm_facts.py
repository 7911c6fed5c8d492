# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which security modules a kernel runs, and the profile that AppArmor confines a process with."""

from __future__ import annotations

from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel

SECURITYFS = "/sys/kernel/security"
LIST = f"{SECURITYFS}/lsm"
APPARMOR = "/sys/module/apparmor/parameters/enabled"
ENABLED = "Y"


def read_lsm(kernel: Kernel) -> dict[str, Any]:
    """The kernel's own list, and AppArmor's switch, which is there without securityfs too."""
    names = kernel.read(LIST)
    if names.error.startswith("ENOENT") and not kernel.names(SECURITYFS).value:
        names = names._replace(error=f"{names.error}: no securityfs is mounted at {SECURITYFS}")
    return {"list": names.document(), "apparmor": kernel.read_once(APPARMOR).document()}


def apparmor_runs(kernel: Kernel) -> bool:
    return str(kernel.read_once(APPARMOR).value) == ENABLED


def read_profile(kernel: Kernel, pid: int, current: str | None) -> Fact:
    """current: what attr/current said, which is AppArmor's word on kernels before 5.8 that have no folder for it."""
    fact = kernel.read(f"/proc/{pid}/attr/apparmor/current")
    if fact.error.startswith("ENOENT") and current:
        return Fact(f"/proc/{pid}/attr/current", current, current)
    return fact
