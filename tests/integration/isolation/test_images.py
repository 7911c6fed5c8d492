# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images on a real engine: each differs from a good one in one fault, which changes the answer of exactly its check."""

from __future__ import annotations

import contextlib
import io
import json
import tarfile

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_reading import reading
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.gather import gather
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.verdict import verdict

LABEL, REPOSITORY = "bht.images", "bht-images"
SECRET = "hunter2hunter2"
END = "HEALTHCHECK CMD true\nUSER 1000:1000\n"
KEY = "RUN mkdir -p /root/.ssh && echo key > /root/.ssh/id_rsa\n"
GAIN = "RUN cp /bin/busybox /bin/gain && chmod 4755 /bin/gain\n"
# Name to the Dockerfile behind FROM, and the answers that differ from the good image's.
STATES = {
    "root": ("HEALTHCHECK CMD true\n", {"image-user": "fail"}),
    "zero": ("HEALTHCHECK CMD true\nUSER 0:1000\n", {"image-user": "fail"}),
    "unhealthy": ("USER 1000:1000\n", {"image-healthcheck": "informational"}),
    "no-check": (f"{END}HEALTHCHECK NONE\n", {"image-healthcheck": "informational"}),
    "ssh": (f"EXPOSE 22\n{END}", {"image-ports": "fail"}),
    "update": (f"RUN apt-get update || true\n{END}", {"image-update-alone": "fail"}),
    "update-install": (f"RUN apt-get update && apt-get install x || true\n{END}", {}),
    "add": (f"ADD Dockerfile /srv/\n{END}", {"image-add": "fail"}),
    "copy": (f"COPY Dockerfile /srv/\n{END}", {}),
    "unverified": (f"RUN curl -k https://x.test/a || true\n{END}", {"image-verified": "fail"}),
    "variable": (f"ENV DB_PASSWORD={SECRET}\n{END}", {"image-secrets": "fail"}),
    "label": (f"LABEL api-token={SECRET}\n{END}", {"image-secrets": "fail"}),
    "argument": (f"ARG NPM_TOKEN={SECRET}\nRUN true\n{END}", {"image-secrets": "fail"}),
    "key": (f"{KEY}{END}", {"image-secrets": "fail"}),
    "key-deleted": (f"{KEY}RUN rm -r /root/.ssh\n{END}", {"image-secrets": "fail"}),
    "key-empty": (f"RUN mkdir -p /root/.ssh && touch /root/.ssh/id_rsa\n{END}", {}),
    "node": (f"RUN mknod /disk b 7 0\n{END}", {"image-devices": "fail"}),
    "node-usual": (f"RUN mknod /srv-null c 1 3\n{END}", {}),
    "node-deleted": (f"RUN mknod /disk b 7 0\nRUN rm /disk\n{END}", {}),
    "set-id": (f"{GAIN}{END}", {"image-set-id": "informational"}),
    "set-id-open": (f"{GAIN}{END}", {"image-set-id": "fail"}),
    "set-id-taken-back": (f"{GAIN}RUN chmod 755 /bin/gain\n{END}", {}),
    "set-id-deleted": (f"RUN mkdir /srv\n{GAIN}RUN mv /bin/gain /srv && rm -r /srv\n{END}", {}),
}
STARTED = ("good", "set-id", "set-id-open", "latest", "moved")
OPEN = ("set-id-open",)


def named(name: str) -> str:
    return f"{REPOSITORY}/{name}" if name == "latest" else f"{REPOSITORY}/{name}:1"


def build(engine, base: str, name: str, text: str) -> None:
    dockerfile = io.BytesIO(f"FROM {base}\n{text}".encode())
    answer = engine.client.build(fileobj=dockerfile, tag=named(name), rm=True, network_mode="none", decode=True)
    errors = [line["error"] for line in answer if "error" in line]
    assert errors == [], (name, errors)


def import_with_capability(engine) -> None:
    """A program that may forge packets, as an archive brings it: cap_net_raw, permitted and effective."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as archive:
        entry = tarfile.TarInfo("ping")
        entry.mode = 0o755
        entry.pax_headers = {"SCHILY.xattr.security.capability": "\1\0\0\2\0 \0\0" + "\0" * 12}
        archive.addfile(entry)
    changes = ["USER 1000", "HEALTHCHECK CMD true"]
    engine.client.import_image_from_data(made.getvalue(), repository=f"{REPOSITORY}/capable", tag="1", changes=changes)


def contain(engine, name: str) -> None:
    options = [] if name in OPEN else ["no-new-privileges"]
    host = engine.client.create_host_config(network_mode="none", security_opt=options, mem_limit="32m")
    made = engine.client.create_container(
        named(name), ["sleep", "600"], name=f"bht-image-{name}", labels={LABEL: "yes"}, host_config=host
    )
    if name in STARTED:
        engine.client.start(made["Id"])


def push(engine, registry, name: str) -> str:
    """Gives an image a digest of a registry."""
    repository = f"{registry.host}/{REPOSITORY}/{name}"
    engine.client.tag(named(name), repository, "1")
    lines = list(engine.client.push(repository, "1", stream=True, decode=True))
    assert not [line for line in lines if "error" in line], lines
    return f"{repository}:1"


def clean(engine) -> None:
    for listed in engine.client.containers(all=True, filters={"label": LABEL}):
        engine.client.remove_container(listed["Id"], force=True)
    for image in engine.client.images():
        for name in image["RepoTags"] or []:
            if f"{REPOSITORY}/" in name:
                engine.client.remove_image(name, force=True)


@pytest.fixture(scope="module")
def read(engine, base_image, open_registry):
    with contextlib.ExitStack() as stack:
        stack.callback(clean, engine)
        build(engine, base_image, "good", END)
        for name in ("latest", "moved", "unused"):
            build(engine, base_image, name, f"LABEL name={name}\n{END}")
        for name, (text, _answers) in STATES.items():
            build(engine, base_image, name, f"LABEL name={name}\n{text}")
        push(engine, open_registry, "good")
        import_with_capability(engine)
        for name in ("good", "latest", "moved", "capable", *STATES):
            contain(engine, name)
        build(engine, base_image, "moved", f"LABEL name=moved-on\n{END}")
        yield gather(reading({"docker_host": engine.url}), Kernel(), {LABEL: "yes"}, engine.url)


@pytest.fixture(scope="module")
def judged(read):
    return verdict({"here": read}, {"selinux": "absent", "profile": "all"})


def answers(judged, name: str) -> dict[str, str]:
    """Of the image that a container was made from; only these findings have such a subject."""
    found = [one for one in judged["findings"] if one["subject"].startswith("here/image/")]
    own = {one["check"]: one["status"] for one in found if one["subject"].endswith(f"{REPOSITORY}/{name}:1")}
    assert own, f"the image {name} was not judged"
    return own


def of_container(judged, name: str) -> dict[str, str]:
    own = [one for one in judged["findings"] if one["container"] == f"bht-image-{name}"]
    assert own, f"the container {name} was not judged"
    return {one["check"]: one["status"] for one in own if one["check"].startswith("image-")}


def test_the_good_image_is_green(judged):
    good = answers(judged, "good")
    unproved = {check for check, status in good.items() if status == "notchecked"}
    assert unproved == {"image-packages", "image-vulnerabilities"}
    assert {status for check, status in good.items() if check not in unproved} == {"pass"} and len(good) > 10


@pytest.mark.parametrize("name", STATES)
def test_a_fault_changes_the_answer_of_its_check_and_of_no_other(judged, name):
    good, own = answers(judged, "good"), answers(judged, name)
    assert own.pop("image-origin") == "informational"
    assert {check: status for check, status in own.items() if good[check] != status} == STATES[name][1]


def test_an_image_that_was_imported_tells_nothing_of_how_it_was_made(judged):
    own, good = answers(judged, "capable"), answers(judged, "good")
    silent = dict.fromkeys(("image-add", "image-update-alone", "image-verified"), "notchecked")
    wanted = {**silent, "image-origin": "informational", "image-set-id": "informational"}
    assert {check: status for check, status in own.items() if good[check] != status} == wanted


@pytest.mark.parametrize(
    ("name", "fixed", "current"),
    [("good", "pass", "pass"), ("latest", "informational", "pass"), ("moved", "pass", "fail")],
)
def test_the_name_of_a_containers_image(judged, name, fixed, current):
    found = of_container(judged, name)
    assert (found["image-tag-fixed"], found["image-current"]) == (fixed, current)


def test_what_no_container_uses_is_noted(read, judged):
    assert named("unused") in read["host"]["image_store"]["value"]["names"]
    found = {one["check"]: one["status"] for one in judged["findings"] if one["subject"] == "here"}
    assert found["image-unused"] == "informational" and found["image-content-trust"] == "notchecked"


def test_no_secret_of_an_image_is_in_the_facts(read):
    assert SECRET not in json.dumps(read)


def test_layers_that_images_share_are_told_for_each_of_them(read):
    entries = {one["name"]: one["layers"]["value"]["entries"] for one in read["images"]}
    own = [count for name, count in entries.items() if REPOSITORY in name]
    assert len(own) > len(STATES) and sum(count > 100 for count in own) == len(own) - 1
