"""From students to workspaces."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.classroom.workspaces import (
    WorkspaceError,
    containers,
    homes,
    networks,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.container_params import from_params
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.networks import network_from_params
from ansible_collections.bulkhead.classroom.plugins.module_utils.host import file_set

PAIRS = {"ada": "c12,c34", "grace": "c56,c78"}
ROOM = ({"name": "ada"}, {"name": "grace", "memory": "256m", "cpus": 1})
PLACE = "/var/lib/docker/bulkhead/workspaces/room"
COMMON = {"image": "base", "memory": "128m", "memory_swap": "128m", "cpus": 0.5, "pids_limit": 64}


def made(students=ROOM, pairs=None):
    return {one["hostname"]: one for one in containers(students, pairs or PAIRS, PLACE, "workspace-", "bulkhead.slice")}


def test_each_workspace_has_its_own_pair_home_and_network():
    room = made()
    for field in ("security_opts", "mounts", "networks", "labels", "name", "cgroup_parent"):
        assert room["ada"][field] != room["grace"][field], field
    assert room["ada"]["security_opts"] == ["no-new-privileges", "label=level:s0:c12,c34"]
    home = {"type": "bind", "source": f"{PLACE}/ada/home", "target": "/home/student", "propagation": "rslave"}
    assert room["ada"]["mounts"] == [home]
    assert room["ada"]["labels"] == {"org.bulkhead.student": "ada"}


def test_only_a_limit_of_ones_own_is_in_the_entry():
    room = made()
    assert not {"memory", "memory_swap", "cpus", "pids_limit"} & set(room["ada"])
    assert (room["grace"]["memory"], room["grace"]["cpus"]) == ("256m", 1)
    assert "pids_limit" not in room["grace"]


def test_own_memory_does_not_open_swap():
    assert made()["grace"]["memory_swap"] == "256m"
    swapping = made([{"name": "ada", "memory": "256m", "memory_swap": "512m"}])
    assert swapping["ada"]["memory_swap"] == "512m"


def test_the_fleet_module_takes_what_is_made():
    for container in containers(ROOM, PAIRS, PLACE, "workspace-", "bulkhead.slice"):
        spec = from_params(container, COMMON, "room", {})
        assert spec.memory > 0 and spec.memory_swap == spec.memory and spec.pids_limit == 64
    made_networks = [network_from_params(one, "room", {}) for one in networks(ROOM, "workspace-", True)]
    assert [one.name for one in made_networks] == ["workspace-ada", "workspace-grace"]
    assert all(one.internal and one.options["com.docker.network.bridge.enable_icc"] == "false" for one in made_networks)


def test_homes_carry_the_pair_of_their_workspace_all_the_way_down():
    specs = {spec.path: spec for spec in file_set.parse(homes(ROOM, PAIRS, PLACE))}
    home = specs[f"{PLACE}/grace/home"]
    assert home.context == "system_u:object_r:container_file_t:s0:c56,c78" and home.recurse_context
    assert (home.mode, home.owner, home.group) == (0o700, "1000", "1000")
    assert specs[f"{PLACE}/grace"].mode == 0o700


@pytest.mark.parametrize(
    ("students", "pairs", "message"),
    [
        ([{"name": "ada"}, {"name": "ada"}], PAIRS, "ada is listed twice"),
        ([{"name": "Ada"}], {"Ada": "c1,c2"}, "'Ada' is no name"),
        ([{"name": "../ada"}], {"../ada": "c1,c2"}, "is no name"),
        ([{}], PAIRS, "'' is no name"),
        ([{"name": "ada", "ram": "1g"}], PAIRS, "ada has ram, which is none of memory"),
        ([{"name": "linus"}], PAIRS, "linus has no pair"),
        ([{"name": "ada"}, {"name": "grace"}], {"ada": "c1,c2", "grace": "c1,c2"}, "pair c1,c2 is given twice"),
    ],
)
def test_mistakes_are_named(students, pairs, message):
    for make in (
        lambda: containers(students, pairs, PLACE, "w-", "bulkhead.slice"),
        lambda: homes(students, pairs, PLACE),
    ):
        with pytest.raises(WorkspaceError, match=message):
            make()


def test_all_mistakes_are_named_at_once():
    with pytest.raises(WorkspaceError, match="Ada.*; linus has no pair"):
        containers([{"name": "Ada"}, {"name": "linus"}], {"Ada": "c1,c2"}, PLACE, "w-", "bulkhead.slice")
