# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Published ports, written as the engine's own client has them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.units import SpecError

_SPEC = re.compile(
    r"^(?:(?:(?P<ip>\[[0-9a-fA-F:.]+\]|[0-9.]+):)?(?P<host>\d*(?:-\d+)?):)?"
    r"(?P<container>\d+(?:-\d+)?)(?:/(?P<protocol>tcp|udp|sctp))?$"
)
_ANY = ("", "0.0.0.0", "::")


@dataclass(frozen=True, order=True)
class Port:
    """An empty host_port means that the engine chooses; several, like 8000-8010, that it chooses among those."""

    container: str
    host_port: str = ""
    host_ip: str = ""

    def __str__(self) -> str:
        address = f"[{self.host_ip}]" if ":" in self.host_ip else self.host_ip
        return ":".join(filter(None, [address, self.host_port or ("0" if address else ""), self.container]))


def ports_from_params(texts: Iterable[Any] | None) -> tuple[Port, ...]:
    ports = [port for text in texts or () for port in _parse(str(text).strip())]
    twice = sorted({str(port) for port in ports if ports.count(port) > 1})
    if twice:
        raise SpecError(f"ports: {', '.join(twice)} is listed twice; drop one of them")
    return tuple(sorted(ports))


def _parse(text: str) -> list[Port]:
    match = _SPEC.match(text)
    if not match:
        raise SpecError(
            f"ports: '{text}' is no port; write it like 80, 8080:80, 127.0.0.1:8080:80/udp or [::1]:8080:80"
        )
    protocol, host = match["protocol"] or "tcp", match["host"] or ""
    inside, outside = _range(match["container"], text), _range(host, text) if host.strip("0") else []
    if len(inside) == 1:
        hosts = [host if outside else ""]
    elif len(outside) in (0, len(inside)):
        hosts = [str(port) for port in outside] or [""] * len(inside)
    else:
        raise SpecError(f"ports: '{text}' has {len(outside)} ports outside and {len(inside)} inside; give as many")
    address = _address(match["ip"], text)
    return [Port(f"{port}/{protocol}", outer, address) for port, outer in zip(inside, hosts)]


def _range(text: str, whole: str) -> list[int]:
    first, _dash, last = text.partition("-")
    low, high = int(first or 0), int(last or first or 0)
    if not 0 < low <= high < 1 << 16:
        raise SpecError(f"ports: '{whole}' has a port that is not between 1 and 65535, or a range that runs backwards")
    return list(range(low, high + 1))


def _address(text: str | None, whole: str) -> str:
    try:
        return str(ipaddress.ip_address(text.strip("[]"))) if text else ""
    except ValueError as error:
        raise SpecError(f"ports: '{whole}': {error}") from error


def ports_from_inspect(bindings: Mapping[str, Any] | None) -> tuple[Port, ...]:
    found = []
    for container, hosts in (bindings or {}).items():
        for host in hosts or [{}]:
            port = str(host.get("HostPort") or "")
            found.append(Port(container, "" if port == "0" else port, str(host.get("HostIp") or "")))
    return tuple(sorted(found))


def ports_to_api(ports: Iterable[Port]) -> dict[str, list[dict[str, str]]]:
    """HostConfig.PortBindings; its keys are Config.ExposedPorts."""
    bindings: dict[str, list[dict[str, str]]] = {}
    for port in ports:
        bindings.setdefault(port.container, []).append({"HostIp": port.host_ip, "HostPort": port.host_port})
    return bindings


def clashes(fleet: Iterable[tuple[str, Iterable[Port]]]) -> list[str]:
    """Ports of the host that two containers of the task want; the engine would find out only when the second starts."""
    taken: dict[tuple[str, str], list[tuple[str, str]]] = {}
    found = []
    for name, ports in fleet:
        for port in ports:
            if not port.host_port.isdigit():
                continue
            place = (port.host_port, port.container.partition("/")[2])
            for address, other in taken.get(place, []):
                if address == port.host_ip or address in _ANY or port.host_ip in _ANY:
                    found.append(f"ports: {port} of {name} is taken by {other}; give one of them another port")
            taken.setdefault(place, []).append((port.host_ip, name))
    return found
