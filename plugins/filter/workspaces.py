# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that work on the workspaces of a classroom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.bulkhead.classroom.plugins.module_utils.classroom.categories import CategoryError, allocate


def category_pairs(names: Any, classroom: Any) -> dict[str, str]:
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
        raise AnsibleFilterError("category_pairs: wants a list of names, like ['ada', 'grace']")
    if not isinstance(classroom, str) or not classroom:
        raise AnsibleFilterError("category_pairs: wants the name of the classroom as its argument")
    try:
        return allocate(names, classroom)
    except CategoryError as error:
        raise AnsibleFilterError(f"category_pairs: {error}") from error


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"category_pairs": category_pairs}
