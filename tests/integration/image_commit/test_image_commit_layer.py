# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What image_commit sees of a container's layer, compared with what is there."""

from __future__ import annotations

import json

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_layers import LayerEngine
from ansible_collections.bulkhead.classroom.plugins.module_utils.images import writable_layer
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.layer_reading import read_layer

NAME, CONTAINER = "commit-test/made:1", "bht-commit"


CHANGES = (
    "echo y > /new/deep/file",
    "chmod 600 /new/deep/file",
    "chown 1000 /new/deep/file",
    "chown :1000 /new/deep",
    "ln -sf elsewhere /new/link",
    "mv /new/empty /new/other",
    "rm /new/null; mknod /new/null c 1 5",
    "rm /new/fifo; touch /new/fifo",
    "rm /new/fifo",
    "chmod 755 /root",
    "rm /etc/passwd",
)


def test_every_kind_of_change_counts(engine, container, shell, writes):
    shell(writes)
    layers = LayerEngine(engine.client)
    document = layers.container(CONTAINER)
    seen = [read_layer(layers, document, 0).digest()]
    for script in CHANGES:
        shell(script)
        seen.append(read_layer(layers, document, 0).digest())
        assert seen[-1] not in seen[:-1], script


def test_both_ways_to_read_a_layer_agree(engine, container, shell, writes, monkeypatch):
    layers = LayerEngine(engine.client)
    document = layers.container(CONTAINER)
    shell(writes.replace("""touch "$(printf '/new/\\377bad')\"""", "true"))
    exported = read_layer(layers, document, 0)
    fetched = read_layer(layers, document, 1 << 60)
    assert writable_layer.export_is_cheaper(writable_layer.fetches(exported.changes, ()), 0)
    assert fetched.entries.keys() == exported.entries.keys() and "/bin/zz" in fetched.entries
    same = {path: entry.identity() for path, entry in fetched.entries.items()}
    assert same == {path: entry.identity() for path, entry in exported.entries.items()}
    assert fetched.digest() == exported.digest()
    assert fetched.entries["/new/notes"].marks == exported.entries["/new/notes"].marks != ()


def test_the_figures_are_those_of_the_engine(run_module, engine, container, args, shell, writes):
    shell(writes)
    found = run_module("image_commit", {**args, "list_paths": True}, check=True)["results"][0]["layer"]
    diff = engine.client.diff(CONTAINER)
    words = {0: "changed", 1: "added", 2: "deleted"}
    assert found["paths"] == sorted(
        ({"path": item["Path"], "change": words[item["Kind"]]} for item in diff), key=lambda item: item["path"]
    )
    for number, word in words.items():
        assert found[word] == sum(1 for item in diff if item["Kind"] == number) > 0
    url = engine.client._url("/containers/{0}/json", CONTAINER)
    sizes = engine.client._result(engine.client._get(url, params={"size": True}), True)
    assert found["bytes"] == sizes["SizeRw"]
    assert found["largest"][0]["path"] == "/bin/zz"


def test_mounts_are_no_part_of_it(run_module, engine, container, args, shell, tmp_path):
    first = run_module("image_commit", args)
    shell("echo other > /data/vol/inside; echo other > /scratch/inside")
    (tmp_path / "id_rsa").write_text("-----BEGIN OPENSSH PRIVATE KEY-----")
    again = run_module("image_commit", args)
    assert first["changed"] and not again["changed"]
    assert "id_rsa" not in json.dumps(again)


def test_what_does_not_belong_into_an_image_is_told_and_never_shown(
    run_module, engine, container, args, shell, writes, secret
):
    shell(writes)
    args["images"][0]["changes"] = ["ENV API_TOKEN=sup3rsecretvalue"]
    made = run_module("image_commit", args)
    groups = {group["kind"]: group for group in made["results"][0]["findings"]}
    assert list(groups) == ["credentials", "caches", "logs", "temporary"]
    where = {one["where"] for one in groups["credentials"]["examples"]}
    assert where == {"ENV DB_PASSWORD", "ENV API_TOKEN", "/root/.ssh/id_rsa", "/new/notes"}
    assert [groups[kind]["examples"][0]["where"] for kind in ("caches", "logs", "temporary")] == [
        "/var/cache/apt/x.deb",
        "/var/log/today",
        "/tmp/left",
    ]
    assert len(made["warnings"]) == 4 and "takes credentials along" in json.dumps(made["warnings"][0])
    shown = json.dumps({key: value for key, value in made.items() if key != "invocation"})
    assert not [one for one in (secret, "hunter2", "sup3rsecret") if one in shown]


def test_what_is_refused_makes_no_image(run_module, engine, container, args, shell):
    shell("mkdir -p /root/.ssh; echo k > /root/.ssh/id_rsa")
    for check in (True, False):
        failed = run_module("image_commit", {**args, "refuse": ["credentials"]}, check=check)
        assert (
            failed["failed"]
            and "/root/.ssh/id_rsa (private key of ssh)" in failed["msg"]
            and not engine.client.images(NAME)
        )
    assert run_module("image_commit", {**args, "refuse": ["logs"]})["changed"]
