# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""image_push and image_pull on a real engine and a real registry that wants a password."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.fixture
def login(registry):
    return {"registry_username": registry.user, "registry_password": registry.password}


@pytest.fixture
def repository(registry, request):
    """A repository of the test's own, so that no test sees what another pushed."""
    return f"{registry.host}/{request.node.name.split('[')[0].replace('_', '-').lower()}"


@pytest.fixture
def image(engine, base_image, request):
    """An image that nobody else has, so that a push has something to send."""
    name = "push-test/image:1"
    make(engine, base_image, name, request.node.name)
    yield name
    for listed in engine.client.images(all=False):
        for tag in listed.get("RepoTags") or []:
            if tag.startswith(("push-test/", "127.0.0.1:")):
                engine.client.remove_image(tag, force=True)


def make(engine, base_image, name, content):
    container = engine.client.create_container(base_image, ["sh", "-c", f"echo '{content}' > /content"])
    engine.client.start(container["Id"])
    engine.client.wait(container["Id"])
    repository, _colon, tag = name.partition(":")
    engine.client.commit(container["Id"], repository, tag)
    engine.client.remove_container(container["Id"])


def forget(engine, *names):
    for name in names:
        engine.client.remove_image(name, force=True)


@pytest.fixture
def push(run_module, login, image, repository):
    def call(check=False, **change):
        args = {"images": [{"name": image, "repository": f"{repository}:1"}], **login, **change}
        return run_module("image_push", args, check=check)

    return call


@pytest.fixture
def pull(run_module, login):
    def call(name, check=False, **change):
        return run_module("image_pull", {"images": [{"name": name}], **login, **change}, check=check)

    return call


def test_push_then_nothing(push, registry, repository, engine):
    path = repository.partition("/")[2]
    predicted = push(check=True)
    assert predicted["changed"] and registry.get(f"/v2/{path}/manifests/1") == 404
    made = push()
    result = made["results"][0]
    assert made["changed"] and result["reference"] == f"{repository}@{result['digest']}"
    assert registry.get(f"/v2/{path}/manifests/{result['digest']}") == 200
    assert result["digest"] in engine.client.inspect_image(f"{repository}:1")["RepoDigests"][0]
    for check in (True, False):
        again = push(check=check)
        assert not again["changed"] and again["results"][0]["reference"] == result["reference"]


def test_another_image_under_the_same_tag_is_pushed(push, engine, base_image, image):
    first = push()
    make(engine, base_image, image, "something else")
    predicted, second = push(check=True), push()
    assert predicted["changed"] and second["changed"]
    assert second["results"][0]["previous"] == first["results"][0]["digest"] != second["results"][0]["digest"]
    assert not push()["changed"]


def test_a_lost_manifest_is_pushed_again(push, registry, repository):
    push()
    folder = Path(registry.folder, "data/docker/registry/v2/repositories", repository.partition("/")[2])
    (folder / "_manifests/tags/1/current/link").unlink()
    assert push(check=True)["results"][0]["action"] == "push"
    assert push()["changed"] and not push()["changed"]


def test_another_tag_of_what_is_there_counts_as_a_push_of_that_tag(push, repository, image):
    first = push()
    other = {"images": [{"name": image, "repository": f"{repository}:2"}]}
    assert push(check=True, **other)["changed"]
    second = push(**other)
    assert second["changed"] and second["results"][0]["digest"] == first["results"][0]["digest"]
    assert not push(**other)["changed"]


@pytest.mark.parametrize("change", [{"registry_password": "wrong"}, {"registry_username": None}], ids=["wrong", "none"])
def test_without_the_right_password_nothing_is_pushed(push, login, change, registry, repository):
    for check in (True, False):
        failed = push(check=check, **change)
        assert failed["failed"] and "Check the credentials" in failed["msg"]
    assert registry.get(f"/v2/{repository.partition('/')[2]}/manifests/1") == 404


def test_credentials_leave_no_trace(push, login, engine, registry):
    results = [
        push(),
        push(registry_password="wrong secret"),
        push(images=[{"name": "no/such:1", "repository": "x:1"}]),
    ]
    told = json.dumps([{**item, "invocation": None} for item in results])
    assert login["registry_password"] not in told and "wrong secret" not in told
    logs = engine.daemon.log.read_text() + registry.daemon.log.read_text()
    assert login["registry_password"] not in logs and "wrong secret" not in logs
    assert "wrong secret" not in json.dumps(results), "Ansible must hide the password in the invocation, too"


def test_one_failure_hides_no_other(push, image, repository):
    listed = [{"name": "no/such:1", "repository": f"{repository}:a"}, {"name": image, "repository": f"{repository}:b"}]
    failed = push(images=listed)
    assert failed["failed"] and "1 of 2 images failed" in failed["msg"]
    assert "no image no/such:1. Build, import or pull it first" in failed["results"][0]["error"]
    assert failed["results"][1]["digest"] and not push(images=listed[1:])["changed"]
    assert push(images=listed, check=True)["results"][0]["action"] == "push"


def test_a_registry_that_is_not_there(push, pull):
    failed = push(images=[{"name": "push-test/image:1", "repository": "127.0.0.1:1/x:1"}])
    assert failed["failed"] and "Check that the registry runs" in failed["msg"]
    failed = pull("127.0.0.1:1/x:1")
    assert failed["failed"] and "Check that the registry runs" in failed["msg"]


def test_pull_by_digest_then_nothing(push, pull, engine, image, repository):
    reference = push()["results"][0]["reference"]
    wanted = engine.client.inspect_image(image)["Id"]
    forget(engine, f"{repository}:1", image)
    predicted = pull(reference, check=True)
    assert predicted["changed"] and predicted["results"][0]["digest"] == reference.partition("@")[2]
    made = pull(reference)
    assert made["changed"] and made["results"][0]["id"] == wanted
    for policy in ("missing", "always"):
        assert not pull(reference, policy=policy, registry_password="never asked")["changed"]
    forget(engine, reference)


def test_pull_by_tag_follows_it_only_with_policy_always(push, pull, engine, base_image, image, repository):
    tag = f"{repository}:1"
    first = push()["results"][0]
    assert not pull(tag, policy="always")["changed"]
    old = engine.client.inspect_image(tag)["Id"]
    make(engine, base_image, image, "newer content")
    second = push()["results"][0]
    forget(engine, tag, image)
    pull(f"{repository}@{first['digest']}")
    engine.client.tag(old, repository, "1")
    assert not pull(tag)["changed"]
    predicted = pull(tag, policy="always", check=True)
    assert predicted["changed"] and predicted["results"][0]["digest"] == second["digest"]
    assert engine.client.inspect_image(tag)["Id"] == old
    made = pull(tag, policy="always")
    assert made["changed"] and made["results"][0]["digest"] == second["digest"]
    assert made["results"][0]["previous"] == first["digest"] and not pull(tag, policy="always")["changed"]
    forget(engine, f"{repository}@{first['digest']}")


@pytest.mark.parametrize("name", ["nothing:1", "nothing@sha256:" + "0" * 64])
def test_pull_of_what_the_registry_lacks(pull, registry, name):
    failed = pull(f"{registry.host}/{name}")
    assert failed["failed"] and "Check the name" in failed["msg"], failed


def test_pull_wants_the_password(push, pull, engine, image, repository):
    push()
    forget(engine, f"{repository}:1", image)
    failed = pull(f"{repository}:1", registry_username=None)
    assert failed["failed"] and "Check the credentials" in failed["msg"]


def test_a_registry_cannot_pass_off_another_image(push, pull, registry, engine, image, repository):
    """The blob under a digest is replaced on the registry's disk: the engine, or we, must notice."""
    reference = push()["results"][0]["reference"]
    forget(engine, f"{repository}:1", image)
    digest = reference.partition("sha256:")[2]
    blob = Path(registry.folder, "data/docker/registry/v2/blobs/sha256", digest[:2], digest, "data")
    blob.write_text(blob.read_text().replace('"schemaVersion": 2', '"schemaVersion":  2'))
    failed = pull(reference)
    assert failed["failed"] and not engine.client.images(repository)
