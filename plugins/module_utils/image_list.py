# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the image modules share: work on a list concurrently, and one result per image whatever fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from ansible_collections.bulkhead.classroom.plugins.module_utils.digest import yaml_text

Item = TypeVar("Item")
Result = TypeVar("Result")

PARALLEL_ARGUMENT: dict[str, dict[str, Any]] = {"parallel": {"type": "int", "default": 4}}
REGISTRY_ARGUMENTS: dict[str, dict[str, Any]] = {
    "registry_username": {"type": "str"},
    "registry_password": {"type": "str", "no_log": True},
}


def in_parallel(work: Callable[[Item], Result], items: Iterable[Item], workers: int) -> list[Result]:
    """The results in the order of the items. The first exception that `work` lets through ends the call."""
    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        return list(pool.map(work, items))


def attempt(work: Callable[[Item], dict[str, Any]], failed: Callable[[Item, str], dict[str, Any]]) -> Any:
    """`work`, giving a failed result instead of raising: one image that fails must not hide the others."""

    def call(item: Item) -> dict[str, Any]:
        try:
            return work(item)
        except Exception as error:  # every image gets its result; the message keeps what went wrong
            return failed(item, str(error) or repr(error))

    return call


def outcome(
    results: Sequence[Mapping[str, Any]], before: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[str, Any]:
    """The module's result: `changed` and `diff` from the plan, and a failure that names every image that failed."""
    report: dict[str, Any] = {
        "changed": any(result["action"] not in ("none", "skipped") for result in results),
        "results": list(results),
        "diff": {"before": yaml_text(before), "after": yaml_text(after)},
    }
    errors = [f"{result['name']}: {result['error']}" for result in results if result.get("error")]
    if errors:
        report["failed"] = True
        report["msg"] = f"{len(errors)} of {len(results)} images failed. " + " | ".join(errors)
    return report


def auth(params: Mapping[str, Any]) -> dict[str, str]:
    """Credentials in the engine's words; empty (never absent) without a user, because an engine from 28.3.3 on
    refuses a push that has no authentication header at all."""
    if not params.get("registry_username"):
        return {}
    return {"username": params["registry_username"], "password": params.get("registry_password") or ""}
