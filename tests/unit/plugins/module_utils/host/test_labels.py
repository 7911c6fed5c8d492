"""Labels of a directory's content, on a real file system."""

from __future__ import annotations

import os

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.labels import (
    ATTRIBUTE,
    mislabelled,
    read_label,
    relabel,
)

PRIVATE = "system_u:object_r:container_file_t:s0:c12,c34"
SHARED = "system_u:object_r:container_file_t:s0"


def _labels_can_be_written(path):
    try:
        os.setxattr(path, ATTRIBUTE, SHARED.encode())
    except OSError:
        return False
    return True


@pytest.fixture
def home(tmp_path):
    if not _labels_can_be_written(tmp_path):
        pytest.skip("only root, and only on a file system with security attributes, writes labels")
    home = tmp_path / "home"
    (home / "deep" / "er").mkdir(parents=True)
    (home / "deep" / "er" / "file").write_text("x")
    outside = tmp_path / "outside"
    outside.write_text("not theirs")
    os.setxattr(outside, ATTRIBUTE, SHARED.encode())
    (home / "way-out").symlink_to(outside)
    (home / "way-up").symlink_to(tmp_path)
    return home


def test_everything_below_is_labelled_and_nothing_else(home):
    assert relabel(str(home), PRIVATE) == 5
    for entry in ("deep", "deep/er", "deep/er/file", "way-out", "way-up"):
        assert read_label(str(home / entry)) == PRIVATE
    assert read_label(str(home.parent / "outside")) == SHARED


def test_only_what_differs_is_touched(home):
    relabel(str(home), PRIVATE)
    assert list(mislabelled(str(home), PRIVATE)) == []
    os.setxattr(home / "deep" / "er" / "file", ATTRIBUTE, SHARED.encode() + b"\0")
    assert relabel(str(home), PRIVATE) == 1
