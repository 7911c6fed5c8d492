# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All probes, one table. Their order is the order of a report among equals."""

from __future__ import annotations

from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes import (
    table_limits,
    table_reach,
    table_seccomp,
    table_system,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.probe import Probe

PROBES: tuple[Probe, ...] = (
    *table_system.PROBES,
    *table_limits.PROBES,
    *table_reach.PROBES,
    *table_seccomp.PROBES,
)
BY_NAME = {probe.name: probe for probe in PROBES}
