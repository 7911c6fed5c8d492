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

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils import writable_layer
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine_layers import LayerEngine
from ansible_collections.bulkhead.classroom.plugins.module_utils.layer_reading import read_layer
from ansible_collections.bulkhead.classroom.tests.integration.conftest import ROOT, RUNNER

NAME = "commit-test/made:1"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "collections")}
CONTAINER = "bht-commit"
SECRET = "AKIAABCDEFGHIJKLMNOP"
# One of everything that can happen to a path.
WRITES = f"""
mkdir -p /new/deep /var/log /var/cache/apt /root/.ssh; echo hi > /new/deep/file; ln /new/deep/file /new/hard
ln -s deep/file /new/link; mkfifo /new/fifo; touch "/new/ü a
b" /new/empty; echo x >> /etc/passwd; rm /etc/group; chmod 700 /root; ln /bin/busybox /bin/zz
mknod /new/null c 1 3; rm -rf /var/log; mkdir /var/log; echo log > /var/log/today; echo deb > /var/cache/apt/x.deb
echo k > /root/.ssh/id_rsa; echo tmp > /tmp/left; echo 'aws: {SECRET}' > /new/notes; touch "$(printf '/new/\\377bad')"
echo inside > /data/vol/inside; echo scratch > /scratch/inside
"""
OPTIONS = {
    "author": "Ada <ada@classroom.test>",
    "message": "Made by hand: \"ü\" & 'so'",
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


@pytest.fixture
def shell(engine):
    """Runs a script in the container, to its end."""

    def run(script: str, name: str = CONTAINER) -> None:
        key = engine.client.exec_create(name, ["sh", "-c", script])["Id"]
        out = engine.client.exec_start(key)
        assert engine.client.exec_inspect(key)["ExitCode"] == 0, out

    return run


@pytest.fixture
def container(engine, base_image, tmp_path):
    host = engine.client.create_host_config(
        binds=[f"{tmp_path}:/data/vol"], tmpfs={"/scratch": ""}, network_mode="none"
    )
    labels = {"org.bulkhead.fleet": "class", "org.bulkhead.student": "ada", "plain": "x"}
    environment = ["DB_PASSWORD=hunter2hunter2", "COLOUR=red"]
    made = engine.client.create_container(
        base_image, ["sleep", "3600"], name=CONTAINER, host_config=host, labels=labels, environment=environment
    )
    engine.client.start(CONTAINER)
    yield made["Id"]
    engine.client.remove_container(CONTAINER, force=True, v=True)
    for tags in [image["RepoTags"] or [] for image in engine.client.images()]:
        for tag in tags:
            if tag.startswith("commit-test/"):
                engine.client.remove_image(tag, force=True)


@pytest.fixture
def args():
    return {"images": [{"name": NAME, "container": CONTAINER}]}


def listed(engine, name=NAME):
    return [image["Id"] for image in engine.client.images(name)]


def test_commit_then_nothing_then_a_change(run_module, engine, container, args, shell):
    shell(WRITES)
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


@pytest.mark.parametrize(
    "script",
    [
        "echo y > /new/deep/file",
        "chmod 600 /new/deep/file",
        "chown 1000 /new/deep/file",
        "chown :1000 /new/deep",
        "ln -sf elsewhere /new/link",
        "rm /new/fifo",
        "mv /new/empty /new/other",
        "rm /new/null; mknod /new/null c 1 5",
        "rm /new/fifo; touch /new/fifo",
        "chmod 755 /root",
        "rm /bin/busybox.old 2>/dev/null; rm /etc/passwd",
    ],
)
def test_every_kind_of_change_counts(run_module, engine, container, args, shell, script):
    shell(WRITES)
    layers = LayerEngine(engine.client)
    document = layers.container(CONTAINER)
    before = read_layer(layers, document, 0).digest()
    shell(script)
    assert read_layer(layers, document, 0).digest() != before


def test_both_ways_to_read_a_layer_agree(engine, container, shell, monkeypatch):
    layers = LayerEngine(engine.client)
    document = layers.container(CONTAINER)
    shell(WRITES.replace("""touch "$(printf '/new/\\377bad')\"""", "true"))
    exported = read_layer(layers, document, 0)
    fetched = read_layer(layers, document, 1 << 60)
    assert writable_layer.export_is_cheaper(writable_layer.fetches(exported.changes, ()), 0)
    assert fetched.entries.keys() == exported.entries.keys() and "/bin/zz" in fetched.entries
    same = {path: entry.identity() for path, entry in fetched.entries.items()}
    assert same == {path: entry.identity() for path, entry in exported.entries.items()}
    assert fetched.digest() == exported.digest()
    assert fetched.entries["/new/notes"].marks == exported.entries["/new/notes"].marks != ()


def test_the_figures_are_those_of_the_engine(run_module, engine, container, args, shell):
    shell(WRITES)
    found = run_module("image_commit", {**args, "list_paths": True}, check=True)["results"][0]["layer"]
    diff = engine.client.diff(CONTAINER)
    words = {0: "changed", 1: "added", 2: "deleted"}
    assert found["paths"] == sorted(
        ({"path": item["Path"], "change": words[item["Kind"]]} for item in diff), key=lambda item: item["path"]
    )
    for number, word in words.items():
        assert found[word] == sum(1 for item in diff if item["Kind"] == number) > 0
    url = engine.client._url("/containers/{0}/json", CONTAINER)
    sizes = engine.client._result(engine.client._get(url, params={"size": True}), True)
    assert found["bytes"] == sizes["SizeRw"]
    assert found["largest"][0]["path"] == "/bin/zz"


def test_mounts_are_no_part_of_it(run_module, engine, container, args, shell, tmp_path):
    first = run_module("image_commit", args)
    shell("echo other > /data/vol/inside; echo other > /scratch/inside")
    (tmp_path / "id_rsa").write_text("-----BEGIN OPENSSH PRIVATE KEY-----")
    again = run_module("image_commit", args)
    assert first["changed"] and not again["changed"]
    assert "id_rsa" not in json.dumps(again)


def test_every_option_reaches_the_image(run_module, engine, container, args, base_image):
    args["images"][0].update(OPTIONS)
    run_module("image_commit", args)
    image = engine.client.inspect_image(NAME)
    config = image["Config"]
    assert (image["Author"], image["Comment"]) == (OPTIONS["author"], OPTIONS["message"])
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
    [{"author": "Grace"}, {"message": "another"}, {"changes": ["USER root"]}, {"changes": []}],
)
def test_what_the_image_says_counts(run_module, container, args, change):
    args["images"][0].update(OPTIONS)
    run_module("image_commit", args)
    args["images"][0].update(change)
    assert run_module("image_commit", args, check=True)["changed"]
    assert run_module("image_commit", args)["changed"] and not run_module("image_commit", args)["changed"]


def test_what_does_not_belong_into_an_image_is_told_and_never_shown(run_module, engine, container, args, shell):
    shell(WRITES)
    args["images"][0]["changes"] = ["ENV API_TOKEN=sup3rsecretvalue"]
    made = run_module("image_commit", args)
    groups = {group["kind"]: group for group in made["results"][0]["findings"]}
    assert list(groups) == ["credentials", "caches", "logs", "temporary"]
    where = {one["where"] for one in groups["credentials"]["examples"]}
    assert where == {"ENV DB_PASSWORD", "ENV API_TOKEN", "/root/.ssh/id_rsa", "/new/notes"}
    assert [groups[kind]["examples"][0]["where"] for kind in ("caches", "logs", "temporary")] == [
        "/var/cache/apt/x.deb",
        "/var/log/today",
        "/tmp/left",
    ]
    assert len(made["warnings"]) == 4 and "takes credentials along" in json.dumps(made["warnings"][0])
    shown = json.dumps({key: value for key, value in made.items() if key != "invocation"})
    assert not [secret for secret in (SECRET, "hunter2", "sup3rsecret") if secret in shown]


def test_what_is_refused_makes_no_image(run_module, engine, container, args, shell):
    shell("mkdir -p /root/.ssh; echo k > /root/.ssh/id_rsa")
    for check in (True, False):
        failed = run_module("image_commit", {**args, "refuse": ["credentials"]}, check=check)
        assert failed["failed"] and "/root/.ssh/id_rsa (private key of ssh)" in failed["msg"] and not listed(engine)
    assert run_module("image_commit", {**args, "refuse": ["logs"]})["changed"]


def test_a_container_that_has_ended_or_is_paused_is_left_as_it_is(run_module, engine, container, args, shell):
    shell("echo 1 > /one")
    engine.client.pause(CONTAINER)
    assert run_module("image_commit", args)["changed"]
    assert engine.client.inspect_container(CONTAINER)["State"]["Status"] == "paused"
    engine.client.unpause(CONTAINER)
    engine.client.kill(CONTAINER)
    assert not run_module("image_commit", args)["changed"]
    args["images"][0]["message"] = "of a container that has ended"
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
    args["images"][0].update(pause=False, message="not paused")
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
        failed = [run_module("image_commit", args) for _turn in range(3)]
    finally:
        shell("touch /stop")
        thread.join()
    assert made["changed"] and not made.get("failed")
    assert any("change while they are read" in one.get("msg", "") for one in failed)
    # What was read is what went into the image: its files are those of one moment.
    read = {item["path"] for item in made["results"][0]["layer"]["paths"] if item["path"].startswith("/busy.")}
    other = engine.client.create_container(NAME, ["true"])["Id"]
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
