# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture of layers: well-formed, nothing over anything else, and every stack standing on its own layers."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.bulkhead.classroom.plugins.filter.layers import FilterModule
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.layers_svg import boxes, draw, size
from hypothesis import given
from hypothesis import strategies as st

SVG = "{http://www.w3.org/2000/svg}"


def layer(chain, **more):
    return {
        "position": 1, "instruction": "RUN x", "comment": "", "created": 1, "empty": False, "digest": f"sha256:{chain}",
        "chain": chain, "bytes": 2048, "shared_with": [], "directory": None, "computed": None, "verified": None, **more,
    }  # fmt: skip


def image(name, *chains, **more):
    stack = [layer(chain) for chain in chains]
    return {"name": name, "id": f"id of {name}", "layers": stack, "bytes": 4096, "unique_bytes": 0, **more}


def container(name, *chains):
    writable = {"bytes": 10, "added": 1, "changed": 2, "deleted": 3, "directory": "/upper"}
    return {**image(name, *chains), "state": "running", "writable": writable}


def found(images=(), containers=()):
    return {"images": list(images), "containers": list(containers)}


def test_a_shared_layer_is_one_box_below_all_that_stand_on_it():
    stacks = [image("base", "a"), image("web", "a", "b"), container("box", "a", "b"), image("other", "c")]
    placed = {(box.kind, box.lines[0], box.tip.split("\n")[1][-1:]): box for box in boxes(stacks) if box.kind != "name"}
    low, mid = (next(box for box in placed.values() if f"sha256:{chain}" in box.tip) for chain in "ab")
    assert (low.kind, low.first, low.last, low.row) == ("shared", 0, 2, 0)
    assert (mid.kind, mid.first, mid.last, mid.row) == ("shared", 1, 2, 1)
    top = next(box for box in placed.values() if box.kind == "writable")
    assert (top.first, top.row) == (2, 2) and "+1 ~2 -3" in top.lines[1] and "/upper" in top.tip
    names = {box.lines[0]: (box.first, box.row) for box in boxes(stacks) if box.kind == "name"}
    assert names == {"base": (0, 1), "web": (1, 2), "box": (2, 3), "other": (3, 1)}


def test_a_layer_that_an_image_elsewhere_has_is_shared_too():
    kinds = [boxes([{**image("a"), "layers": [layer("a", shared_with=others)]}])[-1].kind for others in ([], ["x:1"])]
    assert kinds == ["own", "shared"]


stacks_of = st.lists(st.lists(st.sampled_from("abc"), max_size=4), min_size=1, max_size=6)


@given(stacks_of, st.lists(st.booleans(), min_size=6, max_size=6))
def test_no_box_lies_over_another_and_none_hangs_in_the_air(chains, kinds):
    # A chain is a digest of all below it, so that it cannot come back on another base.
    grown = [["".join(stack[: number + 1]) for number in range(len(stack))] for stack in chains]
    made = [
        (image if kind else container)(str(number), *stack) for number, (stack, kind) in enumerate(zip(grown, kinds))
    ]
    placed = boxes(made)
    cells = [(column, box.row) for box in placed for column in range(box.first, box.last + 1)]
    assert len(cells) == len(set(cells))
    assert all(row == 0 or (column, row - 1) in cells for column, row in cells)
    for stack in made:
        name = next(box for box in placed if box.kind == "name" and box.lines[0] == stack["name"])
        below = [box for box in placed if box.first <= name.first <= box.last and box.row < name.row]
        chain = [box.lines[1].split(":")[1] for box in sorted(below, key=lambda box: box.row) if box.kind != "writable"]
        assert chain == [layer["digest"][7:19] for layer in stack["layers"]]


nasty = st.text(st.characters(), max_size=300)


@given(nasty, nasty, nasty)
def test_the_picture_is_xml_and_says_what_it_was_given(title, name, line):
    stack = image(name, "a")
    stack["layers"][0]["instruction"] = line
    stack["layers"].append(layer(None, empty=True, digest=None, instruction="ENV A=b"))
    root = ElementTree.fromstring(draw(found([stack]), title).encode())
    assert root.tag == f"{SVG}svg" and len(root.findall(f"{SVG}g/{SVG}title")) == 2
    assert "ENV A=b" in "".join(root.itertext())


def test_texts_stay_within_their_boxes():
    root = ElementTree.fromstring(draw(found([image("n" * 500, "a"), image("m", "b")]), "t" * 500))
    width = float(root.get("width"))
    for group in root.findall(f"{SVG}g"):
        rect = group.find(f"{SVG}rect")
        for text in group.findall(f"{SVG}text"):
            # The letters of the legend stand beside its boxes.
            end = float(text.get("x")) + 6.7 * len(text.text)
            assert end <= max(float(rect.get("x")) + float(rect.get("width")), width * (rect.get("height") == "14"))
    assert len(root.find(f"{SVG}text").text) * 9 <= width


def test_what_failed_is_left_out_and_the_picture_is_always_the_same():
    broken = {"name": "x", "error": "no such image"}
    whole = found([image("a", "a")], [container("b", "a")])
    assert draw({**whole, "images": [*whole["images"], broken]}, "t") == draw(whole, "t")


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (1 << 20, "1.0 MiB"), (5 << 40, "5.0 TiB")],
)
def test_sizes(count, text):
    assert size(count) == text


def test_the_filter_says_what_it_wants():
    filtered = FilterModule().filters()["layers_svg"]
    assert filtered(found([image("a", "a")])).startswith("<svg")
    for wrong in ("text", {}, {"images": []}, {"images": [{"name": "a"}]}):
        with pytest.raises(AnsibleFilterError, match="layers_svg: .*image_layers_info"):
            filtered(wrong)
