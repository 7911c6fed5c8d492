# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the image modules share: work on a list concurrently, and one result per image whatever fails."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from typing import Any, TypeVar

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.digest import yaml_text
from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError

Item = TypeVar("Item")
Result = TypeVar("Result")

UNCHANGED = ("none", "skipped")


def once(names: Sequence[str], option: str = "name") -> None:
    """Refuses a list that names one thing twice: the two would undo each other in every run."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"images lists the {option} {', '.join(twice)} more than once. List each once.")


def in_parallel(work: Callable[[Item], Result], items: Iterable[Item], workers: int) -> list[Result]:
    """The results in the order of the items. The first exception that `work` lets through ends the call."""
    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        return list(pool.map(work, items))


def in_order(
    work: Callable[[Item, list[str]], dict[str, Any]],
    items: Mapping[str, Item],
    after: Mapping[str, Collection[str]],
    workers: int,
) -> dict[str, dict[str, Any]]:
    """The results of all items. Each begins when those that it stands on are done, and is told which of them failed."""
    sorter: TopologicalSorter[str] = TopologicalSorter(after)
    results: dict[str, dict[str, Any]] = {}
    sorter.prepare()
    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        running: dict[Any, str] = {}
        while sorter.is_active():
            for name in sorter.get_ready():
                broken = sorted(below for below in after[name] if results[below].get("error"))
                running[pool.submit(work, items[name], broken)] = name
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                name = running.pop(future)
                results[name] = future.result()
                sorter.done(name)
    return results


def attempt(work: Callable[[], dict[str, Any]], otherwise: Mapping[str, Any]) -> dict[str, Any]:
    """The result of `work`, or a failed one instead of an error: one image that fails must not hide the others."""
    try:
        return work()
    except (EngineError, InputError, OSError) as error:
        return {**otherwise, "error": str(error)}


def outcome(results: Sequence[Mapping[str, Any]], label: str = "name") -> dict[str, Any]:
    """The module's result. What changed and the diff follow from the actions; a failure names every image."""
    done = [item for item in results if item["action"] not in UNCHANGED and not item.get("error")]
    after = {item[label]: {k: item[k] for k in ("digest", "action", "reason")} for item in done}
    report: dict[str, Any] = {
        "changed": bool(done),
        "results": list(results),
        "diff": {
            "before": yaml_text({item[label]: {"digest": item["previous"]} for item in done}),
            "after": yaml_text(after),
        },
    }
    errors = [f"{item[label]}: {item['error']}" for item in results if item.get("error")]
    if errors:
        report["failed"] = True
        report["msg"] = f"{len(errors)} of {len(results)} images failed. " + " | ".join(errors)
    return report
