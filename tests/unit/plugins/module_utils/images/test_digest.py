# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Digests and the text of a diff."""

from __future__ import annotations

import hashlib

import pytest
import yaml
from ansible_collections.bulkhead.classroom.plugins.module_utils.images import digest
from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError
from hypothesis import given
from hypothesis import strategies as st

SCALARS = st.none() | st.booleans() | st.integers() | st.text(st.characters(max_codepoint=0xFFFF), max_size=4)
KEYS = st.sampled_from(["course/base:1", "digest", "reason", "a"])
TREES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=5)


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


@given(st.lists(st.binary(min_size=1, max_size=5), max_size=5))
def test_blocks_that_are_what_was_promised_pass(blocks):
    wanted = digest.of_blocks(blocks)
    assert wanted == "sha256:" + hashlib.sha256(b"".join(blocks)).hexdigest()
    assert b"".join(digest.guarded(blocks, wanted, "it")) == b"".join(blocks)


@given(st.lists(st.binary(min_size=1, max_size=5), min_size=1, max_size=5))
def test_blocks_that_are_not_never_end(blocks):
    passed = []
    with pytest.raises(InputError, match="it changed while it was read"):
        for block in digest.guarded(blocks, digest.of_blocks([*blocks, b"x"]), "it"):
            passed.append(block)
    assert passed == blocks[:-1]
