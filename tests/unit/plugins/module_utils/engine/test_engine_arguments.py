# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the connection: what the environment of the target adds, and which modules have them."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine import connect, require_api
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_arguments import ENGINE_ARGUMENTS
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError

ROOT = Path(__file__).parents[5]
VARIABLES = (
    "DOCKER_HOST",
    "DOCKER_TLS",
    "DOCKER_TLS_VERIFY",
    "DOCKER_TLS_HOSTNAME",
    "DOCKER_CERT_PATH",
    "DOCKER_API_VERSION",
    "DOCKER_TIMEOUT",
)


@pytest.fixture
def values(monkeypatch):
    def call(environment=(), **given):
        for name in VARIABLES:
            monkeypatch.delenv(name, raising=False)
        for name, value in dict(environment).items():
            monkeypatch.setenv(name, value)
        validated = ArgumentSpecValidator(ENGINE_ARGUMENTS).validate(given)
        assert not validated.error_messages, validated.error_messages
        return validated.validated_parameters

    return call


@pytest.mark.parametrize(
    ("variable", "value", "option", "expected"),
    [
        ("DOCKER_HOST", "tcp://engine.example:2376", "docker_host", "tcp://engine.example:2376"),
        ("DOCKER_TLS_VERIFY", "1", "tls", True),
        ("DOCKER_TLS", "yes", "tls", True),
        ("DOCKER_TLS_HOSTNAME", "engine.example", "tls_hostname", "engine.example"),
        ("DOCKER_API_VERSION", "1.42", "api_version", "1.42"),
        ("DOCKER_TIMEOUT", "7", "api_timeout", 7),
    ],
)
def test_the_environment_counts_only_without_an_option(values, variable, value, option, expected):
    default = values()[option]
    assert values({variable: value})[option] == expected != default
    given = {"docker_host": "unix:///given", "tls_hostname": "given", "api_version": "1.41", "api_timeout": 9}
    kept = given.get(option, False)
    assert values({variable: value}, **{option: kept})[option] == kept


def test_certificates_are_looked_for_in_their_folder(values, tmp_path):
    (tmp_path / "ca.pem").touch()
    (tmp_path / "key.pem").touch()
    found = values({"DOCKER_CERT_PATH": str(tmp_path)}, client_key="/given.pem")
    assert (found["ca_path"], found["client_cert"], found["client_key"]) == (f"{tmp_path}/ca.pem", None, "/given.pem")


def test_the_defaults_are_the_engine_of_the_target(values):
    found = values()
    assert found["docker_host"] == "unix:///var/run/docker.sock" and found["validate_certs"] is True
    assert found["tls"] is False and found["ca_path"] is None and found["api_version"] == "auto"


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"tls": True, "client_cert": "/c"}, "Of client_cert and client_key only one is given"),
        ({"tls": True, "ca_path": "/nowhere/ca.pem"}, "ca_path: there is no file /nowhere/ca.pem"),
        ({"api_version": "1"}, "api_version: '1' is no version"),
        ({"api_version": "1.40"}, "speaks API 1.40, and 1.41 is needed"),
        ({"docker_host": "tcp://no-such-host.invalid:2376"}, "Check docker_host"),
        ({"docker_host": "ssh://nobody@127.0.0.1:1"}, "Check that 'ssh nobody@127.0.0.1:1 docker version' answers"),
    ],
)
def test_a_connection_that_cannot_be(params, said):
    with pytest.raises(EngineError) as caught:
        connect({"docker_host": "tcp://127.0.0.1:1", **params})
    assert said in str(caught.value)


def test_what_an_old_engine_lacks_is_said():
    class Client:
        api_version = "1.41"

    require_api(Client(), "1.41", "this", "20.10")
    with pytest.raises(EngineError, match=r"this needs API 1\.44, and the engine speaks 1\.41\. Install Docker 25\.0"):
        require_api(Client(), "1.44", "this", "25.0")


def test_the_action_group_holds_the_modules_that_connect():
    group = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())["action_groups"]["engine"]
    modules = [path.stem for path in (ROOT / "plugins/modules").glob("*.py")]
    # Of an action only the documentation is a module, and it asks no engine.
    actions = {path.stem for path in (ROOT / "plugins/action").glob("*.py")}
    specs = {
        name: importlib.import_module(f"ansible_collections.bulkhead.classroom.plugins.modules.{name}").ARGUMENT_SPEC
        for name in set(modules) - actions
    }
    connecting = {name for name, spec in specs.items() if set(ENGINE_ARGUMENTS) <= set(spec)}
    assert connecting and set(group) & set(modules) == connecting and group == sorted(group)
