# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The initial namespaces are known by their inode, also when neither the reader nor the engine is in them."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import (
    ADA,
    changed,
    find,
    judged,
    put,
    red,
)

INITIAL = {"ipc": 4026531839, "uts": 4026531838, "pid": 4026531836, "cgroup": 4026531835}


@pytest.mark.parametrize("kind", INITIAL)
def test_the_initial_namespace_is_the_hosts_though_the_host_was_read_in_another(kind):
    def enter(document, ada):
        for owner in document["host"]["namespaces"].values():
            owner[kind]["value"] = "4:77"
        put(ada, f"processes.0.namespaces.{kind}", f"4:{INITIAL[kind]}")

    result = judged(changed(enter))
    assert red(result) == {(ADA, f"ns-{kind}-private"): "fail"}
    assert f"the host's {kind} namespace" in find(result, f"ns-{kind}-private")["observed"]


@pytest.mark.parametrize("inode", ["40265318360", "14026531836", "4026531837"])
def test_an_inode_that_only_looks_like_the_initial_one_is_private(inode):
    assert red(judged(changed(lambda _document, ada: put(ada, "processes.0.namespaces.pid", f"4:{inode}")))) == {}
