# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.security import (
    capabilities,
    security_options,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.units import (
    SpecError,
    parse_cpus,
    parse_pids,
    parse_restart,
    parse_size,
    parse_swap,
)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1024", 1024),
        (1024, 1024),
        ("1b", 1),
        ("256m", 256 << 20),
        ("256MiB", 256 << 20),
        ("1.5G", 3 << 29),
        ("2kb", 2048),
    ],
)
def test_sizes(text, size):
    assert parse_size(text, "memory") == size


@pytest.mark.parametrize("text", ["", "m", "-1", "1x", "1 2", "0", "0m", "1e3", "0.1b"])
def test_sizes_that_are_none(text):
    with pytest.raises(SpecError, match="^memory: "):
        parse_size(text, "memory")


def test_swap():
    assert parse_swap("-1", 0) == parse_swap("unlimited", 5) == -1
    assert parse_swap("64m", 64 << 20) == 64 << 20
    for text, memory in (("32m", 64 << 20), ("32m", 0)):
        with pytest.raises(SpecError, match="^memory_swap: "):
            parse_swap(text, memory)


@pytest.mark.parametrize(("value", "billionths"), [(0.5, 500_000_000), ("2", 2_000_000_000), (0.01, 10_000_000)])
def test_processors(value, billionths):
    assert parse_cpus(value) == billionths


@pytest.mark.parametrize("value", [0, -1, 0.001, "nan", "inf", "half"])
def test_processors_that_are_none(value):
    with pytest.raises(SpecError, match="^cpus: "):
        parse_cpus(value)


def test_numbers_of_processes():
    assert (parse_pids(-1), parse_pids(5)) == (0, 5)
    for value in (0, -2):
        with pytest.raises(SpecError, match="^pids_limit: "):
            parse_pids(value)


def test_restart_policies():
    words = ["no", False, "", "always", "unless-stopped", "on-failure", "on-failure:3", "on-failure:0"]
    assert [parse_restart(word) for word in words] == ["no", "no", "no", *words[3:7], "on-failure"]
    for word in ("always:3", "on-failure:", "maybe", True):
        with pytest.raises(SpecError, match="^restart_policy: "):
            parse_restart(word)


def test_capabilities_have_one_spelling():
    assert capabilities(["cap_net_raw", "CHOWN", "NET_RAW"]) == ("CHOWN", "NET_RAW")


@pytest.mark.parametrize(
    ("options", "normal"),
    [
        (["no-new-privileges"], ("no-new-privileges=true",)),
        (["no-new-privileges:true", "no-new-privileges=true"], ("no-new-privileges=true",)),
        (["no-new-privileges:false"], ()),
        (["label:type:a_t", "label=level:s0:c1,c2"], ("label=level:s0:c1,c2", "label=type:a_t")),
        (['seccomp={"b": 1, "a": [2]}'], ('seccomp={"a":[2],"b":1}',)),
        (["seccomp:unconfined", "apparmor=x"], ("apparmor=x", "seccomp=unconfined")),
    ],
)
def test_security_options_have_one_spelling(options, normal):
    assert security_options(options) == normal == security_options(reversed(options))
