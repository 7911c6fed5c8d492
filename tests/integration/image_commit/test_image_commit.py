# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""image_commit on a real engine."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
import threading
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
RUNNER = Path(__file__).parents[1] / "support" / "run_module.py"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "collections")}
NAME, CONTAINER = "commit-test/made:1", "bht-commit"
OPTIONS = {
    "author": "Ada <ada@classroom.test>",
    "comment": "Made by hand: \"ü\" & 'so'",
    "changes": [
        'CMD ["sh", "-c", "echo $GREETING"]',
        'ENTRYPOINT ["/bin/env", "EXTRA=a b"]',
        'ENV GREETING="say hi" OTHER=2',
        "EXPOSE 8080/tcp",
        "HEALTHCHECK --interval=5s CMD true",
        'LABEL org.example.what="it is a test"',
        "ONBUILD RUN true",
        "USER student",
        "VOLUME /srv/data",
        "WORKDIR /tmp",
    ],
}


def listed(engine, name=NAME):
    return [image["Id"] for image in engine.client.images(name)]


def test_commit_then_nothing_then_a_change(run_module, engine, container, args, shell, writes):
    shell(writes)
    predicted = run_module("image_commit", args, check=True)
    assert predicted["changed"] and not listed(engine)
    made = run_module("image_commit", args)
    first = made["results"][0]
    image = engine.client.inspect_image(NAME)
    assert made["changed"] and first["id"] == image["Id"] and predicted["diff"] == made["diff"]
    assert first["digest"] == predicted["results"][0]["digest"] == image["Config"]["Labels"]["org.bulkhead.digest"]
    # Times do not count, and nothing is made.
    shell("touch /new/deep/file /etc/passwd")
    for check in (True, False):
        again = run_module("image_commit", args, check=check)
        assert not again["changed"] and again["results"][0]["id"] == image["Id"] and again["diff"]["after"] == ""
        assert "warnings" not in again
    assert engine.client.inspect_image(NAME)["Id"] == image["Id"]
    shell("echo more >> /new/deep/file")
    predicted, made = run_module("image_commit", args, check=True), run_module("image_commit", args)
    assert predicted["diff"] == made["diff"] and made["changed"] and made["results"][0]["previous"] == first["digest"]
    assert not run_module("image_commit", args)["changed"]
    assert engine.client.inspect_container(CONTAINER)["State"]["Status"] == "running"


def test_every_option_reaches_the_image(run_module, engine, container, args, base_image):
    args["images"][0].update(OPTIONS)
    run_module("image_commit", args)
    image = engine.client.inspect_image(NAME)
    config = image["Config"]
    assert (image["Author"], image["Comment"]) == (OPTIONS["author"], OPTIONS["comment"])
    assert config["Cmd"] == ["sh", "-c", "echo $GREETING"] and config["Entrypoint"] == ["/bin/env", "EXTRA=a b"]
    assert {"GREETING=say hi", "OTHER=2", "COLOUR=red"} <= set(config["Env"])
    assert list(config["ExposedPorts"]) == ["8080/tcp"] and config["Healthcheck"]["Interval"] == 5 * 10**9
    assert config["Labels"]["org.example.what"] == "it is a test" and config["Labels"]["plain"] == "x"
    # Nobody takes a container of this image for a member of the fleet, or for Ada's.
    assert (config["Labels"]["org.bulkhead.fleet"], config["Labels"]["org.bulkhead.student"]) == ("", "")
    assert config["OnBuild"] == ["RUN true"] and config["User"] == "student" and config["WorkingDir"] == "/tmp"
    assert list(config["Volumes"]) == ["/srv/data"]
    assert not run_module("image_commit", args)["changed"]


@pytest.mark.parametrize(
    "change",
    [{"author": "Grace"}, {"comment": "another"}, {"changes": ["USER root"]}, {"changes": []}],
)
def test_what_the_image_says_counts(run_module, container, args, change):
    args["images"][0].update(OPTIONS)
    run_module("image_commit", args)
    args["images"][0].update(change)
    assert run_module("image_commit", args, check=True)["changed"]
    assert run_module("image_commit", args)["changed"] and not run_module("image_commit", args)["changed"]


def test_a_container_that_has_ended_or_is_paused_is_left_as_it_is(run_module, engine, container, args, shell):
    shell("echo 1 > /one")
    engine.client.pause(CONTAINER)
    assert run_module("image_commit", args)["changed"]
    assert engine.client.inspect_container(CONTAINER)["State"]["Status"] == "paused"
    engine.client.unpause(CONTAINER)
    engine.client.kill(CONTAINER)
    assert not run_module("image_commit", args)["changed"]
    args["images"][0]["comment"] = "of a container that has ended"
    assert run_module("image_commit", args)["changed"]
    assert engine.client.inspect_container(CONTAINER)["State"]["Status"] == "exited"


def events(engine, run):
    """What happened to containers meanwhile."""
    since = time.time()
    run()
    found = engine.client.events(
        since=since - 0.001, until=time.time() + 0.001, decode=True, filters={"type": "container"}
    )
    return [event["Action"] for event in found]


def test_a_running_container_is_paused_for_a_commit_and_for_nothing_else(run_module, engine, container, args):
    assert "pause" not in events(engine, lambda: run_module("image_commit", args, check=True))
    assert [word for word in events(engine, lambda: run_module("image_commit", args)) if "pause" in word] == [
        "pause",
        "unpause",
    ]
    assert "pause" not in events(engine, lambda: run_module("image_commit", args))
    args["images"][0].update(pause=False, comment="not paused")
    done = events(engine, lambda: run_module("image_commit", args))
    assert "commit" in done and "pause" not in done


def test_files_that_do_not_hold_still(run_module, engine, container, args, shell):
    """With pause the image and its label are those of one moment; without, the task fails and says why."""
    writer = "i=0; while [ ! -e /stop ]; do i=$((i+1)); echo $i > /busy.$i; rm -f /busy.$((i-5)); done"
    thread = threading.Thread(target=lambda: shell(writer))
    thread.start()
    try:
        time.sleep(0.3)
        made = run_module("image_commit", {**args, "list_paths": True})
        args["images"][0].update(pause=False)
        # A reading may fall between two writes: one of many does not.
        turns = (run_module("image_commit", args) for _turn in range(30))
        seen = next((one for one in turns if "change while they are read" in one.get("msg", "")), None)
    finally:
        shell("touch /stop")
        thread.join()
    assert made["changed"] and not made.get("failed")
    assert seen and seen["failed"]
    # What was read is what went into the image: its files are those of one moment.
    read = {item["path"] for item in made["results"][0]["layer"]["paths"] if item["path"].startswith("/busy.")}
    other = engine.client.create_container(made["results"][0]["id"], ["true"])["Id"]
    try:
        exported = io.BytesIO(b"".join(engine.client.export(other)))
    finally:
        engine.client.remove_container(other, force=True)
    with tarfile.open(fileobj=exported) as archive:
        held = {f"/{name}" for name in archive.getnames() if name.startswith("busy.")}
    assert held == read and len(held) >= 5


def test_one_missing_container_hides_no_other(run_module, engine, container, args):
    args["images"].insert(0, {"name": "commit-test/none:1", "container": "bht-nobody"})
    failed = run_module("image_commit", args)
    assert failed["failed"] and "1 of 2 images failed" in failed["msg"] and "no container bht-nobody" in failed["msg"]
    assert failed["changed"] and failed["results"][1]["id"] == engine.client.inspect_image(NAME)["Id"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "Upper/Case"}, "no name of an image"),
        ({"name": "a@sha256:" + "0" * 64}, "Give repository:tag"),
        ({"changes": ["RUN true"]}, "RUN is no instruction"),
        ({"changes": ["USER a\nUSER b"]}, "several lines"),
        ({"changes": ["LABEL a=b \\"]}, "several lines"),
    ],
)
def test_bad_input_says_what_to_write(run_module, args, change, said):
    args["images"][0].update(change)
    assert said in run_module("image_commit", args)["msg"]


def test_a_container_may_be_listed_once_whatever_it_is_called(run_module, container, args):
    args["images"].append({"name": "commit-test/twice:1", "container": container})
    assert "bht-commit more than once" in run_module("image_commit", args)["msg"]


def test_ended_in_the_middle_it_leaves_no_container_paused(engine, container, args, shell):
    shell("for i in $(seq 60); do cp /bin/busybox /copy.$i; done")
    given = {"docker_host": engine.url, **args, "_ansible_check_mode": False, "_ansible_diff": False}
    argv = [sys.executable, str(RUNNER), "image_commit"]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, env=ENVIRONMENT) as process:
        process.stdin.write(json.dumps(given).encode())
        process.stdin.close()
        while not engine.client.inspect_container(CONTAINER)["State"]["Paused"]:
            assert process.poll() is None, "it ended before it paused anything"
            time.sleep(0.005)
        process.terminate()
    assert process.returncode != 0
    assert engine.client.inspect_container(CONTAINER)["State"]["Status"] == "running"


def test_an_instruction_that_this_engine_cannot_apply_is_named(run_module, engine, container, args):
    """STOPSIGNAL came later than the others: either it is applied, or the error says so and no image is there."""
    args["images"][0]["changes"] = ["STOPSIGNAL SIGINT"]
    made = run_module("image_commit", args)
    if made.get("failed"):
        assert "stopsignal" in made["msg"].lower() and not listed(engine)
    else:
        assert engine.client.inspect_image(NAME)["Config"]["StopSignal"] == "SIGINT"
