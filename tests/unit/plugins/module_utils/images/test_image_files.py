# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in images: read from an engine's archive, laid over one another, and compared."""

from __future__ import annotations

import io

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_compare import (
    Side,
    compare,
    configuration,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_files import Saved, flatten, saved
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.layer_entries import UnreadableError
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.archives import (
    layer,
    member,
    new_save,
    old_save,
    sha,
    tar,
)
from hypothesis import given
from hypothesis import strategies as st

LOW = layer(
    member("etc", kind="directory"), member("etc/a", "1"), member("etc/b", "2"),
    member("etc/hard", "etc/a", kind="hard"),
    member("srv", kind="directory"), member("srv/x", "3"), member("srv/deep", kind="directory"),
    member("srv/deep/y", "4"),
)  # fmt: skip
FORMS = {
    "old": old_save,
    "new": lambda images: new_save(images, packed=False),
    "packed": lambda images: new_save(images, packed=True),
}


def read(images, form="old"):
    return saved(io.BytesIO(FORMS[form](images)))


def flat(*layers):
    return flatten(read({"a:1": list(layers)})[0].layers)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_content_and_its_digests(form):
    top = layer(member("etc/a", "other"))
    one, two = read({"one:1": [LOW, top], "two:1": [LOW]}, form)
    assert [content.digest for content in one.layers] == [sha(LOW), sha(top)]
    assert two.layers == one.layers[:1] and (one.names, two.names) == ({"one:1"}, {"two:1"})
    assert one.digests and not one.digests & two.digests
    assert [entry.path for entry in two.layers[0].entries][:3] == ["/etc", "/etc/a", "/etc/b"]


def test_an_image_is_known_by_its_configuration_and_by_its_manifest():
    assert len(read({"one:1": [LOW]}, "old")[0].digests) == 1
    assert len(read({"one:1": [LOW]}, "packed")[0].digests) == 2


@pytest.mark.parametrize(
    ("archive", "said"),
    [
        (old_save({"a:1": [LOW]})[:3000], "not complete"),
        (tar([member("x/layer.tar", LOW)]), "no manifest.json"),
        (tar([member("manifest.json", '[{"Config": "c", "Layers": ["x/layer.tar"]}]'), member("c", "{}")]), "lacks"),
        (tar([member("blobs/sha256/x", b"\x28\xb5\x2f\xfd...")]), "zstd"),
        (b"nothing of the kind" * 100, "not complete"),
    ],
)
def test_what_is_no_archive_of_images(archive, said):
    with pytest.raises(UnreadableError, match=said):
        saved(io.BytesIO(archive))


@pytest.mark.parametrize(
    ("top", "gone", "new"),
    [
        ([member("etc/.wh.a")], {"/etc/a"}, set()),
        ([member("etc/.wh.none")], set(), set()),
        ([member(".wh.srv")], {"/srv", "/srv/x", "/srv/deep", "/srv/deep/y"}, set()),
        # Opaque: all that lay below, and not what this layer puts there.
        ([member("srv/new", "1"), member("srv/.wh..wh..opq")], {"/srv/x", "/srv/deep", "/srv/deep/y"}, {"/srv/new"}),
        ([member("srv", "a file now")], {"/srv/x", "/srv/deep", "/srv/deep/y"}, set()),
        ([member("srv", kind="directory", mode=0o700)], set(), set()),
        # Deleted and made again in one layer.
        ([member("srv/.wh.deep"), member("srv/deep", kind="directory")], {"/srv/deep/y"}, set()),
    ],
)
def test_a_layer_over_another(top, gone, new):
    low, both = flat(LOW), flat(LOW, layer(*top))
    assert low.keys() - both.keys() == gone and both.keys() - low.keys() == new


def test_a_further_name_has_the_content_of_its_layer():
    found = flat(LOW, layer(member("etc/a", "new")))
    assert found["/etc/a"].content == sha(b"new")[7:] and found["/etc/hard"].content == sha(b"1")[7:]


names = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join)


@given(st.dictionaries(names, st.text("12", min_size=1, max_size=2), max_size=5), st.sets(names, max_size=3))
def test_what_is_whited_out_is_gone_with_all_below_it(files, whited):
    files = {path: text for path, text in files.items() if not any(other.startswith(path + "/") for other in files)}
    marks = [member("/".join([*path.split("/")[:-1], f".wh.{path.split('/')[-1]}"])) for path in sorted(whited)]
    found = flat(layer(*(member(path, text) for path, text in files.items())), layer(*marks))
    left = {path for path in files if not any(path == one or path.startswith(one + "/") for one in whited)}
    assert set(found) == {f"/{path}" for path in left}


def side(name, *layers, **config) -> Side:
    return Side(name, {"Id": f"id of {name}", "Config": config}, read({name: list(layers)})[0])


def test_compare():
    top = layer(
        member("etc/a", "longer"), member("etc/.wh.b"), member("etc/new", "12345"), member("srv/x", "3", mode=0o600),
        member("srv/deep", kind="directory", uid=5, mtime=99),
    )  # fmt: skip
    found = compare(side("low:1", LOW), side("top:1", LOW, top), 10)
    assert found["shared_layers"] == 1 and not found["identical"]
    assert found["added"] == {"count": 1, "bytes": 5, "paths": [{"path": "/etc/new", "type": "file", "bytes": 5}]}
    assert found["removed"]["paths"][0]["path"] == "/etc/b" and found["removed"]["bytes"] == 1
    what = {item["path"]: item["what"] for item in found["changed"]["paths"]}
    assert what == {"/etc/a": ["content"], "/srv/x": ["mode"], "/srv/deep": ["owner"]}
    assert found["changed"]["bytes"] == 5 and found["changed"]["paths"][0]["bytes_before"] == 1
    assert (found["before"]["bytes"], found["before"]["hidden_bytes"], found["before"]["files"]) == (4, 0, 5)
    # 1 of /etc/a, /etc/b and /srv/x each is stored and not to be seen.
    assert (found["after"]["bytes"], found["after"]["hidden_bytes"], found["after"]["layers"]) == (13, 3, 2)


def test_compare_with_itself_shows_nothing_and_a_limit_cuts_lists_only():
    same = compare(side("low:1", LOW), side("low:1", LOW), 10)
    assert same["identical"] and same["shared_layers"] == 1
    some = compare(side("none:1"), side("low:1", LOW), 2)
    assert some["added"]["count"] == 8 and len(some["added"]["paths"]) == 2 and some["added"]["bytes"] == 4
    assert not compare(side("low:1", LOW), side("low:1", LOW, Cmd=["x"]), 10)["identical"]


@given(st.dictionaries(names, st.text("12", max_size=2), max_size=5))
def test_a_comparison_the_other_way_round_is_the_mirror(files):
    one, two = side("a:1", LOW), side("b:1", layer(*(member(f"etc/{path}", text) for path, text in files.items())))
    there, back = compare(one, two, 99), compare(two, one, 99)
    assert there["added"] == back["removed"] and there["removed"] == back["added"]
    assert there["changed"]["bytes"] == -back["changed"]["bytes"]


def test_configurations_differ_by_name_and_show_no_value():
    before = {"Config": {"Cmd": ["a"], "Env": ["A=1", "KEY=hunter2"], "Labels": {"x": "1"}, "User": ""}}
    after = {"Config": {"Cmd": ["b"], "Env": ["A=1", "B=2"], "Labels": None, "User": None}}
    assert configuration(before, after) == ["Cmd", "Env B", "Env KEY", "Labels x"]
    assert configuration(before, before) == [] and configuration({}, {"Config": None}) == []


def test_two_images_of_equal_layers_are_one_content():
    assert isinstance(read({"a:1": [LOW]})[0], Saved) and read({"a:1": [LOW]}) == read({"a:1": [LOW]})
