# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image modules' run() against an engine in memory: what they report, and what they ask of the engine."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError
from ansible_collections.bulkhead.classroom.plugins.modules import image_import, image_pull, image_push
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
def tarball(tmp_path):
    path = tmp_path / "root.tar"
    path.write_bytes(b"one")
    return path


@pytest.fixture
def imports(tarball):
    item = {"name": "base:1", "source": str(tarball), "digest": None, "config": {"cmd": ["sh"]}}
    return {**SAME, "images": [item]}


def test_import_then_nothing_then_a_new_tarball(engine, imports, tarball):
    assert image_import.run(imports, engine, True)["changed"] and engine.calls == []
    assert image_import.run(imports, engine, False)["changed"]
    assert not image_import.run(imports, engine, False)["changed"]
    tarball.write_bytes(b"two")
    predicted, made = image_import.run(imports, engine, True), image_import.run(imports, engine, False)
    assert predicted["diff"] == made["diff"] and "tarball or the configuration changed" in made["diff"]["after"]
    assert len(engine.calls) == 2


def test_bad_configuration_stops_before_anything_is_imported(engine, imports, tarball):
    imports["images"].append({"name": "b:1", "source": str(tarball), "digest": None, "config": {"user": "a\nb"}})
    with pytest.raises(InputError, match="line break"):
        image_import.run(imports, engine, False)
    assert engine.calls == []


@pytest.fixture
def pushes(engine):
    engine.put("a:1", 1)
    return {**SAME, "images": [{"name": "a:1", "repository": "r.test/a:1"}]}


def test_push_then_nothing(engine, pushes):
    assert actions(image_push.run(pushes, engine, True)) == ["push"] and not verbs(engine, "push", "tag")
    made = image_push.run(pushes, engine, False)["results"][0]
    assert made["reference"] == f"r.test/a@{made['digest']}" and made["digest"] == engine.registry["r.test/a", "1"][0]
    assert not image_push.run(pushes, engine, False)["changed"] and verbs(engine, "push") == ["push r.test/a:1"]


def test_a_lost_tag_is_set_without_a_push(engine, pushes):
    image_push.run(pushes, engine, False)
    del engine.tags["r.test/a:1"]
    assert actions(image_push.run(pushes, engine, True)) == ["tag"]
    assert actions(image_push.run(pushes, engine, False)) == ["tag"] and len(verbs(engine, "push")) == 1
    assert not image_push.run(pushes, engine, False)["changed"]


def test_a_registry_that_has_something_else_after_the_push_is_an_error(engine, pushes):
    class Forgetful(FakeImages):
        def remote_digest(self, name, auth):
            return "sha256:other"

    forgetful = Forgetful()
    forgetful.put("a:1", 1)
    failed = image_push.run(pushes, forgetful, False)
    assert failed["failed"] and "the registry has sha256:other" in failed["msg"] and not failed["changed"]


def test_two_images_for_one_tag_are_refused(engine, pushes):
    pushes["images"].append({"name": "b:1", "repository": "r.test/a:1"})
    with pytest.raises(InputError, match="lists the repository r.test/a:1 more than once"):
        image_push.run(pushes, engine, False)


def pulls(name, policy="missing"):
    return {**SAME, "images": [{"name": name}], "policy": policy}


def test_pull_by_tag_and_by_digest(engine, pushes):
    digest = image_push.run(pushes, engine, False)["results"][0]["digest"]
    engine.tags.clear()
    engine.digests.clear()
    engine.calls.clear()
    by_digest, by_tag = pulls(f"r.test/a@{digest}"), pulls("r.test/a:1")
    assert image_pull.run(by_digest, engine, True)["results"][0]["digest"] == digest and engine.calls == []
    assert (
        image_pull.run(by_digest, engine, False)["changed"] and not image_pull.run(by_digest, engine, False)["changed"]
    )
    assert image_pull.run(by_tag, engine, False)["results"][0]["digest"] == digest
    assert not image_pull.run(by_tag, engine, False)["changed"] and not verbs(engine, "ask")


def test_policy_always_follows_a_tag(engine, pushes):
    image_push.run(pushes, engine, False)
    assert not image_pull.run(pulls("r.test/a:1", "always"), engine, False)["changed"]
    newer = engine.put("newer:1", 2)
    engine.registry["r.test/a", "1"] = ("sha256:" + "f" * 64, newer)
    predicted = image_pull.run(pulls("r.test/a:1", "always"), engine, True)
    made = image_pull.run(pulls("r.test/a:1", "always"), engine, False)
    assert predicted["diff"] == made["diff"] and made["results"][0]["id"] == newer
    assert not image_pull.run(pulls("r.test/a:1", "always"), engine, False)["changed"]


def test_what_the_registry_lacks_is_an_error_of_that_image_alone(engine, pushes):
    image_push.run(pushes, engine, False)
    engine.tags.clear()
    both = {**SAME, "policy": "missing", "images": [{"name": "r.test/none:1"}, {"name": "r.test/a:1"}]}
    failed = image_pull.run(both, engine, False)
    assert failed["failed"] and failed["changed"] and "error" not in failed["results"][1]
    assert "r.test/none:1: Cannot pull r.test/none:1: manifest unknown" in failed["msg"]


def test_policy_newer_makes_do_with_what_is_here(engine, pushes):
    image_push.run(pushes, engine, False)
    engine.silent = True
    kept = image_pull.run(pulls("r.test/a:1", "newer"), engine, False)
    assert not kept["changed"] and "no answer" in kept["results"][0]["warning"]
    assert image_pull.run(pulls("r.test/a:1", "always"), engine, False)["failed"]


def test_check_mode_asks_for_the_digest_of_what_is_missing(engine, pushes):
    digest = image_push.run(pushes, engine, False)["results"][0]["digest"]
    engine.tags.clear()
    predicted = image_pull.run(pulls("r.test/a:1"), engine, True)["results"][0]
    assert predicted["digest"] == digest and predicted["bytes"] is None and "warning" not in predicted
    unknown = image_pull.run(pulls("r.test/later:1"), engine, True)
    assert unknown["changed"] and "The registry has no r.test/later:1" in unknown["results"][0]["warning"]


def test_what_was_moved_is_counted(engine, pushes):
    made = image_push.run(pushes, engine, False)["results"][0]
    assert (made["layers_moved"], made["layers_present"]) == (1, 0)
    same = image_push.run(pushes, engine, False)["results"][0]
    assert (same["bytes"], same["layers_moved"]) == (0, 0)
    assert (
        image_push.run({**pushes, "images": [{"name": "a:1", "repository": "r.test/b:1"}]}, engine, True)["results"][0][
            "bytes"
        ]
        is None
    )


def test_a_digest_that_is_known_from_elsewhere_spares_the_push(engine, pushes):
    digest = image_push.run(pushes, engine, False)["results"][0]["digest"]
    image_id = engine.tags["a:1"]
    engine.digests[image_id] = {f"elsewhere.test/x@{digest}"}
    assert actions(image_push.run(pushes, engine, True)) == ["none"]
