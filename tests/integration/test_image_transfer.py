# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images on their way: what is counted, what happens when a registry dies, and what others say of the result."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time

import pytest
from ansible_collections.bulkhead.classroom.tests.integration.support.daemons import Registry


@pytest.fixture
def image(engine, base_image):
    """Makes images of one layer upon the base, filled with random bytes; removes them and what was pulled."""

    def make(size, name="transfer-test/image:1"):
        container = engine.client.create_container(base_image, ["sh", "-c", f"head -c {size} /dev/urandom > /content"])
        engine.client.start(container["Id"])
        engine.client.wait(container["Id"])
        engine.client.commit(container["Id"], *name.split(":"))
        engine.client.remove_container(container["Id"])
        return name

    yield make
    forget(engine)


def forget(engine):
    # Digests are names too, and some of them go with the last tag.
    for kind in ("RepoTags", "RepoDigests"):
        for name in {name for listed in engine.client.images() for name in listed.get(kind) or []}:
            if name.startswith(("transfer-test/", "127.0.0.1:")):
                engine.client.remove_image(name, force=True)


def test_bytes_and_layers_are_counted(run_module, engine, image, open_registry):
    target = f"{open_registry.host}/transfer-count:1"
    push = {"images": [{"name": image(3_000_000), "repository": target}]}
    predicted, sent = run_module("image_push", push, check=True), run_module("image_push", push)
    assert predicted["results"][0]["bytes"] is None
    assert sent["results"][0]["layers_moved"] + sent["results"][0]["layers_present"] == 2
    assert sent["results"][0]["bytes"] >= 3_000_000
    assert run_module("image_push", push)["results"][0]["bytes"] == 0
    forget(engine)
    pull = {"images": [{"name": target}]}
    predicted, got = run_module("image_pull", pull, check=True), run_module("image_pull", pull)
    assert predicted["results"][0]["digest"] == got["results"][0]["digest"] == sent["results"][0]["digest"]
    (result,) = got["results"]
    assert 3_000_000 < result["bytes"] < 3_100_000 and (result["layers_moved"], result["layers_present"]) == (1, 1)
    (result,) = run_module("image_pull", pull)["results"]
    assert (result["action"], result["bytes"], result["layers_moved"], result["layers_present"]) == ("none", 0, 0, 2)


def test_newer_follows_the_tag_and_lives_without_a_registry(run_module, engine, image, workshop):
    folder = workshop / "mortal"
    folder.mkdir(exist_ok=True)
    registry = Registry(folder, open=True).start()
    target = f"{registry.host}/transfer-newer:1"
    pull = {"images": [{"name": target}], "policy": "newer"}
    try:
        run_module("image_push", {"images": [{"name": image(1000), "repository": target}]})
        assert not run_module("image_pull", pull)["changed"]
        old = engine.client.inspect_image(target)["Id"]
        run_module("image_push", {"images": [{"name": image(2000), "repository": target}]})
        engine.client.tag(old, *target.rsplit(":", 1))
        assert run_module("image_pull", pull, check=True)["changed"] and run_module("image_pull", pull)["changed"]
        assert engine.client.inspect_image(target)["Id"] != old
    finally:
        registry.stop()
    kept = run_module("image_pull", pull)
    assert not kept["changed"] and "Check that the registry runs" in kept["results"][0]["warning"]
    assert kept["warnings"], "the warning is shown, too"
    assert run_module("image_pull", {**pull, "policy": "always"})["failed"]


def test_a_registry_that_dies_half_way_has_no_tag_and_is_filled_by_the_next_run(run_module, image, workshop):
    folder = workshop / "dying"
    folder.mkdir()
    registry = Registry(folder, open=True).start()
    killed = threading.Event()

    def kill():
        while not killed.is_set():
            uploads = list(folder.glob("data/docker/registry/v2/repositories/big/_uploads/*/data"))
            if any(path.stat().st_size > 4_000_000 for path in uploads if path.exists()):
                registry.daemon.end(signal.SIGKILL)
                killed.set()
            time.sleep(0.002)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    target = f"{registry.host}/big:1"
    push = {"images": [{"name": image(96_000_000), "repository": target}]}
    try:
        failed = run_module("image_push", push)
        assert killed.is_set(), "the push was faster than the killer"
        assert failed["failed"] and not failed["changed"] and failed["results"][0]["digest"] is None
        assert f"Cannot push {target}" in failed["msg"] and "Check that the registry runs" in failed["msg"], failed[
            "msg"
        ]
        registry.start()
        assert registry.get("/v2/big/manifests/1") == 404 and registry.get("/v2/big/tags/list") == 404
        assert run_module("image_push", push, check=True)["results"][0]["action"] == "push"
        made = run_module("image_push", push)
        assert made["changed"] and registry.get(f"/v2/big/manifests/{made['results'][0]['digest']}") == 200
        assert not run_module("image_push", push)["changed"]
    finally:
        killed.set()
        killer.join()
        registry.stop()


@pytest.fixture
def published(run_module, engine, registry, base_image, tmp_path):
    """An image that was built and pushed by the modules: its name in the registry, and the result of the push."""
    (tmp_path / "Dockerfile").write_text(f'FROM {base_image}\nENV GREETING="hé"\nCMD echo "$GREETING"\n')
    run_module("image_build", {"images": [{"name": "transfer-test/built:1", "path": str(tmp_path)}]})
    target = f"{registry.host}/transfer-published:1"
    push = {"images": [{"name": "transfer-test/built:1", "repository": target}]}
    login = {"registry_username": registry.user, "registry_password": registry.password}
    (result,) = run_module("image_push", {**push, **login})["results"]
    yield target, result
    forget(engine)


def test_skopeo_reads_and_copies_what_was_pushed(published, registry, engine, tmp_path):
    target, result = published
    credentials = f"{registry.user}:{registry.password}"
    seen = json.loads(skopeo("inspect", "--tls-verify=false", "--creds", credentials, f"docker://{target}"))
    image = engine.client.inspect_image("transfer-test/built:1")
    assert seen["Digest"] == result["digest"] and seen["Labels"] == image["Config"]["Labels"]
    where = f"docker://{result['reference']}"
    skopeo("copy", "--src-tls-verify=false", "--src-creds", credentials, where, f"oci:{tmp_path}/oci:1")
    layers = json.loads(skopeo("inspect", f"oci:{tmp_path}/oci:1"))["Layers"]
    assert len(layers) == len(image["RootFS"]["Layers"])
    skopeo("copy", "--src-daemon-host", engine.url, "docker-daemon:transfer-test/built:1", f"dir:{tmp_path}/dir")
    assert json.loads((tmp_path / "dir/manifest.json").read_text())["config"]["digest"] == image["Id"]


def skopeo(*words):
    done = subprocess.run(["skopeo", *words], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_engines_own_client_runs_it(published, engine):
    words = ["docker", "--host", engine.url, "run", "--rm", "--network=none", "transfer-test/built:1"]
    assert subprocess.run(words, check=True, capture_output=True, text=True).stdout == "hé\n"


def test_podman_pulls_it(published, registry, workshop):
    target, result = published
    store = ["podman", "--root", f"{workshop}/podman", "--runroot", f"{workshop}/run", "--storage-driver", "vfs"]
    login = ["--tls-verify=false", "--creds", f"{registry.user}:{registry.password}"]
    pulled = subprocess.run([*store, "pull", *login, target], check=False, capture_output=True, text=True)
    assert pulled.returncode == 0, pulled.stderr
    words = [*store, "image", "inspect", target, "--format", "{{.Digest}}"]
    assert subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip() == result["digest"]
