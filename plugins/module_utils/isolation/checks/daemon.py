# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's own configuration: what it runs with, beside what its files say."""

from __future__ import annotations

from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks import (
    daemon_access,
    daemon_features,
    daemon_isolation,
    daemon_logging,
    daemon_source,
    daemon_swarm,
    daemon_swarm_keys,
    daemon_versions,
    network_rules,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import Check

CHECKS: tuple[Check, ...] = (
    *daemon_source.CHECKS,
    *daemon_versions.CHECKS,
    *daemon_access.CHECKS,
    *daemon_isolation.CHECKS,
    *network_rules.OF_HOSTS,
    *daemon_features.CHECKS,
    *daemon_logging.CHECKS,
    *daemon_swarm.CHECKS,
    *daemon_swarm_keys.CHECKS,
)
