# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of images."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_name import ImageName, normal
from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("alpine", "alpine:latest"),
        ("docker.io/library/alpine:3", "alpine:3"),
        ("index.docker.io/me/app", "me/app:latest"),
        ("registry.test/course/base:1", "registry.test/course/base:1"),
        ("localhost:5000/a", "localhost:5000/a:latest"),
        ("[::1]:5000/a:1", "[::1]:5000/a:1"),
        (f"r.test/a@{DIGEST}", f"r.test/a@{DIGEST}"),
        (f"r.test/a:1@{DIGEST}", f"r.test/a@{DIGEST}"),
        ("a__b/c-d.e", "a__b/c-d.e:latest"),
    ],
)
def test_normal(text, expected):
    assert normal(text) == expected == normal(expected)


@pytest.mark.parametrize("text", ["", "A", "a/B", "a:", "a:-x", "a b", "a@sha256:1", "a@", "/a", "a//b", "a:b:c/"])
def test_no_names(text):
    with pytest.raises(InputError, match="is no name of an image. Write repository:tag"):
        normal(text)


def test_digests_of_this_repository_only():
    name = ImageName.parse("docker.io/library/a:1")
    assert name.digests([f"a@{DIGEST}", f"b@{DIGEST}", "<none>@<none>"]) == [DIGEST]
    assert name.digests(None) == []
