# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the caller asked for cannot be done as it stands."""

from __future__ import annotations


class InputError(Exception):
    """A wrong argument, file or name: the message says which, where, and what to write instead."""
