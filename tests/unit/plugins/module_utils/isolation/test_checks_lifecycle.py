# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the engine keeps a container going: one change turns exactly its check, and a hole is an error."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.lifecycle_facts import read_lifecycle
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.policy import Policy, PolicyError
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import (
    ADA,
    changed,
    find,
    judged,
    policy,
    put,
    red,
)

KEYS = {
    "restart": "restart-policy",
    "health": "container-health",
    "log": "log-bounded",
    "init": "container-init",
    "auto_remove": "container-kept",
    "execs": "exec-sessions",
    "runtime": "container-runtime",
    "image": "image-registry-allowed",
}
# What rests on the same answer.
ALSO = {"image": ("image-tag-fixed", "image-current")}
NO_CHECK = {"checked": False, "status": "", "failures": 0}
SICK = {"checked": True, "status": "unhealthy", "failures": 4}
CHANGES = [
    ("restart", {"name": "always", "retries": 0}, {}, "fail"),
    ("restart", {"name": "always", "retries": 0}, {"restart_policies": ["always"]}, "pass"),
    ("restart", {"name": "unless-stopped", "retries": 0}, {"restart_policies": ["no"]}, "fail"),
    ("restart", {"name": "no", "retries": 0}, {}, "pass"),
    ("restart", {"name": "on-failure", "retries": 5}, {}, "pass"),
    ("restart", {"name": "on-failure", "retries": 6}, {}, "fail"),
    ("restart", {"name": "on-failure", "retries": 6}, {"restart_retries": 6}, "pass"),
    ("restart", {"name": "on-failure", "retries": 0}, {}, "fail"),
    ("health", NO_CHECK, {}, "informational"),
    ("health", NO_CHECK, {"require_healthcheck": True}, "fail"),
    ("health", SICK, {}, "fail"),
    ("health", {**SICK, "status": "starting"}, {}, "informational"),
    ("health", {**SICK, "status": ""}, {}, "error"),
    ("log", {"driver": "json-file", "options": {}}, {}, "informational"),
    ("log", {"driver": "json-file", "options": {"max-size": "-1"}}, {}, "informational"),
    ("log", {"driver": "local", "options": {}}, {}, "pass"),
    ("init", False, {}, "informational"),
    ("auto_remove", True, {}, "fail"),
    ("execs", 2, {}, "informational"),
    ("runtime", "second", {}, "informational"),
    ("image", "elsewhere.test/base:1", {"allowed_registries": ["registry.classroom.test"]}, "fail"),
    ("image", "registry.classroom.test.evil/base:1", {"allowed_registries": ["registry.classroom.test"]}, "fail"),
    ("image", "registry.classroom.test/base:1", {"allowed_registries": ["registry.classroom.test/"]}, "pass"),
]


@pytest.mark.parametrize(("key", "value", "wanted", "status"), CHANGES, ids=lambda value: str(value)[:50])
def test_a_change_turns_its_check_and_no_other(key, value, wanted, status):
    document = changed(lambda _document, ada: put(ada, f"lifecycle.{key}.value", value))
    only = {name: wanted[name] for name in wanted if name not in ("restart_policies", "allowed_registries")}
    found = find(judged(document, policy(**wanted)), KEYS[key])
    assert found["status"] == status
    own = {check for subject, check in red(judged(document, policy(**only))) if subject == ADA}
    assert own <= {KEYS[key]}


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("hole", [None, {}, facts.unread("/somewhere")], ids=repr)
def test_missing_evidence_is_an_error(key, hole):
    result = judged(changed(lambda _document, ada: put(ada, f"lifecycle.{key}", hole)))
    assert red(result) == dict.fromkeys(((ADA, check) for check in (KEYS[key], *ALSO.get(key, ()))), "error")


@pytest.mark.parametrize("value", ["", "x", 5, [], {}], ids=repr)
@pytest.mark.parametrize("key", ["restart", "health", "log"])
def test_what_has_another_form_is_an_error(key, value):
    result = judged(changed(lambda _document, ada: put(ada, f"lifecycle.{key}.value", value)))
    assert red(result) == {(ADA, KEYS[key]): "error"}


def test_no_lifecycle_at_all_is_an_error_for_each_of_them():
    result = judged(changed(lambda _document, ada: ada.pop("lifecycle")))
    assert {check for _subject, check in red(result)} >= set(KEYS.values())


def test_only_a_workspace_must_outlive_its_process():
    def change(_document, ada):
        put(ada, "lifecycle.auto_remove.value", True)
        ada["labels"] = {}

    found = find(judged(changed(change), {"capabilities": []}), "container-kept")
    assert found["status"] == "informational"


def test_a_stopped_container_is_noted():
    def change(document, _ada):
        document["neighbours"].append({**facts.neighbour(), "state": "exited", "processes": []})

    found = find(judged(changed(change)), "containers-stopped", facts.HOST)
    assert (found["status"], found["observed"]) == ("informational", "1 do not run: registry-cache")


def test_nothing_is_made_up_of_an_empty_inspection():
    answers = read_lifecycle({})
    assert {key for key, one in answers.items() if one["value"] is not None} == set()


def test_what_the_engine_says_is_read():
    told = read_lifecycle(
        {
            "Image": "sha256:1",
            "ExecIDs": None,
            "Config": {"Image": "a:1", "Healthcheck": {"Test": ["NONE"]}},
            "HostConfig": {
                "RestartPolicy": {"Name": "", "MaximumRetryCount": 0},
                "LogConfig": {"Type": "gelf", "Config": {"gelf-address": "udp://u:p@h", "max-size": "1m"}},
                "AutoRemove": False,
                "Runtime": "runc",
            },
        }
    )
    values = {key: one["value"] for key, one in told.items()}
    assert values["restart"] == {"name": "no", "retries": 0} and values["execs"] == 0
    assert values["log"] == {"driver": "gelf", "options": {"max-size": "1m"}}
    assert values["health"]["checked"] is False and values["init"] is False


@pytest.mark.parametrize(
    "wrong",
    [{"restart_retries": "many"}, {"require_healthcheck": "yes"}, {"restart_policies": "no"}],
)
def test_a_policy_that_cannot_be_used_is_refused(wrong):
    with pytest.raises(PolicyError):
        Policy.from_params(wrong, frozenset())
