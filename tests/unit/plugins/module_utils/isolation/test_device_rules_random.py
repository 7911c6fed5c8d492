# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random programs for devices: the list has what they open, and noise is never a crash."""

from __future__ import annotations

from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.device_rules import device_rules, wider
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.device_programs import runc, systemd, text
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_resources import DEFAULT_LIST
from hypothesis import given, settings
from hypothesis import strategies as st

DEFAULT = DEFAULT_LIST.splitlines()
# What a program of rules does, without any program: the first rule that fits answers.
NUMBER = st.sampled_from(["*", "0", "1", "8", "259"])
LINE = st.builds("{} {}:{} {}".format, st.sampled_from("bc"), NUMBER, NUMBER, st.sampled_from(["r", "rw", "m", "rwm"]))


def rules(*programs):
    lines, unclear = device_rules(tuple(("little", text(code)) for code in programs))
    assert not unclear
    return list(lines)


def fits(line, device, rights):
    entry, _blank, given_rights = line.rpartition(" ")
    return entry in (device, *wider(device)) and set(rights) <= set(given_rights)


@given(st.lists(LINE, max_size=8), st.lists(LINE, max_size=8), st.sampled_from(["runc", "systemd"]), LINE)
@settings(max_examples=300, derandomize=True)
def test_no_device_that_a_program_opens_is_missing_in_the_list(lines, others, maker, asked):
    """And none is in it that it refuses, but beside rules that take something out of everything."""
    device, _blank, rights = asked.replace("*", "77").rpartition(" ")
    first = runc(*lines) if maker == "runc" else systemd(*lines)
    opened = [any(fits(line, device, letter) for line in lines) for letter in rights]
    for letter, is_open in zip(rights, opened, strict=True):
        assert any(fits(line, device, letter) for line in rules(first)) == is_open
        both = is_open and any(fits(line, device, letter) for line in others)
        assert any(fits(line, device, letter) for line in rules(first, runc(*others))) == both
        left_out = not any(fits(line, device, letter) for line in others)
        found = any(fits(line, device, letter) for line in rules(runc(*others, default=1)))
        assert found or not left_out


@given(st.binary(max_size=64), st.integers(0, 60), st.sampled_from(["little", "big"]))
@settings(max_examples=500, derandomize=True)
def test_noise_gives_a_list_or_a_reason_and_never_a_crash(noise, place, order):
    program = runc(*DEFAULT, order=order)
    spoilt = program[: place * 8] + noise + program[place * 8 + len(noise) :]
    for code in (noise, spoilt, spoilt[: place * 8]):
        lines, why = device_rules(((order, text(code)),))
        assert bool(why) == (not lines) or not why
        assert all(line.split()[2] for line in lines)
