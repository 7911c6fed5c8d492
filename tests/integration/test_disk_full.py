# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An engine whose disk is full: a clear error, nothing lost, nothing left, and a clean run once there is room."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from ansible_collections.bulkhead.classroom.tests.integration.support.daemons import Engine

SMALL, LARGE = "64m", "700m"
FILL = 100_000_000


def resize(folder, size):
    subprocess.run(["mount", "-o", f"remount,size={size}", str(folder / "data")], check=True)


@pytest.fixture(scope="module")
def machine(workshop):
    """A private engine that has its data in a small file system of its own."""
    folder = workshop / "small"
    (folder / "data").mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={LARGE}", "none", str(folder / "data")], check=True)
    machine = Engine(folder)
    try:
        yield machine.start()
    finally:
        machine.stop()
        # An engine that ends takes its data folder's mount away itself, unless something below was still busy.
        if (folder / "data").is_mount():
            subprocess.run(["umount", "--lazy", str(folder / "data")], check=True)


@pytest.fixture
def small(machine, rootfs):
    """That engine with one image, and almost no room left."""
    machine.client.import_image_from_file(str(rootfs), repository="disk-test/base", tag="1")
    resize(machine.folder, SMALL)
    yield machine
    resize(machine.folder, LARGE)
    for listed in machine.client.images():
        for name in listed.get("RepoTags") or []:
            machine.client.remove_image(name, force=True)
    machine.client.prune_images({"dangling": True})


@pytest.fixture
def run(run_module, small):
    return lambda name, args: run_module(name, {**args, "docker_host": small.url})


def used(machine) -> int:
    return shutil.disk_usage(machine.folder / "data").used


def check(machine, run, module, args, name):
    """The task fails for want of room, leaves everything as it was, and runs through when there is room."""
    base, before = machine.client.inspect_image("disk-test/base:1")["Id"], used(machine)
    failed = run(module, args)
    assert failed["failed"] and not failed["changed"], failed
    assert "o space left" in failed["msg"] and "Free space below the engine's data folder" in failed["msg"], failed[
        "msg"
    ]
    assert machine.client.inspect_image("disk-test/base:1")["Id"] == base
    assert not machine.client.images(name) and not machine.client.containers(all=True)
    assert used(machine) - before < 2_000_000, f"{used(machine) - before} bytes are left behind"
    resize(machine.folder, LARGE)
    done = run(module, args)
    assert done["changed"] and machine.client.inspect_image(name)["Id"] == done["results"][0]["id"]
    assert not run(module, args)["changed"]


@pytest.mark.parametrize(
    "text",
    [f"RUN dd if=/dev/zero of=/content bs=1000000 count={FILL // 1_000_000}\n", "COPY . /srv/\n"],
    ids=["RUN", "COPY"],
)
def test_build(small, run, tmp_path, text):
    (tmp_path / "Dockerfile").write_text(f"FROM disk-test/base:1\n{text}")
    if "COPY" in text:
        with (tmp_path / "content").open("wb") as file:
            file.truncate(FILL)
    images = [{"name": "disk-test/built:1", "path": str(tmp_path)}]
    check(small, run, "image_build", {"images": images}, "disk-test/built:1")


def test_import(small, run, tmp_path):
    with (tmp_path / "content").open("wb") as file:
        file.truncate(FILL)
    subprocess.run(["tar", "-cf", "root.tar", "content"], cwd=tmp_path, check=True)
    images = [{"name": "disk-test/imported:1", "source": f"{tmp_path}/root.tar"}]
    check(small, run, "image_import", {"images": images}, "disk-test/imported:1")


def test_pull(small, run, run_module, engine, base_image, open_registry):
    target = f"{open_registry.host}/disk-pull:1"
    container = engine.client.create_container(base_image, ["sh", "-c", f"head -c {FILL} /dev/urandom > /content"])
    engine.client.start(container["Id"])
    engine.client.wait(container["Id"])
    engine.client.commit(container["Id"], *target.rsplit(":", 1))
    engine.client.remove_container(container["Id"])
    run_module("image_push", {"images": [{"name": target, "repository": target}]})
    engine.client.remove_image(target)
    check(small, run, "image_pull", {"images": [{"name": target}]}, target)
