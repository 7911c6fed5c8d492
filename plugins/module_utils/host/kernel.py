# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel adapter: reads /proc, cgroupfs, selinuxfs and extended attributes, and nothing else. It changes nothing.

Its root can be moved, so that tests run it over a recorded tree. Every read gives a Fact, with the error in words when
it failed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import stat
import struct
from pathlib import Path

from ansible_collections.bulkhead.classroom.plugins.module_utils.host import bpf
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact

# Far beyond what the kernel prints of a busy host. A longer file is an error: of half a list nothing can be proved.
READ_LIMIT = 1 << 26
PART = 1 << 14
ANSWER_LIMIT = 4096
# The second: a path with a NUL in it, or one that no file system can hold.
UNREADABLE = (OSError, ValueError)


class Kernel:
    def __init__(self, root: str = "/") -> None:
        self.root = root.rstrip("/")
        self._once: dict[str, Fact] = {}
        # By their tags, which is all that a fact has of them: a hundred containers share one.
        self.programs: dict[str, bytes] = {}

    def at(self, path: str) -> Path:
        return Path(self.root + path)

    def read(self, path: str) -> Fact:
        """The text of a file, without the line end. A NUL ends it: attr/current has one."""
        try:
            data = contents(self.root + path)
        except UNREADABLE as error:
            return Fact(path, error=words(error))
        if len(data) > READ_LIMIT:
            return Fact(path, error=f"EFBIG longer than {READ_LIMIT} bytes")
        text = data.decode("utf-8", "replace").rstrip("\n\0")
        return Fact(path, text, text)

    def read_once(self, path: str) -> Fact:
        """As read, for what many containers have in common: the second one gets the first one's answer."""
        if path not in self._once:
            self._once[path] = self.read(path)
        return self._once[path]

    def forget(self) -> None:
        """A new run reads everything anew."""
        self._once.clear()
        self.programs.clear()

    def identity(self, path: str) -> Fact:
        """'device:inode' of what the path leads to."""
        try:
            # Asked twenty times for each container: a Path made for it costs as much as the question.
            status = os.stat(self.root + path)  # noqa: PTH116
        except UNREADABLE as error:
            return Fact(path, error=words(error))
        return Fact(path, f"{status.st_dev}:{status.st_ino}")

    def device(self, path: str) -> Fact:
        """'b 254:0' or 'c 1:3' of a device node itself; an error for everything else."""
        try:
            status = os.lstat(self.root + path)
        except UNREADABLE as error:
            return Fact(path, error=words(error))
        kind = "b" if stat.S_ISBLK(status.st_mode) else "c" if stat.S_ISCHR(status.st_mode) else ""
        if not kind:
            return Fact(path, error="ENODEV not a device")
        return Fact(path, f"{kind} {os.major(status.st_rdev)}:{os.minor(status.st_rdev)}")

    def mode(self, path: str) -> Fact:
        """Owner and permissions of what the path leads to."""
        try:
            status = self.at(path).stat()
        except UNREADABLE as error:
            return Fact(path, error=words(error))
        mode = f"{stat.S_IMODE(status.st_mode):04o}"
        return Fact(path, {"mode": mode, "uid": status.st_uid, "gid": status.st_gid}, f"{mode} {status.st_uid}")

    def mode_once(self, path: str) -> Fact:
        """The folders above many sources are the same."""
        key = f"mode of {path}"
        if key not in self._once:
            self._once[key] = self.mode(path)
        return self._once[key]

    def exists(self, path: str) -> bool:
        # pathlib asks for what a link leads to; here the link itself counts.
        return os.path.lexists(self.root + path)

    def real(self, path: str) -> str:
        """The path without links, below the root. One that leads in a circle stays as it is."""
        try:
            return str(self.at(path).resolve())[len(self.root) :] or "/"
        except (*UNREADABLE, RuntimeError):
            return path

    def link(self, path: str) -> Fact:
        """What a link says, not followed: of /proc/PID/fd/N it names what is open."""
        try:
            return Fact(path, str(self.at(path).readlink()))
        except UNREADABLE as error:
            return Fact(path, error=words(error))

    def mount_number(self, path: str) -> Fact:
        """The number, as in mountinfo, of the mount that a path leads to; /proc/PID/cwd is followed to where it is.

        O_PATH opens nothing: it neither reads the file nor wakes a device."""
        try:
            descriptor = os.open(self.root + path, os.O_PATH | os.O_CLOEXEC)
        except UNREADABLE as error:
            return Fact(path, error=words(error))
        try:
            text = contents(f"/proc/self/fdinfo/{descriptor}").decode("ascii", "replace")
            return mount_of(Fact(path, text))
        except UNREADABLE as error:
            return Fact(path, error=words(error))
        finally:
            os.close(descriptor)

    def device_programs(self, path: str) -> Fact:
        """The tags of the programs that decide which devices a group of version 2 opens: its own, and those above."""
        try:
            found = bpf.device_programs(self.root + path)
        except UNREADABLE as error:
            return Fact(path, error=words(error))
        self.programs.update((program.tag, program.code) for program in found)
        numbers = ", ".join(str(program.number) for program in found)
        return Fact(path, [program.tag for program in found], f"programs {numbers}" if found else "no program")

    def opened(self, path: str) -> Fact:
        """Of what a descriptor leads to: its device node ('c 1:3', or nothing), and the device of its file system."""
        try:
            found = self.at(path).stat()
        except UNREADABLE as error:
            return Fact(path, error=words(error))
        kind = "b" if stat.S_ISBLK(found.st_mode) else "c" if stat.S_ISCHR(found.st_mode) else ""
        node = f"{kind} {os.major(found.st_rdev)}:{os.minor(found.st_rdev)}" if kind else ""
        return Fact(path, {"node": node, "file_system": f"{os.major(found.st_dev)}:{os.minor(found.st_dev)}"})

    def status(self, path: str) -> Fact:
        """Owner, group (numbers), mode (octal digits, as text) and time of change of what the path leads to."""
        try:
            found = self.at(path).stat()
        except UNREADABLE as error:
            return Fact(path, error=words(error))
        mode = f"{stat.S_IMODE(found.st_mode):04o}"
        value = {"uid": found.st_uid, "gid": found.st_gid, "mode": mode, "changed": found.st_mtime}
        return Fact(path, value, f"{found.st_uid}:{found.st_gid} {mode}")

    def label(self, path: str) -> Fact:
        """The SELinux label of a file itself (not of what a link leads to)."""
        try:
            raw = os.getxattr(self.root + path, "security.selinux", follow_symlinks=False)
        except UNREADABLE as error:
            return Fact(path, error=words(error))
        text = raw.decode("utf-8", "replace").rstrip("\0")
        return Fact(path, text, text)

    def ask(self, path: str, question: str) -> Fact:
        """The answer of a transaction file of selinuxfs.

        Writing to one is how a question is put to the kernel; the answer is what the same open file then reads. Nothing
        is changed by it, on the host or in its policy.
        """
        try:
            descriptor = os.open(self.root + path, os.O_RDWR | os.O_CLOEXEC)
            try:
                os.write(descriptor, question.encode())
                answer = os.pread(descriptor, ANSWER_LIMIT, 0)
            finally:
                os.close(descriptor)
        except UNREADABLE as error:
            return Fact(path, error=words(error))
        text = answer.decode("utf-8", "replace").rstrip("\n\0")
        return Fact(path, text, f"{question}: {text}")

    def names(self, path: str) -> Fact:
        """The sorted names in a directory."""
        try:
            return Fact(path, sorted(entry.name for entry in self.at(path).iterdir()))
        except UNREADABLE as error:
            return Fact(path, error=words(error))

    def pids(self) -> list[int]:
        names = self.names("/proc")
        return sorted(int(name) for name in names.value or [] if name.isdigit())

    def directories(self, path: str) -> list[str]:
        """A directory and all directories below it."""
        found = [path]
        with contextlib.suppress(*UNREADABLE):
            # scandir says what is a directory without asking for each of a group's fifty files.
            with os.scandir(self.root + path) as entries:
                below = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
            for name in below:
                found.extend(self.directories(f"{path.rstrip('/')}/{name}"))
        return found


def contents(path: str) -> bytes:
    """The bytes of a file, up to one more than the limit. No stream is made for it: most files here are shorter than a
    stream's buffer. A pipe in the place of a file would wait for somebody who writes."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    parts: list[bytes] = []
    left = READ_LIMIT + 1
    try:
        while left > 0:
            part = os.read(descriptor, min(left, PART))
            if not part:
                break
            parts.append(part)
            left -= len(part)
    except BlockingIOError:
        # Nothing stands in it now.
        pass
    finally:
        os.close(descriptor)
    return b"".join(parts)


def words(error: OSError | ValueError) -> str:
    """'EACCES Permission denied': the name is for programs, the text for people."""
    if not isinstance(error, OSError):
        return f"EINVAL {error}"
    name = errno.errorcode.get(error.errno or 0, "EUNKNOWN")
    return f"{name} {error.strerror or error}"


def mount_of(fdinfo: Fact) -> Fact:
    """The number of the mount in the text of /proc/PID/fdinfo/N."""
    if not fdinfo.known:
        return fdinfo
    pairs = (line.partition(":") for line in str(fdinfo.value).splitlines())
    number = next((value.strip() for key, _colon, value in pairs if key == "mnt_id"), "")
    if not number.isdecimal():
        return Fact(fdinfo.path, error="ENODATA the kernel shows no mnt_id")
    return Fact(fdinfo.path, int(number))


def listener_pid(socket_path: str, timeout: float = 5.0) -> int | None:
    """The process that listens on a unix socket (SO_PEERCRED), or None. With socket activation: the init system."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        try:
            connection.connect(socket_path)
            credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        except OSError:
            return None
    return int(struct.unpack("3i", credentials)[0]) or None
