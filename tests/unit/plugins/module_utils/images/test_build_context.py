# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The digest of a context: it sees content, modes, names and links, and nothing else."""

from __future__ import annotations

import io
import os
import socket
import tarfile
import tempfile
from pathlib import Path

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.build_context import BuildContext
from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError
from hypothesis import given, settings
from hypothesis import strategies as st

NAMES = st.text(st.characters(blacklist_characters="/\0", blacklist_categories=["Cs"]), min_size=1, max_size=12).filter(
    lambda name: name not in (".", "..", "Dockerfile", ".dockerignore")
)
FILES = st.dictionaries(
    st.tuples(st.sampled_from(["", "a/", "a/b/", "ü/"]), NAMES).map("".join),
    st.tuples(st.binary(max_size=1500), st.sampled_from([0o644, 0o755, 0o600])),
    min_size=1,
    max_size=6,
).filter(lambda files: not any(path.startswith(f"{other}/") for path in files for other in files))


def write(root: str, files, reverse: bool = False, time: int = 1) -> BuildContext:
    for path in sorted(files, reverse=reverse):
        content, mode = files[path]
        target = Path(root, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        target.chmod(mode)
        os.utime(target, (time, time))
    Path(root, "Dockerfile").write_text("FROM scratch\n")
    return BuildContext.open(root, "Dockerfile")


def digest_of(files, **how) -> str:
    with tempfile.TemporaryDirectory() as root:
        return write(root, files, **how).digest()


@settings(max_examples=40)
@given(FILES)
def test_equal_content_has_an_equal_digest_wherever_and_whenever(files):
    assert digest_of(files) == digest_of(files, reverse=True, time=10**9)


@settings(max_examples=60)
@given(FILES, st.data())
def test_any_changed_byte_mode_or_name_changes_the_digest(files, data):
    path = data.draw(st.sampled_from(sorted(files)))
    content, mode = files[path]
    at = data.draw(st.integers(0, len(content)))
    byte = bytes([data.draw(st.integers(0, 255))])
    changes = ["insert", "mode", "rename", "remove", *(["replace"] if content else [])]
    change = data.draw(st.sampled_from(changes))
    other = {**files}
    if change == "insert":
        other[path] = (content[:at] + byte + content[at:], mode)
    elif change == "replace":
        at = min(at, len(content) - 1)
        other[path] = (content[:at] + bytes([content[at] ^ (byte[0] or 1)]) + content[at + 1 :], mode)
    elif change == "mode":
        other[path] = (content, mode ^ 0o011)
    else:
        del other[path]
        if change == "rename":
            other[f"{path}'"] = (content, mode)
    assert digest_of(files) != digest_of(other)


@settings(max_examples=40)
@given(FILES, st.lists(NAMES, min_size=2, max_size=2, unique=True), st.data())
def test_any_changed_link_changes_the_digest(files, targets, data):
    path = data.draw(st.sampled_from(sorted(files)))
    seen = []
    with tempfile.TemporaryDirectory() as root:
        context = write(root, files)
        seen.append(context.digest())
        for target in targets:
            Path(root, path).unlink()
            Path(root, path).symlink_to(target)
            seen.append(context.digest())
        assert seen[-1] == context.digest()
    assert len(set(seen)) == 3


@settings(max_examples=40)
@given(FILES)
def test_the_stream_is_an_archive_of_exactly_these_files(files):
    with tempfile.TemporaryDirectory() as root:
        context = write(root, files)
        sent = b"".join(context.stream(context.digest()))
    with tarfile.open(fileobj=io.BytesIO(sent), encoding="utf-8", errors="surrogateescape") as archive:
        members = {m.name: (archive.extractfile(m).read(), m.mode) for m in archive.getmembers() if m.isfile()}
        assert all((m.mtime, m.uid, m.gid, m.uname, m.gname) == (0, 0, 0, "", "") for m in archive.getmembers())
    assert {name: members[name] for name in members if name != "Dockerfile"} == files


def test_links_empty_folders_and_names_that_are_no_text_count(tmp_path):
    context = write(str(tmp_path), {"file": (b"x", 0o644)})
    seen = [context.digest()]
    (tmp_path / "link").symlink_to("file")
    seen.append(context.digest())
    (tmp_path / "link").unlink()
    (tmp_path / "link").symlink_to("nowhere")
    seen.append(context.digest())
    (tmp_path / "empty").mkdir()
    seen.append(context.digest())
    Path(os.fsdecode(bytes(tmp_path) + b"/\xff\xfe")).write_text("")
    seen.append(context.digest())
    assert len(set(seen)) == len(seen)


def test_a_link_that_leads_in_a_circle_is_a_link(tmp_path):
    context = write(str(tmp_path), {"a/file": (b"x", 0o644)})
    (tmp_path / "a/loop").symlink_to("..")
    assert context.digest() == context.digest()


def test_sockets_are_left_out(tmp_path):
    context = write(str(tmp_path), {"file": (b"x", 0o644)})
    before = context.digest()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
    assert context.digest() == before


def test_ignored_files_do_not_count_and_need_not_be_readable(tmp_path):
    (tmp_path / ".dockerignore").write_text("skip\n!skip/kept\nhidden\n")
    context = write(str(tmp_path), {"skip/kept": (b"k", 0o644), "hidden/x": (b"x", 0o644)})
    before = context.digest()
    (tmp_path / "skip/new").write_text("new")
    (tmp_path / "hidden/new").write_text("new")
    assert context.digest() == before
    (tmp_path / "skip/kept").write_text("changed")
    assert context.digest() != before


def test_a_context_that_changes_while_it_is_sent_is_never_complete(tmp_path):
    context = write(str(tmp_path), {"big": (b"0" * 3_000_000, 0o644), "z": (b"1", 0o644)})
    promised = context.digest()
    stream = context.stream(promised)
    next(stream)
    (tmp_path / "z").write_bytes(b"2")
    with pytest.raises(InputError, match="changed while it was read"):
        list(stream)


def test_big_files_are_streamed(tmp_path):
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(40_000_000)
    context = write(str(tmp_path), {"file": (b"x", 0o644)})
    assert max(len(block) for block in context.stream(context.digest())) < 3_000_000


@pytest.mark.parametrize(
    ("dockerfile", "said"),
    [("../Dockerfile", "outside of its context"), ("missing", "no Dockerfile at"), (".", "no Doc")],
)
def test_a_dockerfile_must_be_in_the_context(tmp_path, dockerfile, said):
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "context").mkdir()
    with pytest.raises(InputError, match=said):
        BuildContext.open(str(tmp_path / "context"), dockerfile)


def test_a_context_must_be_a_folder(tmp_path):
    with pytest.raises(InputError, match="is no folder"):
        BuildContext.open(str(tmp_path / "nothing"), "Dockerfile")
