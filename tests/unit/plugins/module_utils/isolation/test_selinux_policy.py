# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a policy asks of hosts with and without SELinux."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts, facts_selinux
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import judged, policy, red

ABSENT = {
    "present": False,
    "enforce": facts.unread("/sys/fs/selinux/enforce", "ENOENT No such file or directory"),
    "mls": facts.unread("/sys/fs/selinux/mls", "ENOENT No such file or directory"),
}
UNREAD = {**ABSENT, "present": True, "enforce": facts.unread("/sys/fs/selinux/enforce")}
PERMISSIVE = {**facts_selinux.selinux(), "enforce": facts.fact("0", "/sys/fs/selinux/enforce")}


def of_selinux(selinux, choice):
    document = facts.document()
    document["host"]["selinux"] = selinux
    result = judged(document, policy(selinux=choice))
    statuses = {one["status"] for one in result["findings"] if one["check"].startswith("selinux-")}
    return statuses, {check for _subject, check in red(result)}


@pytest.mark.parametrize(
    ("selinux", "choice", "expected"),
    [
        (ABSENT, "required", {"fail"}),
        (ABSENT, "where_present", {"notapplicable"}),
        (ABSENT, "absent", {"notapplicable"}),
        # What could not be read is no proof that there is none.
        (UNREAD, "where_present", {"error"}),
    ],
)
def test_a_host_without_it(selinux, choice, expected):
    assert of_selinux(selinux, choice)[0] == expected


def test_where_it_is_present_it_has_to_enforce():
    assert of_selinux(PERMISSIVE, "where_present")[1] == {"selinux-enforcing"}
