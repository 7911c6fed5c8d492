# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The labels by which a fleet knows its own."""

from __future__ import annotations

FLEET = "org.bulkhead.fleet"
# The member's own name. A committed image hands the fleet's label on to whatever is started from it; this one tells
# a member from such a stranger, because the stranger's name is another.
MEMBER = "org.bulkhead.container"
# Which options were asked for that the engine's configuration would decide otherwise: what inspect shows of them does
# not tell whether they came from the task, so that dropping them from the task would go unnoticed.
ASKED = "org.bulkhead.asked"
OWN_LABELS = (FLEET, MEMBER, ASKED)
