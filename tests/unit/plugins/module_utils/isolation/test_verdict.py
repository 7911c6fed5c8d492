# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict as a whole: several hosts, expected workspaces, waivers, checks left out."""

from __future__ import annotations

import json

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.policy import PolicyError
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.verdict import verdict
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import (
    ADA,
    GRACE,
    NOW,
    changed,
    expected,
    find,
    judged,
    policy,
    put,
    red,
)

WAIVER = {"check": "rootfs-read-only", "subject": ADA, "reason": "old image", "expires": "2026-06-15"}


def writable():
    """Ada's root file system and nothing else."""

    def weaken(_document, ada):
        lines = next(iter(ada["mounts"].values()))["value"]
        lines[0] = lines[0].replace(" / / ro,", " / / rw,")

    return changed(weaken)


def test_facts_are_taken_as_they_are_or_in_a_module_result():
    plain = judged(facts.document())
    assert judged({"changed": False, "facts": facts.document()}) == plain
    assert json.loads(json.dumps(plain)) == plain


def test_two_hosts_have_inodes_and_pairs_of_their_own():
    wanted = {"capabilities": []}
    result = verdict({"one": facts.document(), "two": facts.document()}, wanted)
    assert red(result) == {} and result["summary"]["containers"] == 4


@pytest.mark.parametrize(
    "answer", [None, {}, {"msg": "unreachable"}, {"failed": True, "facts": {}}, "text", {"host": 1}]
)
def test_a_host_without_facts_is_an_error(answer):
    result = verdict({facts.HOST: facts.document(), "engine2": answer}, policy(), None, NOW)
    assert red(result) == {("engine2", "facts-available"): "error"} and not result["summary"]["ok"]


def test_no_host_at_all_is_not_ok():
    assert not verdict({}, {})["summary"]["ok"]


@pytest.mark.parametrize("host", [facts.HOST, "engine2", None])
def test_an_expected_workspace_that_is_missing_is_red(host):
    wanted = policy(expected=[*policy()["expected"], {**expected("alan"), "host": host}])
    result = judged(facts.document(), wanted)
    assert red(result) == {(f"{host or '?'}/workspace-alan", "workspace-present"): "fail"}
    assert result["findings"][0]["student"] == "alan"


def test_a_workspace_on_another_host_than_expected_is_missing_there():
    result = judged(facts.document(), policy(expected=[expected("ada", host="engine2")]))
    assert red(result) == {("engine2/workspace-ada", "workspace-present"): "fail"}


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({"memory": "511m", "memory_swap": "511m"}, "cgroup-memory-limit"),
        ({"cpus": 0.4}, "cgroup-cpu-limit"),
        ({"pids_limit": 99}, "cgroup-pids-limit"),
        ({"cgroup_parent": "other.slice"}, "cgroup-parent"),
        ({"student": "mallory"}, "workspace-present"),
    ],
)
def test_more_than_was_expected_is_red(change, check):
    result = judged(facts.document(), policy(expected=[expected("ada", **change)]))
    assert red(result) == {(ADA, check): "fail"}


def test_swap_above_the_expected_is_red_and_parents_are_taken_as_systemd_names_them():
    document = changed(lambda _document, ada: put(ada, "limits.swap.value", facts.MIB + 1))
    allowed = {"memory_swap": "513m", "cgroup_parent": "bulkhead.slice"}
    assert red(judged(document, policy(expected=[expected("ada", **allowed)]))) == {(ADA, "cgroup-swap-limit"): "fail"}


@pytest.mark.parametrize("state", ["exited", "created", "dead", "restarting", "removing"])
def test_a_workspace_that_does_not_run_is_red_and_another_container_is_none_of_its_business(state):
    assert red(judged(changed(lambda _d, ada: put(ada, "state", state)))) == {(ADA, "workspace-running"): "fail"}

    def stranger(_document, ada):
        ada.update(state=state, labels={}, name="tool")

    found = find(judged(changed(stranger), {"capabilities": []}), "workspace-running", f"{facts.HOST}/tool")
    assert found["status"] == "notapplicable"


@pytest.mark.parametrize("state", ["", None, "levitating"])
def test_a_workspace_in_no_state_that_anybody_knows_is_red(state):
    assert set(red(judged(changed(lambda _d, ada: put(ada, "state", state))))) == {(ADA, "workspace-running")}


def test_a_waiver_accepts_its_finding_and_keeps_it_in_sight():
    result = judged(writable(), waivers=[WAIVER])
    assert result["summary"]["ok"] and result["summary"]["waived"] == 1 and result["summary"]["fail"] == 1
    found = find(result, "rootfs-read-only")
    assert found["waiver"] == {"reason": "old image", "expires": "2026-06-15", "expired": False}


@pytest.mark.parametrize(
    "change",
    [{"subject": GRACE}, {"subject": "engine2/*"}, {"check": "masked-paths"}, {"expires": "2026-06-14"}],
)
def test_a_waiver_for_something_else_or_from_yesterday_accepts_nothing(change):
    result = judged(writable(), waivers=[{**WAIVER, **change}])
    assert not result["summary"]["ok"] and result["summary"]["waived"] == 0
    waiver = find(result, "rootfs-read-only")["waiver"]
    assert (waiver or {}).get("expired", False) is ("expires" in change)


def test_a_waiver_covers_by_wildcard_and_of_two_the_longer_counts():
    waivers = [{**WAIVER, "expires": "2020-01-01"}, {**WAIVER, "subject": f"{facts.HOST}/*"}]
    assert judged(writable(), waivers=waivers)["summary"]["ok"]


def test_waivers_need_the_time_of_the_run():
    with pytest.raises(PolicyError, match="Give the time of this run"):
        judged(writable(), waivers=[WAIVER], generated="")


def test_a_check_that_is_left_out_says_why():
    result = judged(writable(), policy(skip={"rootfs-read-only": "images are old"}))
    found = find(result, "rootfs-read-only")
    assert found["status"] == "notselected" and "images are old" in found["reason"] and result["summary"]["ok"]


def test_leaving_out_a_check_never_hides_that_nothing_is_known():
    skip = {"facts-available": "why not", "workspace-running": "why not"}
    result = verdict({facts.HOST: facts.document(), "engine2": {}}, policy(skip=skip))
    assert red(result) == {("engine2", "facts-available"): "error"}
    broken = changed(lambda _document, ada: put(ada, "error", "ESRCH gone"))
    assert red(judged(broken, policy(skip=skip))) == {(ADA, "workspace-running"): "error"}


def test_a_missing_workspace_may_be_left_out_like_any_other_check():
    wanted = policy(expected=[expected("alan")], skip={"workspace-present": "holidays"})
    assert red(judged(facts.document(), wanted)) == {}


def test_red_comes_first_and_the_gravest_before_the_rest():
    def weaken(_document, ada):
        put(ada, "limits.swap.value", "max")
        put(ada, "processes.0.status.Seccomp", None)
        put(ada, "processes.0.namespaces.net", facts.HOST_NAMESPACES["net"])

    result = judged(changed(weaken))
    assert [one["check"] for one in result["findings"][:3]] == ["ns-net-private", "cgroup-swap-limit", "seccomp-filter"]


def test_what_a_stranger_named_cannot_steer_a_terminal():
    document = changed(lambda _d, ada: ada.update(name="ev\x1b[2Jil", labels={facts.STUDENT: "a\nb"}))
    text = [one[key] for one in judged(document, {})["findings"] for key in ("subject", "student", "observed")]
    assert all(part.isprintable() for part in text)
