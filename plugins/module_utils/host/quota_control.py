# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The adapter between project_quota's plan and the kernel: quotactl(2) and the file attributes of XFS and ext4.

The tools of the file systems (xfs_quota, setquota) print for people, and each knows its own file system alone.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import stat
import struct
from collections.abc import Sequence
from pathlib import Path

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.mountinfo import Mount, covering, parse
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.project_quota import (
    BLOCK,
    Found,
    Quota,
    QuotaError,
    Step,
    check_room,
)

PRJQUOTA = 2
Q_GETQUOTA, Q_SETQUOTA = 0x800007, 0x800008
QIF_BLIMITS, QIF_ILIMITS = 1, 4
# struct if_dqblk: hard and soft blocks, bytes used; hard and soft inodes, inodes used; two times; which are valid.
DQBLK = struct.Struct("8QI4x")
FS_IOC_FSGETXATTR, FS_IOC_FSSETXATTR = 0x801C581F, 0x401C5820
# struct fsxattr: flags, two numbers, project, the rest.
FSXATTR = struct.Struct("4I12s")
PROJINHERIT = 0x200
OPTIONS = {"prjquota", "pquota"}
OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class QuotaControl:
    def __init__(self, mountinfo: str = "/proc/self/mountinfo") -> None:
        self.mounts = parse(Path(mountinfo).read_text(encoding="utf-8", errors="surrogateescape"))
        self.libc = ctypes.CDLL(None, use_errno=True)

    def check(self, wanted: Sequence[Quota]) -> None:
        """Every directory on a file system that counts projects, and together within its size."""
        by_source: dict[str, list[Quota]] = {}
        for want in wanted:
            by_source.setdefault(self._mount(want.path).source, []).append(want)
        for source, quotas in by_source.items():
            counted = os.statvfs(self._mount(quotas[0].path).target)
            check_room(quotas, counted.f_blocks * counted.f_frsize, source)

    def observe(self, want: Quota) -> Found:
        size, inodes = self._limits(want)
        try:
            descriptor = os.open(want.path, OPEN | os.O_DIRECTORY)
        except FileNotFoundError:
            return Found(size=size, inodes=inodes)
        try:
            flags, _extent, _extents, project, _rest = attributes(descriptor)
        finally:
            os.close(descriptor)
        return Found(True, project, bool(flags & PROJINHERIT), size, inodes)

    def apply(self, steps: Sequence[Step]) -> None:
        for step in steps:
            try:
                # The limit first: what is counted from now on is limited from the beginning.
                if {"size", "inodes"} & set(step.reasons):
                    self._set_limits(step.wanted)
                if "project" in step.reasons:
                    set_project(step.wanted.path, step.wanted.project)
            except OSError as error:
                raise QuotaError(f"{step.wanted.path}: cannot set its quota: {error.strerror}") from error

    def _mount(self, path: str) -> Mount:
        mount = covering(self.mounts, os.path.realpath(path))
        if mount is None or not OPTIONS & set(mount.super_options.split(",")):
            where = f"{mount.filesystem} on {mount.target}" if mount else "no mount"
            raise QuotaError(
                f"{path} lies on a file system without project quota ({where}), so nothing can hold it to a size: "
                "mount XFS with the option pquota there, choose another place, or give no size"
            )
        return mount

    def _limits(self, want: Quota) -> tuple[int, int]:
        buffer = ctypes.create_string_buffer(DQBLK.size)
        try:
            self._quotactl(Q_GETQUOTA, want, buffer)
        except OSError as error:
            # A project that nobody has used yet.
            if error.errno == errno.ENOENT:
                return 0, 0
            raise QuotaError(f"{want.path}: cannot read its quota: {error.strerror}") from error
        hard, _soft, _used, inodes, *_rest = DQBLK.unpack(buffer.raw)
        return hard * BLOCK, inodes

    def _set_limits(self, want: Quota) -> None:
        values = DQBLK.pack(want.size // BLOCK, 0, 0, want.inodes, 0, 0, 0, 0, QIF_BLIMITS | QIF_ILIMITS)
        self._quotactl(Q_SETQUOTA, want, ctypes.create_string_buffer(values, DQBLK.size))

    def _quotactl(self, command: int, want: Quota, buffer: ctypes.Array[ctypes.c_char]) -> None:
        source = os.fsencode(self._mount(want.path).source)
        if self.libc.quotactl(command << 8 | PRJQUOTA, source, ctypes.c_int(want.project), buffer):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))


def attributes(descriptor: int) -> tuple[int, int, int, int, bytes]:
    found = fcntl.ioctl(descriptor, FS_IOC_FSGETXATTR, bytes(FSXATTR.size))
    flags, extent, extents, project, rest = FSXATTR.unpack(found)
    return flags, extent, extents, project, rest


def set_project(top: str, project: int) -> None:
    """The directory last: an interrupted run finds it without, and begins anew."""
    for _root, directories, files, descriptor in os.fwalk(top, topdown=False, follow_symlinks=False):
        for name in (*directories, *files):
            _set_entry(name, descriptor, project)
    _set_entry(top, None, project)


def _set_entry(name: str, directory: int | None, project: int) -> None:
    """Links, sockets and pipes hold no blocks, and cannot be opened for this."""
    try:
        mode = os.stat(name, dir_fd=directory, follow_symlinks=False).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            return
        descriptor = os.open(name, OPEN, dir_fd=directory)
    except OSError as error:
        # Removed, or turned into a link, by its owner since the directory was listed.
        if error.errno in (errno.ENOENT, errno.ELOOP, errno.ENXIO):
            return
        raise
    try:
        flags, extent, extents, _project, rest = attributes(descriptor)
        inherit = PROJINHERIT if stat.S_ISDIR(mode) else 0
        fcntl.ioctl(descriptor, FS_IOC_FSSETXATTR, FSXATTR.pack(flags | inherit, extent, extents, project, rest))
    finally:
        os.close(descriptor)
