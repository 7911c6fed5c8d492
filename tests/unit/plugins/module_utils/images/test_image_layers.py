# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stacks of layers: instructions, chains, sharing and directories."""

from __future__ import annotations

import hashlib

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_layers import (
    Sharing,
    chain_id,
    directories,
    instruction,
    layer_directories,
    layers,
)


@pytest.mark.parametrize(
    ("created_by", "line"),
    [
        ("", None),
        ('/bin/sh -c #(nop)  CMD ["sh"]', 'CMD ["sh"]'),
        ("/bin/sh -c #(nop) COPY file:1 in /srv ", "COPY file:1 in /srv"),
        ("/bin/sh -c apt-get   update", "RUN apt-get update"),
        ("RUN /bin/sh -c apt-get update # buildkit", "RUN apt-get update"),
        ("COPY greeting /srv/greeting # buildkit", "COPY greeting /srv/greeting"),
        ("ENV A=b", "ENV A=b"),
        ("sleep 3600", "sleep 3600"),
        ("|1 KEY=hunter2 /bin/sh -c make", "RUN make"),
        ("|2 KEY=hun ter2 B=/usr/sh/x y /bin/sh -c make", "RUN make"),
        ("RUN |1 KEY=hunter2 /bin/bash -o pipefail -c make # buildkit", "RUN /bin/bash -o pipefail -c make"),
        ("|1 KEY=hunter2 powershell make", "RUN (with arguments, whose values are left out, and no shell)"),
    ],
)
def test_instruction(created_by, line):
    assert instruction(created_by) == line
    assert "hunter2" not in str(line)


def step(created_by, size=0, comment="", created=1):
    return {"CreatedBy": created_by, "Size": size, "Comment": comment, "Created": created}


def image(*digests):
    return {"Id": "i", "RootFS": {"Layers": list(digests)}}


def test_a_chain_is_what_the_engine_computes():
    assert chain_id(None, "sha256:a") == "sha256:a"
    assert chain_id("sha256:a", "sha256:b") == "sha256:" + hashlib.sha256(b"sha256:a sha256:b").hexdigest()


@pytest.mark.parametrize(
    ("history", "digests", "placed"),
    [
        ([step("", 5)], ["a"], ["a"]),
        ([step("#", 5), step("/bin/sh -c #(nop) ENV A=b"), step("/bin/sh -c x", 2)], ["a", "b"], ["a", None, "b"]),
        # A layer of nothing but empty files: CMD cannot have made it.
        ([step("", 5), step("/bin/sh -c mkdir x"), step("/bin/sh -c #(nop)  CMD x")], ["a", "b"], ["a", "b", None]),
        ([step("", 5), step("/bin/sh -c #(nop)  CMD x"), step("sleep 1")], ["a", "b"], ["a", None, "b"]),
        # More layers than the history knows, and fewer.
        ([step("", 5)], ["a", "b"], ["a", "b"]),
        ([], ["a"], ["a"]),
        ([step("", 5), step("x", 6)], ["a"], ["a", None]),
        ([], [], []),
    ],
)
def test_layers_from_the_bottom(history, digests, placed):
    found = layers(image(*digests), list(reversed(history)))
    assert [layer.digest for layer in found] == placed
    assert [layer.chain is None for layer in found] == [digest is None for digest in placed]


def test_sharing_is_by_chain_and_not_by_digest():
    low, top = [step("", 5)], [step("x", 7), step("", 5)]
    stacks = {
        "base": layers(image("a"), low),
        "one": layers(image("a", "b"), top),
        # The same content on another base is another layer.
        "two": layers(image("c", "b"), top),
    }
    sharing = Sharing.of(stacks)
    assert sharing.bytes(stacks["base"], "base") == (0, 5)
    assert sharing.bytes(stacks["one"], "one") == (7, 5)
    assert sharing.bytes(stacks["two"], "two") == (12, 0)
    assert sharing.others(stacks["one"][0], "one") == {"base"}


def graph(name, **data):
    return {"GraphDriver": {"Name": name, "Data": data or None}}


def test_directories_of_an_overlay():
    found = directories(graph("overlay2", LowerDir="/l2:/l1", UpperDir="/u", MergedDir="/m", WorkDir="/w"), "x")
    assert found == {
        "driver": "overlay2", "lower": ["/l2", "/l1"], "upper": "/u", "merged": "/m", "work": "/w", "why": None,
    }  # fmt: skip
    assert directories(graph("overlay2", UpperDir="/u"), "x")["lower"] == []


@pytest.mark.parametrize(
    ("driver", "said"),
    [
        ("vfs", "full copy"),
        ("btrfs", "snapshot"),
        ("zfs", "snapshot"),
        ("overlayfs", "containerd"),
        ("overlay2", "containerd"),
        ("aufs", "Those of overlay2 are known"),
    ],
)
def test_other_drivers_say_why(driver, said):
    for document in (graph(driver), {"GraphDriver": None}, {}):
        found = directories(document, driver)
        assert found["driver"] == driver and said in found["why"] and found["upper"] is None and found["lower"] == []


@pytest.mark.parametrize(
    ("lower", "upper", "count", "found"),
    [
        ([], "/u", 1, ["/u"]),
        (["/2", "/1"], "/u", 3, ["/1", "/2", "/u"]),
        (["/x-init/diff", "/2/diff", "/1/diff"], "/u", 2, ["/1/diff", "/2/diff"]),
        (["/2", "/1"], "/u", 2, ["/1", "/2"]),
        (["/1"], "/u", 3, [None, None, None]),
        ([], None, 1, [None]),
        ([], None, 0, []),
    ],
)
def test_which_directory_is_whose(lower, upper, count, found):
    assert layer_directories({"lower": lower, "upper": upper}, count) == found
