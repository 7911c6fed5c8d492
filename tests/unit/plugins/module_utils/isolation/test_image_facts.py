# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading images: each once, layers as the directories of a storage driver, and no secret in what is recorded."""

from __future__ import annotations

import json
import os

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.host import kernel as host_kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.host import layer
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts import image_layer_facts
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.image_facts import read_images
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.image_layer_facts import LayerReader
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts_images
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.fake_kernel import FakeEngine, inspection

KEY, OTHER = "sha256:" + "1" * 64, "sha256:" + "2" * 64


@pytest.fixture
def kernel(tmp_path):
    return host_kernel.Kernel(str(tmp_path))


@pytest.fixture
def engine():
    engine = FakeEngine()
    engine.kept[KEY] = image(KEY, "course/base:1")
    engine.steps[KEY] = [{"CreatedBy": "RUN /bin/sh -c apk update"}, {"CreatedBy": "ADD rootfs.tar /"}]
    return engine


def image(key, *names, folders=(), **config):
    upper, lower = (*folders[:1], ""), ":".join(folders[1:])
    data = {"UpperDir": upper[0], **({"LowerDir": lower} if lower else {})} if folders else None
    return {
        "Id": key,
        "RepoTags": list(names),
        "RepoDigests": ["<none>@<none>"],
        "Created": "2026-06-01T12:00:00Z",
        "Size": 5_000_000,
        "Config": config,
        "GraphDriver": {"Name": "overlay2", "Data": data},
    }


def container(letter, key=KEY, pid=100):
    return {**inspection(letter, pid), "Image": key}


def value(record, key):
    return record[key]["value"]


def test_an_image_is_read_once_and_knows_its_containers(engine, kernel):
    asked = []
    inspect = engine.inspect_image
    engine.inspect_image = lambda key: asked.append(key) or inspect(key)
    containers = [container("a"), container("b"), container("c", pid=0)]
    (found,), kept = read_images(engine, kernel, containers)
    assert asked == [KEY] and found["users"] == [one["Id"] for one in containers]
    assert found.keys() == facts_images.image([]).keys()
    assert kept["value"] == {"names": {"course/base:1": KEY}, "nameless": []}
    assert value(found, "digests") == [] and value(found, "user") == "" and value(found, "healthcheck") is False
    assert value(found, "history")["update_alone"] == [2] and value(found, "history").keys() == history_keys()


def history_keys():
    return facts_images.history().keys()


def test_values_of_variables_and_labels_and_words_of_steps_are_not_recorded(engine, kernel):
    config = {"Env": ["DB_PASSWORD=hunter2x", "COLOUR=blue"], "Labels": {"api-token": "hunter2x", "a": "blue"}}
    engine.kept[KEY] = image(KEY, Healthcheck={"Test": ["CMD", "x"]}, ExposedPorts={"22/tcp": {}}, **config)
    engine.steps[KEY] = [{"CreatedBy": "ENV DB_PASSWORD=hunter2x"}]
    (found,), kept = read_images(engine, kernel, [container("a")])
    assert [one["name"] for one in value(found, "variables")] == ["DB_PASSWORD"]
    assert [one["name"] for one in value(found, "labels")] == ["api-token"]
    assert value(found, "history")["secrets"] and value(found, "ports") == ["22/tcp"] and value(found, "healthcheck")
    assert "hunter2x" not in json.dumps(found) and "blue" not in json.dumps(found)
    assert found["name"] == KEY and kept["value"]["nameless"] == [KEY]


@pytest.mark.parametrize("pid", [0, 100])
def test_an_image_that_is_gone_counts_only_where_a_container_runs(engine, kernel, pid):
    found, _kept = read_images(engine, kernel, [container("a"), container("b", OTHER, pid)])
    assert [one["id"] for one in found] == ([KEY, OTHER] if pid else [KEY])
    if pid:
        told = facts_images.image([]).keys() - {"id", "name", "names", "users"}
        assert found[1].keys() == found[0].keys()
        assert all(found[1][key]["value"] is None and found[1][key]["error"] for key in told)


def test_what_the_engine_does_not_answer_is_an_error(engine, kernel):
    def refuse(*_arguments):
        raise EngineError("broken", status=500)

    engine.images = engine.history = refuse
    (found,), kept = read_images(engine, kernel, [container("a")])
    assert kept["error"].startswith("EIO") and found["history"]["error"].startswith("EIO")
    engine.images, engine.history, engine.kept[KEY]["Config"] = (lambda: None), (lambda _key: None), None
    (found,), kept = read_images(engine, kernel, [container("a")])
    assert (
        kept["error"].startswith("EINVAL")
        and found["history"]["error"].startswith("EINVAL")
        and found["user"]["value"] is None
    )


def test_a_container_without_an_image_is_no_image(engine, kernel):
    assert read_images(engine, kernel, [inspection("a", 100)])[0] == []


@pytest.fixture
def tree(tmp_path):
    def write(path, mode=0o644, text="x"):
        place = tmp_path / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        place.chmod(mode)

    return write


def layers(kernel, *folders, reader=None):
    found = (reader or LayerReader(kernel)).read(image(KEY, folders=folders))["value"]
    assert found.keys() == facts_images.layers().keys()
    return found


def test_layers_are_seen_as_a_container_sees_them(kernel, tree, tmp_path):
    for path in ("/low/bin/su", "/low/bin/kept", "/low/sbin/old/mount"):
        tree(path, 0o4755)
    tree("/low/root/.ssh/id_rsa")
    tree("/low/root/.netrc", text="")
    tree("/low/bin/group", 0o2755)
    tree("/up/bin/su", 0o755)
    tree("/up/sbin/old")
    found = layers(kernel, "/up", "/low")
    uid = os.getuid()
    assert found["setid"] == [f"/bin/group (2755, of user {uid})", f"/bin/kept (4755, of user {uid})"]
    assert found["credentials"] == ["/root/.ssh/id_rsa (private key of ssh)"] and found["devices"] == []
    assert (found["directories"], found["cut"], found["error"]) == (2, False, "") and found["entries"] > 9


def test_a_directory_that_hides_what_was_in_it(kernel, tree, monkeypatch):
    tree("/low/opt/tool", 0o4755)
    tree("/up/opt/other")
    assert layers(kernel, "/up", "/low")["setid"]
    monkeypatch.setattr(os, "getxattr", lambda path, name, follow_symlinks: b"y" if path.endswith("/up/opt") else b"")
    assert layers(kernel, "/up", "/low")["setid"] == []


def test_a_program_with_capabilities_is_as_good_as_a_set_id_one(kernel, tree, monkeypatch):
    tree("/low/bin/ping", 0o755)
    tree("/low/bin/ls", 0o755)
    tree("/low/bin/note")

    def attribute(path, name, follow_symlinks):
        assert not follow_symlinks and not path.endswith("note")
        if name != "security.capability" or not path.endswith("ping"):
            raise OSError(61, "No data available")
        return b"\1"

    monkeypatch.setattr(os, "getxattr", attribute)
    assert layers(kernel, "/low")["setid"] == ["/bin/ping (with capabilities)"]


def test_device_nodes_are_told_by_their_numbers_and_a_deletion_is_none(kernel, tree, tmp_path):
    tree("/low/bin/su", 0o4755)
    (tmp_path / "up/bin").mkdir(parents=True)
    try:
        os.mknod(tmp_path / "up/disk", 0o60600, os.makedev(7, 0))
        os.mknod(tmp_path / "up/bin/su", 0o20600, 0)
        os.mknod(tmp_path / "up/null", 0o20666, os.makedev(1, 3))
        os.mknod(tmp_path / "up/kmem", 0o20600, os.makedev(1, 33))
    except PermissionError:
        pytest.skip("only root makes device nodes")
    found = layers(kernel, "/up", "/low")
    assert (found["devices"], found["setid"]) == (["/disk (b 7:0)", "/kmem (c 1:33)"], [])


def test_a_layer_of_several_images_is_walked_once(kernel, tree, monkeypatch):
    tree("/low/a")
    tree("/one/b")
    tree("/two/b")
    walked = []

    class Counted(layer.Visit):
        def everything(self):
            walked.append(self.folder)
            return super().everything()

    monkeypatch.setattr(image_layer_facts, "Visit", Counted)
    reader = LayerReader(kernel)
    for top in ("/one", "/two", "/one"):
        layers(kernel, top, "/low", reader=reader)
    assert walked == ["/one", "/low", "/two"]


def test_both_bounds_say_that_they_were_hit(kernel, tree):
    for number in range(5):
        tree(f"/low/{number}")
    assert not layers(kernel, "/low", reader=LayerReader(kernel, 5))["cut"]
    cut = layers(kernel, "/low", reader=LayerReader(kernel, 4))
    assert cut["cut"] and cut["entries"] == 4
    tree("/up/x")
    assert layers(kernel, "/low", "/up", reader=LayerReader(kernel, 5, 5))["cut"]


def test_a_layer_that_cannot_be_read_is_an_error_and_no_layers_are_none(kernel):
    assert layers(kernel, "/gone")["error"].startswith("ENOENT")
    assert LayerReader(kernel).read(image(KEY))["value"] == {"driver": "overlay2", "directories": 0}
    assert LayerReader(kernel).read({})["value"] == {"driver": "", "directories": 0}
