# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of images, in the one form in which they can be compared."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]+)?"
_REPOSITORY = re.compile(rf"(?:{_HOST}/)?{_PART}(?:/{_PART})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class ImageName:
    """repository:tag or repository@digest. Without either the engine means the tag latest, and so do we."""

    repository: str
    tag: str | None
    digest: str | None = None

    @classmethod
    def parse(cls, text: str) -> ImageName:
        rest, at, digest = text.partition("@")
        slash = rest.rfind("/")
        colon = rest.rfind(":")
        repository, tag = (rest[:colon], rest[colon + 1 :]) if colon > slash else (rest, "latest")
        if not _REPOSITORY.fullmatch(repository) or not _TAG.fullmatch(tag) or (at and not _DIGEST.fullmatch(digest)):
            raise InputError(
                f"{text!r} is no name of an image. Write repository:tag or repository@sha256:<64 digits>, "
                "the repository in lower case, for example 'registry.example:5000/course/base:1'."
            )
        # An engine looks at the digest alone when both are given.
        return cls(_familiar(repository), None, digest) if at else cls(_familiar(repository), tag)

    def __str__(self) -> str:
        return f"{self.repository}@{self.digest}" if self.digest else f"{self.repository}:{self.tag}"

    def digests(self, repo_digests: list[str] | None) -> list[str]:
        """The digests under which an image is known in this repository (RepoDigests in an engine's words)."""
        pairs = [item.partition("@") for item in repo_digests or []]
        return [digest for repository, at, digest in pairs if at and _familiar(repository) == self.repository]

    def all_digests(self, repo_digests: list[str] | None) -> list[str]:
        """The digests of an image, those in this repository first. A digest is of the content, wherever that lies."""
        found = self.digests(repo_digests) + [item.partition("@")[2] for item in repo_digests or [] if "@" in item]
        return list(dict.fromkeys(found))


def normal(text: str) -> str:
    """A name as the engine lists it."""
    return str(ImageName.parse(text))


def _familiar(repository: str) -> str:
    for prefix in ("docker.io/", "index.docker.io/"):
        if repository.startswith(prefix):
            repository = repository[len(prefix) :]
            return repository[len("library/") :] if repository.startswith("library/") else repository
    return repository
