# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to happen to a list of files so that they are as wanted. Nothing here touches a disk."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

HIDDEN = "(content not shown: it is marked secret)\n"
DEFAULT_MODES = {"directory": 0o755, "present": 0o644}
SECRET_MODE = 0o600


class FileSetError(Exception):
    """A list of files that cannot be right, or a host where it cannot be applied."""


@dataclass(frozen=True)
class Spec:
    """One file, directory or absence as wanted; None means: leave as it is."""

    path: str
    state: str = "present"
    content: bytes = b""
    mode: int = 0o644
    owner: str | None = None
    group: str | None = None
    secret: bool = False
    validate: str | None = None
    context: str | None = None
    recurse_context: bool = False
    prune: bool = False
    prune_pattern: str = "*"

    @classmethod
    def from_params(cls, item: Mapping[str, Any]) -> Spec:
        path, state = item["path"], item.get("state") or "present"
        if not path.startswith("/") or posixpath.normpath(path) != path:
            raise FileSetError(f"{path!r} is no absolute, normalised path; write it out from / on, without .. or //")
        _check_item(path, state, item)
        secret = bool(item.get("secret"))
        return cls(
            path=path,
            state=state,
            content=(item.get("content") or "").encode("utf-8"),
            mode=parse_mode(path, item.get("mode"), SECRET_MODE if secret else DEFAULT_MODES.get(state, 0)),
            owner=item.get("owner"),
            group=item.get("group"),
            secret=secret,
            validate=item.get("validate"),
            context=item.get("context"),
            recurse_context=bool(item.get("recurse_context")),
            prune=bool(item.get("prune")),
            prune_pattern=item.get("prune_pattern") or "*",
        )


@dataclass(frozen=True)
class Found:
    """What is at a path. `kind` is absent, file, directory, link or other."""

    kind: str = "absent"
    content: bytes = b""
    mode: int | None = None
    owner: int | None = None
    group: int | None = None
    context: str | None = None
    entries: tuple[str, ...] = ()
    mislabelled: int = 0


@dataclass(frozen=True)
class Wanted:
    """A Spec with what only the host knows: numeric ids and the policy's default context."""

    spec: Spec
    owner: int | None = None
    group: int | None = None
    context: str | None = None


@dataclass(frozen=True)
class Step:
    """action is directory, write, attributes or remove; `reasons` names what differs."""

    action: str
    wanted: Wanted
    reasons: tuple[str, ...]

    @property
    def path(self) -> str:
        return self.wanted.spec.path

    def as_result(self) -> dict[str, Any]:
        return {"path": self.path, "action": self.action, "reasons": list(self.reasons)}


def _check_item(path: str, state: str, item: Mapping[str, Any]) -> None:
    content, validate, context = (item.get(name) for name in ("content", "validate", "context"))
    if state == "present" and content is None:
        raise FileSetError(f"{path} has no content; give content, or state directory or absent")
    if state != "present" and content is not None:
        raise FileSetError(f"{path} has content and state {state}; drop one of the two")
    if validate is not None and "%s" not in validate:
        raise FileSetError(f"{path}: validate must name the file to check as %s, but is {validate!r}")
    if context is not None and context.count(":") < 3:
        raise FileSetError(f"{path}: context {context!r} is not user:role:type:level; write all four parts")
    if item.get("prune") and state != "directory":
        raise FileSetError(f"{path}: prune wants state directory; drop one of the two")
    if item.get("recurse_context") and (state != "directory" or context is None):
        raise FileSetError(f"{path}: recurse_context wants state directory and a context; give both or drop it")


def parse_mode(path: str, value: Any, default: int) -> int:
    """A mode as number (YAML reads 0644 as one) or as octal digits."""
    if value is None:
        return default
    try:
        mode = value if isinstance(value, int) else int(str(value), 8)
    except ValueError:
        mode = -1
    if isinstance(value, bool) or not 0 <= mode <= 0o7777:
        raise FileSetError(f'{path}: mode {value!r} is no octal mode; write it like "0644"')
    return mode


def parse(items: Sequence[Mapping[str, Any]]) -> list[Spec]:
    """All items, directories first (parents before children) and removals last, each path once."""
    specs = [Spec.from_params(item) for item in items]
    seen: set[str] = set()
    for spec in specs:
        if spec.path in seen:
            raise FileSetError(f"{spec.path} is listed twice; a path has one state")
        seen.add(spec.path)
    order = {"directory": 0, "present": 1, "absent": 2}
    return sorted(specs, key=lambda spec: (order[spec.state], spec.path.count("/") * (1 - order[spec.state])))


def plan(wanted: Sequence[Wanted], found: Mapping[str, Found]) -> list[Step]:
    """The steps from what is found to what is wanted, in order; raises when a step would destroy something."""
    steps = []
    for want in wanted:
        have = found[want.spec.path]
        step = PLANNERS[want.spec.state](want, have)
        if step is not None:
            steps.append(step)
    listed = {want.spec.path for want in wanted}
    for want in wanted:
        steps += _plan_pruning(want, found[want.spec.path], listed)
    return steps


def _plan_pruning(want: Wanted, have: Found, listed: set[str]) -> list[Step]:
    if not want.spec.prune:
        return []
    names = (name for name in have.entries if fnmatchcase(name, want.spec.prune_pattern))
    extra = (posixpath.join(want.spec.path, name) for name in names)
    gone = (Wanted(Spec(path, state="absent")) for path in sorted(extra) if path not in listed)
    return [Step("remove", want, ("not listed",)) for want in gone]


def _plan_absent(want: Wanted, have: Found) -> Step | None:
    if have.kind == "absent":
        return None
    if have.kind == "directory" and have.entries:
        raise FileSetError(f"{want.spec.path} is a directory that is not empty; empty it first, this module never does")
    return Step("remove", want, ("present",))


def _plan_directory(want: Wanted, have: Found) -> Step | None:
    if have.kind == "absent":
        return Step("directory", want, ("absent",))
    if have.kind != "directory":
        raise FileSetError(f"{want.spec.path} should be a directory but is a {have.kind}; move it out of the way")
    return _plan_attributes(want, have)


def _plan_file(want: Wanted, have: Found) -> Step | None:
    if have.kind == "directory":
        raise FileSetError(f"{want.spec.path} should be a file but is a directory; move it out of the way")
    if have.kind != "file":
        return Step("write", want, ("absent",) if have.kind == "absent" else (have.kind,))
    if have.content != want.spec.content:
        return Step("write", want, ("content", *_differences(want, have)))
    return _plan_attributes(want, have)


PLANNERS = {"absent": _plan_absent, "directory": _plan_directory, "present": _plan_file}


def _plan_attributes(want: Wanted, have: Found) -> Step | None:
    reasons = _differences(want, have)
    return Step("attributes", want, reasons) if reasons else None


def _differences(want: Wanted, have: Found) -> tuple[str, ...]:
    pairs = {
        "mode": (want.spec.mode, have.mode),
        "owner": (want.owner, have.owner),
        "group": (want.group, have.group),
        "context": (want.context, have.context),
    }
    differing = [name for name, (left, right) in pairs.items() if left is not None and left != right]
    return (*differing, *([f"context of {have.mislabelled} below"] if have.mislabelled else []))


def diff(step: Step, have: Found) -> dict[str, str]:
    """One entry of Ansible's diff list. A secret's content never gets into it, old or new."""
    before, after = _attributes(have), _wanted_attributes(step, have)
    if step.action == "write":
        before += _shown(have.content, step.wanted.spec.secret) if have.kind == "file" else ""
        after += _shown(step.wanted.spec.content, step.wanted.spec.secret)
    return {"before_header": step.path, "after_header": step.path, "before": before, "after": after}


def _shown(content: bytes, secret: bool) -> str:
    return HIDDEN if secret else content.decode("utf-8", errors="replace")


def _attributes(have: Found) -> str:
    if have.kind == "absent":
        return "state: absent\n"
    below = f"mislabelled below: {have.mislabelled}\n" if have.mislabelled else ""
    return _describe(have.kind, have.mode, have.owner, have.group, have.context) + below


def _wanted_attributes(step: Step, have: Found) -> str:
    if step.action == "remove":
        return "state: absent\n"
    want = step.wanted
    kind = "directory" if want.spec.state == "directory" else "file"
    owner = have.owner if want.owner is None else want.owner
    group = have.group if want.group is None else want.group
    return _describe(kind, want.spec.mode, owner, group, want.context or have.context)


def _describe(kind: str, mode: int | None, owner: int | None, group: int | None, context: str | None) -> str:
    lines = [f"state: {kind}"]
    lines += [f"mode: {mode:04o}"] if mode is not None else []
    lines += [
        f"{name}: {value}"
        for name, value in (("owner", owner), ("group", group), ("context", context))
        if value is not None
    ]
    return "\n".join(lines) + "\n"
