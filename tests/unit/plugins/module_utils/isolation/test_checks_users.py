# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users and groups as the host numbers them, user and time namespaces, and ranges that overlap."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import (
    ADA,
    GRACE,
    changed,
    find,
    judged,
    put,
    red,
)

ROOT = "0\t0\t0\t0"
NOT_ROOT, GROUPS, USER, TIME = "process-not-root", "process-groups", "ns-user-private", "ns-time-private"
RANGES, SUBORDINATES, MORE = "userns-ranges", "subordinate-ids", "process-more-privileged"
STATUS, OWN = "processes.0.status.", "user_namespaces.4:20015"
IDENTITY = [[0, 0, 4294967295]]


def as_host(record, user="4:4026531837"):
    """In the host's user namespace, as without userns-remap."""
    record["processes"][0]["namespaces"]["user"] = user


def unmapped(document, *records):
    """An engine without userns-remap, and these containers of it."""
    document["host"]["daemon"]["info"]["value"]["SecurityOptions"].remove("name=userns")
    del document["host"]["daemon"]["file"]["value"]["userns-remap"]
    for record in records:
        as_host(record)


def mapped(record, *extents):
    for kind in ("uid_map", "gid_map"):
        next(iter(record["user_namespaces"].values()))[kind]["value"] = [list(extent) for extent in extents]


def test_root_of_a_user_namespace_that_is_mapped_elsewhere_is_not_the_hosts():
    result = judged(changed(lambda _document, ada: put(ada, f"{STATUS}Uid", "100000 100000 100000 100000")))
    assert red(result) == {} and "uid 100000 on the host" in find(result, NOT_ROOT)["reason"]


@pytest.mark.parametrize("user", ["4:20015", "4:4026531837"])
def test_the_hosts_root_is_not_excused_by_a_namespace(user):
    """The kernel shows uid 0 for whom the map makes the host's root, in whichever namespace."""

    def root(_document, ada):
        as_host(ada, user)
        put(ada, f"{STATUS}Uid", ROOT)
        put(ada, f"{OWN}.uid_map.value", IDENTITY)

    assert find(judged(changed(root)), NOT_ROOT)["status"] == "fail"


def test_nobody_may_be_anybody_for_a_reader_in_a_user_namespace():
    def nobody(_document, ada):
        put(ada, f"{STATUS}Uid", " ".join(["65534"] * 4))

    def inside(document, ada):
        nobody(document, ada)
        document["host"]["namespaces"]["reader"]["user"]["value"] = "4:99"

    assert find(judged(changed(nobody)), NOT_ROOT)["status"] == "pass"
    found = judged(changed(inside))
    assert {check for (subject, check) in red(found) if subject == ADA} >= {NOT_ROOT, GROUPS}
    assert "EOVERFLOW" in find(found, NOT_ROOT)["reason"]


@pytest.mark.parametrize(
    ("numbers", "socket", "group", "status"),
    [
        ({"shadow": 42, "docker": 998}, "docker", 998, "fail"),
        ({"shadow": 42, "docker": 998}, "998", 998, "fail"),
        ({"shadow": 42, "docker": 998}, "docker", 42, "fail"),
        ({"shadow": 42, "docker": 998}, "docker", 997, "pass"),
        ({"shadow": 42, "docker": 998}, "root", 997, "pass"),
        # The same name has another number here, and another name this number.
        ({"shadow": 15, "docker": 998}, "docker", 42, "pass"),
        ({"shadow": 15, "docker": 998}, "docker", 15, "fail"),
        # A group that nothing but the socket makes a privileged one.
        ({"teachers": 995}, "teachers", 995, "fail"),
        ({"teachers": 995}, "teachers", 994, "pass"),
        ({"docker": 998}, "teachers", 998, "fail"),
        ({"docker": 998}, "teachers", 997, "error"),
    ],
)
def test_groups_are_privileged_by_the_hosts_own_numbers(numbers, socket, group, status):
    def join(document, ada):
        put(ada, f"{STATUS}Groups", f"101000 {group}")
        entry = facts.fact({"owner": "root", "group": socket, "mode": "0660"}, "/run/docker.sock")
        document["host"]["files"]["engine-socket"] = facts.fact([entry], "/x")
        document["host"]["group_numbers"] = facts.fact(numbers, "/etc/group")

    assert find(judged(changed(join)), GROUPS)["status"] == status


def test_a_group_of_the_namespace_is_another_one_on_the_host():
    assert red(judged(changed(lambda _document, ada: put(ada, f"{STATUS}Groups", "100000 100042")))) == {}


def test_a_container_in_the_hosts_user_namespace_is_red_where_the_engine_maps_users():
    result = judged(changed(lambda document, ada: (as_host(ada), put(ada, "declared.userns_mode", "host"))))
    assert red(result) == {(ADA, USER): "fail"}
    assert find(result, USER)["inspected"] == "UsernsMode='host'" and find(result, RANGES)["status"] == "notapplicable"


def test_where_no_engine_maps_users_that_is_the_engines_finding():
    result = judged(changed(lambda document, _ada: unmapped(document, *document["containers"])))
    assert red(result) == {(facts.HOST, "daemon-userns"): "fail"}
    assert {find(result, check)["status"] for check in (USER, RANGES)} == {"notapplicable"}


def test_a_process_in_the_hosts_namespace_beside_others_that_are_not_is_red():
    def enter(document, ada):
        unmapped(document)
        first = ada["processes"][0]
        outside = {**first["namespaces"], "user": "4:4026531837"}
        ada["processes"].append({**first, "pids": [2900], "namespaces": outside})

    found = red(judged(changed(enter)))
    assert found == {(ADA, USER): "fail", (facts.HOST, "daemon-userns"): "fail"}


@pytest.mark.parametrize("kind", ["uid_map", "gid_map"])
@pytest.mark.parametrize("extents", [IDENTITY, [[1000, 0, 1]], [[0, 100000, 1000], [1000, 0, 1]]])
def test_a_map_that_has_the_hosts_root_in_it_separates_nothing(kind, extents):
    result = judged(changed(lambda _document, ada: put(ada, f"{OWN}.{kind}.value", extents)))
    assert red(result)[ADA, USER] == "fail" and kind in find(result, USER)["observed"]


def test_a_user_namespace_in_common_is_red_for_both():
    def join(document, ada):
        grace = document["containers"][1]
        put(grace, "processes.0.namespaces.user", ada["processes"][0]["namespaces"]["user"])
        grace["user_namespaces"] = ada["user_namespaces"]

    assert red(judged(changed(join))) == {(ADA, USER): "fail", (GRACE, USER): "fail"}


@pytest.mark.parametrize(
    ("extents", "status"),
    [
        ([(0, 300000, 65536)], "informational"),
        ([(0, 365535, 65536)], "fail"),
        ([(0, 365536, 65536)], "pass"),
        ([(0, 299999, 1)], "pass"),
        ([(0, 200000, 1), (1, 300500, 1)], "fail"),
        ([(0, 100000, 1 << 30)], "fail"),
    ],
)
def test_ranges_of_two_containers(extents, status):
    result = judged(changed(lambda _document, ada: mapped(ada, *extents)))
    assert [find(result, RANGES, subject)["status"] for subject in (ADA, GRACE)] == [status] * 2
    assert status == "pass" or GRACE in find(result, RANGES)["observed"]


def test_a_range_of_a_neighbour_counts_and_that_of_another_host_does_not():
    def beside(document, ada):
        document["neighbours"].append(facts.neighbour())
        mapped(ada, (0, 500001, 5))

    assert red(judged(changed(beside))) == {(ADA, RANGES): "fail"}


def test_a_namespace_inside_another_is_a_part_of_it_and_no_overlap():
    def nest(_document, ada):
        first = ada["processes"][0]
        ada["processes"].append({**first, "pids": [2900], "namespaces": {**first["namespaces"], "user": "4:777"}})
        inner = {kind: facts.fact([[0, 101000, 1]], f"/proc/2900/{kind}") for kind in ("uid_map", "gid_map")}
        ada["user_namespaces"]["4:777"] = inner

    result = judged(changed(nest))
    assert find(result, RANGES)["status"] == "pass" and find(result, USER)["status"] == "pass"


def test_root_inside_is_more_than_a_user_inside_though_the_host_shows_neither_as_root():
    def enter(_document, ada):
        first = ada["processes"][0]
        status = {**first["status"], "Uid": "100000 100000 100000 100000"}
        ada["processes"].append({**first, "pids": [2900], "status": status})

    assert red(judged(changed(enter))) == {(ADA, MORE): "fail"}


def test_the_hosts_root_is_more_than_root_inside():
    def enter(_document, ada):
        first = ada["processes"][0]
        first["status"]["Uid"] = "100000 100000 100000 100000"
        ada["processes"].append({**first, "pids": [2900], "status": {**first["status"], "Uid": ROOT}})

    assert set(red(judged(changed(enter)))) == {(ADA, MORE), (ADA, NOT_ROOT)}


def test_a_time_namespace_of_its_own_is_private_and_one_in_common_is_red():
    own = judged(changed(lambda _document, ada: put(ada, "processes.0.namespaces.time", "4:55")))
    assert red(own) == {} and find(own, TIME)["status"] == "pass"

    def join(document, _ada):
        for container in document["containers"]:
            put(container, "processes.0.namespaces.time", "4:55")

    assert red(judged(changed(join))) == {(ADA, TIME): "fail", (GRACE, TIME): "fail"}


def test_a_kernel_without_time_namespaces_has_nothing_to_judge():
    gone = "ENOENT No such file or directory"

    def old(document, _ada):
        for owner in document["host"]["namespaces"].values():
            owner["time"] = facts.unread("/proc/self/ns/time", gone)
        for container in document["containers"]:
            put(container, "processes.0.namespaces.time", None)
            container["processes"][0]["errors"] = {"ns/time": gone}

    result = judged(changed(old))
    assert red(result) == {} and find(result, TIME)["status"] == "notapplicable"


@pytest.mark.parametrize(
    ("ranges", "status"),
    [
        ([], "pass"),
        ([["ada", 100000, 65536], ["grace", 165536, 65536]], "pass"),
        ([["ada", 100000, 65536], ["ada", 100000, 10]], "pass"),
        ([["ada", 100000, 65537], ["grace", 165536, 65536]], "fail"),
        ([["root", 0, 1]], "pass"),
        ([["ada", 0, 1]], "fail"),
        ([["ada", "0", 1]], "error"),
        (None, "error"),
    ],
)
@pytest.mark.parametrize("kind", ["users", "groups"])
def test_each_range_of_subordinate_numbers_has_one_owner(kind, ranges, status):
    document = changed(lambda document, _ada: put(document["host"], f"subordinate_ids.{kind}.value", ranges))
    assert find(judged(document), SUBORDINATES, facts.HOST)["status"] == status
