# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof that an image does not change: it has to fail when something did."""

from __future__ import annotations

import io
import tarfile
from contextlib import contextmanager

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_files import saved
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.immutability import (
    ADDED,
    TEXT,
    archive,
    prove,
    victim,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.archives import (
    layer,
    member,
    old_save,
    sha,
    tar,
)

LOW = layer(member("etc", kind="directory"), member("etc/motd", "welcome"), member("bin", kind="directory"))


class Copying:
    """An engine that copies on write, as it should; `tamper` changes the image's own layer at the write instead."""

    def __init__(self, *layers: bytes) -> None:
        self.layers, self.written, self.removed = list(layers or [LOW]), {}, []
        self.tamper = self.lose = self.fail = False
        self.recorded = [sha(data) for data in self.layers]

    def image(self, name):
        config = saved(io.BytesIO(old_save({"a:1": self.layers})))[0].digests
        known = {"Id": self.id if hasattr(self, "id") else next(iter(config)), "RepoTags": ["a:1"]}
        self.id = known["Id"]
        return {**known, "RootFS": {"Layers": self.recorded}, "Config": {}} if name in ("a:1", self.id) else None

    @contextmanager
    def save(self, _names):
        yield io.BytesIO(old_save({"a:1": self.layers}))

    def create(self, _image, _labels):
        return "key"

    def put(self, _key, data):
        if self.fail:
            raise RuntimeError("the disk is full")
        with tarfile.open(fileobj=io.BytesIO(data)) as given:
            self.written = {f"/{one.name}": given.extractfile(one).read() for one in given}
        if self.tamper:
            self.layers = [layer(member("etc/motd", TEXT))]
        if self.lose:
            self.written = {}

    def changes(self, _key):
        return [{"Path": path, "Kind": 1 if path == ADDED else 0} for path in self.written]

    @contextmanager
    def archive(self, _key, path):
        yield io.BytesIO(tar([member(path[1:], self.written.get(path, b"welcome"))]))

    def remove(self, key):
        self.removed.append(key)


def test_an_image_that_stays_is_proved_immutable():
    engine = Copying()
    found = prove(engine, "a:1")
    assert found["immutable"] is True and engine.removed == ["key"]
    assert found["before"] == found["after"] and found["after"]["computed"] == [sha(LOW)]
    assert found["written"] == [{"path": ADDED, "change": "added"}, {"path": "/etc/motd", "change": "changed"}]
    file = found["overwritten"]
    assert file["image_before"] == file["image_after"] == sha(b"welcome")[7:] and file["container"] == sha(TEXT)[7:]


@pytest.mark.parametrize("what", ["tamper", "lose"])
def test_an_image_that_changes_and_a_write_that_is_lost_are_no_proof(what):
    engine = Copying()
    setattr(engine, what, True)
    found = prove(engine, "a:1")
    assert found["immutable"] is False and engine.removed == ["key"]


def test_an_image_whose_records_do_not_fit_is_no_proof():
    engine = Copying()
    engine.recorded = [sha(b"another")]
    assert prove(engine, "a:1")["immutable"] is False


def test_the_container_goes_whatever_happens():
    engine = Copying()
    engine.fail = True
    with pytest.raises(RuntimeError):
        prove(engine, "a:1")
    assert engine.removed == ["key"]


def test_an_image_without_a_file_is_proved_by_what_is_added():
    found = prove(Copying(layer(member("etc", kind="directory"))), "a:1")
    assert found["immutable"] is True and found["overwritten"] is None and len(found["written"]) == 1


def test_an_image_that_is_not_there():
    with pytest.raises(InputError, match="no image b:1"):
        prove(Copying(), "b:1")


@pytest.mark.parametrize(
    ("members", "volumes", "path"),
    [
        ([member("b", "22"), member("a", "1"), member("c", "333")], {}, "/a"),
        ([member("empty"), member("link", "b", kind="link"), member("b", "22")], {}, "/b"),
        # A write to one name of a file changes another, too; the engine's own files and volumes are not the image.
        ([member("a", "1"), member("h", "a", kind="hard"), member("b", "22")], {}, "/b"),
        ([member("etc/hosts", "1"), member("data/x", "2"), member("b", "333")], {"/data": {}}, "/b"),
        ([member("database/x", "2"), member("b", "333")], {"/data": {}}, "/database/x"),
        ([member("é", "1")], {}, None),
        ([], {}, None),
    ],
)
def test_which_file_is_overwritten(members, volumes, path):
    found = victim(saved(io.BytesIO(old_save({"a:1": [layer(*members)]})))[0], volumes)
    assert (found.path if found else None) == path


def test_the_archive_holds_what_is_said():
    with tarfile.open(fileobj=io.BytesIO(archive(["/a", "/b/c"]))) as made:
        assert made.getnames() == ["a", "b/c"] and made.extractfile("b/c").read() == TEXT
