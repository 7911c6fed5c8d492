# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Digests and the text of a diff."""

from __future__ import annotations

import hashlib

import yaml
from ansible_collections.bulkhead.classroom.plugins.module_utils import digest
from hypothesis import given, settings
from hypothesis import strategies as st

SCALARS = st.none() | st.booleans() | st.integers() | st.text(st.characters(max_codepoint=0xFFFF), max_size=4)
KEYS = st.sampled_from(["course/base:1", "digest", "reason", "a"])
TREES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=5)


@settings(deadline=None)
@given(st.dictionaries(KEYS, TREES, min_size=1))
def test_the_text_of_a_diff_is_yaml(value):
    assert yaml.safe_load(digest.yaml_text(value)) == value


def test_nothing_is_shown_for_nothing():
    assert digest.yaml_text({}) == ""


def test_key_depends_on_values_and_not_on_order():
    assert digest.key({"a": 1, "b": [2]}) == digest.key({"b": [2], "a": 1}) != digest.key({"a": 1, "b": [3]})


def test_of_file(tmp_path):
    (tmp_path / "file").write_bytes(b"x" * 3_000_000)
    assert digest.of_file(str(tmp_path / "file")) == "sha256:" + hashlib.sha256(b"x" * 3_000_000).hexdigest()
