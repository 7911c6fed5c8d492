# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The decisions of the image modules, as tables."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.images import (
    build_spec,
    image_build,
    image_import,
    image_pull,
    image_push,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_import import Have
from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError
from hypothesis import given
from hypothesis import strategies as st

DIGEST, OTHER = "sha256:" + "a" * 64, "sha256:" + "b" * 64


def importing(rootfs: str | None = "sha256:r", **config) -> image_import.Spec:
    return image_import.Spec.from_params({"name": "a", "source": "/a.tar", "config": config}, rootfs)


@pytest.mark.parametrize(
    ("spec", "have", "action"),
    [
        (importing(), None, "import"),
        (importing(), Have("id", None), "import"),
        (importing(), Have("id", importing().digest()), "none"),
        (importing(user="x"), Have("id", importing().digest()), "import"),
        (importing("sha256:other"), Have("id", importing().digest()), "import"),
        (importing(None), Have("id", importing().digest()), "import"),
        (importing(user=None, env={}), Have("id", importing().digest()), "none"),
    ],
)
def test_import(spec, have, action):
    assert image_import.plan(spec, have).action == action


def test_configuration_is_quoted_for_the_engine():
    spec = importing(cmd=["a", 'b"c'], env={"X": '$HOME "q" \\'}, labels={"l": 1})
    assert spec.changes() == [
        'ENV "X"="\\$HOME \\"q\\" \\\\"',
        'CMD ["a", "b\\"c"]',
        'LABEL "l"="1"',
        f'LABEL "org.bulkhead.digest"="{spec.digest()}"',
    ]


def want(name: str, *bases: str, context: str | None = "sha256:c", **more) -> image_build.Want:
    spec = build_spec.Spec.from_params({"name": f"{name}:1", "path": f"/{name}", **more})
    return image_build.Want(spec, context, tuple(f"{base}:1" for base in bases))


def built(item: image_build.Want, have) -> image_build.Have:
    return image_build.Have(f"id of {item.spec.name}", item.digest({base: have[base].id for base in item.bases}))


def names(groups) -> list[list[str]]:
    return [[item.spec.name for item in group] for group in groups]


def test_siblings_are_built_in_waves():
    wants = [
        want("top", "left", "right"),
        want("left", "low"),
        want("right", "low", "outside"),
        want("low"),
        want("lone"),
    ]
    assert names(image_build.waves(wants)) == [["low:1", "lone:1"], ["left:1", "right:1"], ["top:1"]]


@pytest.mark.parametrize("wants", [[want("a", "a")], [want("a", "b"), want("b", "c"), want("c", "a")]])
def test_a_circle_is_named(wants):
    with pytest.raises(InputError, match=r"built upon each other: .*a:1.*Break the circle"):
        image_build.waves(wants)


BASE = {"base:1": image_build.Have("id of base", None)}
DONE = {**BASE, "a:1": built(want("a", "base"), BASE)}


@pytest.mark.parametrize(
    ("item", "have", "action", "reason"),
    [
        (want("a", "base"), DONE, "none", "up to date"),
        (want("a", "base"), BASE, "build", "does not have it"),
        (want("a", "base", context="sha256:d"), DONE, "build", "changed"),
        (want("a", "base", context=None), DONE, "build", "not on this host yet"),
        (want("a", "base", args={"X": "1"}), DONE, "build", "changed"),
        (want("a", "base", labels={"x": "1"}), DONE, "build", "changed"),
        (want("a", "base", target="x"), DONE, "build", "changed"),
        (want("a", "base", dockerfile="Other"), DONE, "build", "changed"),
        (want("a", "base"), {**DONE, "base:1": image_build.Have("another id", None)}, "build", "changed"),
        (want("a", "base"), {"a:1": DONE["a:1"]}, "build", "base base:1 is not here yet"),
        (want("a", "base"), {**DONE, "a:1": image_build.Have("id", None)}, "build", "changed"),
    ],
)
def test_build(item, have, action, reason):
    step = image_build.plan([item], have)[item.spec.name]
    assert step.action == action and reason in step.reason


GRAPHS = st.lists(st.tuples(st.sets(st.integers(0, 5)), st.booleans()), min_size=1, max_size=6)


@given(GRAPHS)
def test_exactly_what_changed_and_what_is_built_upon_it_is_built(graph):
    """Random graphs (an image may stand on earlier ones): half-changed, the plan is the closure; built, it is empty."""
    wants, have, expected = [], {}, set()
    for number, (edges, changed) in enumerate(graph):
        below = sorted(edge for edge in edges if edge < number)
        item = want(str(number), *map(str, below), context=f"sha256:{number}")
        wants.append(item)
        have[item.spec.name] = image_build.Have("old id", "old") if changed else built(item, have)
        if changed or expected & set(item.bases):
            expected.add(item.spec.name)
    steps = image_build.plan(wants, have)
    assert {name for name, step in steps.items() if step.action == "build"} == expected
    for group in image_build.waves(wants):
        have.update({item.spec.name: built(item, have) for item in group})
    assert {step.action for step in image_build.plan(wants, have).values()} == {"none"}


@pytest.mark.parametrize(
    ("have", "action"),
    [
        ({}, "push"),
        ({"id": "i"}, "push"),
        ({"id": "i", "digests": [DIGEST]}, "push"),
        ({"id": "i", "digests": [DIGEST], "remote": OTHER, "tagged_id": "i"}, "push"),
        ({"id": "i", "digests": [DIGEST], "remote": DIGEST}, "tag"),
        ({"id": "i", "digests": [DIGEST], "remote": DIGEST, "tagged_id": "j"}, "tag"),
        ({"id": "i", "digests": [OTHER, DIGEST], "remote": DIGEST, "tagged_id": "i"}, "none"),
    ],
)
def test_push(have, action):
    spec = image_push.Spec.from_params({"name": "a", "repository": "r.test/a:1"})
    assert image_push.plan(spec, image_push.Have(**have)).action == action


def test_a_push_goes_to_a_tag():
    with pytest.raises(InputError, match="Give repository:tag"):
        image_push.Spec.from_params({"name": "a", "repository": f"r.test/a@{DIGEST}"})


@pytest.mark.parametrize(
    ("name", "policy", "have", "action"),
    [
        ("r.test/a:1", "missing", {}, "pull"),
        ("r.test/a:1", "missing", {"id": "i"}, "none"),
        ("r.test/a:1", "always", {"id": "i", "digests": [DIGEST], "remote": DIGEST}, "none"),
        ("r.test/a:1", "always", {"id": "i", "digests": [DIGEST], "remote": OTHER}, "pull"),
        ("r.test/a:1", "always", {"id": "i", "remote": OTHER}, "pull"),
        ("r.test/a:1", "newer", {"id": "i", "digests": [OTHER, DIGEST], "remote": DIGEST}, "none"),
        ("r.test/a:1", "newer", {"id": "i", "digests": [DIGEST], "remote": OTHER}, "pull"),
        ("r.test/a:1", "newer", {"id": "i", "digests": [DIGEST], "unanswered": "no answer"}, "none"),
        ("r.test/a:1", "newer", {"unanswered": "no answer"}, "pull"),
        (f"r.test/a@{DIGEST}", "newer", {"id": "i", "digests": [DIGEST]}, "none"),
        (f"r.test/a@{DIGEST}", "always", {"id": "i", "digests": [DIGEST]}, "none"),
        (f"r.test/a@{DIGEST}", "missing", {}, "pull"),
    ],
)
def test_pull(name, policy, have, action):
    spec = image_pull.Spec.from_params({"name": name}, policy)
    assert image_pull.plan(spec, image_pull.Have(**have)).action == action
