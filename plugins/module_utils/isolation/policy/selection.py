# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which containers are meant: by name, labels and image. One meaning for facts, rules and waivers. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import as_list, as_mapping

DIGEST = "sha256:"
LATEST = ":latest"
# What the engine shows of an id is its beginning.
_SHORT_ID = re.compile(r"[0-9a-f]{12,64}")


def labels_fit(wanted: Mapping[str, str], present: Mapping[str, Any]) -> bool:
    """Are all these labels there? An empty value asks for the label alone."""
    return all(key in present and (not value or str(present[key]) == value) for key, value in wanted.items())


def name_fits(patterns: Iterable[str], name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def image_fits(patterns: Iterable[str], name: str, identifier: str) -> bool:
    """name: as the container was made with it. identifier: the image's id; of it the beginning is enough."""
    digest = identifier[len(DIGEST) :] if identifier.startswith(DIGEST) else identifier
    spellings = {name, _with_tag(name), *((identifier, digest) if identifier else ())}
    if name.endswith(LATEST):
        spellings.add(name[: -len(LATEST)])
    return any(
        any(fnmatchcase(spelling, pattern) for spelling in spellings if spelling)
        or bool(_SHORT_ID.fullmatch(pattern) and digest.startswith(pattern))
        for pattern in patterns
    )


def _with_tag(name: str) -> str:
    """A name without tag and digest means latest."""
    return name if not name or ":" in name.rsplit("/", 1)[-1] or "@" in name else name + LATEST


@dataclass(frozen=True)
class Selection:
    """All that is given must fit; of several names or images one. Nothing given means everything."""

    labels: Mapping[str, str] = field(default_factory=dict)
    containers: tuple[str, ...] = ()
    images: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.labels or self.containers or self.images)

    def fits(self, name: str, labels: Mapping[str, Any], image: str, image_id: str) -> bool:
        return (
            labels_fit(self.labels, labels)
            and (not self.containers or name_fits(self.containers, name))
            and (not self.images or image_fits(self.images, image, image_id))
        )

    def document(self) -> dict[str, Any]:
        """The JSON form."""
        return {"labels": dict(self.labels), "containers": list(self.containers), "images": list(self.images)}


def selection_from(given: Any) -> Selection:
    """Reads the JSON form back; what is not there selects nothing away."""
    document = as_mapping(given)
    labels = {str(key): str(value) for key, value in as_mapping(document.get("labels")).items()}
    return Selection(
        labels, tuple(map(str, as_list(document.get("containers")))), tuple(map(str, as_list(document.get("images"))))
    )
