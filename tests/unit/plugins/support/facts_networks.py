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


def bridge(name: str) -> str:
    return "docker0" if name == DEFAULT else f"br-{name}"


def rules(*bridges: str) -> list[str]:
    """The filter table as an engine of version 26 writes it for networks without communication."""
    stages = ("DOCKER-ISOLATION-STAGE-1", "DOCKER-ISOLATION-STAGE-2")
    chains = [":FORWARD DROP", *(f":{name} -" for name in ("DOCKER", *stages, "DOCKER-USER"))]
    forward = ["-A FORWARD -j DOCKER-USER", f"-A FORWARD -j {stages[0]}"]
    first, second = [], []
    for one in bridges:
        forward += [
            f"-A FORWARD -o {one} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
            f"-A FORWARD -o {one} -j DOCKER",
            f"-A FORWARD -i {one} ! -o {one} -j ACCEPT",
            f"-A FORWARD -i {one} -o {one} -j DROP",
        ]
        first.append(f"-A {stages[0]} -i {one} ! -o {one} -j {stages[1]}")
        second.append(f"-A {stages[1]} -o {one} -j DROP")
    returns = [f"-A {name} -j RETURN" for name in (*stages, "DOCKER-USER")]
    return [*chains, *forward, *first, returns[0], *second, *returns[1:]]


def host_network() -> dict[str, Any]:
    unread = {"value": None, "path": "ip6tables-nft-save", "error": "ENODATA not read"}
    tables = {"filter": rules(*map(bridge, SUBNETS)), "nat": []}
    return {
        "rules": {"ipv4": _fact({"nft": tables}, "iptables-nft-save"), "ipv6": unread},
        "bridge_filter6": _fact("1", "/proc/sys/net/bridge/bridge-nf-call-ip6tables"),
        "listeners": _fact([{"address": "127.0.0.1", "port": 25}], "/proc/801/net/tcp"),
        "bridge_filter": _fact("1", "/proc/sys/net/bridge/bridge-nf-call-iptables"),
        "settings": _fact({name: dict(STRICT) for name in ("all", "default")}, FOLDER),
    }


def networks(*students: str) -> list[dict[str, Any]]:
    return [_network(DEFAULT, []), *(_network(name, [f"workspace-{name}"]) for name in students)]


def _network(name: str, attached: list[str]) -> dict[str, Any]:
    told = {
        "driver": "bridge",
        "bridge": bridge(name),
        "ipv6": False,
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
