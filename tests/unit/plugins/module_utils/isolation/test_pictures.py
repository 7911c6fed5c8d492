# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Layers as the facts know them, without what the text of a step may hold, and their picture."""

from __future__ import annotations

from copy import deepcopy
from xml.etree import ElementTree

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.image_facts import stack_of
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.pictures import MOST, pictures
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts

IMAGE = {"RootFS": {"Layers": ["sha256:a", "sha256:b"]}}
# The newest first.
STEPS = [
    {"CreatedBy": '/bin/sh -c #(nop)  CMD ["sh"]', "Size": 0},
    {"CreatedBy": "/bin/sh -c curl -u ada:s3cret http://x", "Size": 20},
    {"CreatedBy": "/bin/sh -c #(nop) ADD file:0123 in / ", "Size": 10},
]


def texts(picture: str) -> str:
    return " ".join(ElementTree.fromstring(picture).itertext())


def test_a_layer_has_its_size_and_the_first_word_of_its_step_alone():
    found = stack_of(IMAGE, STEPS)
    assert [(one["digest"], one["bytes"], one["made_by"]) for one in found] == [
        ("sha256:a", 10, "ADD"),
        ("sha256:b", 20, "RUN"),
    ]
    assert found[0]["chain"] == "sha256:a" != found[1]["chain"] and "s3cret" not in str(found)


@pytest.mark.parametrize("image", [{}, {"RootFS": None}, {"RootFS": {"Layers": "x"}}])
def test_an_image_without_layers_has_none(image):
    assert stack_of(image, STEPS) == []


def test_a_step_that_is_no_step_stops_nothing():
    assert [one["bytes"] for one in stack_of(IMAGE, [None, 7, {"CreatedBy": None, "Size": "x"}])] == [0, 0]


def test_what_two_images_stand_on_is_one_box():
    document = facts.document()
    other = deepcopy(document["images"][0])
    other.update(id="sha256:other", name="other:1")
    other["stack"]["value"][1].update(digest="sha256:more", chain="sha256:more")
    document["images"].append(other)
    (picture,) = pictures({facts.HOST: document, "silent": {"msg": "no root"}})
    # One of each stands in the legend.
    assert picture.count('class="bl-shared"') == 1 + 1 and picture.count('class="bl-own"') == 2 + 1
    assert "other:1" in texts(picture) and facts.HOST in texts(picture)


@pytest.mark.parametrize("broken", [None, "x", [], [7], [{"digest": "a"}], {"a": 1}])
def test_facts_without_layers_have_no_picture(broken):
    document = facts.document()
    document["images"][0]["stack"] = {"value": broken, "path": "x"}
    assert pictures({facts.HOST: document}) == []


def test_of_very_many_images_the_first_are_drawn_and_that_is_said():
    document = facts.document()
    first = document["images"][0]
    document["images"] = [{**first, "id": str(number), "name": f"i{number}"} for number in range(MOST + 5)]
    (picture,) = pictures({facts.HOST: document})
    assert f"the first {MOST} of {MOST + 5} images" in texts(picture)
