# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read from the engine's progress messages. The messages are recorded from Docker 20.10."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.transfer import Transfer, nothing

D = "sha256:" + "d" * 64


def progress(status, layer, current, total):
    return {"status": status, "progressDetail": {"current": current, "total": total}, "id": layer}


PULL = [
    {"status": "Pulling from probe", "id": "1"},
    {"status": "Already exists", "progressDetail": {}, "id": "a"},
    {"status": "Pulling fs layer", "progressDetail": {}, "id": "b"},
    progress("Downloading", "b", 32768, 3001123),
    progress("Extracting", "b", 3001123, 3001123),
    {"status": "Pull complete", "progressDetail": {}, "id": "b"},
    progress("Downloading", "c", 5, 10),
    {"status": f"Digest: {D}"},
    {"status": "Status: Downloaded newer image for x"},
]
PUSH = [
    {"status": "The push refers to repository [x]"},
    {"status": "Preparing", "progressDetail": {}, "id": "a"},
    progress("Pushing", "a", 33280, 3000000),
    progress("Pushing", "a", 3001856, 3000000),
    {"status": "Layer already exists", "progressDetail": {}, "id": "b"},
    {"status": "Mounted from other", "progressDetail": {}, "id": "c"},
    {"status": "Pushed", "progressDetail": {}, "id": "a"},
    {"status": f"1: digest: {D} size: 739"},
    {"progressDetail": {}, "aux": {"Tag": "1", "Digest": D, "Size": 739}},
]


@pytest.mark.parametrize(
    ("lines", "moved", "present", "size"),
    [(PULL, 1, 1, 3001123), (PUSH, 1, 2, 3000000), ([{"status": f"Digest: {D}"}], 0, 0, 0)],
)
def test_messages_are_counted(lines, moved, present, size):
    transfer = Transfer()
    for line in lines:
        transfer.add(line)
    assert transfer.report() == {"bytes": size, "layers_moved": moved, "layers_present": present}
    assert transfer.digest == D


def test_nothing_moved_of_an_image():
    assert nothing({"RootFS": {"Layers": ["a", "b"]}}) == {"bytes": 0, "layers_moved": 0, "layers_present": 2}
    assert nothing({})["layers_present"] == 0
