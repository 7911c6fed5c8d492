# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The health check of a container: what a task says, what an image brings along, what the engine reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.units import SpecError, in_range, parse_duration

KINDS = ("NONE", "CMD", "CMD-SHELL")
_TIMES = {
    "interval": "Interval",
    "timeout": "Timeout",
    "start_period": "StartPeriod",
    "start_interval": "StartInterval",
}


@dataclass(frozen=True)
class Healthcheck:
    """Times in nanoseconds; nothing and zero mean that the image decides, and the engine where the image does not."""

    test: tuple[str, ...] = ()
    interval: int = 0
    timeout: int = 0
    start_period: int = 0
    start_interval: int = 0
    retries: int = 0

    def __str__(self) -> str:
        words = [" ".join(self.test)] if self.test else []
        words += [f"{name} {getattr(self, name) / 1_000_000_000:g}s" for name in _TIMES if getattr(self, name)]
        return ", ".join(words + ([f"retries {self.retries}"] if self.retries else []))


def healthcheck_from_params(params: Mapping[str, Any] | None) -> Healthcheck | None:
    given = {name: value for name, value in (params or {}).items() if value is not None}
    if not given:
        return None
    times = {name: parse_duration(given[name], f"healthcheck: {name}") for name in _TIMES if name in given}
    retries = in_range(given["retries"], 1, 1 << 30, "healthcheck: retries") if "retries" in given else 0
    return Healthcheck(test=_test(given.get("test")), retries=retries, **times)


def _test(words: Any) -> tuple[str, ...]:
    if words is None:
        return ()
    test = tuple(map(str, words))
    # One word alone is a line for the shell, as the engine's client has it.
    if len(test) == 1 and test[0] not in KINDS:
        test = ("CMD-SHELL", test[0])
    if not test or test[0] not in KINDS or (len(test) == 1) != (test[0] == "NONE"):
        raise SpecError(
            "healthcheck: test is one line for the shell, or a list that begins with CMD or CMD-SHELL and goes on with "
            "the command, or [NONE] to switch off the image's check"
        )
    return test


def healthcheck_from_inspect(document: Mapping[str, Any] | None) -> Healthcheck | None:
    """Of a container or of an image."""
    if not document:
        return None
    times = {name: int(document.get(word) or 0) for name, word in _TIMES.items()}
    return Healthcheck(tuple(document.get("Test") or ()), retries=int(document.get("Retries") or 0), **times)


def healthcheck_to_api(check: Healthcheck | None) -> dict[str, Any] | None:
    if check is None:
        return None
    body: dict[str, Any] = {"Test": list(check.test), "Retries": check.retries}
    body.update({word: getattr(check, name) for name, word in _TIMES.items()})
    return {word: value for word, value in body.items() if value}


def merged(own: Healthcheck | None, image: Healthcheck | None) -> Healthcheck | None:
    """The image fills in what is left open, as the engine does it."""
    if own is None or image is None:
        return own or image
    return Healthcheck(**{one.name: getattr(own, one.name) or getattr(image, one.name) for one in fields(Healthcheck)})
