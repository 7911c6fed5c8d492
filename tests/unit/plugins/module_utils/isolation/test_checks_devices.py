# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices on a host with version 2: what the programs let through decides, and what cannot be told is an error."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.device_programs import (
    answer,
    one,
    recorded,
    runc,
    systemd,
    text,
)
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import (
    ADA,
    GRACE,
    changed,
    find,
    judged,
    put,
    red,
)
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_resources import (
    DEFAULT_LIST,
    PROGRAMS,
    TAG,
)
from hypothesis import given, settings
from hypothesis import strategies as st

CHECK, OTHER, FOLDER = "cgroup-devices", "00112233445566aa", "/sys/fs/cgroup/course/docker-ID.scope"
DEFAULT = DEFAULT_LIST.splitlines()
SYSTEMD = systemd(*DEFAULT)


def group(*tags):
    return {"value": list(tags), "path": FOLDER, "raw": "programs 41, 42"}


def with_program(program, *groups):
    """Ada's groups, where the tag OTHER stands for a program; Grace keeps the engine's default."""

    def change(document, ada):
        document["host"]["device_programs"][OTHER] = program
        put(ada, "devices.programs", list(groups))

    return changed(change)


OPEN = [
    (runc(*DEFAULT, "c 1:11 rwm"), "a device without a name here (c 1:11) rw"),
    (runc(*DEFAULT, "c 10:229 rw"), "/dev/fuse (c 10:229) rw"),
    (runc(*DEFAULT, "b 254:* r"), "every block device of number 254:* r (here /dev/vda, /dev/vda1)"),
    (runc(*DEFAULT, "c 4000:7 w"), "a device without a name here (c 4000:7) w"),
    (runc("b 8:* rwm", default=1), "every block device *:* rwm (here /dev/vda, /dev/vda1)"),
    (answer(1), "every block device *:* rwm (here /dev/vda, /dev/vda1)"),
]


@pytest.mark.parametrize(("program", "words"), OPEN)
def test_what_a_program_lets_through_beyond_the_default_is_a_fault(program, words):
    result = judged(with_program(recorded(program), group(OTHER)))
    assert red(result) == {(ADA, CHECK): "fail"}
    found = find(result, CHECK)
    assert found["observed"].startswith(words) and found["inspected"] == "no devices"
    assert found["evidence"][0]["path"] == f"{FOLDER} (programs 41, 42)"


@pytest.mark.parametrize("program", [SYSTEMD, runc("c 1:3 rwm"), answer(0)])
def test_no_more_than_the_default_passes(program):
    assert red(judged(with_program(recorded(program), group(OTHER)))) == {}


def test_all_programs_of_a_group_must_agree_and_none_is_everything():
    assert red(judged(with_program(recorded(answer(1)), group(OTHER, TAG)))) == {}
    assert red(judged(with_program(recorded(answer(1)), group()))) == {(ADA, CHECK): "fail"}


def test_a_process_in_another_group_has_what_that_one_has():
    elsewhere = {"value": [], "path": "/sys/fs/cgroup/system.slice", "raw": "no program"}
    result = judged(with_program(recorded(SYSTEMD), group(TAG), elsewhere))
    assert red(result) == {(ADA, CHECK): "fail"}
    assert {one["path"] for one in find(result, CHECK)["evidence"]} == {"/sys/fs/cgroup/system.slice (no program)"}
    unread = facts.unread("/sys/fs/cgroup/x", "EPERM Operation not permitted")
    assert red(judged(with_program(recorded(SYSTEMD), group(TAG), unread))) == {(ADA, CHECK): "error"}
    # What is proved stays proved.
    assert red(judged(with_program(recorded(SYSTEMD), elsewhere, unread))) == {(ADA, CHECK): "fail"}


UNCLEAR = {
    "no record": None,
    "no instructions": {"order": "little"},
    "no order": {"code": text(SYSTEMD)},
    "another order": {"order": "middle", "code": text(SYSTEMD)},
    "no base64": {"order": "little", "code": "?"},
    "not text": {"order": "little", "code": 7},
    "empty": recorded(b""),
    "cut": recorded(SYSTEMD[:-8]),
    "a call": recorded(one(0x85, immediate=1) + answer(0)),
}


@pytest.mark.parametrize("program", UNCLEAR.values(), ids=UNCLEAR)
def test_what_is_not_understood_is_an_error(program):
    for groups in ([group(OTHER)], [group(TAG, OTHER)]):
        result = judged(with_program(program, *groups))
        assert red(result) == {(ADA, CHECK): "error"} and find(result, CHECK)["reason"].startswith("cannot read ")


def test_a_host_that_recorded_no_program_has_an_error_for_each_container():
    result = judged(changed(lambda document, _ada: document["host"].pop("device_programs")))
    assert red(result) == {(ADA, CHECK): "error", (GRACE, CHECK): "error"}


@pytest.mark.parametrize(
    "groups", [None, [], {}, [None], [[]], ["x"], [{"value": "x"}], [{"value": [None]}], [group(7)]]
)
def test_groups_in_another_form_are_an_error(groups):
    assert red(judged(changed(lambda _document, ada: put(ada, "devices.programs", groups)))) == {(ADA, CHECK): "error"}


@given(st.data())
@settings(max_examples=60, derandomize=True)
def test_a_spoilt_program_never_passes_for_one_that_opens_less(data):
    """With a byte changed it is a fault, an error, or a list that still says no more than the default."""
    start = runc(*DEFAULT, "b 8:0 rw")
    place = data.draw(st.integers(0, len(start) - 1))
    spoilt = start[:place] + bytes([data.draw(st.integers(0, 255))]) + start[place + 1 :]
    found = find(judged(with_program(recorded(spoilt), group(OTHER))), CHECK)
    assert found["status"] in ("fail", "error", "pass")
    if found["status"] == "pass":
        opened = found["evidence"][0]["raw" if "raw" in found["evidence"][0] else "value"].splitlines()
        # A mask for the type, say, after which no rule fits.
        assert {line.rpartition(" ")[0] for line in opened} <= {line.rpartition(" ")[0] for line in DEFAULT}


def test_the_recorded_program_of_the_good_document_is_the_default():
    assert PROGRAMS[TAG] == recorded(runc(*DEFAULT)) and find(judged(facts.document()), CHECK)["status"] == "pass"
