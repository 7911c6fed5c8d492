# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host: its files, what is audited, its kernel's settings, and what runs there unseen."""

from __future__ import annotations

from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks import (
    host_audit,
    host_files,
    host_kernel,
    host_strays,
    user_namespaces,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import Check

CHECKS: tuple[Check, ...] = (
    *host_files.CHECKS,
    *host_audit.CHECKS,
    *host_kernel.CHECKS,
    *host_strays.CHECKS,
    *user_namespaces.HOST_CHECKS,
)
