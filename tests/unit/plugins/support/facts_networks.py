# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of the good document about networks: one for each workspace, and the default bridge, which is empty."""

from __future__ import annotations

from typing import Any

STRICT = {
    "route_localnet": "0",
    "rp_filter": "1",
    "accept_redirects": "0",
    "accept_source_route": "0",
    "forwarding": "0",
}
DEFAULT = "bridge"
SUBNETS = {"ada": "172.20.0.0/16", "grace": "172.21.0.0/16", DEFAULT: "172.17.0.0/16"}
ADDRESSES = {"ada": "172.20.0.2", "grace": "172.21.0.2"}
FOLDER = "/proc/sys/net/ipv4/conf"


def _fact(value: Any, path: str) -> dict[str, Any]:
    return {"value": value, "path": path}


def identifier(name: str) -> str:
    return name.encode().hex().ljust(64, "0")


def full_name(name: str) -> str:
    return name if name == DEFAULT else f"workspace-{name}"


def interfaces(*names: str) -> dict[str, Any]:
    return {name: dict(STRICT) for name in ("all", "default", "lo", *names)}


def network(name: str, number: int) -> dict[str, Any]:
    return {
        "namespace": _fact(f"4:{number}3", f"/proc/{number}/ns/net"),
        "addresses": _fact([ADDRESSES[name]], f"/proc/{number}/net/fib_trie"),
        "abstract": _fact([], f"/proc/{number}/net/unix"),
        "networks": _fact({full_name(name): identifier(name)}, "inspect NetworkSettings.Networks"),
        "published": _fact([], "inspect NetworkSettings.Ports"),
        "listeners": {"value": None, "path": f"/proc/{number}/net/tcp", "error": "ENODATA not read"},
        "settings": _fact(interfaces("eth0"), f"{FOLDER} in /proc/{number}/ns/net"),
    }


def host_network() -> dict[str, Any]:
    return {
        "listeners": _fact([{"address": "127.0.0.1", "port": 25}], "/proc/801/net/tcp"),
        "bridge_filter": _fact("1", "/proc/sys/net/bridge/bridge-nf-call-iptables"),
        "settings": _fact({name: dict(STRICT) for name in ("all", "default")}, FOLDER),
    }


def networks(*students: str) -> list[dict[str, Any]]:
    return [_network(DEFAULT, []), *(_network(name, [f"workspace-{name}"]) for name in students)]


def _network(name: str, attached: list[str]) -> dict[str, Any]:
    told = {
        "driver": "bridge",
        "icc": False,
        "default_bridge": name == DEFAULT,
        "encrypted": False,
        "internal": False,
        "subnets": [SUBNETS[name]],
        "attached": attached,
    }
    facts = {key: _fact(value, f"network {full_name(name)}: {key}") for key, value in told.items()}
    ports = _fact({f"veth{index}": "0" for index, _container in enumerate(attached)}, "/sys/class/net/br/brif")
    return {"id": identifier(name), "name": full_name(name), **facts, "ports": ports}
