# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a commit, and image_commit's run() against an engine in memory."""

from __future__ import annotations

import json

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.digest import LABEL
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_commit import (
    Have,
    Spec,
    label_lines,
    plan,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError
from ansible_collections.bulkhead.classroom.plugins.modules import image_commit
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.fake_engine_layers import FakeLayers
from hypothesis import given
from hypothesis import strategies as st

ITEM = {"name": "made:1", "container": "box", "author": "", "comment": "", "changes": [], "pause": True}


def params(**change):
    return {"images": [{**ITEM, **change}], "refuse": [], "list_paths": False, "parallel": 2}


@pytest.fixture
def engine():
    engine = FakeLayers()
    engine.files["/new"] = "text"
    return engine


@pytest.mark.parametrize(
    ("wanted", "before", "action", "reason"),
    [
        ("d", None, "commit", "does not have it"),
        (None, None, "commit", "does not have it"),
        ("d", Have("i", None), "commit", "changed"),
        ("d", Have("i", "e"), "commit", "changed"),
        (None, Have("i", "d"), "commit", "while they are read"),
        ("d", Have("i", "d"), "none", "nothing changed"),
    ],
)
def test_plan(wanted, before, action, reason):
    step = plan(wanted, before)
    assert step.action == action and reason in step.reason and (step.digest, step.before) == (wanted, before)


CONTAINER = {"Image": "i", "Config": {"Cmd": ["sh"], "Env": ["A=1"], "Hostname": "one", "Labels": {"a": "b"}}}


def digest(container=None, layer="l", **change):
    container = container or CONTAINER
    return Spec.from_params({**ITEM, **change}).digest(layer, container)


@pytest.mark.parametrize("change", [{"author": "a"}, {"comment": "m"}, {"changes": ["USER a"]}, {"layer": "other"}])
def test_what_is_asked_for_is_in_the_digest(change):
    assert digest(**change) != digest() == digest(name="other:2", container=CONTAINER, pause=False)
    assert digest(layer=None) is None


@pytest.mark.parametrize("key", ["Cmd", "Entrypoint", "Env", "User", "WorkingDir", "Labels", "Healthcheck", "Volumes"])
def test_the_containers_configuration_is_in_the_digest(key):
    other = {**CONTAINER, "Config": {**CONTAINER["Config"], key: ["another"]}}
    assert digest(other) != digest()


def test_the_image_is_in_the_digest_and_the_host_name_is_not():
    assert digest({**CONTAINER, "Image": "j"}) != digest()
    assert digest({**CONTAINER, "Config": {**CONTAINER["Config"], "Hostname": "two", "User": ""}}) == digest()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("RUN true", "RUN is no instruction"),
        ("FROM x", "FROM is no instruction"),
        ("", "an empty line"),
        ("CMD", "CMD is no instruction"),
        ("USER a\nLABEL b=c", "several lines"),
        ("LABEL a=b \\", "several lines"),
    ],
)
def test_bad_changes(line, said):
    with pytest.raises(InputError, match=said):
        Spec.from_params({**ITEM, "changes": [line]})


def test_labels_of_the_fleet_are_emptied_and_ours_comes_last():
    labels = {"org.bulkhead.fleet": "f", "org.bulkhead.kept": "k", "other": "o", LABEL: "sha256:base"}
    lines = label_lines("sha256:d", {"Config": {"Labels": labels}}, {"Config": {"Labels": {"org.bulkhead.kept": "k"}}})
    assert lines == ['LABEL "org.bulkhead.fleet"=""', f'LABEL "{LABEL}"="sha256:d"']
    assert label_lines("sha256:d", {"Config": {"Labels": None}}, None) == [f'LABEL "{LABEL}"="sha256:d"']


def test_commit_then_nothing_then_a_change(engine):
    predicted = image_commit.run(params(), engine, True)
    assert predicted["changed"] and engine.calls == []
    made = image_commit.run(params(), engine, False)
    assert made["diff"] == predicted["diff"] and engine.calls == ["pause", "commit", "unpause"]
    again = image_commit.run(params(), engine, False)
    assert not again["changed"] and len(engine.calls) == 3 and again["diff"] == {"before": "", "after": ""}
    engine.files["/new"] = "other"
    assert image_commit.run(params(), engine, True)["changed"] and image_commit.run(params(), engine, False)["changed"]
    assert not image_commit.run(params(), engine, False)["changed"]


paths = st.from_regex(r"/[a-d]{1,3}", fullmatch=True)


@given(st.lists(st.dictionaries(paths, st.text("xyz", max_size=3), max_size=4), min_size=1, max_size=4))
def test_after_a_commit_the_plan_is_empty_whatever_the_layer_holds(states):
    engine, before = FakeLayers(), None
    for files in states:
        engine.files = dict(files)
        assert image_commit.run(params(), engine, False)["changed"] == (files != before)
        assert not image_commit.run(params(), engine, True)["changed"]
        before = files


def test_what_changes_before_the_pause_is_in_the_image_and_in_its_label(engine):
    engine.during.append(lambda: engine.files.update({"/late": "1"}))
    made = image_commit.run(params(), engine, False)["results"][0]
    assert made["layer"]["added"] == 2 and engine.images["made:1"]["Config"]["Labels"][LABEL] == made["digest"]
    assert not image_commit.run(params(), engine, False)["changed"]


def test_what_is_as_it_was_when_it_holds_still_makes_no_image(engine):
    image_commit.run(params(), engine, False)
    engine.files["/passing"] = "1"
    engine.during.append(lambda: engine.files.pop("/passing"))
    assert not image_commit.run(params(), engine, False)["changed"]
    assert engine.calls.count("commit") == 1 and not engine.state["Paused"]


def test_files_that_never_hold_still(engine):
    engine.turmoil = True
    predicted = image_commit.run(params(), engine, True)
    assert predicted["changed"] and predicted["results"][0]["digest"] is predicted["results"][0]["layer"] is None
    assert "Set pause to true" in image_commit.run(params(pause=False), engine, False)["msg"]
    assert image_commit.run(params(), engine, False)["changed"]


def test_without_a_pause_both_looks_have_to_agree(engine):
    first, reads = engine.export, []

    def export(key):
        reads.append(key)
        engine.files["/new"] = str(len(reads))
        return first(key)

    engine.export = export
    assert "change while they are read" in image_commit.run(params(pause=False), engine, False)["msg"]
    assert engine.calls == [] and len(reads) == 2


@pytest.mark.parametrize("state", [{"Running": True, "Paused": True}, {"Running": False, "Paused": False}])
def test_only_a_running_container_is_paused(engine, state):
    engine.state = dict(state)
    assert image_commit.run(params(), engine, False)["changed"]
    assert engine.calls == ["commit"] and engine.state == state


def test_a_container_that_ends_before_the_pause_holds_still(engine):
    engine.broken.add("pause")
    engine.pause = lambda *_given: (engine.state.update(Running=False), FakeLayers.pause(engine, *_given))
    made = image_commit.run(params(), engine, False)
    assert made["changed"] and engine.calls == ["pause", "commit"]


@pytest.mark.parametrize("broken", ["commit", "pause"])
def test_a_failure_leaves_no_container_paused(engine, broken):
    engine.broken.add(broken)
    failed = image_commit.run(params(), engine, False)
    assert f"Cannot {broken}" in failed["msg"] and not engine.state["Paused"] and "made:1" not in engine.images


def test_a_container_that_stays_paused_is_told_with_its_cure(engine):
    engine.broken.add("unpause")
    failed = image_commit.run(params(), engine, False)
    assert "Container box stays paused" in failed["msg"] and "docker unpause box" in failed["msg"]


def test_an_image_that_somebody_else_replaced_is_an_error(engine):
    engine.commit = lambda *_given: engine.images.update({"made:1": {"Id": "x", "Config": {}}})
    assert "not what was committed" in image_commit.run(params(), engine, False)["msg"]


def test_refused_findings_stop_the_commit_also_those_that_come_late(engine):
    engine.files["/root/.ssh/id_rsa"] = "k"
    asked = {**params(), "refuse": ["credentials"]}
    for check_mode in (True, False):
        assert "/root/.ssh/id_rsa" in image_commit.run(asked, engine, check_mode)["msg"] and engine.calls == []
    late = FakeLayers()
    late.during.append(lambda: late.files.update({"/srv/x.key": "k"}))
    assert "/srv/x.key" in image_commit.run(asked, late, False)["msg"] and late.calls == ["pause", "unpause"]


def test_warnings_are_for_new_images_only_and_show_no_value(engine):
    engine.config["Env"] = ["PATH=/bin", "DB_PASSWORD=hunter2"]
    made = image_commit.run(params(), engine, False)
    said = list(image_commit.warn(made))
    assert len(said) == 1 and "ENV DB_PASSWORD (variable of the container)" in said[0]
    again = image_commit.run(params(), engine, False)
    assert not list(image_commit.warn(again)) and again["results"][0]["findings"]
    assert "hunter2" not in json.dumps([made, again, said])


def test_one_name_and_one_container_each(engine):
    twice = {**params(), "images": [ITEM, {**ITEM, "container": "id-of-box"}]}
    with pytest.raises(InputError, match="name made:1 more than once"):
        image_commit.run(twice, engine, False)
    twice["images"][1]["name"] = "other:1"
    with pytest.raises(InputError, match="container box more than once"):
        image_commit.run(twice, engine, False)
    twice["images"][1]["container"] = "nobody"
    failed = image_commit.run(twice, engine, False)
    assert "no container nobody" in failed["msg"] and failed["changed"]
