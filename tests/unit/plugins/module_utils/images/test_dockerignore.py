# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of .dockerignore. The single-rule rows are the engine's own expectations of its pattern matcher."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.dockerignore import Ignore
from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError

MATCHES = r"""
**                  file
**                  dir/file
**/                 file
**/**               dir/file
dir/**              dir/file
dir/**              dir/dir2/file
**/dir              dir
**/dir              dir/file
**/dir2/*           dir/dir2/file
**/dir2/**          dir/dir2/dir3/file
**file              dir/file
**/file             dir/dir/file
**/file*.txt*       dir/dir/file.txt
**/**/*.txt         file.txt
a**/*.txt           a/dir/dir/file.txt
a/*.txt             a/file.txt
a/*.txt**           a/file.txt
a[b-d]e             ace
a[^b-d]e            aze
.*                  .foo
abc.def             abc.def
abc?def             abcZdef
a\\                 a\
a\*b                a*b
[\]a]               ]
[x\-]               -
a(b)c/def           a(b)c/def
a.|)$(}+{bc         a.|)$(}+{bc
dist/*.whl          dist/proxy.py-2.4.0rc3.dev36+g08acad9-py3-none-any.whl
a*                  ab/c
docs                docs/deep/down/file
/rooted             rooted
./dotted/           dotted/file
"""
NO_MATCHES = r"""
**/**/*.txt2        dir/dir/file.txt
a/*.txt             a/dir/file.txt
a[b-d]e             ae
a[b-d]e             aae
abc.def             abcZdef
abc?def             abcdef
abc/**              abc
**/.foo             bar.foo
.*                  foo
a(b)c/def           a(b)c/xyz
a?b                 a/b
a*b                 a/b
ab[e-g]             abc
a\*b                ab
docs                other/docs
"""


def rows(text):
    return [tuple(line.split()) for line in text.strip().splitlines()]


@pytest.mark.parametrize(("rule", "path"), rows(MATCHES))
def test_excluded(rule, path):
    assert Ignore.parse(rule).excludes(path)


@pytest.mark.parametrize(("rule", "path"), rows(NO_MATCHES))
def test_not_excluded(rule, path):
    assert not Ignore.parse(rule).excludes(path)


@pytest.mark.parametrize(
    ("rules", "path", "excluded"),
    [
        (["**", "!util/web"], "util/web/foo", False),
        (["**", "!util/web", "util/web/foo"], "util/web/foo", True),
        (["**", "!dist/*.whl"], "dist/a.whl", False),
        (["*.go", "!file.go"], "file.go", False),
        (["!file.go", "*.go"], "file.go", True),
        (["#*.md"], "a.md", False),
        ([" #x"], "#x", True),
        (["! kept", "kept"], "kept", True),
        (["\ufeffa"], "a", True),
        (["", "   "], "a", False),
        # What the engine's client makes of it, odd as it is: the last rule was not looked at for the folder.
        (["a", "!a/x", "a"], "a/x", False),
        (["**", "b", "!b/y", "b"], "b/y", False),
        (["!a/x", "a"], "a/x", True),
    ],
)
def test_the_last_rule_that_matches_wins(rules, path, excluded):
    assert Ignore.parse("\n".join(rules)).excludes(path) is excluded


@pytest.mark.parametrize("rule", ["[", "a[", "[]a]", "[-]", "[x-]", "[a-b-c]", "[^bc", "a\\", "!"])
def test_a_rule_that_the_engine_refuses(rule):
    with pytest.raises(InputError, match="dockerignore"):
        Ignore.parse(rule)


def test_files_that_the_engine_needs_are_always_sent():
    ignore = Ignore.parse("*").keeping(".dockerignore", "build/Dockerfile")
    assert not ignore.excludes(".dockerignore") and not ignore.excludes("build/Dockerfile")
    assert ignore.excludes("build/other") and not ignore.hides("build") and ignore.hides("src")
