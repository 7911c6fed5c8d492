# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to be fetched to know a writable layer, and what it holds."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.layer_entries import Entry
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.writable_layer import (
    BYTES_PER_FETCH,
    Fetch,
    Layer,
    carried,
    export_is_cheaper,
    fetches,
    mount_points,
    named,
    resolve,
)
from hypothesis import given
from hypothesis import strategies as st


def changed(**words):
    return {path: word for word, paths in words.items() for path in paths}


@pytest.mark.parametrize(
    ("changes", "mounts", "wanted"),
    [
        ({}, [], []),
        (changed(changed=["/etc", "/etc/passwd"]), [], [Fetch("/etc", False), Fetch("/etc/passwd", False)]),
        (changed(added=["/new", "/new/a", "/new/a/b"]), [], [Fetch("/new", True)]),
        (changed(added=["/new", "/new.x", "/new/a"]), [], [Fetch("/new", True), Fetch("/new.x", True)]),
        (changed(changed=["/etc"], deleted=["/etc/group"]), [], [Fetch("/etc", False)]),
        # A mount lies in what was added: what lies there must not be read.
        (
            changed(added=["/data", "/data/vol", "/data/own", "/data/own/a"]),
            ["/data/vol"],
            [Fetch("/data", False), Fetch("/data/own", True)],
        ),
        (changed(added=["/data"]), ["/data"], []),
        (changed(added=["/data", "/data/x"]), ["/data"], []),
        (changed(added=["/data2"]), ["/data"], [Fetch("/data2", True)]),
    ],
)
def test_fetches(changes, mounts, wanted):
    assert fetches(changes, mounts) == wanted


paths = st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))


def below(path, top):
    return path == top or path.startswith(top + "/")


@given(st.dictionaries(paths, st.sampled_from(["added", "changed", "deleted"])), st.sets(paths, max_size=3))
def test_every_path_is_fetched_once_and_nothing_through_a_mount(changes, mounts):
    wanted = fetches(changes, mounts)
    for path in carried(changes, mounts):
        covering = [fetch for fetch in wanted if fetch.path == path or (fetch.whole and below(path, fetch.path))]
        assert len(covering) == 1, path
    for fetch in wanted:
        assert not any(below(fetch.path, mount) for mount in mounts)
        assert not fetch.whole or not any(below(mount, fetch.path) for mount in mounts)


def test_export_is_taken_when_it_costs_less_or_nothing_else_works():
    many = [Fetch(f"/{number}", False) for number in range(10)]
    assert not export_is_cheaper(many, 10 * BYTES_PER_FETCH)
    assert export_is_cheaper(many, 10 * BYTES_PER_FETCH - 1)
    assert export_is_cheaper([Fetch("/b\ufffdd", False)], 1 << 50)


def test_mounts_of_every_kind():
    container = {"Mounts": [{"Destination": "/data/"}], "HostConfig": {"Tmpfs": {"/scratch": ""}}}
    assert mount_points(container) == {"/data", "/scratch"}
    assert mount_points({"Mounts": None, "HostConfig": {"Tmpfs": None}}) == frozenset()


def test_further_names_get_the_content_of_the_first():
    first = Entry("/a", "file", size=3, content="x", xattrs=(("k", "v"),), marks=("m",))
    second, third = Entry("/b", "file", hard="/a"), Entry("/c", "file", hard="/image")
    known, unknown = resolve({entry.path: entry for entry in (first, second, third)})
    assert known["/b"].identity() == first.identity() and known["/b"].marks == ("m",) and known["/b"].size == 0
    assert unknown == ["/c"]


def layer():
    found = [Entry("/new/a", "file", size=5, content="1"), Entry("/new", "directory"), Entry("/etc", "directory")]
    changes = changed(added=["/new", "/new/a", "/vol"], changed=["/etc"], deleted=["/etc/x"])
    return Layer(changes, {entry.path: entry for entry in found})


def test_summary():
    found = layer().summary(True)
    assert (found["added"], found["changed"], found["deleted"], found["bytes"]) == (3, 1, 1, 5)
    assert found["largest"] == [{"path": "/new/a", "bytes": 5}]
    assert found["paths"][0] == {"path": "/etc", "change": "changed"} and len(found["paths"]) == 5
    assert "paths" not in layer().summary()


def test_a_deletion_and_a_covered_path_are_part_of_the_digest():
    base = layer()
    seen = {base.digest()}
    for path in ("/etc/x", "/vol"):
        rest = {key: value for key, value in base.changes.items() if key != path}
        seen.add(Layer(rest, base.entries).digest())
    assert len(seen) == 3 and layer().digest() in seen


def test_the_engines_numbers_have_names():
    listed = [{"Path": "/a", "Kind": 0}, {"Path": "/b", "Kind": 1}, {"Path": "/c", "Kind": 2}]
    assert named(listed) == {"/a": "changed", "/b": "added", "/c": "deleted"}
