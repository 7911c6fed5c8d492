# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The adapter between file_set's plan and a real file system."""

from __future__ import annotations

import errno
import grp
import os
import pwd
import shlex
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.file_set import (
    FileSetError,
    Found,
    Spec,
    Step,
    Wanted,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.labels import mislabelled, relabel

# One fixed name: what a killed run leaves behind is overwritten, and so removed, by the next one.
STAGED = ".{0}.bulkhead-new"
# A number that no host uses: stands for an account that does not exist yet, so that a plan shows a change.
UNKNOWN_ID = -1
FILE_TYPES = {"directory": stat.S_IFDIR, "present": stat.S_IFREG}


class FileSystem:
    """`module` gives the SELinux helpers and run_command of an AnsibleModule."""

    def __init__(self, module: Any) -> None:
        self.module = module

    def resolve(self, spec: Spec, lenient: bool = False) -> Wanted:
        if spec.state == "absent":
            return Wanted(spec)
        return Wanted(
            spec,
            owner=_resolve_id(spec.path, spec.owner, "user", lambda name: pwd.getpwnam(name).pw_uid, lenient),
            group=_resolve_id(spec.path, spec.group, "group", lambda name: grp.getgrnam(name).gr_gid, lenient),
            context=self._wanted_context(spec),
        )

    def observe(self, wanted: Wanted) -> Found:
        path = wanted.spec.path
        try:
            info = os.lstat(path)
        except FileNotFoundError:
            return Found()
        except NotADirectoryError as error:
            raise FileSetError(f"{path} lies below something that is no directory; move that out of the way") from error
        kind = _kind(info.st_mode)
        below = kind == "directory" and wanted.spec.recurse_context and wanted.context
        return Found(
            kind=kind,
            content=Path(path).read_bytes() if kind == "file" else b"",
            mode=stat.S_IMODE(info.st_mode),
            owner=info.st_uid,
            group=info.st_gid,
            context=self._context(path),
            entries=tuple(os.listdir(path)) if kind == "directory" else (),  # noqa: PTH208 - names are wanted
            mislabelled=sum(1 for _entry in mislabelled(path, wanted.context)) if below and wanted.context else 0,
        )

    def apply(self, steps: Sequence[Step]) -> None:
        staged: dict[str, str] = {}
        try:
            for step in steps:
                if step.action == "directory":
                    self._make_directory(step)
                elif step.action == "write":
                    staged[step.path] = self._stage(step)
            for path, temporary in staged.items():
                os.rename(temporary, path)  # noqa: PTH104
        except OSError as error:
            raise FileSetError(f"Cannot write {error.filename}: {error.strerror}") from error
        finally:
            for temporary in staged.values():
                Path(temporary).unlink(missing_ok=True)
        self._finish(steps)

    def _finish(self, steps: Sequence[Step]) -> None:
        for step in steps:
            try:
                if step.action == "attributes":
                    self._set_attributes(step.path, step.wanted)
                elif step.action == "remove":
                    _remove(step.path)
            except OSError as error:
                raise FileSetError(f"Cannot change {step.path}: {error.strerror}") from error

    def _make_directory(self, step: Step) -> None:
        _require_parent(step.path)
        os.mkdir(step.path, 0o700)  # noqa: PTH102 - closed until owner and context are right
        self._set_attributes(step.path, step.wanted)

    def _stage(self, step: Step) -> str:
        _require_parent(step.path)
        target = Path(step.path)
        temporary = str(target.with_name(STAGED.format(target.name)))
        Path(temporary).unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(step.wanted.spec.content)
                stream.flush()
                os.fsync(stream.fileno())
            self._keep_owner(step, temporary)
            self._set_attributes(temporary, step.wanted)
            self._validate(step.wanted.spec, temporary)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        return temporary

    def _keep_owner(self, step: Step, temporary: str) -> None:
        """A rename would otherwise give the file to whom the module runs as."""
        try:
            info = os.lstat(step.path)
        except FileNotFoundError:
            return
        os.chown(temporary, info.st_uid, info.st_gid, follow_symlinks=False)

    def _set_attributes(self, path: str, wanted: Wanted) -> None:
        if wanted.owner is not None or wanted.group is not None:
            owner = -1 if wanted.owner is None else wanted.owner
            group = -1 if wanted.group is None else wanted.group
            os.chown(path, owner, group, follow_symlinks=False)
        os.chmod(path, wanted.spec.mode)  # noqa: PTH101 - after chown, which clears setuid bits
        if wanted.context is not None:
            self.module.set_context_if_different(path, wanted.context.split(":", 3), False)
            if wanted.spec.recurse_context:
                relabel(path, wanted.context)

    def _validate(self, spec: Spec, temporary: str) -> None:
        if spec.validate is None:
            return
        command = shlex.split(spec.validate.replace("%s", shlex.quote(temporary)))
        code, output, errors = self.module.run_command(command)
        if code:
            said = "" if spec.secret else f" It says: {(errors or output).strip()}"
            raise FileSetError(
                f"{spec.path}: the new content does not pass {spec.validate!r} ({code}), nothing was replaced.{said}"
            )

    def _context(self, path: str) -> str | None:
        if not self.module.selinux_enabled():
            return None
        return _joined(self.module.selinux_context(path))

    def _wanted_context(self, spec: Spec) -> str | None:
        if not self.module.selinux_enabled():
            return None
        if spec.context is not None:
            return spec.context
        return _joined(self.module.selinux_default_context(spec.path, FILE_TYPES[spec.state] | spec.mode))


def _remove(path: str) -> None:
    try:
        remove = os.rmdir if _kind(os.lstat(path).st_mode) == "directory" else os.unlink
        remove(path)
    except FileNotFoundError:
        # A staged file of a killed run, which this run has overwritten and put in place.
        return
    except OSError as error:
        if error.errno != errno.ENOTEMPTY:
            raise
        raise FileSetError(f"{path} is a directory that is not empty, and not listed; empty it or list it") from error


def _joined(parts: Sequence[str | None]) -> str | None:
    return ":".join(str(part) for part in parts) if parts and all(part is not None for part in parts) else None


def _kind(mode: int) -> str:
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "directory"
    return "link" if stat.S_ISLNK(mode) else "other"


def _require_parent(path: str) -> None:
    parent = Path(path).parent
    if not parent.is_dir():
        raise FileSetError(f"{path}: there is no directory {parent}; list it before, with state directory")


def _resolve_id(path: str, name: str | None, what: str, look_up: Callable[[str], int], lenient: bool) -> int | None:
    if name is None:
        return None
    if name.isdigit():
        return int(name)
    try:
        return look_up(name)
    except KeyError:
        if lenient:
            return UNKNOWN_ID
        raise FileSetError(
            f"{path}: this host has no {what} {name!r}; correct the name or install what makes it"
        ) from None
