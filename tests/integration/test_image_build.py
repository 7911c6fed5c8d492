# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""image_build on a real engine."""

from __future__ import annotations

import os

import pytest


@pytest.fixture
def contexts(tmp_path, base_image):
    """Two images, the second built upon the first; listed the other way round."""
    lower, upper = tmp_path / "lower", tmp_path / "upper"
    lower.mkdir()
    upper.mkdir()
    (lower / "Dockerfile").write_text(
        f"ARG BASE={base_image}\nFROM $BASE\nARG WHAT=thing\nCOPY . /srv/\nRUN echo $WHAT > /what\n"
    )
    (lower / "file").write_text("one\n")
    (lower / ".dockerignore").write_text("*.tmp\n")
    (upper / "Dockerfile").write_text("FROM build-test/lower:1\nRUN cat /srv/file > /copy\n")
    return tmp_path


@pytest.fixture
def args(contexts, engine):
    lower = {"name": "build-test/lower:1", "path": str(contexts / "lower"), "labels": {"org.example": "a b"}}
    upper = {"name": "build-test/upper:1", "path": str(contexts / "upper")}
    yield {"images": [upper, lower]}
    for name in ("build-test/upper:1", "build-test/lower:1"):
        if engine.client.images(name):
            engine.client.remove_image(name, force=True)


def actions(result):
    return {item["name"].split("/")[1][:5]: item["action"] for item in result["results"]}


def read(engine, image, path):
    container = engine.client.create_container(image, ["cat", path])
    engine.client.start(container["Id"])
    engine.client.wait(container["Id"])
    text = engine.client.logs(container["Id"]).decode()
    engine.client.remove_container(container["Id"])
    return text


def test_build_in_order_then_nothing(run_module, engine, args, contexts):
    predicted = run_module("image_build", args, check=True)
    assert predicted["changed"] and not engine.client.images("build-test/lower")
    made = run_module("image_build", args)
    assert [item["name"] for item in made["results"]] == ["build-test/upper:1", "build-test/lower:1"]
    assert actions(made) == actions(predicted) == {"lower": "build", "upper": "build"}
    image = engine.client.inspect_image("build-test/lower:1")
    assert image["Config"]["Labels"] == {"org.example": "a b", "org.bulkhead.digest": made["results"][1]["digest"]}
    assert read(engine, "build-test/upper:1", "/copy") == "one\n"
    for path in contexts.rglob("*"):
        os.utime(path, (1, 1))
    for check in (True, False):
        again = run_module("image_build", args, check=check)
        assert not again["changed"] and again["results"][1]["id"] == image["Id"] and again["diff"]["after"] == ""


def test_a_context_that_is_read_once_makes_the_same_image(run_module, engine, args, contexts):
    """The first build of an image gets its label in a second one; a later build knows it from the start. Equal steps
    come from the engine's cache, so an equal id says that every step was the same."""
    lower, file = {"images": [args["images"][1]]}, contexts / "lower/file"
    with (contexts / "lower/Dockerfile").open("a") as dockerfile:
        dockerfile.write('USER 1000\nHEALTHCHECK CMD true\nENTRYPOINT ["cat"]\nCMD ["/what"]\n')
    ids = []
    for content in ("one\n", "two\n", "one\n"):
        file.write_text(content)
        ids.append(run_module("image_build", lower)["results"][0]["id"])
    assert ids[0] == ids[2] != ids[1]
    config = engine.client.inspect_image(ids[0])["Config"]
    assert config["Cmd"] == ["/what"] and config["Entrypoint"] == ["cat"] and config["Healthcheck"]["Test"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda lower, item: (lower / "file").write_text("two\n"), "build"),
        (lambda lower, item: (lower / "file").chmod(0o600), "build"),
        (lambda lower, item: (lower / "new").symlink_to("file"), "build"),
        (lambda lower, item: item.update(args={"WHAT": "else"}), "build"),
        (lambda lower, item: item.update(labels={"org.example": "c"}), "build"),
        (lambda lower, item: (lower / "scratch.tmp").write_text("ignored"), "none"),
    ],
    ids=["content", "mode", "link", "argument", "label", "ignored file"],
)
def test_what_changed_is_built_again_with_all_that_is_built_upon_it(run_module, args, contexts, change, expected):
    run_module("image_build", args)
    change(contexts / "lower", args["images"][1])
    predicted = run_module("image_build", args, check=True)
    done = run_module("image_build", args)
    assert actions(predicted) == actions(done) == {"lower": expected, "upper": expected}
    assert not run_module("image_build", args)["changed"]


def test_a_new_base_image_builds_again(run_module, engine, args, rootfs, contexts):
    engine.client.import_image_from_file(str(rootfs), repository="build-test/base", tag="1")
    args["images"] = [{**args["images"][1], "args": {"BASE": "build-test/base:1"}}]
    assert run_module("image_build", args)["changed"] and not run_module("image_build", args)["changed"]
    engine.client.import_image_from_file(str(rootfs), repository="build-test/base", tag="1", changes=["ENV NEW=1"])
    assert run_module("image_build", args, check=True)["changed"]
    assert run_module("image_build", args)["changed"] and not run_module("image_build", args)["changed"]
    engine.client.remove_image("build-test/base:1", force=True)


def test_a_failed_step_shows_its_log_and_stops_only_what_needs_it(run_module, engine, args, contexts, base_image):
    (contexts / "lower" / "Dockerfile").write_text(f"FROM {base_image}\nRUN echo about to fail; exit 3\n")
    other = contexts / "other"
    other.mkdir()
    (other / "Dockerfile").write_text(f"FROM {base_image}\nRUN touch /fine\n")
    args["images"].append({"name": "build-test/other:1", "path": str(other)})
    failed = run_module("image_build", args)
    assert actions(failed) == {"lower": "build", "upper": "skipped", "other": "build"}
    assert "2 of 3 images failed" in failed["msg"] and "about to fail" in failed["msg"] and "code: 3" in failed["msg"]
    assert "Its base build-test/lower:1 failed" in failed["results"][0]["error"]
    assert engine.client.inspect_image("build-test/other:1")["Id"] == failed["results"][2]["id"]
    assert not engine.client.containers(all=True), "a failed build must leave no container"
    engine.client.remove_image("build-test/other:1")


def test_the_engine_sees_what_the_digest_saw(run_module, engine, contexts, base_image):
    """A context of awkward names, and rules that the engine applies once more on its side."""
    folder = contexts / "awkward"
    long = "x" * 120 + "/" + "y" * 120
    for name in ("keep/a", "drop/b", "drop/kept/c", "ünï cödé", long, "docs/read.md", "docs/a.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (folder / "big").write_bytes(b"0" * 3_000_001)
    (folder / ".dockerignore").write_text("# a comment\ndrop\n!drop/kept\ndocs/*.txt\nDockerfile\n.dockerignore\n")
    (folder / "Dockerfile").write_text(
        f"FROM {base_image}\nCOPY . /srv/\nRUN cd /srv && find . -type f | sort > /list\n"
    )
    assert run_module("image_build", {"images": [{"name": "build-test/awkward:1", "path": str(folder)}]})["changed"]
    listed = sorted(read(engine, "build-test/awkward:1", "/list").split("\n"))
    expected = ["./keep/a", "./drop/kept/c", "./ünï cödé", f"./{long}", "./docs/read.md", "./big", ""]
    assert listed == sorted(expected)
    engine.client.remove_image("build-test/awkward:1")


def test_several_stages_and_a_target(run_module, engine, contexts, base_image):
    folder = contexts / "stages"
    folder.mkdir()
    (folder / "Dockerfile").write_text(
        f"FROM {base_image} AS make\nRUN echo made > /made\nFROM scratch AS small\nCOPY --from=make /made /made\n"
        "FROM missing/image:1\n"
    )
    item = {"name": "build-test/small:1", "path": str(folder), "target": "small"}
    assert run_module("image_build", {"images": [item]})["changed"]
    assert not run_module("image_build", {"images": [item]})["changed"]
    assert len(engine.client.inspect_image("build-test/small:1")["RootFS"]["Layers"]) == 1
    engine.client.remove_image("build-test/small:1")


@pytest.mark.parametrize(
    ("dockerfile", "said"),
    [
        ("FROM build-test/upper:1\n", "built upon each other: build-test/"),
        ("RUN true\n", "has no FROM"),
        ("ARG NOTHING\nFROM $NOTHING\n", "FROM number 1 names no image"),
    ],
)
def test_bad_input_stops_before_anything_is_built(run_module, engine, args, contexts, dockerfile, said):
    (contexts / "lower" / "Dockerfile").write_text(dockerfile)
    assert said in run_module("image_build", args)["msg"]
    assert not engine.client.images("build-test/upper")


def test_a_context_that_is_not_there_yet(run_module, args):
    args["images"][1]["path"] = "/nowhere"
    assert actions(run_module("image_build", args, check=True)) == {"lower": "build", "upper": "build"}
    assert "The build context /nowhere is no folder" in run_module("image_build", args)["msg"]
