# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One fault of an image each: exactly its check answers otherwise. Missing evidence is an error, a bound no pass."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts, facts_images
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_images import NAME
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import (
    ADA,
    GRACE,
    changed,
    find,
    judged,
    put,
    red,
)
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_reach import IMAGE_ID

IMAGE = f"{facts.HOST}/image/{NAME}"
OTHER = "sha256:" + "2" * 64
TOKEN = [{"name": "API_TOKEN", "pattern": "named like a secret"}]
LAYERS = ("image-set-id", "image-devices", "image-secrets")
STEPS = ("image-update-alone", "image-add", "image-verified")
# What the facts of the image say, the check that it concerns, and its status.
CHANGES = [
    ("user.value", "", "image-user", "fail"),
    ("user.value", "root", "image-user", "fail"),
    ("user.value", "0:1000", "image-user", "fail"),
    ("user.value", "00", "image-user", "fail"),
    ("user.value", "rooter", "image-user", "pass"),
    ("healthcheck.value", False, "image-healthcheck", "informational"),
    ("ports.value", ["80/tcp", "22/tcp"], "image-ports", "fail"),
    ("ports.value", ["2222/tcp"], "image-ports", "pass"),
    ("digests.value", [], "image-origin", "informational"),
    ("history.value.update_alone", [3], "image-update-alone", "fail"),
    ("history.value.add", [{"step": 4, "source": "remote"}], "image-add", "fail"),
    (
        "history.value.unverified",
        [{"step": 2, "pattern": "certificate not checked"}],
        "image-verified",
        "fail",
    ),
    ("history.value.secrets", [{"step": 2, "pattern": "token of a forge"}], "image-secrets", "fail"),
    ("variables.value", TOKEN, "image-secrets", "fail"),
    ("labels.value", TOKEN, "image-secrets", "fail"),
    ("layers.value.credentials", ["/root/.ssh/id_rsa (private key of ssh)"], "image-secrets", "fail"),
    ("layers.value.devices", ["/disk (b 7:0)"], "image-devices", "fail"),
    ("layers.value.setid", ["/bin/su (4755, of user 0)"], "image-set-id", "informational"),
]


def image(path, value):
    return judged(changed(lambda document, _ada: put(document["images"][0], path, value)))


@pytest.mark.parametrize(("path", "value", "check", "status"), CHANGES, ids=lambda value: str(value)[:50])
def test_a_fault_turns_its_check_and_no_other(path, value, check, status):
    result = image(path, value)
    assert find(result, check, IMAGE)["status"] == status
    assert red(result) == ({(IMAGE, check): "fail"} if status == "fail" else {})


@pytest.mark.parametrize(
    ("key", "checks"),
    [
        ("user", ("image-user",)),
        ("healthcheck", ("image-healthcheck",)),
        ("ports", ("image-ports",)),
        ("digests", ("image-origin",)),
        ("made", ("image-packages", "image-vulnerabilities")),
        ("variables", ("image-secrets",)),
        ("labels", ("image-secrets",)),
        ("history", (*STEPS, "image-secrets")),
        ("layers", LAYERS),
    ],
)
@pytest.mark.parametrize("hole", [None, {}, facts.unread("/somewhere"), facts.fact(5, "/x")], ids=repr)
def test_missing_evidence_is_an_error(key, checks, hole):
    assert red(image(key, hole)) == dict.fromkeys(((IMAGE, check) for check in checks), "error")


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"cut": True}, "notchecked", "not seen"),
        ({"cut": None}, "notchecked", "not seen"),
        ({"error": "EIO Input/output error: /x"}, "error", "EIO"),
        ({"directories": 0, "driver": "btrfs"}, "notchecked", "btrfs names no directories"),
        ({"entries": None}, "error", "not what was asked for"),
    ],
)
def test_layers_that_were_not_wholly_seen_pass_nothing(change, status, said):
    result = image("layers.value", {**facts_images.layers(), **change})
    for check in LAYERS:
        found = find(result, check, IMAGE)
        assert found["status"] == status and said in found["reason"], check


@pytest.mark.parametrize("key", ["setid", "devices", "credentials"])
def test_what_was_found_before_the_bound_counts(key):
    value = {**facts_images.layers(), "cut": True, "error": "EIO broken", key: ["/x (c 9:9)"]}
    result = image("layers.value", value)
    check = {"setid": "image-set-id", "devices": "image-devices", "credentials": "image-secrets"}[key]
    assert find(result, check, IMAGE)["status"] == ("informational" if key == "setid" else "fail")


def test_a_history_without_words_proves_nothing():
    result = image("history.value", {**facts_images.history(), "steps": 1, "told": 0})
    assert {find(result, check, IMAGE)["status"] for check in STEPS} == {"notchecked"}
    assert find(result, "image-secrets", IMAGE)["status"] == "pass"


def set_id(document, ada):
    put(document["images"][0], "layers.value.setid", ["/bin/su (4755, of user 0)"])
    put(ada, "processes.0.status.NoNewPrivs", "0")


def test_set_id_programs_count_where_a_process_can_gain_by_them():
    result = judged(changed(set_id))
    assert red(result) == {(IMAGE, "image-set-id"): "fail", (ADA, "no-new-privileges"): "fail"}
    found = find(result, "image-set-id", IMAGE)
    assert "workspace-ada can gain by /bin/su" in found["observed"] and "grace" not in found["observed"]

    def unread(document, ada):
        set_id(document, ada)
        put(ada, "processes.0.status.NoNewPrivs", None)

    assert find(judged(changed(unread)), "image-set-id", IMAGE)["status"] == "error"

    def elsewhere(document, ada):
        set_id(document, ada)
        document["images"][0]["users"] = [document["containers"][1]["id"]]

    assert find(judged(changed(elsewhere)), "image-set-id", IMAGE)["status"] == "informational"


# The name that Ada's container was made with, what the engine's list says of it, and both answers.
NAMES = [
    (NAME, {NAME: IMAGE_ID}, "pass", "pass"),
    (NAME, {NAME: OTHER}, "pass", "fail"),
    (NAME, {}, "pass", "informational"),
    ("course/base", {"course/base:latest": IMAGE_ID}, "informational", "pass"),
    ("docker.io/library/base:latest", {"base:latest": OTHER}, "informational", "fail"),
    (IMAGE_ID, {}, "pass", "pass"),
    ("1" * 12, {}, "pass", "pass"),
]


@pytest.mark.parametrize(("name", "names", "fixed", "current"), NAMES)
def test_the_name_that_a_container_was_made_with(name, names, fixed, current):
    def change(document, ada):
        put(ada, "lifecycle.image.value", name)
        put(document["host"], "image_store.value.names", names)

    result = judged(changed(change))
    assert find(result, "image-tag-fixed")["status"] == fixed
    assert find(result, "image-current")["status"] == current
    assert red(result) == ({(ADA, "image-current"): "fail"} if current == "fail" else {})


def test_a_container_whose_image_was_not_recorded_is_an_error():
    for change in (lambda document, _ada: document.pop("images"), lambda document, _ada: document["images"].clear()):
        found = red(judged(changed(change)))
        assert found == dict.fromkeys([(ADA, "image-current"), (GRACE, "image-current")], "error")


@pytest.mark.parametrize("hole", [None, facts.unread("/images/json"), facts.fact([], "/images/json")], ids=repr)
def test_without_the_engines_list_nothing_is_current_and_nothing_unused(hole):
    found = red(judged(changed(lambda document, _ada: put(document["host"], "image_store", hole))))
    owners = [(facts.HOST, "image-unused"), (ADA, "image-current"), (GRACE, "image-current")]
    assert found == dict.fromkeys(owners, "error")


def test_images_that_nobody_uses_are_noted_and_named():
    kept = {"names": {NAME: IMAGE_ID, "old/base:1": OTHER}, "nameless": [OTHER, IMAGE_ID]}
    result = judged(changed(lambda document, _ada: put(document["host"], "image_store.value", kept)))
    found = find(result, "image-unused", facts.HOST)
    assert found["status"] == "informational" and red(result) == {}
    assert found["observed"] == "no container uses old/base:1, and 1 without a name"


@pytest.mark.parametrize(("users", "judges"), [([], False), (["f" * 64], False), (None, True)], ids=repr)
def test_an_image_of_a_neighbour_is_not_judged_and_one_of_unknown_users_is(users, judges):
    def change(document, _ada):
        other = {**facts_images.image([]), "id": OTHER, "name": "other:1", "users": users}
        document["images"].append(other)

    found = {one["subject"] for one in judged(changed(change))["findings"]}
    assert IMAGE in found and (f"{facts.HOST}/image/other:1" in found) is judges
