"""What file_set decides, without a disk."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.file_set import (
    FileSetError,
    Found,
    Spec,
    Wanted,
    diff,
    parse,
    plan,
)

CONTEXT = "system_u:object_r:etc_t:s0"
GOOD = Found("file", b"a\n", 0o644, 0, 0, CONTEXT)


def wanted(context=CONTEXT, owner=0, group=0, **item):
    return Wanted(Spec.from_params({"path": "/etc/x", **item}), owner=owner, group=group, context=context)


@pytest.mark.parametrize(
    ("item", "found", "expected"),
    [
        ({"content": "a\n"}, Found(), ("write", ("absent",))),
        ({"content": "a\n"}, GOOD, None),
        ({"content": "b\n"}, GOOD, ("write", ("content",))),
        ({"content": "b\n", "mode": "0600"}, GOOD, ("write", ("content", "mode"))),
        ({"content": "a\n", "mode": "0600"}, GOOD, ("attributes", ("mode",))),
        ({"content": "a\n", "secret": True}, GOOD, ("attributes", ("mode",))),
        ({"content": "a\n", "owner": 7}, GOOD, ("attributes", ("owner",))),
        ({"content": "a\n", "context": "system_u:object_r:shadow_t:s0"}, GOOD, ("attributes", ("context",))),
        ({"content": "a\n", "context": None}, GOOD, None),
        ({"content": "a\n"}, Found("link"), ("write", ("link",))),
        ({"state": "directory"}, Found(), ("directory", ("absent",))),
        ({"state": "directory"}, Found("directory", mode=0o755, owner=0, group=0, context=CONTEXT), None),
        (
            {"state": "directory"},
            Found("directory", mode=0o700, owner=0, group=0, context=CONTEXT),
            ("attributes", ("mode",)),
        ),
        (
            {"state": "directory"},
            Found("directory", mode=0o755, owner=0, group=0, context=CONTEXT, mislabelled=3),
            ("attributes", ("context of 3 below",)),
        ),
        ({"state": "absent"}, Found(), None),
        ({"state": "absent"}, Found("link"), ("remove", ("present",))),
        ({"state": "absent"}, Found("directory"), ("remove", ("present",))),
    ],
)
def test_plan(item, found, expected):
    item = dict(item)
    extra = {name: item.pop(name) for name in ("context", "owner") if name in item}
    steps = plan([wanted(**extra, **item)], {"/etc/x": found})
    assert [(step.action, step.reasons) for step in steps] == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("item", "found", "message"),
    [
        ({"content": "a"}, Found("directory"), "should be a file but is a directory"),
        ({"state": "directory"}, Found("link"), "should be a directory but is a link"),
        ({"state": "absent"}, Found("directory", entries=("a",)), "not empty"),
    ],
)
def test_plan_refuses_to_destroy(item, found, message):
    with pytest.raises(FileSetError, match=message):
        plan([wanted(**item)], {"/etc/x": found})


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"path": "etc/x", "content": ""}, "no absolute"),
        ({"path": "/etc/../x", "content": ""}, "no absolute"),
        ({"path": "/x"}, "has no content"),
        ({"path": "/x", "state": "absent", "content": "a"}, "has content and state absent"),
        ({"path": "/x", "content": "", "mode": "rwx"}, "no octal mode"),
        ({"path": "/x", "content": "", "mode": "0999"}, "no octal mode"),
        ({"path": "/x", "content": "", "mode": True}, "no octal mode"),
        ({"path": "/x", "content": "", "validate": "true"}, "as %s"),
        ({"path": "/x", "content": "", "prune": True}, "prune wants state directory"),
        ({"path": "/x", "content": "", "context": "etc_t"}, "all four parts"),
        ({"path": "/x", "state": "directory", "recurse_context": True}, "and a context"),
        ({"path": "/x", "content": "", "context": CONTEXT, "recurse_context": True}, "wants state directory"),
    ],
)
def test_bad_items_are_refused(item, message):
    with pytest.raises(FileSetError, match=message):
        parse([item])


def test_a_path_has_one_state():
    with pytest.raises(FileSetError, match="/x is listed twice"):
        parse([{"path": "/x", "content": ""}, {"path": "/x", "state": "absent"}])


def test_order_is_parents_then_files_then_removals():
    items = [
        {"path": "/a/old", "state": "absent"},
        {"path": "/a/b/file", "content": ""},
        {"path": "/a/b", "state": "directory"},
        {"path": "/a", "state": "directory"},
        {"path": "/a/file", "content": ""},
    ]
    assert [spec.path for spec in parse(items)] == ["/a", "/a/b", "/a/b/file", "/a/file", "/a/old"]


@pytest.mark.parametrize(("mode", "expected"), [("0640", 0o640), ("640", 0o640), (0o640, 0o640), (None, 0o644)])
def test_modes(mode, expected):
    assert Spec.from_params({"path": "/x", "content": "", "mode": mode}).mode == expected


def test_diff_shows_content_and_attributes():
    want = wanted(content="b\n", mode="0600")
    shown = diff(plan([want], {"/etc/x": GOOD})[0], GOOD)
    assert shown["before"].endswith("a\n") and "mode: 0644" in shown["before"]
    assert shown["after"].endswith("b\n") and "mode: 0600" in shown["after"]


def test_diff_hides_old_and_new_secrets():
    old = Found("file", b"old secret", 0o600, 0, 0, CONTEXT)
    shown = diff(plan([wanted(content="new secret", secret=True)], {"/etc/x": old})[0], old)
    assert "old secret" not in str(shown) and "new secret" not in str(shown)
    assert "marked secret" in shown["before"]
