# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host still lacks, decided from what its tools print. Nothing here runs a command."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# `systemctl show` answers these in its own order, one block per unit.
UNIT_PROPERTIES = ("Id", "LoadState", "UnitFileState", "ActiveState", "ActiveEnterTimestamp", "NeedDaemonReload")
ENABLED = {"enabled", "enabled-runtime", "static", "alias", "generated"}


class HostStateError(Exception):
    """Something about the host that could not be read; a state that was not read is not a good state."""


@dataclass(frozen=True)
class Unit:
    """A systemd unit: `since` is when it entered its active state, in seconds since the epoch.

    It needs a reload when its own files changed since the service manager read them.
    """

    name: str
    exists: bool
    enabled: bool
    active: bool
    since: int | None
    needs_reload: bool

    def stale(self, times: Iterable[float]) -> bool:
        """Whether it runs since before one of its files was written."""
        return self.active and self.since is not None and any(int(time) > self.since for time in times)

    def as_result(self, stale: bool) -> dict[str, Any]:
        return {
            "name": self.name,
            "exists": self.exists,
            "enabled": self.enabled,
            "active": self.active,
            "stale": stale,
            "needs_reload": self.needs_reload,
        }


def missing_packages(wanted: Sequence[str], listing: str) -> list[str]:
    """Those of `wanted` that are not installed; `listing` holds "name status" lines as dpkg-query gives them."""
    installed = set()
    for line in listing.splitlines():
        name, _blank, status = line.partition(" ")
        # "install ok installed", "hold ok installed"; "deinstall ok config-files" is not installed.
        if status.split()[1:] == ["ok", "installed"]:
            installed.add(name)
    return [name for name in wanted if name not in installed]


def parse_units(names: Sequence[str], output: str) -> list[Unit]:
    """The units of `systemctl show --timestamp=unix`, in the order in which they were asked for."""
    blocks = [block for block in output.strip().split("\n\n") if block.strip()]
    if len(blocks) != len(names):
        raise HostStateError(f"systemctl show answered {len(blocks)} of {len(names)} units; is systemd running here?")
    return [
        _unit(name, dict(line.partition("=")[::2] for line in block.splitlines())) for name, block in zip(names, blocks)
    ]


def _unit(name: str, values: Mapping[str, str]) -> Unit:
    stamp = values.get("ActiveEnterTimestamp", "").lstrip("@")
    return Unit(
        name=name,
        exists=values.get("LoadState") not in (None, "not-found"),
        enabled=values.get("UnitFileState") in ENABLED,
        active=values.get("ActiveState") in ("active", "reloading"),
        since=int(stamp) if stamp.isdigit() else None,
        needs_reload=values.get("NeedDaemonReload") == "yes",
    )


def outdated_policy(wanted: Mapping[str, str], installed: Mapping[str, str]) -> list[str]:
    """Names of the policy modules that the store lacks or holds with another text."""
    return [name for name, text in wanted.items() if installed.get(name, "").strip() != text.strip()]


def missing_tables(wanted: Sequence[str], listing: str) -> list[str]:
    """Those of `wanted`, each "family name", that are not loaded; `listing` is what `nft list tables` prints."""
    loaded = {line.partition(" ")[2].strip() for line in listing.splitlines() if line.startswith("table ")}
    return [name for name in wanted if name not in loaded]


def default_route_interfaces(table: str) -> list[str]:
    """Interfaces with a default route, from /proc/net/route: name, destination, …, mask as the eighth column."""
    rows = [line.split() for line in table.splitlines()[1:]]
    return sorted({row[0] for row in rows if len(row) > 7 and row[1] == row[7] == "00000000"})
