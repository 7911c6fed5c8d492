# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings that are accepted: which, of whom, why and until when. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from typing import Any, Union

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import as_list, shown
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.selection import Selection
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.values import (
    PolicyError,
    check_exists,
    known,
    labels_from,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container, Host, Item

SELECTORS = ("subject", "labels", "image")
REQUIRED = ("check", "reason", "expires")
# What a finding is about; nothing for a container that is not there.
Subject = Union[Container, Host, Item, None]


@dataclass(frozen=True)
class Waiver:
    """An accepted finding. All that is given of subject (a pattern of findings' own), labels and image must fit."""

    check: str
    reason: str
    expires: date
    subject: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    image: str = ""

    def covers(self, check: str, name: str, subject: Subject = None) -> bool:
        if self.check != check or not fnmatchcase(name, self.subject or "*"):
            return False
        wanted = Selection(self.labels, (), (self.image,) if self.image else ())
        return not wanted or (isinstance(subject, (Container, Item)) and _fits(wanted, subject))

    def expired(self, today: date) -> bool:
        """The day of expiry itself is still covered."""
        return today > self.expires

    def line(self, today: date, matched: int) -> dict[str, Any]:
        """As the report has it. matched: how many red findings it fits, whether it still applies or not."""
        return {
            "check": self.check,
            "subject": shown(self.subject),
            "labels": {shown(key): shown(value) for key, value in self.labels.items()},
            "image": shown(self.image),
            "reason": shown(self.reason),
            "expires": self.expires.isoformat(),
            "expired": self.expired(today),
            "matched": matched,
        }


def _fits(wanted: Selection, subject: Container | Item) -> bool:
    if isinstance(subject, Container):
        return wanted.fits(subject.given_name, subject.labels, subject.image, subject.image_id)
    # An image by any of its names. Its labels are no container's.
    names = [subject.record.get("name"), *as_list(subject.record.get("names"))]
    identifier = str(subject.record.get("id") or "")
    return subject.kind == "image" and any(wanted.fits("", {}, str(name or ""), identifier) for name in names)


class Accepted:
    """All waivers of a run. Found by check, so that the work does not grow with the two multiplied."""

    def __init__(self, waivers: tuple[Waiver, ...], today: date) -> None:
        self.waivers, self.today = waivers, today
        self._matched = dict.fromkeys(range(len(waivers)), 0)
        self._by_check: dict[str, list[int]] = {}
        for place, waiver in enumerate(waivers):
            self._by_check.setdefault(waiver.check, []).append(place)

    def accept(self, check: str, name: str, subject: Subject) -> dict[str, Any] | None:
        """For a red finding: the waiver as the finding shows it; of several the one that lasts longest."""
        fitting = [place for place in self._by_check.get(check, ()) if self.waivers[place].covers(check, name, subject)]
        if not fitting:
            return None
        for place in fitting:
            self._matched[place] += 1
        best = max((self.waivers[place] for place in fitting), key=lambda waiver: waiver.expires)
        return {
            "reason": shown(best.reason),
            "expires": best.expires.isoformat(),
            "expired": best.expired(self.today),
        }

    def lines(self) -> list[dict[str, Any]]:
        return [waiver.line(self.today, self._matched[place]) for place, waiver in enumerate(self.waivers)]


def waivers_from(given: Any, checks: frozenset[str]) -> tuple[Waiver, ...]:
    if given is not None and not isinstance(given, (list, tuple)):
        raise PolicyError("waivers must be a list of dictionaries.")
    return tuple(_waiver(entry, f"waivers[{index}]", checks) for index, entry in enumerate(given or []))


def _waiver(entry: Any, where: str, checks: frozenset[str]) -> Waiver:
    given = {key: value for key, value in known(entry, Waiver, where).items() if value is not None}
    labels = labels_from(given.pop("labels", {}), f"{where}.labels")
    values = {key: str(value).strip() for key, value in given.items()}
    missing = [key for key in REQUIRED if not values.get(key)]
    if missing:
        raise PolicyError(f"{where} lacks {', '.join(missing)}. A waiver needs {', '.join(REQUIRED)}.")
    if not (labels or values.get("subject") or values.get("image")):
        raise PolicyError(f"{where} lacks subject. Name {', '.join(SELECTORS)} or several of them.")
    check_exists(values["check"], checks, where)
    try:
        expires = date.fromisoformat(values["expires"])
    except ValueError:
        raise PolicyError(f"{where}.expires is {values['expires']!r}. Write a date: 2026-12-31.") from None
    subject, image = values.get("subject", ""), values.get("image", "")
    return Waiver(values["check"], values["reason"], expires, subject, labels, image)
