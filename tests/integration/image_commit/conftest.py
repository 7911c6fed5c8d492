# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A container to make images from, and what one may write into it."""

from __future__ import annotations

import pytest

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


@pytest.fixture
def writes() -> str:
    return WRITES


@pytest.fixture
def secret() -> str:
    return SECRET


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
    return {"images": [{"name": "commit-test/made:1", "container": CONTAINER}]}
