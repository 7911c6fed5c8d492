# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One image to build: what is refused, what a builder is told, and which changes make it old."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.images import buildx
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.build_spec import (
    Spec,
    same_platform,
    secret_args,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_build import (
    Have,
    Want,
    asked,
    edges,
    plan,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError


def spec(builder="engine", **item) -> Spec:
    return Spec.from_params({"name": "a", "path": "/a", **item}, builder)


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("PASSWORD", True),
        ("DB_PASSWORD_FILE", True),
        ("dbpasswd", True),
        ("NPM_TOKEN", True),
        ("TOKENS", True),
        ("API_KEY", True),
        ("aws_secret_access_key", True),
        ("AUTH", True),
        ("REGISTRY_AUTH", True),
        ("PGPASS", False),
        ("PG_PASS", True),
        ("AUTHOR", False),
        ("TOKENIZER", False),
        ("SECRETARY", False),
        ("KEYBOARD", False),
        ("VERSION", False),
        ("COMPASS", False),
        ("BYPASS", False),
    ],
)
def test_names_of_secrets(name, secret):
    item = {"args": {name: "hidden"}}
    assert secret_args(item) == ({name: "hidden"} if secret else {})
    if secret:
        with pytest.raises(InputError, match=f"a:latest: the build argument {name} looks like a secret") as caught:
            spec(**item)
        assert "hidden" not in str(caught.value)
        assert spec(**item, allow_secret_args=True).args == {name: "hidden"}


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({"memory": "lots"}, "a:latest: memory: 'lots' is no size"),
        ({"memory": "1g", "builder": "buildx"}, "BuildKit cannot limit memory"),
        ({"platform": "Linux on ARM"}, "platform 'Linux on ARM' is none"),
        ({"tags": ["b@sha256:" + "0" * 64]}, "holds a digest"),
        ({"tags": ["B"]}, "no name of an image"),
    ],
)
def test_what_cannot_be_built(item, said):
    with pytest.raises(InputError, match=said):
        spec(**item)


def test_the_engine_is_told_everything():
    full = spec(
        args={"A": 1, "B": None},
        labels={"l": True},
        target="t",
        platform="arm64",
        no_cache=True,
        network="none",
        memory="64m",
        extra_hosts={"b": "2.2.2.2", "a": "1.1.1.1"},
    )
    assert full.engine_options({"d": "x"}) == {
        "buildargs": {"A": "1", "B": ""},
        "labels": {"l": "True", "d": "x"},
        "target": "t",
        "platform": "linux/arm64",
        "nocache": True,
        "networkmode": "none",
        "memory": 64 << 20,
        "memswap": 64 << 20,
        "extrahosts": ["a:1.1.1.1", "b:2.2.2.2"],
    }
    assert spec().engine_options({}) == {"buildargs": {}, "labels": {}}


def test_buildx_is_told_everything_and_secrets_not_on_its_command_line():
    full = spec(
        "buildx",
        args={"A": "1 2", "NPM_TOKEN": "hidden"},
        allow_secret_args=True,
        labels={"l": "x"},
        target="t",
        platform="linux/arm64",
        no_cache=True,
        network="none",
        extra_hosts={"a": "1.1.1.1"},
    )
    words = " ".join(buildx.command(full, {"d": "y"}, "/id"))
    assert "hidden" not in words and words.endswith("--no-cache -- /a")
    for part in (
        "--iidfile /id --file /a/Dockerfile --build-arg A=1 2 --build-arg NPM_TOKEN --label l=x --label d=y",
        "--add-host a:1.1.1.1",
        "--target t --platform linux/arm64 --network none",
    ):
        assert part in words


def test_the_client_of_the_engine_gets_the_connection():
    tls = {"docker_host": "tcp://e:1", "tls": True, "ca_path": "/ca", "client_cert": "/c", "client_key": "/k"}
    files = ["--tlscacert=/ca", "--tlscert=/c", "--tlskey=/k"]
    assert buildx.client(tls) == ["docker", "--host", "tcp://e:1", "--tlsverify", *files]
    assert buildx.client({**tls, "validate_certs": False})[3] == "--tls"
    assert buildx.client({**tls, "tls": False}) == ["docker", "--host", "tcp://e:1"]
    with pytest.raises(EngineError, match="tls_hostname"):
        buildx.client({**tls, "tls_hostname": "x"})


@pytest.mark.parametrize(
    ("wanted", "found", "same"),
    [
        (None, "linux/amd64", True),
        ("linux/amd64", None, True),
        ("linux/amd64", "linux/amd64", True),
        ("linux/arm64", "linux/arm64/v8", True),
        ("linux/arm/v6", "linux/arm/v7", False),
        ("linux/arm64", "linux/amd64", False),
    ],
)
def test_platforms(wanted, found, same):
    assert same_platform(wanted, found) is same


def want(name="a", *bases, **item) -> Want:
    return Want(Spec.from_params({"name": name, "path": "/x", **item}), "sha256:c", bases)


BASE = Have("id of base", platform="linux/amd64")
DIGEST = want("a", "base:1").digest({"base:1": "id of base"})


@pytest.mark.parametrize(
    ("item", "have", "action", "reason"),
    [
        ({}, {}, "none", "up to date"),
        ({"tags": ["b:1", "a"]}, {"b:1": Have("i")}, "none", "up to date"),
        ({"tags": ["b:1", "c:1"]}, {"b:1": Have("other")}, "tag", "lacks the name b:1, c:1"),
        ({"no_cache": True, "network": "none", "memory": "1g", "extra_hosts": {"a": "b"}}, {}, "none", "up to date"),
        ({"platform": "linux/amd64"}, {}, "build", "platform or base changed"),
        ({"platform": "linux/arm64"}, {}, "build", "is here for linux/amd64, and linux/arm64 is wanted"),
        ({"pull": True}, {"base:1": Have("id of base", newer=True)}, "build", "has another image under the name"),
        ({"pull": True}, {"base:1": Have("id of base", trouble="gone")}, "build", "cannot be pulled"),
    ],
)
def test_options_in_the_plan(item, have, action, reason):
    image = want("a", "base:1", **item)
    step = plan([image], {"base:1": BASE, "a:latest": Have("i", DIGEST), **have})["a:latest"]
    assert step.action == action and reason in step.reason
    assert (step.trouble == "gone") is (reason == "cannot be pulled")


def test_another_name_of_a_sibling_is_an_edge_and_its_id_the_siblings():
    low, top = want("low:1", tags=["low:latest"]), want("top:1", "low:latest", pull=True)
    assert edges([top, low]) == {"top:1": {"low:1"}, "low:1": set()} and asked([top, low]) == set()
    have = {"low:1": Have("new", low.digest({})), "low:latest": Have("old")}
    have["top:1"] = Have("top", top.digest({"low:latest": "new"}))
    assert {name: step.action for name, step in plan([top, low], have).items()} == {"low:1": "tag", "top:1": "none"}


def test_only_bases_with_a_tag_are_asked_for():
    assert asked([want("a", "b:1", "c@sha256:" + "0" * 64, pull=True), want("d", "e:1")]) == {"b:1"}
