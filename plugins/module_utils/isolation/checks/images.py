# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images: what they are made of and set to, how they were built, and which of them containers are made from.

An image is judged once, however many containers use it. Those that no container uses are only counted.
"""

from __future__ import annotations

from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks import (
    image_config,
    image_layers,
    image_steps,
    image_use,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import Check

CHECKS: tuple[Check, ...] = (
    *image_config.CHECKS,
    *image_steps.CHECKS,
    *image_layers.CHECKS,
    *image_use.CHECKS,
)
