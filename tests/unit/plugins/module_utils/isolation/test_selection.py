# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which containers a selection means, and a verdict over a part of the containers."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.selection import (
    Selection,
    image_fits,
    selection_from,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.verdict import verdict
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import (
    NOW,
    find,
    judged,
    policy,
    red,
)

ID = "sha256:" + "0123456789abcdef" * 4
CHECK = "containers-selected"


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("course/lab", "course/lab", True),
        ("course/lab", "course/lab:latest", True),
        ("course/lab:latest", "course/lab", True),
        ("course/lab", "course/lab:2", False),
        ("course/lab:*", "course/lab:2", True),
        ("course/*", "course/lab:2", True),
        ("registry:5000/lab:latest", "registry:5000/lab", True),
        ("lab:latest", "lab@sha256:1", False),
        (ID, "other", True),
        (ID[7:], "other", True),
        (ID[7:19], "other", True),
        (ID[7:18], "other", False),
        ("0123456789ac", "other", False),
        ("*", "", True),
    ],
)
def test_an_image_is_named_or_known_by_its_id(pattern, name, fits):
    assert image_fits([pattern], name, ID) is fits


def test_without_an_id_no_beginning_of_one_fits():
    assert not image_fits(["0123456789ab"], "other", "") and not image_fits(["*"], "", "")


def test_all_that_is_given_must_fit_and_nothing_means_everything():
    everything = Selection()
    assert not everything and everything.fits("a", {}, "", "")
    one = Selection({"room": ""}, ("web*", "db"), ("course/*",))
    assert one.fits("db", {"room": "1"}, "course/lab", "") and one.fits("web1", {"room": "1"}, "course/lab", "")
    assert not one.fits("db", {}, "course/lab", "") and not one.fits("mail", {"room": "1"}, "course/lab", "")
    assert not one.fits("db", {"room": "1"}, "lab", "")
    assert selection_from(one.document()) == one and not selection_from(None)


def chosen(names=(), images=(), labels=None, keep=("workspace-ada",)):
    """The good document, of which only these containers were asked for."""
    document = facts.document()
    document["selection"] = {"labels": labels or {}, "containers": list(names), "images": list(images)}
    everyone = document["containers"]
    document["containers"] = [one for one in everyone if one["name"] in keep]
    document["neighbours"] = [one for one in everyone if one["name"] not in keep]
    return document


def test_one_container_is_judged_and_the_others_are_not_missing():
    result = judged(chosen(["workspace-ada"]))
    assert red(result) == {} and result["summary"]["ok"] and result["summary"]["containers"] == 1
    assert find(result, CHECK, facts.HOST)["observed"] == "1 of 2 containers"


def test_one_image_is_judged_and_the_others_are_not_missing():
    document = chosen(images=["course/lab"])
    document["containers"][0]["image"] = "course/lab:latest"
    assert red(judged(document)) == {}


def test_a_name_that_fits_nothing_is_red_and_says_which_names_there_are():
    result = judged(chosen(["workspace-ada", "workspace-alen"]), {"fail_on": "critical", "capabilities": []})
    assert red(result) == {(facts.HOST, CHECK): "fail"} and not result["summary"]["ok"]
    found = result["findings"][0]
    assert found["observed"] == "no container is called workspace-alen"
    assert found["evidence"] == [{"path": "container list", "raw": "here are: workspace-ada, workspace-grace"}]


def test_a_selection_over_nothing_is_red():
    result = judged(chosen(labels={"room": "9"}, keep=()), {"capabilities": []})
    assert red(result) == {(facts.HOST, CHECK): "fail"}
    assert "labels room fits all that was asked for" in find(result, CHECK, facts.HOST)["observed"]
    images = judged(chosen(images=["gone:1"], keep=()), {"capabilities": []})
    found = find(images, CHECK, facts.HOST)
    assert found["observed"] == "no container was made from gone:1" and "workspace-ada (" in found["evidence"][0]["raw"]


def test_a_container_of_another_host_is_found():
    documents = {"one": chosen(["workspace-ada"]), "two": chosen(["workspace-ada"], keep=())}
    assert red(verdict(documents, {"capabilities": []}, None, NOW)) == {}


def test_a_workspace_that_was_asked_for_or_lost_its_label_is_missing():
    gone = chosen(["workspace-*"], keep=("workspace-ada",))
    assert (f"{facts.HOST}/workspace-grace", "workspace-present") in red(judged(gone))
    unlabelled = chosen(labels={facts.CLASSROOM: "classroom"}, keep=("workspace-ada",))
    assert red(judged(unlabelled)) == {(f"{facts.HOST}/workspace-grace", "workspace-present"): "fail"}


def test_a_host_without_facts_hides_no_workspace():
    result = verdict({facts.HOST: {}}, policy(), None, NOW)
    assert len([one for one in red(result) if one[1] == "workspace-present"]) == 2


def test_facts_that_do_not_say_what_was_asked_for_prove_nothing_of_it():
    document = facts.document()
    assert find(judged(document), CHECK, facts.HOST)["status"] == "notapplicable"
    del document["selection"]
    assert find(judged(document), CHECK, facts.HOST)["status"] == "notchecked"
