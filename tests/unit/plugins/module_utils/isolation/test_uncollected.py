# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The search for circles is off inside, and afterwards as it was before."""

from __future__ import annotations

import gc

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.uncollected import uncollected


@pytest.mark.parametrize("before", [True, False])
def test_it_is_off_inside_and_as_before_afterwards_also_after_an_error(before):
    was = gc.isenabled()
    try:
        (gc.enable if before else gc.disable)()
        with pytest.raises(ValueError, match="inside"), uncollected():
            assert not gc.isenabled()
            raise ValueError("inside")
        assert gc.isenabled() is before
    finally:
        (gc.enable if was else gc.disable)()
