"""What a workspace must not reach, tried from inside one; and the same without the packet filter, which must succeed.

Everything stays inside the engine host, but for the tries on the registry. All attempts of a state are one command.
"""

from __future__ import annotations

import pytest

CLOSED = ("neighbour", "gateway-ssh", "gateway-closed", "host-ssh", "machine", "metadata")
REACHED = {"connected", "answered"}
NOT_REACHED = {"unreachable", "silent"}


@pytest.fixture(scope="module")
def tried(engine, registry_name, inspected, run_script):
    """Results by state ("held" by the filter alone, or "free" of it) and name."""
    host = engine.check_output("ip -4 -brief address show eth0").split()[2].split("/")[0]
    machine = engine.check_output(f"getent hosts {registry_name}").split()[0]
    (workspace, first), (neighbour, _second) = list(inspected.items())[:2]
    image = first["Config"]["Image"]
    done = run_script(engine, "network.sh", image, f"workspace-{workspace}", f"workspace-{neighbour}", host, machine)
    assert done.rc == 0, done.stderr
    lines = [line.split(maxsplit=2) for line in done.stdout.splitlines()]
    return {(state, name): result for state, name, result in lines}


@pytest.mark.parametrize("name", CLOSED)
def test_it_is_not_reached(tried, name):
    assert tried["held", name] in NOT_REACHED


@pytest.mark.parametrize("name", CLOSED)
def test_without_the_filter_it_is(tried, name):
    assert tried["free", name] in REACHED


def test_the_way_out_stays_open(tried):
    assert tried["held", "open"] == tried["free", "open"] == "connected"


def test_nobody_speaks_in_a_neighbours_name(tried):
    assert tried["held", "forged"] == "unheard"
    assert tried["free", "forged"] == "heard"


@pytest.mark.parametrize("name", ["raw", "address"])
def test_no_packet_of_its_own_making_and_no_other_address(tried, name):
    # The control has the two capabilities that no workspace has.
    assert tried["held", name] == "refused"
    assert tried["free", name] == "done"


def test_the_filter_is_back(engine, tried):
    assert engine.run("nft list set inet bulkhead bridges").rc == 0
    assert engine.run("iptables --check DOCKER-USER --jump ACCEPT").failed
