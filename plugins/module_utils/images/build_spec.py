# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One image to build, as the caller describes it, and what a builder is told of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_name import ImageName, normal
from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError
from ansible_collections.bulkhead.classroom.plugins.module_utils.secret_names import looks_secret
from ansible_collections.bulkhead.classroom.plugins.module_utils.units import SpecError, parse_size

_PLATFORM = re.compile(r"[a-z0-9]+(/[a-z0-9_]+(/[a-z0-9]+)?)?")
BUILDERS = ("engine", "buildx")


@dataclass(frozen=True)
class Spec:
    """`args`, `target`, `labels` and `platform` are part of the image; the rest only says how it is built or named."""

    name: str
    path: str
    dockerfile: str = "Dockerfile"
    args: Mapping[str, str] = field(default_factory=dict)
    target: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    platform: str | None = None
    tags: tuple[str, ...] = ()
    pull: bool = False
    no_cache: bool = False
    network: str | None = None
    memory: int | None = None
    extra_hosts: Mapping[str, str] = field(default_factory=dict)
    builder: str = "engine"

    @classmethod
    def from_params(cls, item: Mapping[str, Any], builder: str = "engine") -> Spec:
        name = _tag(item["name"], "name")
        args = _text(item.get("args"))
        secrets = sorted(secret_args(item))
        if secrets and not item.get("allow_secret_args"):
            raise InputError(
                f"{name}: the build argument {', '.join(secrets)} looks like a secret, and whoever has the image can "
                "read build arguments in its history. Bring what it opens into the context, or set allow_secret_args "
                "when it is no secret."
            )
        if item.get("memory") and builder == "buildx":
            raise InputError(f"{name}: BuildKit cannot limit memory. Leave memory out, or set builder to engine.")
        return cls(
            name,
            item["path"],
            item.get("dockerfile") or "Dockerfile",
            args,
            item.get("target"),
            _text(item.get("labels")),
            _platform(item.get("platform"), name),
            tuple(dict.fromkeys(_tag(tag, "tags") for tag in item.get("tags") or [])),
            bool(item.get("pull")),
            bool(item.get("no_cache")),
            item.get("network"),
            _memory(item.get("memory"), name),
            _text(item.get("extra_hosts")),
            builder,
        )

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *(tag for tag in self.tags if tag != self.name))

    def engine_options(self, labels: Mapping[str, str]) -> dict[str, Any]:
        """The parameters of the engine's own builder, beside the Dockerfile and the name."""
        options: dict[str, Any] = {"buildargs": dict(self.args), "labels": {**self.labels, **labels}}
        options.update({"target": self.target} if self.target else {})
        options.update({"platform": self.platform} if self.platform else {})
        # The engine's cache does not tell platforms apart: it would give what was built for another one.
        options.update({"nocache": True} if self.no_cache or self.platform else {})
        options.update({"networkmode": self.network} if self.network else {})
        # Equal values: no swap on top, or the limit would be twice what was said.
        options.update({"memory": self.memory, "memswap": self.memory} if self.memory else {})
        hosts = [f"{name}:{address}" for name, address in sorted(self.extra_hosts.items())]
        return {**options, "extrahosts": hosts} if hosts else options


def secret_args(item: Mapping[str, Any]) -> dict[str, str]:
    """The build arguments of an image whose names look like a secret's."""
    return {name: value for name, value in _text(item.get("args")).items() if looks_secret(name)}


def platform_of(image: Mapping[str, Any]) -> str | None:
    """os/architecture[/variant] of an inspected image."""
    parts = [image.get("Os"), image.get("Architecture"), image.get("Variant")]
    return "/".join(part for part in parts if part) or None


def same_platform(wanted: str | None, found: str | None) -> bool:
    """True where nothing is wanted or known. A variant counts only where both name one."""
    if not wanted or not found:
        return True
    return all(one == other for one, other in zip(wanted.split("/"), found.split("/")))


def _tag(text: str, option: str) -> str:
    if ImageName.parse(text).digest:
        raise InputError(f"{option}: {text} holds a digest, which only the build can give. Write repository:tag.")
    return normal(text)


def _text(values: Mapping[str, Any] | None) -> dict[str, str]:
    return {str(name): "" if value is None else str(value) for name, value in (values or {}).items()}


def _platform(text: str | None, name: str) -> str | None:
    if not text:
        return None
    if not _PLATFORM.fullmatch(text):
        raise InputError(f"{name}: platform {text!r} is none. Write os/architecture, for example linux/arm64.")
    return text if "/" in text else f"linux/{text}"


def _memory(value: Any, name: str) -> int | None:
    if value is None:
        return None
    try:
        return parse_size(value, "memory")
    except SpecError as error:
        raise InputError(f"{name}: {error}.") from error
