# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which workspaces should be there and are not. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.policy import Expected
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.selection import image_fits, name_fits
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Host, Room


def absent(room: Room) -> Iterator[Expected]:
    """Workspaces that the policy expects and no host has, unless the run was about others."""
    present = {(container.host, container.given_name) for host in room.hosts for container in host.containers}
    names = {name for _host, name in present}
    for want in room.policy.expected:
        found = (want.host, want.name) in present if want.host else want.name in names
        if not found and not _left_out(want, room):
            yield want


def _left_out(want: Expected, room: Room) -> bool:
    """Was it not asked for, by name or image? Labels leave out nothing here: a workspace that lost them is missing."""
    hosts = [host for host in room.hosts if not host.error and want.host in (None, host.name)]
    return bool(hosts) and all(_narrowed(want, host) for host in hosts)


def _narrowed(want: Expected, host: Host) -> bool:
    selection = host.selection
    if selection.containers and not name_fits(selection.containers, want.name):
        return True
    there = host.neighbour_images.get(want.name)
    return bool(selection.images) and there is not None and not image_fits(selection.images, there, "")
