# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run() of image_build against an engine in memory: what it reports, and what it asks of the engine."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError
from ansible_collections.bulkhead.classroom.plugins.modules import image_build
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.fake_engine_images import FakeImages

SAME = {"parallel": 4, "registry_username": "u", "registry_password": "p"}


@pytest.fixture
def engine():
    return FakeImages()


def actions(result):
    return [item["action"] for item in result["results"]]


def verbs(engine, *wanted):
    return sorted(call for call in engine.calls if call.split()[0] in wanted)


@pytest.fixture
def contexts(tmp_path):
    """top stands on low, low on an image from elsewhere; other stands alone."""
    for name, base in {"low": "base:1", "top": "low:1", "other": "scratch"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "Dockerfile").write_text(f"FROM {base}\nCOPY . /srv\n")
    images = [
        {"name": f"{name}:1", "path": str(tmp_path / name), "dockerfile": "Dockerfile", "args": {}, "labels": {}}
        for name in ("top", "low", "other")
    ]
    return {**SAME, "images": images}


def test_build_then_nothing(engine, contexts):
    engine.put("base:1", 1)
    predicted = image_build.run(contexts, engine, True)
    assert actions(predicted) == ["build"] * 3 and engine.calls == []
    made = image_build.run(contexts, engine, False)
    assert made["changed"] and engine.calls.index("build low:1") < engine.calls.index("build top:1")
    again = image_build.run(contexts, engine, False)
    assert (
        not again["changed"]
        and actions(again) == ["none"] * 3
        and len(verbs(engine, "build")) == 3 == len(verbs(engine, "make"))
    )
    assert again["diff"] == {"before": "", "after": ""}


def test_a_context_is_read_once_where_the_image_is_missing_and_twice_where_it_is_old(engine, contexts, tmp_path):
    engine.put("base:1", 1)
    made = image_build.run(contexts, engine, False)
    assert len(verbs(engine, "make")) == len(verbs(engine, "build")) == 3
    digests = [item["digest"] for item in made["results"]]
    assert digests == [item["digest"] for item in image_build.run(contexts, engine, True)["results"]]
    (tmp_path / "other/new").write_text("x")
    changed = image_build.run(contexts, engine, False)
    assert actions(changed) == ["none", "none", "build"] and len(verbs(engine, "make")) == 3
    assert changed["results"][2]["previous"] == digests[2] != changed["results"][2]["digest"]


@pytest.mark.parametrize("more", ["ONBUILD RUN true\n", "MAINTAINER x\n", None])
def test_what_a_second_build_would_spoil_is_built_in_one(engine, contexts, tmp_path, more):
    engine.put("base:1", 1)
    text = "FROM scratch\n" if more is None else f"FROM scratch\nCOPY . /srv\n{more}"
    (tmp_path / "other/Dockerfile").write_text(text)
    assert image_build.run({**contexts, "images": contexts["images"][2:]}, engine, False)["changed"]
    assert engine.calls == ["build other:1"]


def test_a_new_base_builds_all_that_stands_on_it(engine, contexts):
    engine.put("base:1", 1)
    image_build.run(contexts, engine, False)
    engine.put("base:1", 2)
    for check_mode in (True, False):
        assert actions(image_build.run(contexts, engine, check_mode)) == ["build", "build", "none"]
    assert not image_build.run(contexts, engine, True)["changed"]


def test_a_missing_base_is_pulled_but_not_in_check_mode(engine, contexts):
    engine.registry[("base", "1")] = ("sha256:x", engine.put("elsewhere", 1))
    predicted = image_build.run(contexts, engine, True)
    assert actions(predicted) == ["build"] * 3 and engine.calls == []
    assert "base base:1 is not here yet" in predicted["results"][1]["reason"]
    image_build.run(contexts, engine, False)
    assert verbs(engine, "pull") == ["pull base:1"] and not image_build.run(contexts, engine, False)["changed"]


def test_a_failed_build_skips_what_needs_it_and_nothing_else(engine, contexts):
    engine.put("base:1", 1)
    engine.broken.add("low:1")
    failed = image_build.run(contexts, engine, False)
    assert failed["failed"] and failed["changed"] and actions(failed) == ["skipped", "build", "build"]
    assert failed["msg"].startswith("2 of 3 images failed. top:1: Its base low:1 failed")
    assert "Cannot build low:1: it is broken (the fake). Mend it." in failed["msg"]
    engine.broken.clear()
    assert actions(image_build.run(contexts, engine, False)) == ["build", "build", "none"]


def test_a_name_may_be_listed_once(engine, contexts):
    contexts["images"].append(contexts["images"][0])
    with pytest.raises(InputError, match="top:1 more than once"):
        image_build.run(contexts, engine, False)


def test_a_here_document_wants_an_engine_that_knows_it(engine, contexts, tmp_path):
    engine.put("base:1", 1)
    (tmp_path / "low/Dockerfile").write_text("FROM base:1\nRUN <<EOT\nRUN x\nEOT\n")
    with pytest.raises(InputError, match="only BuildKit understands 'RUN <<EOT'"):
        image_build.run(contexts, engine, True)
    engine.old = True
    with pytest.raises(EngineError, match="'RUN <<EOT' in .*/low/Dockerfile needs API 1.42"):
        image_build.run({**contexts, "builder": "buildx"}, engine, True)
