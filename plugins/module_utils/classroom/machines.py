# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a machine's name and a subnet decide: hardware address, IPv4 address, the files that carry its key. Pure."""

from __future__ import annotations

import hashlib
import ipaddress

# The prefix that QEMU's virtual network cards use.
QEMU_PREFIX = "52:54:00"


class MachineError(Exception):
    """A value that no machine can be made from; the message says which and what to write instead."""


def machine_mac(name: str, classroom: str) -> str:
    """The hardware address of a machine: the same at every run, another one in another classroom."""
    digest = hashlib.sha256(f"{classroom}/{name}".encode()).hexdigest()
    return ":".join([QEMU_PREFIX, digest[0:2], digest[2:4], digest[4:6]])


def subnet_address(subnet: str, number: int) -> str:
    """Address NUMBER of an IPv4 subnet in CIDR form; 1 is the gateway's."""
    try:
        network = ipaddress.IPv4Network(subnet)
    except ValueError as error:
        raise MachineError(
            f"{subnet!r} is not an IPv4 subnet ({error}): set classroom_subnet to one like 192.168.150.0/24"
        ) from error
    if not 0 < number < network.num_addresses - 1:
        raise MachineError(f"{subnet} has no host address {number}: set classroom_subnet to a larger one")
    return str(network.network_address + number)
