# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""image_layers_info on a real engine: one image is built from a Dockerfile, one is committed, both on the same base."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.bulkhead.classroom.tests.integration.support.daemons import Engine

BUILT, COMMITTED, CONTAINER = "layers-test/built:1", "layers-test/committed:1", "bht-layers"
DOCKERFILE = """\
FROM bulkhead-test/base:1
ARG SECRETLY=nothing
ENV COLOUR=red
COPY greeting /srv/greeting
RUN echo 1 > /srv/first; rm /etc/group; cp /bin/busybox /srv/big
RUN rm /srv/big; chmod 700 /root; echo x >> /etc/passwd
CMD ["cat", "/srv/greeting"]
"""
BY_HAND = (
    "mkdir /srv; echo hello > /srv/greeting; echo 2 > /srv/first; rm /etc/group; echo x >> /etc/passwd; touch /log"
)
BUILD_ARGS = {"SECRETLY": "hunter2 /bin/so"}


@pytest.fixture(scope="module")
def made(run_module, engine, base_image, tmp_path_factory):
    """The container runs on until all tests of this file are done."""
    context = tmp_path_factory.mktemp("context")
    (context / "Dockerfile").write_text(DOCKERFILE)
    (context / "greeting").write_text("hello\n")
    engine.client.images()
    for line in engine.client.build(path=str(context), tag=BUILT, buildargs=BUILD_ARGS, rm=True, decode=True):
        assert "error" not in line, line
    host = engine.client.create_host_config(network_mode="none")
    engine.client.create_container(base_image, ["sleep", "3600"], name=CONTAINER, host_config=host)
    engine.client.start(CONTAINER)
    key = engine.client.exec_create(CONTAINER, ["sh", "-c", BY_HAND])["Id"]
    engine.client.exec_start(key)
    assert engine.client.exec_inspect(key)["ExitCode"] == 0
    image = {"name": COMMITTED, "container": CONTAINER, "comment": "by hand", "changes": ["ENV COLOUR=blue"]}
    run_module("image_commit", {"images": [image]})
    yield
    engine.client.remove_container(CONTAINER, force=True, v=True)
    for name in (BUILT, COMMITTED):
        engine.client.remove_image(name, force=True)


def test_layers_lie_in_order_and_say_what_made_them(run_module, engine, made, base_image):
    found = run_module("image_layers_info", {"images": [base_image, BUILT, COMMITTED]})
    assert not found["changed"] and found["storage_driver"] == engine.client.info()["Driver"]
    base, built, committed = found["images"]
    instructions = [layer["instruction"] for layer in built["layers"]]
    assert instructions[0] is None and built["layers"][0]["comment"].startswith("Imported from")
    assert [text.split()[0] for text in instructions[1:]] == ["ARG", "ENV", "COPY", "RUN", "RUN", "CMD"]
    assert instructions[5] == "RUN rm /srv/big; chmod 700 /root; echo x >> /etc/passwd"
    assert [layer["position"] for layer in built["layers"]] == list(range(1, 8))
    assert [layer["empty"] for layer in built["layers"]] == [False, True, True, False, False, False, True]
    assert committed["layers"][-1]["instruction"] == "sleep 3600" and committed["layers"][-1]["comment"] == "by hand"
    for image in (base, built, committed):
        document = engine.client.inspect_image(image["name"])
        assert image["id"] == document["Id"] and image["tags"] == document["RepoTags"]
        assert [layer["digest"] for layer in image["layers"] if not layer["empty"]] == document["RootFS"]["Layers"]
        assert image["bytes"] == document["Size"] == sum(layer["bytes"] for layer in image["layers"])
        assert image["verified"] is None and image["layers"][0]["verified"] is None


def test_nothing_of_a_build_argument_is_shown(run_module, made):
    assert "hunter2" not in json.dumps(run_module("image_layers_info", {"images": [BUILT]}))


def test_sharing_is_counted_as_the_engine_counts_it(run_module, engine, made, base_image):
    found = run_module("image_layers_info", {"images": [base_image, BUILT, COMMITTED]})
    usage = {image["Id"]: image for image in engine.client.df()["Images"]}
    for image in found["images"]:
        assert image["shared_bytes"] == usage[image["id"]]["SharedSize"]
        assert image["unique_bytes"] == usage[image["id"]]["Size"] - usage[image["id"]]["SharedSize"]
    base, built, committed = found["images"]
    assert base["unique_bytes"] == 0 < built["unique_bytes"]
    assert {BUILT, COMMITTED} <= set(base["layers"][0]["shared_with"])
    assert {base_image, COMMITTED} <= set(built["layers"][0]["shared_with"])
    assert built["layers"][3]["shared_with"] == []


def test_directories_of_the_union(run_module, made, base_image):
    found = run_module("image_layers_info", {"images": [BUILT], "containers": [CONTAINER]})
    built, container = found["images"][0], found["containers"][0]
    full = [layer for layer in built["layers"] if not layer["empty"]]
    assert (Path(full[1]["directory"]) / "srv/greeting").read_text() == "hello\n"
    assert (Path(full[2]["directory"]) / "srv/big").exists() and not (Path(full[0]["directory"]) / "srv").exists()
    where = container["directories"]
    assert where["why"] is None and container["writable"]["directory"] == where["upper"]
    assert (Path(where["upper"]) / "srv/first").read_text() == "2\n"
    assert (Path(where["merged"]) / "srv/first").read_text() == "2\n" and Path(where["work"]).is_dir()
    # The layer that the container writes over is that of its image, and has not changed.
    assert where["lower"][-1] == full[0]["directory"] == container["layers"][0]["directory"]
    assert (Path(where["lower"][-1]) / "etc/group").exists() and not (Path(where["merged"]) / "etc/group").exists()


def test_a_container_has_a_layer_of_its_own(run_module, engine, made, base_image):
    container = run_module("image_layers_info", {"containers": [CONTAINER]})["containers"][0]
    assert (container["name"], container["state"]) == (CONTAINER, "running")
    assert container["image"] == {"name": base_image, "id": engine.client.inspect_image(base_image)["Id"]}
    diff = [item["Kind"] for item in engine.client.diff(CONTAINER)]
    writable = container["writable"]
    assert (writable["changed"], writable["added"], writable["deleted"]) == tuple(map(diff.count, (0, 1, 2)))
    url = engine.client._url("/containers/{0}/json", CONTAINER)
    assert writable["bytes"] == engine.client._result(
        engine.client._get(url, params={"size": True}), True
    )["SizeRw"] > 0  # fmt: skip


def test_digests_are_computed_again_from_what_is_there(run_module, made):
    found = run_module("image_layers_info", {"images": [BUILT, COMMITTED], "verify": True})
    for image in found["images"]:
        assert image["verified"] is True
        full = [layer for layer in image["layers"] if not layer["empty"]]
        assert all(layer["verified"] and layer["computed"] == layer["digest"] for layer in full)


def test_a_layer_that_was_tampered_with_is_noticed(run_module, made):
    layer = run_module("image_layers_info", {"images": [BUILT]})["images"][0]["layers"][3]
    file = Path(layer["directory"]) / "srv/greeting"
    file.write_text("jello\n")
    try:
        found = run_module("image_layers_info", {"images": [BUILT], "verify": True})
        assert found.get("failed") or found["images"][0]["verified"] is False
    finally:
        file.write_text("hello\n")


def test_proof_that_an_image_does_not_change(run_module, engine, made, base_image):
    before = {one["Id"] for one in engine.client.containers(all=True)}
    proof = run_module("image_layers_info", {"prove": [base_image]})["proofs"][0]
    document = engine.client.inspect_image(base_image)
    assert proof["immutable"] is True and proof["before"] == proof["after"]
    assert proof["after"]["id"] == document["Id"]
    assert proof["after"]["layers"] == proof["after"]["computed"] == document["RootFS"]["Layers"]
    assert [item["change"] for item in proof["written"]] == ["added", "changed"]
    file = proof["overwritten"]
    assert file["image_before"] == file["image_after"] != file["container"]
    assert {one["Id"] for one in engine.client.containers(all=True)} == before
    assert run_module("image_layers_info", {"prove": [base_image]}, check=True)["proofs"] == []


def test_a_commit_compared_with_a_build(run_module, made):
    pair = {"before": BUILT, "after": COMMITTED}
    found = run_module("image_layers_info", {"compare": [pair]})["comparisons"][0]
    assert found["shared_layers"] == 1 and not found["identical"]
    assert [item["path"] for item in found["added"]["paths"]] == ["/log"] and found["added"]["count"] == 1
    assert found["removed"] == {"count": 0, "bytes": 0, "paths": []}
    changed = {item["path"]: item["what"] for item in found["changed"]["paths"]}
    assert changed == {"/srv/first": ["content"], "/root": ["mode"]}
    assert (found["before"]["layers"], found["after"]["layers"]) == (4, 2)
    # What one instruction wrote and a later one deleted is in the image all the same.
    big = Path("/bin/busybox").stat().st_size
    assert found["before"]["hidden_bytes"] >= big > found["after"]["hidden_bytes"]
    assert {"Cmd", "Env COLOUR", "Labels org.bulkhead.digest"} <= set(found["configuration"])
    assert "blue" not in json.dumps(found)


def test_an_image_compared_with_itself_and_a_short_list(run_module, made, base_image):
    pairs = [{"before": BUILT, "after": BUILT}, {"before": base_image, "after": BUILT}]
    same, other = run_module("image_layers_info", {"compare": pairs, "limit": 1})["comparisons"]
    assert same["identical"] and same["shared_layers"] == 4 and same["changed"]["count"] == 0
    assert other["added"]["count"] == 3 and len(other["added"]["paths"]) == 1
    assert [item["path"] for item in other["removed"]["paths"]] == ["/etc/group"] and other["removed"]["bytes"] > 0


def test_what_is_missing_hides_nothing_else(run_module, made):
    asked = {"images": ["layers-test/none:1", BUILT], "containers": ["bht-nobody"], "prove": ["layers-test/none:2"]}
    failed = run_module("image_layers_info", {**asked, "compare": [{"before": BUILT, "after": "layers-test/none:3"}]})
    assert failed["failed"] and failed["images"][1]["id"]
    for said in ("no image layers-test/none:1", "no container bht-nobody", "none:2", f"{BUILT} and layers-test/none:3"):
        assert said in failed["msg"]
    assert "Nothing is asked for" in run_module("image_layers_info", {})["msg"]


def test_a_storage_driver_without_a_union_says_so(run_module, workshop, rootfs):
    folder = workshop / "vfs"
    folder.mkdir()
    other = Engine(folder)
    (folder / "daemon.json").write_text('{"storage-driver": "vfs"}')
    other.daemon.argv[other.daemon.argv.index("--bridge") + 1] = "none"
    try:
        other.launch().client.import_image_from_file(str(rootfs), repository="layers-test/vfs", tag="1")
        asked = {"docker_host": other.url, "images": ["layers-test/vfs:1"], "verify": True}
        found = run_module("image_layers_info", {**asked, "prove": ["layers-test/vfs:1"]})
    finally:
        other.daemon.end()
    image = found["images"][0]
    assert found["storage_driver"] == "vfs" and image["verified"] and image["layers"][0]["directory"] is None
    assert image["directories"]["lower"] == [] and "vfs has no union" in image["directories"]["why"]
    assert found["proofs"][0]["immutable"]
