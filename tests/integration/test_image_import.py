# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""image_import on a real engine."""

from __future__ import annotations

import shutil

import pytest
from ansible_collections.bulkhead.classroom.tests.integration.support.rootfs import write_rootfs

NAME = "import-test/base:1"
CONFIG = {
    "cmd": ["/bin/sh", "-c", 'echo "$GREETING"'],
    "entrypoint": ["/bin/env", "EXTRA=a b"],
    "env": {"GREETING": 'say "hi" to $HOME \\ done', "EMPTY": "", "UTF": "é ß"},
    "user": "student",
    "workdir": "/tmp/a place",
    "labels": {"org.example.what": "it's a $test", "plain": "x"},
}


@pytest.fixture
def args(rootfs, engine):
    yield {"images": [{"name": NAME, "source": str(rootfs), "config": CONFIG}]}
    if engine.client.images(NAME):
        engine.client.remove_image(NAME, force=True)


def test_import_then_nothing(run_module, engine, args):
    predicted = run_module("image_import", args, check=True)
    assert predicted["changed"] and not engine.client.images(NAME)
    made = run_module("image_import", args)
    image = engine.client.inspect_image(NAME)
    assert made["changed"] and made["results"][0]["id"] == image["Id"]
    assert (
        predicted["results"][0]["digest"]
        == made["results"][0]["digest"]
        == image["Config"]["Labels"]["org.bulkhead.digest"]
    )
    assert predicted["diff"] == made["diff"]
    again = run_module("image_import", args)
    assert not again["changed"] and again["results"][0]["id"] == image["Id"] and again["diff"]["after"] == ""
    assert not run_module("image_import", args, check=True)["changed"]


def test_configuration_reaches_the_engine_as_it_was_written(run_module, engine, args):
    run_module("image_import", args)
    config = engine.client.inspect_image(NAME)["Config"]
    assert config["Cmd"] == CONFIG["cmd"] and config["Entrypoint"] == CONFIG["entrypoint"]
    assert dict(item.split("=", 1) for item in config["Env"])["GREETING"] == CONFIG["env"]["GREETING"]
    assert {"EMPTY=", "UTF=é ß"} <= set(config["Env"])
    assert (config["User"], config["WorkingDir"]) == (CONFIG["user"], CONFIG["workdir"])
    assert CONFIG["labels"].items() <= config["Labels"].items()


def test_a_changed_configuration_or_tarball_is_imported_again(run_module, engine, args, tmp_path):
    run_module("image_import", args)
    args["images"][0]["config"] = {**CONFIG, "user": "root"}
    assert run_module("image_import", args, check=True)["changed"]
    assert run_module("image_import", args)["changed"]
    assert not run_module("image_import", args)["changed"]
    packed = write_rootfs(tmp_path / "rootfs.tar.gz")
    args["images"][0]["source"] = str(packed)
    changed = run_module("image_import", args)
    assert changed["changed"] and changed["results"][0]["previous"] != changed["results"][0]["digest"]
    assert not run_module("image_import", args)["changed"]


def test_a_digest_that_the_caller_knows_spares_the_tarball(run_module, args, rootfs, tmp_path):
    tarball = shutil.copy(rootfs, tmp_path / "rootfs.tar")
    args["images"][0].update(source=str(tarball), digest="sha256:known")
    assert run_module("image_import", args)["changed"]
    tarball.unlink()
    assert not run_module("image_import", args)["changed"]
    args["images"][0]["digest"] = "sha256:other"
    failed = run_module("image_import", args)
    assert failed["failed"] and "no tarball" in failed["msg"] and str(tarball) in failed["msg"]


def test_a_missing_tarball_is_an_import_to_come_in_check_mode_and_an_error_otherwise(run_module, args):
    args["images"][0]["source"] = "/nowhere/rootfs.tar"
    assert run_module("image_import", args, check=True)["changed"]
    failed = run_module("image_import", args)
    assert failed["failed"] and "There is no tarball at /nowhere/rootfs.tar" in failed["msg"]


def test_one_broken_tarball_hides_no_other(run_module, engine, args, tmp_path):
    broken = tmp_path / "broken.tar"
    broken.write_bytes(b"this is no archive" * 100)
    args["images"].insert(0, {"name": "import-test/broken:1", "source": str(broken)})
    failed = run_module("image_import", args)
    assert failed["failed"] and "1 of 2 images failed" in failed["msg"] and "import-test/broken:1" in failed["msg"]
    assert failed["changed"] and "error" not in failed["results"][1]
    assert engine.client.inspect_image(NAME)["Id"] == failed["results"][1]["id"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "Upper/Case"}, "no name of an image"),
        ({"config": {"env": {"A": "two\nlines"}}}, "line break"),
    ],
)
def test_bad_input_says_what_to_write(run_module, args, change, said):
    args["images"][0].update(change)
    assert said in run_module("image_import", args)["msg"]


def test_an_engine_that_is_not_there(run_module, args, tmp_path):
    failed = run_module("image_import", {**args, "docker_host": f"unix://{tmp_path}/none.sock"})
    assert (
        failed["failed"] and "the socket does not exist" in failed["msg"] and "systemctl start docker" in failed["msg"]
    )
