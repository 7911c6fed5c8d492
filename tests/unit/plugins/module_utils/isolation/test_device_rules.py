# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What programs for devices let through, found by following every way through their instructions."""

from __future__ import annotations

import random

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.device_rules import device_rules
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.device_programs import (
    ALWAYS,
    REAL,
    answer,
    head,
    one,
    runc,
    systemd,
    text,
)
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_resources import DEFAULT_LIST

DEFAULT = DEFAULT_LIST.splitlines()
# The nodes themselves may all be made.
OPENED = sorted(line.replace(" rwm", " rw") for line in DEFAULT)
EVERYTHING = ["b *:* rwm", "c *:* rwm"]
HEAD, YES, NO = head(), answer(1), answer(0)
MAJOR, MINOR = 4, 5


def rules(*programs, order="little"):
    lines, unclear = device_rules(tuple((order, text(code)) for code in programs))
    assert not unclear
    return list(lines)


def unclear(*programs, order="little"):
    lines, why = device_rules(tuple((order, text(code)) for code in programs))
    assert lines == () and why
    return why


@pytest.mark.parametrize("make", [runc, systemd])
@pytest.mark.parametrize("seed", range(3))
def test_the_engines_default_is_found_in_whatever_order(make, seed):
    lines = random.Random(seed).sample(DEFAULT, len(DEFAULT))
    assert rules(make(*lines)) == OPENED


def test_the_other_byte_order():
    assert rules(runc(*DEFAULT, order="big"), order="big") == OPENED
    unclear(runc(*DEFAULT, order="big"))
    assert "no byte order" in device_rules((("middle", text(YES)),))[1]


SERVICE = sorted([f"c {number} m" for number in ("0:0", "1:3", "1:5", "1:7", "1:8", "1:9", "5:0", "5:2")])
FOUND = {
    "default": OPENED,
    # The same program under net.core.bpf_jit_harden=2.
    "hidden constants": OPENED,
    "device /dev/kmsg": sorted([*OPENED, "c 1:11 rw"]),
    "rule b 8:* rwm": sorted([*OPENED, "b 8:* rw"]),
    "privileged": EVERYTHING,
    # DeviceAllow=char-* rw of systemd-networkd.
    "systemd": ["b 0:0 rwm", "c *:* rw", *SERVICE],
}


@pytest.mark.parametrize("name", REAL)
def test_real_programs(name):
    assert device_rules((("little", REAL[name]["code"]),)) == (tuple(FOUND[name]), "")


def test_real_programs_of_two_groups_open_what_both_of_them_do():
    both = tuple(("little", REAL[name]["code"]) for name in ("systemd", "privileged", "device /dev/kmsg"))
    nodes = {line.rpartition(" ")[0] for line in SERVICE}
    files = {line.rpartition(" ")[0] for line in FOUND["device /dev/kmsg"] if line.endswith("rw")}
    wanted = [f"{name} {'rw' * (name in files)}{'m' * (name in nodes)}" for name in nodes | files]
    assert device_rules(both) == (tuple(sorted(["b 0:0 m", *wanted])), "")


LISTS = [
    ([], []),
    (["c 1:11 rwm"], ["c 1:11 rwm"]),
    (["c 1:11 r"], ["c 1:11 r"]),
    (["b 8:* rwm"], ["b 8:* rwm"]),
    (["b *:0 rw"], ["b *:0 rw"]),
    (["b 8:0 r", "b 8:0 w"], ["b 8:0 rw"]),
    (["b 8:0 r", "b 8:* rw", "b *:* m"], ["b *:* m", "b 8:* rw"]),
    (["c 511:12345 w"], ["c 511:12345 w"]),
    (["b *:* rwm", "c *:* rwm"], EVERYTHING),
]


@pytest.mark.parametrize(("given_lines", "found"), LISTS)
def test_a_rule_is_found_whatever_its_numbers_are(given_lines, found):
    assert rules(runc(*given_lines)) == rules(systemd(*given_lines)) == found


def test_no_program_and_one_that_says_yes_open_everything():
    assert rules() == rules(YES) == rules(HEAD + YES) == rules(answer(2)) == EVERYTHING
    assert rules(NO) == rules(HEAD + NO) == []


def test_what_is_refused_of_everything_leaves_the_rest_open():
    assert rules(runc("b 8:* rwm", "c 1:1 rwm", default=1)) == EVERYTHING
    assert rules(runc("b *:* rwm", default=1)) == ["c *:* rwm"]


def test_all_programs_must_agree():
    assert rules(runc(*DEFAULT), YES, systemd("c 1:3 rw", "c 1:11 rw", "b *:* m")) == ["b *:* m", "c 1:3 rw"]
    assert rules(YES, NO) == rules(NO, YES) == []
    assert rules(runc("b 8:* rwm"), runc("b *:16 r")) == ["b 8:16 r"]
    assert rules(runc("b 8:* rwm"), runc("b 8:* rwm", default=1)) == []


def test_a_program_that_never_ends_is_given_up():
    doors = b"".join(one(0x15, MAJOR, 0, 0, number) for number in range(400))
    assert "steps" in unclear(HEAD + doors + one(ALWAYS, offset=-400) + YES)


def test_many_rules_are_no_many_times_as_many_steps():
    lines = [f"b {number}:* rwm" for number in range(100, 200)]
    assert rules(runc(*lines, *DEFAULT)) == sorted([*(f"b {number}:* rw" for number in range(100, 200)), *OPENED])
