# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that turn students into what the modules want."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.bulkhead.classroom.plugins.module_utils.classroom import slices, workspaces


def _checked(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    def filtered(students: Any, *arguments: Any, **keywords: Any) -> Any:
        if not isinstance(students, (list, tuple)) or not all(isinstance(one, dict) for one in students):
            raise AnsibleFilterError(f"{name}: wants a list of students, like [{{'name': 'ada'}}]")
        try:
            return function(students, *arguments, **keywords)
        except (slices.SliceError, workspaces.WorkspaceError) as error:
            raise AnsibleFilterError(f"{name}: {error}") from error

    return filtered


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "workspace_containers": _checked(workspaces.containers, "workspace_containers"),
            "workspace_networks": _checked(workspaces.networks, "workspace_networks"),
            "expected_workspaces": _checked(workspaces.expected, "expected_workspaces"),
            "workspace_homes": _checked(workspaces.homes, "workspace_homes"),
            "workspace_quotas": _checked(workspaces.quotas, "workspace_quotas"),
            "workspace_slices": _checked(slices.slice_files, "workspace_slices"),
            "slice_problems": slices.slice_problems,
        }
