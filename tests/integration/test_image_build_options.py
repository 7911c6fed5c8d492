# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of image_build on a real engine: each is seen in the image or in the container that made it."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile

import pytest

NAME = "options-test/image:1"


@pytest.fixture
def build(run_module, engine, base_image, tmp_path):
    """Writes a Dockerfile on top of the base image, and builds it with options; images are removed in the end."""

    def call(text=None, check=False, builder="engine", env=(), **item):
        if text is not None:
            (tmp_path / "Dockerfile").write_text(f"FROM {base_image}\n{text}")
        given = {"images": [{"name": NAME, "path": str(tmp_path), **item}], "builder": builder}
        return run_module("image_build", given, check=check, **dict(env))

    yield call
    for image in engine.client.images():
        for tag in image.get("RepoTags") or []:
            if tag.startswith("options-test/"):
                engine.client.remove_image(tag, force=True)


def read(engine, image, path):
    container = engine.client.create_container(image, ["cat", path])["Id"]
    engine.client.start(container)
    engine.client.wait(container)
    text = engine.client.logs(container).decode()
    engine.client.remove_container(container)
    return text


def test_tags_are_set_without_a_build(build, engine):
    assert build("RUN true\n", tags=["options-test/image:latest"])["changed"]
    first = engine.client.inspect_image(NAME)["Id"]
    assert engine.client.inspect_image("options-test/image:latest")["Id"] == first
    tags = ["options-test/image:latest", "options-test/other:2"]
    predicted = build(tags=tags, check=True)
    made = build(tags=tags)
    assert (
        predicted["results"][0]["action"] == made["results"][0]["action"] == "tag" and predicted["diff"] == made["diff"]
    )
    assert engine.client.inspect_image("options-test/other:2")["Id"] == first and not build(tags=tags)["changed"]


def test_how_it_is_built_is_no_reason_to_build(build, engine):
    hosts = {"registry.example": "192.0.2.7"}
    build("RUN cat /etc/hosts > /hosts; ls /sys/class/net > /interfaces\n", network="none", extra_hosts=hosts)
    assert read(engine, NAME, "/interfaces").split() == ["lo"]
    assert "192.0.2.7\tregistry.example" in read(engine, NAME, "/hosts")
    assert not build(network="host", no_cache=True, memory="1g")["changed"]


def test_the_cache_is_left_aside(build, engine):
    build("RUN cat /proc/sys/kernel/random/uuid > /unique\n")
    first = read(engine, NAME, "/unique")
    engine.client.tag(NAME, "options-test/kept", "1")
    engine.client.remove_image(NAME)
    build()
    assert read(engine, NAME, "/unique") == first
    engine.client.remove_image(NAME)
    build(no_cache=True)
    assert read(engine, NAME, "/unique") != first


def test_memory_is_a_limit(build):
    # A shell variable of 64 MB: more than 32 MB, and swap must not help.
    hungry = "RUN x=$(head -c 64000000 /dev/zero | tr '\\0' x) && echo ${#x}\n"
    failed = build(hungry, memory="32m")
    assert failed["failed"] and "instruction 2, RUN x" in failed["msg"] and "137" in failed["msg"], failed
    assert build(memory="512m")["changed"]


def for_arm(engine, name, tmp_path):
    """An image with nothing to run, for a machine that this one is not."""
    config = json.dumps({"architecture": "arm64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}).encode()
    manifest = json.dumps([{"Config": "config.json", "RepoTags": [name], "Layers": []}]).encode()
    with tarfile.open(tmp_path / "image.tar", "w") as archive:
        for member, content in (("config.json", config), ("manifest.json", manifest)):
            entry = tarfile.TarInfo(member)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    engine.client.load_image((tmp_path / "image.tar").read_bytes())


def test_platform_is_part_of_the_image(build, engine, tmp_path, base_image):
    for_arm(engine, "options-test/arm:1", tmp_path)
    (tmp_path / "Dockerfile").write_text("FROM options-test/arm:1\nCOPY Dockerfile /\n")
    arm = {"platform": "linux/arm64"}
    assert build(check=True, **arm)["changed"] and build(**arm)["changed"] and not build(**arm)["changed"]
    assert engine.client.inspect_image(NAME)["Architecture"] == "arm64"
    # The base is here for another platform, and no registry has it for this one.
    failed = build("RUN true\n", **arm)
    assert failed["failed"] and f"Cannot pull {base_image}" in failed["msg"]
    # The engine's cache would give the first one again.
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    assert build()["changed"] and engine.client.inspect_image(NAME)["Architecture"] == "amd64"
    assert build(**arm)["changed"] and engine.client.inspect_image(NAME)["Architecture"] == "arm64"


def test_a_secret_is_refused_or_at_least_hidden(build, engine):
    for check in (True, False):
        failed = build("ARG NPM_TOKEN\nRUN true\n", args={"NPM_TOKEN": "s3cret-value"}, check=check)
        assert "looks like a secret" in failed["msg"] and not engine.client.images(NAME)
    failed = build(
        "ARG NPM_TOKEN\nRUN echo $NPM_TOKEN; exit 4\n", args={"NPM_TOKEN": "s3cret-value"}, allow_secret_args=True
    )
    assert failed["failed"] and "code: 4" in failed["msg"] and "s3cret-value" not in json.dumps(failed)


def test_the_failed_instruction_has_a_number(build):
    failed = build("RUN true\nRUN echo about to fail; exit 3\nRUN true\n")
    assert "at instruction 3, RUN echo about to fail; exit 3 (" in failed["msg"]
    assert "\nabout to fail\n" in failed["msg"] and "Correct the instruction that failed" in failed["msg"]


def test_triggers_of_the_base_see_the_new_context(build, engine, base_image, tmp_path, run_module):
    base, upper = tmp_path / "base", tmp_path / "upper"
    for folder, text in ((base, f"FROM {base_image}\nONBUILD COPY . /app/\n"), (upper, "FROM options-test/base:1\n")):
        folder.mkdir()
        (folder / "Dockerfile").write_text(text)
    (upper / "file").write_text("one")
    images = [{"name": NAME, "path": str(upper)}, {"name": "options-test/base:1", "path": str(base)}]
    assert run_module("image_build", {"images": images})["changed"] and read(engine, NAME, "/app/file") == "one"
    assert not run_module("image_build", {"images": images})["changed"]
    (upper / "file").write_text("two")
    made = run_module("image_build", {"images": images})
    assert [item["action"] for item in made["results"]] == ["build", "none"] and read(
        engine, NAME, "/app/file"
    ) == "two"


def test_what_lies_outside_stays_outside(build, tmp_path, engine):
    secret = tmp_path.parent / "outside"
    secret.write_text("outside")
    (tmp_path / "link").symlink_to(secret)
    (tmp_path / "loop").symlink_to("loop")
    build("COPY loop /\n")
    assert build("COPY link /\n")["failed"] and build("COPY ../outside /\n")["failed"]
    failed = build(dockerfile="../outside")
    assert failed["failed"] and "outside of its context" in failed["msg"]


def test_here_documents_are_not_taken_for_instructions(build, engine):
    failed = build("RUN <<EOT\nRUN echo never > /never\nEOT\n")
    assert (
        failed["failed"] and "only BuildKit understands 'RUN <<EOT'" in failed["msg"] and not engine.client.images(NAME)
    )


def test_pull_follows_the_base(build, engine, base_image, open_registry, run_module, tmp_path):
    base = f"{open_registry.host}/options-base:1"

    def publish(image):
        run_module("image_push", {"images": [{"name": image, "repository": base}]})

    publish(base_image)
    (tmp_path / "Dockerfile").write_text(f"FROM {base}\nCMD true\n")
    assert build(pull=True)["changed"] and not build(pull=True)["changed"]
    old = engine.client.inspect_image(base)["Id"]
    container = engine.client.create_container(base_image, ["touch", "/new"])["Id"]
    engine.client.start(container)
    engine.client.wait(container)
    engine.client.commit(container, "options-test/newer", "1")
    engine.client.remove_container(container)
    publish("options-test/newer:1")
    engine.client.tag(old, f"{open_registry.host}/options-base", "1")
    assert not build(pull=False)["changed"]
    predicted, made = build(pull=True, check=True), build(pull=True)
    assert predicted["changed"] and made["changed"] and "has another image under the name" in made["diff"]["after"]
    assert engine.client.inspect_image(base)["Id"] != old and not build(pull=True)["changed"]
    engine.client.remove_image(base, force=True)
    engine.client.tag(old, "options-test/gone", "1")
    (tmp_path / "Dockerfile").write_text("FROM options-test/gone:1\n")
    for check in (True, False):
        assert build(pull=True, check=check)["failed"]


@pytest.fixture(scope="session")
def buildx():
    done = subprocess.run(["docker", "buildx", "version"], check=False, capture_output=True)
    if done.returncode:
        pytest.skip("docker buildx is not installed (Debian 13: docker-buildx)")


@pytest.mark.usefixtures("buildx")
def test_buildkit(build, engine, tmp_path):
    (tmp_path / "kept").write_text("kept")
    (tmp_path / "dropped").write_text("dropped")
    (tmp_path / "Dockerfile.dockerignore").write_text("dropped\nDockerfile*\n")
    text = "ARG WHAT\nRUN --mount=type=cache,target=/cache echo $WHAT > /what\n"
    text += "COPY . /srv/\nRUN ls /srv > /list\n"
    item = {"args": {"WHAT": "a b"}, "labels": {"l": "x"}, "tags": ["options-test/kit:2"], "network": "none"}
    predicted = build(text, builder="buildx", check=True, **item)
    made = build(builder="buildx", **item)
    assert predicted["changed"] and made["changed"] and predicted["diff"] == made["diff"], made["msg"]
    image = engine.client.inspect_image("options-test/kit:2")
    assert image["Id"] == made["results"][0]["id"] == engine.client.inspect_image(NAME)["Id"]
    assert image["Config"]["Labels"] == {"l": "x", "org.bulkhead.digest": made["results"][0]["digest"]}
    assert read(engine, NAME, "/what") == "a b\n" and read(engine, NAME, "/list") == "kept\n"
    (tmp_path / "dropped").write_text("changed")
    assert not build(builder="buildx", **item)["changed"]
    (tmp_path / "kept").write_text("changed")
    assert build(builder="buildx", **item)["changed"] and not build(builder="buildx", **item)["changed"]


@pytest.mark.usefixtures("buildx")
def test_here_documents_where_the_engine_knows_them(build, engine):
    done = build("RUN <<EOT\ntouch /made\nEOT\n", builder="buildx")
    if tuple(map(int, engine.client.api_version.split("."))) < (1, 42):
        assert done["failed"] and "'RUN <<EOT'" in done["msg"] and "needs API 1.42" in done["msg"]
    else:
        assert done["changed"], done["msg"]


@pytest.mark.usefixtures("buildx")
def test_buildkit_says_what_failed(build, engine):
    failed = build("RUN echo fine\nRUN echo about to fail; exit 3\n", builder="buildx")
    assert failed["failed"] and "instruction 3, RUN echo about to fail; exit 3" in failed["msg"], failed
    assert "exit code: 3" in failed["msg"] and "about to fail" in failed["msg"] and not engine.client.images(NAME)


def test_without_buildx_it_is_said(build, tmp_path):
    empty = tmp_path / "bin"
    empty.mkdir()
    assert "there is no program docker" in build("RUN true\n", builder="buildx", env={"PATH": str(empty)})["msg"]
    (empty / "docker").write_text('#!/bin/sh\necho "docker: unknown command: docker buildx" >&2\nexit 1\n')
    (empty / "docker").chmod(0o755)
    failed = build(builder="buildx", env={"PATH": f"{empty}:/bin"})
    assert "has no buildx" in failed["msg"] and "docker-buildx" in failed["msg"]
