# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking up hosts and expectations: the work must grow with the containers, not with their square."""

from __future__ import annotations

from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.policy import Expected, Policy
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.rules import Rule
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container, Host, Room

MANY = 500


class Name(str):
    """Counts how often it is compared. Equal ones have one hash, so a look-up compares once."""

    compared = 0

    def __eq__(self, other):
        Name.compared += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def container(host, name, **record):
    return Container(host, {"name": name, **record})


def test_the_work_of_looking_up_grows_with_the_containers():
    hosts = tuple(Host(Name(f"engine{number}"), {}, (), ()) for number in range(MANY))
    wanted = tuple(Expected(Name(f"workspace-{number}")) for number in range(MANY))
    room = Room(hosts, Policy(expected=wanted))
    Name.compared = 0
    for number in range(MANY):
        one = container(f"engine{number}", f"workspace-{number}")
        assert room.host_of(one) is hosts[number] and room.expected(one) is wanted[number]
    assert 0 < Name.compared < 10 * MANY


def test_of_several_expectations_the_first_counts_as_it_stands_in_the_list():
    anywhere, here = Expected("a", memory=1), Expected("a", host="one", memory=2)
    first, second = Policy(expected=(anywhere, here)), Policy(expected=(here, anywhere))
    assert Room((), first).expected(container("one", "a")) is anywhere
    assert Room((), second).expected(container("one", "a")) is here
    assert Room((), second).expected(container("two", "a")) is anywhere
    assert Room((), second).expected(container("two", "b")) is None


class Counted(Policy):
    resolved = 0

    def for_container(self, *who):
        Counted.resolved += 1
        return super().for_container(*who)


def test_the_rules_of_a_container_are_found_once():
    room = Room((), Counted(rules=(Rule(name="a", capabilities=("KILL",)),)))
    one, other = container("one", "a"), container("one", "b")
    for _time in range(3):
        assert room.policy_for(one).capabilities == ("KILL",)
        assert room.policy_for(other) is room.policy
    assert Counted.resolved == 2


def test_two_long_names_that_begin_alike_stay_two():
    made = [container("one", "x" * 4000 + end, id=end * 64) for end in "ab"]
    assert len({one.subject for one in made}) == 2 and all(len(one.subject) < 200 for one in made)
    room = Room((), Policy())
    for one in made:
        room.add("categories", "one", 1, one.subject)
    assert room.sharers("categories", made[0], 1) == [made[1].subject]


def test_of_many_that_share_one_thing_some_are_named_and_all_are_counted():
    room = Room((), Policy())
    everyone = [container("one", f"w{number:02}") for number in range(15)]
    for one in everyone:
        room.add("ns-net", "one", 1, one.subject)
    first, last = room.sharers("ns-net", everyone[0], 1), room.sharers("ns-net", everyone[14], 1)
    assert first == [*(f"one/w{number:02}" for number in range(1, 11)), "4 more"]
    assert last == [*(f"one/w{number:02}" for number in range(10)), "4 more"]
    room.add("ns-pid", "one", 2, "one/w00")
    assert room.sharers("ns-pid", everyone[0], 2) == [] and room.sharers("ns-pid", everyone[1], 2) == ["one/w00"]
    room.add("ns-pid", "one", 2, "one/w01")
    assert room.sharers("ns-pid", everyone[0], 2) == ["one/w01"]
