# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel adapter over a tree of files: whatever lies in the place of a file, the answer is a fact."""

from __future__ import annotations

import os

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.host import kernel as module
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel, words

READS = ("read", "identity", "mode", "status", "names", "link", "device", "label")


@pytest.fixture
def kernel(tmp_path):
    return Kernel(str(tmp_path))


def test_a_text_is_read_without_its_end_and_noise_is_no_crash(kernel, tmp_path):
    (tmp_path / "label").write_bytes(b"system_u:object_r:x_t:s0\0")
    (tmp_path / "noise").write_bytes(bytes(range(256)) * 256)
    assert kernel.read("/label").value == "system_u:object_r:x_t:s0"
    noise = kernel.read("/noise")
    assert noise.known and len(noise.value) > 65000 and noise.value.encode()


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("path", ["/gone", "/a\0b", "/\ud800", "/" + "x" * 70000, "/loop/x"])
def test_a_path_that_cannot_be_is_an_error(kernel, tmp_path, read, path):
    (tmp_path / "loop").symlink_to("loop")
    fact = getattr(kernel, read)(path)
    assert not fact.known and fact.error.split()[0] in ("ENOENT", "EINVAL", "ENAMETOOLONG", "ELOOP")
    assert not kernel.exists(path) and kernel.real(path)


def test_a_link_in_a_circle_is_there_and_leads_nowhere(kernel, tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    assert kernel.exists("/loop") and kernel.real("/loop") == "/loop"
    assert kernel.read("/loop").error.startswith("ELOOP") and kernel.status("/loop").error.startswith("ELOOP")


def test_a_link_is_resolved_below_the_root(kernel, tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to("file")
    assert kernel.real("/link") == "/file" and kernel.link("/link").value == "file"
    assert kernel.read("/link").value == "x" and kernel.identity("/link") == kernel.identity("/file")._replace(
        path="/link"
    )


def test_another_kind_of_file_is_an_error_or_empty_and_never_waits(kernel, tmp_path):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    assert kernel.read("/folder").error.startswith("EISDIR")
    assert kernel.read("/pipe").value == ""
    writer = os.open(tmp_path / "pipe", os.O_RDWR)
    try:
        assert kernel.read("/pipe").value == ""
    finally:
        os.close(writer)
    assert kernel.names("/pipe").error.startswith("ENOTDIR") and kernel.device("/pipe").error.startswith("ENODEV")


def test_no_permission_is_an_error(kernel, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("x")

    def deny(_path, _flags):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(module.os, "open", deny)
    assert kernel.read("/file").error == "EACCES Permission denied"


def test_half_a_list_is_no_answer(kernel, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "READ_LIMIT", 8)
    (tmp_path / "fits").write_text("12345678")
    (tmp_path / "long").write_text("123456789")
    assert kernel.read("/fits").value == "12345678"
    assert kernel.read("/long").error.startswith("EFBIG")


def test_what_is_read_once_is_forgotten_by_the_next_run(kernel, tmp_path):
    (tmp_path / "file").write_text("1")
    assert kernel.read_once("/file").value == "1" and kernel.mode_once("/file").known
    (tmp_path / "file").write_text("2")
    assert kernel.read_once("/file").value == "1"
    kernel.forget()
    assert kernel.read_once("/file").value == "2"


def test_folders_are_listed_with_those_below_but_not_behind_links(kernel, tmp_path):
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/link").symlink_to("b")
    assert kernel.directories("/a") == ["/a", "/a/b"] and kernel.directories("/gone") == ["/gone"]
    assert kernel.names("/a").value == ["b", "link"] and kernel.pids() == []


def test_an_error_has_a_name_for_programs():
    assert words(OSError(2, "No such file")) == "ENOENT No such file"
    assert words(OSError("odd")).startswith("EUNKNOWN") and words(ValueError("a NUL")) == "EINVAL a NUL"
