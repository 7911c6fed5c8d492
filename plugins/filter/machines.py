# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that work on the machines of a classroom."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.bulkhead.classroom.plugins.module_utils.classroom import classroom_problems, machines


def subnet_address(subnet: str, number: int) -> str:
    try:
        return machines.subnet_address(subnet, int(number))
    except machines.MachineError as error:
        raise AnsibleFilterError(f"subnet_address: {error}") from error


def machine_mac(name: str, classroom: str) -> str:
    return machines.machine_mac(name, classroom)


def machine_files(names: list[str], home: str, keys: str) -> list[dict[str, Any]]:
    """The folder of every machine on its hypervisor, and in it the ssh host key that it will get."""
    folders = [{"path": f"{home}/{name}", "state": "directory", "mode": "0711"} for name in names]
    host_keys = [
        {"path": f"{home}/{name}/hostkey", "content": Path(keys, name).read_text(), "mode": "0600", "secret": True}
        for name in names
    ]
    return folders + host_keys


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "subnet_address": subnet_address,
            "machine_mac": machine_mac,
            "machine_files": machine_files,
            "classroom_problems": classroom_problems.problems,
        }
