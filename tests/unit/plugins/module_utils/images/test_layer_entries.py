# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of archives, and what makes them the same."""

from __future__ import annotations

import io
from dataclasses import fields, replace

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.layer_entries import (
    LOOKED_AT,
    Entry,
    UnreadableError,
    clean,
    entries,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.writable_layer import Layer
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.archives import member, sha, tar
from hypothesis import given
from hypothesis import strategies as st


def read(*members, **more):
    return list(entries(io.BytesIO(tar(members)), **more))


@pytest.mark.parametrize(
    ("given", "kind", "content", "size"),
    [
        (member("a", "text"), "file", sha(b"text")[7:], 4),
        (member("a", kind="directory"), "directory", "", 0),
        (member("a", "../é", kind="link"), "link", "../é", 5),
        (member("a", kind="fifo"), "fifo", "", 0),
        (member("a", kind="char", devmajor=1, devminor=3), "device", "c 1:3", 0),
        (member("a", kind="block", devmajor=8, devminor=0), "device", "b 8:0", 0),
    ],
)
def test_each_kind(given, kind, content, size):
    found = read(given)[0]
    assert (found.path, found.kind, found.content, found.size) == ("/a", kind, content, size)


def test_owner_rights_attributes_and_further_names():
    info = member("etc/x", "1", mode=0o104755, uid=7, gid=8, pax_headers={"SCHILY.xattr.security.capability": "v"})
    first, second = read(info, member("etc/y", "etc/x", kind="hard"))
    # The type of the file, which some engines write into the mode, is no right.
    assert (first.mode, first.uid, first.gid, first.xattrs) == (0o4755, 7, 8, (("security.capability", "v"),))
    assert (second.hard, second.size, second.content) == ("/etc/x", 0, "")


@pytest.mark.parametrize(
    ("name", "path"),
    [("./a/b/", "/a/b"), ("/a//b", "/a/b"), ("a/./b", "/a/b"), ("", "/"), ("b\udcff\udcfea", "/b\ufffd\ufffda")],
)
def test_paths_have_one_form(name, path):
    assert clean(name) == path


def test_only_what_is_wanted_is_read_and_only_the_beginning_is_looked_at():
    big = member("big", b"x" * (LOOKED_AT + 10))
    looked = []

    def look(head):
        looked.append(len(head))
        return ("seen",)

    found = read(member("other", "1"), big, wanted=lambda path: path != "/other", look=look)
    assert [entry.path for entry in found] == ["/big"] and looked == [LOOKED_AT] and found[0].marks == ("seen",)


@pytest.mark.parametrize("length", [700, 1500, 1536, 2000, 3072])
def test_an_archive_that_ends_too_early_is_no_archive(length):
    whole = tar([member("a", b"x" * 1000), member("b", b"y" * 1000)])
    with pytest.raises(UnreadableError, match="not complete"):
        list(entries(io.BytesIO(whole[:length]), ends=True))
    assert len(list(entries(io.BytesIO(whole), ends=True))) == 2
    with pytest.raises(UnreadableError):
        list(entries(io.BytesIO(b"no archive at all" * 100)))


def test_times_and_names_of_owners_do_not_count():
    def digest(**more):
        found = read(member("a", "1", **more))
        return Layer({"/a": "added"}, {entry.path: entry for entry in found}).digest()

    assert digest(mtime=1, uname="root", gname="x") == digest(mtime=2, uname="", gname="")
    assert digest(uid=1) != digest(uid=2)


texts = st.text(min_size=1, max_size=5)
plain = st.builds(
    Entry, path=st.just("/a"), kind=texts, mode=st.integers(0, 0o7777), uid=st.integers(0, 9), gid=st.integers(0, 9),
    content=texts, xattrs=st.just(()),
)  # fmt: skip
COUNTS = ("kind", "mode", "uid", "gid", "content", "xattrs")
IGNORED = ("path", "size", "hard", "marks")


@given(one=plain, two=plain)
def test_the_digest_is_equal_exactly_when_the_content_is(one, two):
    digests = [Layer({"/a": "added"}, {"/a": entry}).digest() for entry in (one, two)]
    assert (digests[0] == digests[1]) == (one == two)


@given(entry=plain, size=st.integers(10, 20))
def test_every_field_of_an_entry_counts_or_is_known_not_to(entry, size):
    assert {field.name for field in fields(Entry)} == {*COUNTS, *IGNORED}
    others = {"kind": entry.kind + "x", "mode": entry.mode ^ 1, "uid": 10, "gid": 10, "content": entry.content + "x"}
    others["xattrs"] = (("a", "b"),)
    for name in COUNTS:
        assert replace(entry, **{name: others[name]}).identity() != entry.identity(), name
    assert replace(entry, size=size, hard="/b", marks=("m",)).identity() == entry.identity()
