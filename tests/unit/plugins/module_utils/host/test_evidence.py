# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stranger's text on its way into a report."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import printable, shown


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("workspace-ada", "workspace-ada"),
        ("Größe, 名前, 🐳", "Größe, 名前, 🐳"),
        ("a\nb\x1b[2J\x7f\x9b", r"a\x0ab\x1b[2J\x7f\x9b"),
        # Directions, isolates, marks.
        ("\u202e\u202a\u2066\u2069\u200e\u200f\u061c", r"\u202e\u202a\u2066\u2069\u200e\u200f\u061c"),
        # Without a width.
        ("\u200b\u200d\u2060\ufeff\u00ad", r"\u200b\u200d\u2060\ufeff\xad"),
        # Blanks that are none, and ends of lines.
        ("\u00a0\u3000\u2028\u2029", r"\xa0\u3000\u2028\u2029"),
        # Letters and marks by their class, which nobody sees.
        ("\u3164\u115f\u034f\u2800\ufe0f\U000e0101", r"\u3164\u115f\u034f\u2800\ufe0f\U000e0101"),
        # Tags, and half of a pair.
        ("\U000e0041\ud800", r"\U000e0041\ud800"),
    ],
)
def test_what_steers_a_terminal_or_hides_is_written_as_its_code(text, escaped):
    assert printable(text) == escaped


def test_a_long_text_is_cut_and_says_so():
    assert shown("x" * 64000, 10) == "xxxxxxxxxx... (64000 characters)"
    assert shown("\u202e" * 20, 2) == r"\u202e\u202e... (20 characters)"
