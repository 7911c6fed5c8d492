# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hardware and IPv4 addresses of machines."""

from __future__ import annotations

import re

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.classroom.machines import (
    MachineError,
    machine_mac,
    subnet_address,
)


def test_a_hardware_address_is_one_of_qemu_and_stays_the_same():
    address = machine_mac("engine1", "classroom")
    assert re.fullmatch("52:54:00(:[0-9a-f]{2}){3}", address)
    assert machine_mac("engine1", "classroom") == address


def test_machines_and_classrooms_have_hardware_addresses_of_their_own():
    pairs = [(name, room) for name in ("registry", "engine1", "engine2") for room in ("classroom", "class", "room")]
    assert len({machine_mac(*pair) for pair in pairs}) == len(pairs)


@pytest.mark.parametrize(
    ("subnet", "number", "address"),
    [
        ("192.168.150.0/24", 1, "192.168.150.1"),
        ("192.168.150.0/24", 254, "192.168.150.254"),
        ("10.64.0.0/16", 300, "10.64.1.44"),
    ],
)
def test_addresses_count_from_the_gateway(subnet, number, address):
    assert subnet_address(subnet, number) == address


@pytest.mark.parametrize(
    ("subnet", "number"),
    [
        ("192.168.150.0/24", 0),
        ("192.168.150.0/24", 255),
        ("192.168.150.0/29", 10),
        ("192.168.150.1/24", 1),
        ("fd00::/64", 1),
        ("here", 1),
    ],
)
def test_what_gives_no_address_names_the_variable(subnet, number):
    with pytest.raises(MachineError, match="set classroom_subnet to"):
        subnet_address(subnet, number)
