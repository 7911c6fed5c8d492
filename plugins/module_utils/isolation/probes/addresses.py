# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a twin knocks when connections are allowed: at clouds' metadata services, and at strangers' doors. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import as_mapping
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes import twin

# The same with every large provider.
METADATA = (("169.254.169.254", 80),)
# discard: hardly anything listens there, and a refusal shows that the packet arrived.
PORT = 9
PEERS_MOST = 4


def given(inspected: Mapping[str, Any], listed: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {"metadata": METADATA, "peers": peers(inspected, list(listed))}


def peers(inspected: Mapping[str, Any], listed: list[Mapping[str, Any]]) -> list[tuple[str, int]]:
    """Containers that have no network in common with this one. listed: the engine's list of containers."""
    mode = str(as_mapping(inspected.get("HostConfig")).get("NetworkMode") or "")
    owner = mode.partition("container:")[2]
    mine = next((one for one in listed if owner and str(one.get("Id")).startswith(owner)), inspected)
    known = set(_networks(mine))
    found = []
    for one in listed:
        theirs = _networks(one)
        stranger = one.get("Id") not in (inspected.get("Id"), mine.get("Id")) and not known & set(theirs)
        if stranger and not any(twin.is_twin(name, as_mapping(one.get("Labels"))) for name in one.get("Names") or []):
            found += [(address, PORT) for address in theirs.values() if address][:1]
    return found[:PEERS_MOST]


def _networks(record: Mapping[str, Any]) -> dict[str, str]:
    """Id to address."""
    networks = as_mapping(as_mapping(record.get("NetworkSettings")).get("Networks"))
    return {
        str(as_mapping(end).get("NetworkID")): str(as_mapping(end).get("IPAddress") or "") for end in networks.values()
    }
