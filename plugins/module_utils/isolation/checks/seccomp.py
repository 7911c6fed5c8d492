# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""System call filters."""

from __future__ import annotations

from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import Check

CHECKS: tuple[Check, ...] = ()
