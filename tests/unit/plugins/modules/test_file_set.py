"""file_set on a real directory."""

from __future__ import annotations

import os
import stat

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.file_set import FileSetError
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.file_system import FileSystem
from ansible_collections.bulkhead.classroom.plugins.modules.file_set import run
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.plain_host import LabellingHost, PlainHost


def apply(*files, check_mode=False, host=None):
    return run({"files": list(files)}, FileSystem(host or PlainHost()), check_mode)


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_writes_everything_once(tmp_path):
    (tmp_path / "default").symlink_to("/nowhere")
    files = [
        {"path": str(tmp_path / "d" / "a"), "content": "a\n"},
        {"path": str(tmp_path / "d"), "state": "directory", "mode": "0750"},
        {"path": str(tmp_path / "key"), "content": "k\n", "secret": True},
        {"path": str(tmp_path / "default"), "state": "absent"},
    ]
    first, second = apply(*files), apply(*files)
    assert sorted(first["changed_paths"]) == sorted(item["path"] for item in files)
    assert (tmp_path / "d" / "a").read_text() == "a\n"
    assert (mode_of(tmp_path / "d"), mode_of(tmp_path / "d" / "a"), mode_of(tmp_path / "key")) == (0o750, 0o644, 0o600)
    assert not (tmp_path / "default").is_symlink()
    assert second["changed"] is False and second["changed_paths"] == []


def test_check_mode_changes_nothing_and_says_the_same(tmp_path):
    files = [
        {"path": str(tmp_path / "d"), "state": "directory"},
        {"path": str(tmp_path / "d" / "a"), "content": "a\n", "owner": "nobody-has-this-name"},
    ]
    result = apply(*files, check_mode=True)
    assert result["changed_paths"] == [item["path"] for item in files]
    assert list(tmp_path.iterdir()) == []


def test_unknown_owner_stops_a_real_run(tmp_path):
    with pytest.raises(FileSetError, match="no user 'nobody-has-this-name'"):
        apply({"path": str(tmp_path / "a"), "content": "", "owner": "nobody-has-this-name"})


def test_missing_parent_is_named(tmp_path):
    with pytest.raises(FileSetError, match=f"no directory {tmp_path}/d"):
        apply({"path": str(tmp_path / "d" / "a"), "content": ""})


def test_one_refused_file_replaces_none(tmp_path):
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_text("old")
    with pytest.raises(FileSetError, match="does not pass"):
        apply(
            {"path": str(good), "content": "new"},
            {"path": str(bad), "content": "no such word", "validate": "grep -q word-that-is-wanted %s"},
        )
    assert good.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["good"]


def test_validated_file_is_put_in_place(tmp_path):
    path = tmp_path / "a"
    apply({"path": str(path), "content": "word\n", "validate": "grep -q word %s"})
    assert path.read_text() == "word\n"


def test_left_over_of_a_killed_run_disappears(tmp_path):
    (tmp_path / ".a.bulkhead-new").write_text("half")
    apply({"path": str(tmp_path / "a"), "content": "whole"})
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "whole"}


def test_a_link_is_replaced_and_its_target_left_alone(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("precious")
    link.symlink_to(target)
    apply({"path": str(link), "content": "own"})
    assert target.read_text() == "precious" and not link.is_symlink() and link.read_text() == "own"


def test_replacement_is_a_rename(tmp_path):
    path = tmp_path / "a"
    path.write_text("old")
    with path.open() as reader:
        apply({"path": str(path), "content": "new"})
        assert reader.read() == "old"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_owner_is_kept_when_none_is_wanted(tmp_path):
    path = tmp_path / "a"
    path.write_text("old")
    os.chown(path, 65534, 65534)
    apply({"path": str(path), "content": "new"})
    assert path.stat().st_uid == 65534
    assert apply({"path": str(path), "content": "new", "owner": "0"})["steps"][0]["reasons"] == ["owner"]
    assert path.stat().st_uid == 0


def test_default_context_is_set_before_the_file_is_visible(tmp_path):
    host = LabellingHost("system_u:object_r:etc_t:s0")
    result = apply({"path": str(tmp_path / "a"), "content": "a"}, host=host)
    assert result["changed"] and host.labelled == {str(tmp_path / ".a.bulkhead-new"): "system_u:object_r:etc_t:s0"}


def test_wrong_context_alone_is_a_change(tmp_path):
    (tmp_path / "a").write_text("a")
    path = str(tmp_path / "a")
    host = LabellingHost("system_u:object_r:etc_t:s0")
    assert apply({"path": path, "content": "a"}, host=host)["steps"] == [
        {"path": path, "action": "attributes", "reasons": ["context"]}
    ]
    right = LabellingHost("system_u:object_r:etc_t:s0", {path: "system_u:object_r:etc_t:s0"})
    assert apply({"path": path, "content": "a"}, host=right)["changed"] is False


def test_a_given_context_wins_over_the_default(tmp_path):
    host, path = LabellingHost("system_u:object_r:etc_t:s0"), str(tmp_path / "d")
    apply({"path": path, "state": "directory", "context": "system_u:object_r:container_file_t:s0:c1,c2"}, host=host)
    assert host.labelled == {path: "system_u:object_r:container_file_t:s0:c1,c2"}


def test_a_given_context_is_ignored_without_selinux(tmp_path):
    item = {"path": str(tmp_path / "d"), "state": "directory", "context": "a:b:c:s0:c1,c2", "recurse_context": True}
    apply(item)
    assert apply(item)["changed"] is False


def test_pruning_leaves_what_is_listed(tmp_path):
    top = tmp_path / "d"
    (top / "kept-directory").mkdir(parents=True)
    (top / "old").write_text("old")
    (top / ".new.bulkhead-new").write_text("left by a killed run")
    items = [
        {"path": str(top), "state": "directory", "prune": True},
        {"path": str(top / "kept-directory"), "state": "directory"},
        {"path": str(top / "new"), "content": "new"},
    ]
    assert str(top / "old") in apply(*items, check_mode=True)["changed_paths"]
    apply(*items)
    assert sorted(path.name for path in top.iterdir()) == ["kept-directory", "new"]
    assert apply(*items)["changed"] is False


def test_pruning_never_empties_a_directory(tmp_path):
    (tmp_path / "d" / "deep").mkdir(parents=True)
    (tmp_path / "d" / "deep" / "precious").write_text("x")
    with pytest.raises(FileSetError, match="not empty, and not listed"):
        apply({"path": str(tmp_path / "d"), "state": "directory", "prune": True})
    assert (tmp_path / "d" / "deep" / "precious").exists()
