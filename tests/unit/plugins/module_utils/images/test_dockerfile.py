# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Dockerfile is built upon."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.dockerfile import (
    bases,
    heredoc,
    instructions,
    needs_buildkit,
    substitute,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError

IMAGES = [
    ("FROM alpine", ("alpine:latest",)),
    ("from Alpine:3".lower(), ("alpine:3",)),
    ("FROM docker.io/library/alpine:3", ("alpine:3",)),
    ("FROM --platform=linux/amd64 reg.test:5000/a/b:1 AS x", ("reg.test:5000/a/b:1",)),
    ("FROM scratch", ()),
    ("# note\n\nARG V=3\nFROM alpine:$V", ("alpine:3",)),
    ("ARG V\nFROM alpine:${V:-edge}", ("alpine:edge",)),
    ("ARG V=3\nARG I=alpine:${V}\nFROM ${I}", ("alpine:3",)),
    ('ARG I="alpine:3"\nFROM $I', ("alpine:3",)),
    ("ARG A=alpine B=3\nFROM $A:$B", ("alpine:3",)),
    ("FROM a:1 AS one\nFROM One AS two\nFROM b:1", ("a:1", "b:1")),
    (
        "FROM a:1 AS one\nFROM b:1\nCOPY --from=one x x\nCOPY --from=0 x x\nCOPY --from=c:1 x x",
        ("a:1", "b:1", "c:1"),
    ),
    ("FROM a:1\nCOPY --chown=1:1 --from=c:1 x y", ("a:1", "c:1")),
    ("FROM \\\n  a:1 \\\n# a comment in between\n  AS one", ("a:1",)),
    ("# escape=`\nFROM `\n a:1", ("a:1",)),
    ("FROM a:1\nRUN <<EOT\nFROM b:1\nEOT\nRUN x", ("a:1",)),
    ("FROM a:1\nRUN <<-'E1' cat && <<E2 cat\nFROM b:1\n\tE1\nFROM c:1\nE2\n", ("a:1",)),
    ("FROM a:1\nRUN echo FROM b:1 \\\n  && true", ("a:1",)),
    ('FROM a:1\nRUN echo $((1<<n)) "<<EOT"\nFROM b:1', ("a:1", "b:1")),
    ("FROM a:1\nRUN <<EOT\n EOT\nFROM b:1\nEOT \nEOT\nFROM c:1", ("a:1", "c:1")),
    ("FROM a:1\nRUN --mount=type=cache,target=/x --mount=type=bind,from=c:1,target=/y x", ("a:1", "c:1")),
    ("FROM a:1\nRUN --mount=from=c:1,target=/y x", ("a:1", "c:1")),
    ("FROM a:1\nONBUILD COPY --from=c:1 x y", ("a:1",)),
    ("FROM a:1\nONBUILD RUN x\nFROM a:1", ("a:1",)),
    ("\ufeffFROM a:1", ("a:1",)),
]


@pytest.mark.parametrize(("text", "expected"), IMAGES)
def test_bases(text, expected):
    assert bases(text, {}) == expected


def test_a_build_argument_counts_where_it_is_declared():
    assert bases("ARG V=3\nFROM alpine:$V", {"V": "4"}) == ("alpine:4",)
    assert bases("FROM alpine:${V:-3}\nARG V", {"V": "4"}) == ("alpine:3",)


def test_only_stages_up_to_the_target_count():
    text = "FROM a:1 AS one\nFROM b:1 AS two\nFROM c:1"
    assert bases(text, {}, "ONE") == ("a:1",) and bases(text, {}, "1") == ("a:1", "b:1")
    with pytest.raises(InputError, match=r"no stage 'three' \(stages: one, two\)"):
        bases(text, {}, "three")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no FROM"),
        ("RUN x", "no FROM"),
        ("FROM", "number 1 names no"),
        ("FROM a\nFROM $X", "number 2 names no"),
        ("FROM A B", "no name"),
        ("FROM a\nRUN <<EOT\nx", "here-document EOT has no end"),
    ],
)
def test_dockerfiles_that_cannot_be_built(text, said):
    with pytest.raises(InputError, match=said):
        bases(text, {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$x-${x}", "1-1"),
        ("${y:-d}${e:-d}${e-d}${y-d}", "ddd"),
        ("${x:+a}${y:+a}${e:+a}", "a"),
        ("\\$x", "$x"),
        ("$y", ""),
        ("a$", "a$"),
    ],
)
def test_substitute(text, expected):
    assert substitute(text, {"x": "1", "e": ""}) == expected


def test_a_line_continued_to_the_end_of_the_file():
    assert list(instructions("FROM a \\")) == ["FROM a"]


@pytest.mark.parametrize(
    ("instruction", "wanted"),
    [
        ("RUN <<EOT\nx\nEOT", "RUN <<EOT"),
        ("ONBUILD copy 3<<EOT /x\nx\nEOT", "ONBUILD copy 3<<EOT /x"),
        ("RUN --mount=type=cache,target=/x make", "RUN --mount=type=cache,target=/x make"),
        ("COPY --link a b", "COPY --link a b"),
        ("COPY --from=x --chown=1:1 a b", None),
        ("RUN cat <<< text", None),
        ("RUN make --mount", None),
        ("ENV X=<<EOT", None),
        ("RUN echo '<<EOT'", None),
    ],
)
def test_what_only_buildkit_understands(instruction, wanted):
    assert needs_buildkit(f"FROM a\n{instruction}\nRUN true") == wanted


def test_a_frontend_of_its_own_knows_here_documents():
    assert heredoc("FROM a\nRUN <<EOT\nx\nEOT") == "RUN <<EOT" and heredoc("FROM a\nRUN x") is None
    assert heredoc("# syntax=docker/dockerfile:1\nFROM a\nRUN <<EOT\nx\nEOT") is None
