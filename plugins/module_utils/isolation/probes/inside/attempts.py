# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The attempts themselves. Each returns what it tried and what the kernel said; none leaves anything behind.

Where permission is asked for before an argument is looked at, the argument is one that no kernel takes: then nothing
can change, and the error tells whether permission was given. Switches of the whole host are only opened, never written.
`given` is what the module knows of the host (see run.py).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import stat
import struct
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.inside.calls import (
    Skipped,
    Tried,
    call,
    mounts,
    named,
    opened,
    system_call,
)

Given = Mapping[str, Any]
# In the image, and writable for everybody: what stops a write here is not the mode of the folder.
ROOM = "/.bulkhead/room"
MS_RDONLY, MS_REMOUNT, MS_BIND = 1, 32, 4096
CLONE = {"mount": 0x00020000, "user": 0x10000000, "pid": 0x20000000}
ADJ_TICK, TIMEX_SIZE = 0x4000, 512
SYSLOG_SIZE_BUFFER = 10
AT_FDCWD = -100
NO_HANDLE = 0x7E
SETTINGS = (
    "/proc/sys/kernel/sysrq",
    "/proc/sys/kernel/panic",
    "/proc/sys/kernel/randomize_va_space",
    "/proc/sys/vm/overcommit_memory",
    "/proc/sys/fs/file-max",
)
PROGRAMS = (
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/kernel/modprobe",
    "/proc/sys/kernel/hotplug",
    "/proc/sys/fs/binfmt_misc/register",
    "/sys/kernel/uevent_helper",
)
SYS_FILES = (
    "/sys/kernel/mm/ksm/run",
    "/sys/kernel/mm/transparent_hugepage/enabled",
    "/sys/kernel/profiling",
    "/sys/module/printk/parameters/time",
    "/sys/power/state",
    "/sys/class/net/lo/mtu",
)
MEMORY = (("/proc/kcore", os.O_RDONLY), ("/proc/sysrq-trigger", os.O_WRONLY), ("/proc/kmsg", os.O_RDONLY))
DEVICES = ("/dev/mem", "/dev/kmem", "/dev/port", "/dev/kmsg")
# Where a device node might be made and be the twin's alone. /dev/shm can be the host's, and lets no device open anyway.
PLACES = ("/dev", ROOM, "/tmp", "/run")


def hostname(given: Given) -> Tried:
    return [("sethostname with a length that no name has", call("sethostname", b"bulkhead", -1))]


def mount(given: Given) -> Tried:
    found = call("mount", b"bulkhead", ROOM.encode(), b"tmpfs", 0, b"size=64k")
    if not found:
        call("umount2", ROOM.encode(), 0)
    return [(f"mount a tmpfs on {ROOM}", found)]


def remount(given: Given) -> Tried:
    found = call("mount", None, b"/proc/sys", None, MS_REMOUNT | MS_BIND, None)
    if not found:
        # The next probes are to find what the container has.
        call("mount", None, b"/proc/sys", None, MS_REMOUNT | MS_BIND | MS_RDONLY, None)
    return [("remount /proc/sys for writing", found)]


def settings(given: Given) -> Tried:
    return [(f"open {path} for writing", opened(path, os.O_WRONLY)) for path in SETTINGS]


def programs(given: Given) -> Tried:
    release = [f"{place}/release_agent" for kind, place in mounts() if kind == "cgroup"]
    return [(f"open {path} for writing", opened(path, os.O_WRONLY)) for path in (*PROGRAMS, *release)]


def sysfs(given: Given) -> Tried:
    return [(f"open {path} for writing", opened(path, os.O_WRONLY)) for path in SYS_FILES]


def kernel_memory(given: Given) -> Tried:
    wanted = (*MEMORY, *((path, os.O_RDONLY) for path in DEVICES))
    return [(f"open {path}", opened(path, flags)) for path, flags in wanted]


def kernel_log(given: Given) -> Tried:
    return [("syslog, the size of the kernel's log", call("klogctl", SYSLOG_SIZE_BUFFER, None, 0))]


def cgroup(given: Given) -> Tried:
    tried = []
    for kind, place in mounts():
        if kind in ("cgroup", "cgroup2"):
            folder, found = f"{place}/bulkhead-probe", ""
            try:
                os.mkdir(folder)
                os.rmdir(folder)
            except OSError as error:
                found = named(error.errno)
            tried.append((f"mkdir {folder}", found))
    return tried


def clock(given: Given) -> Tried:
    """A tick of no length: who may set the clock hears that it is invalid, who may not hears that."""
    request = ctypes.create_string_buffer(TIMEX_SIZE)
    struct.pack_into("I", request, 0, ADJ_TICK)
    return [("adjtimex with a tick that no clock has", call("adjtimex", request))]


def block_device(given: Given) -> Tried:
    """Opened for reading, and nothing is read. A node that cannot be made cannot be opened either."""
    tried = []
    with os.scandir("/dev") as entries:
        for entry in entries:
            if stat.S_ISBLK(entry.stat(follow_symlinks=False).st_mode):
                tried.append((f"open {entry.path}", opened(entry.path, os.O_RDONLY)))
    number = given.get("disk")
    if not number:
        return tried
    device = os.makedev(*(int(part) for part in number.split(":")))
    for place in PLACES:
        path = f"{place}/bulkhead-probe"
        try:
            os.mknod(path, stat.S_IFBLK | 0o600, device)
        except OSError as error:
            tried.append((f"mknod {path} b {number}", named(error.errno)))
            continue
        tried.append((f"open {path} (b {number})", opened(path, os.O_RDONLY)))
        os.unlink(path)
    return tried


def network_device(given: Given) -> Tried:
    """RTM_NEWLINK, the request that makes and changes interfaces, for one that is not there and is not to be made."""
    body = struct.pack("=BxHiII", socket.AF_UNSPEC, 0, 0x7FFFFFF0, 0, 0)
    # Length, RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, sequence, port.
    request = struct.pack("=IHHII", 16 + len(body), 16, 5, 1, 0) + body
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as connection:
        connection.settimeout(2)
        connection.bind((0, 0))
        connection.send(request)
        answer = connection.recv(4096)
    number = -struct.unpack_from("=i", answer, 16)[0]
    return [("RTM_NEWLINK for an interface that is not there", named(number) if number else "")]


def _socket(family: int, kind: int, protocol: int) -> str:
    """Opened and closed: nothing is sent."""
    try:
        socket.socket(family, kind, protocol).close()
    except OSError as error:
        return named(error.errno)
    return ""


def raw_socket(given: Given) -> Tried:
    return [("socket(AF_INET, SOCK_RAW)", _socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))]


def packet_socket(given: Given) -> Tried:
    # Protocol 0 receives nothing.
    return [("socket(AF_PACKET, SOCK_RAW)", _socket(socket.AF_PACKET, socket.SOCK_RAW, 0))]


def unshare_mount(given: Given) -> Tried:
    return [("unshare(CLONE_NEWNS)", call("unshare", CLONE["mount"]))]


def unshare_pid(given: Given) -> Tried:
    return [("unshare(CLONE_NEWPID)", call("unshare", CLONE["pid"]))]


def unshare_user(given: Given) -> Tried:
    return [("unshare(CLONE_NEWUSER)", call("unshare", CLONE["user"]))]


def keyctl(given: Given) -> Tried:
    return [("keyctl with an operation that is none", system_call("keyctl", 0xFFFF, 0, 0, 0, 0))]


def bpf(given: Given) -> Tried:
    return [("bpf with a command that is none", system_call("bpf", 0xFFFF, None, 0))]


def perf(given: Given) -> Tried:
    tried = system_call("perf_event_open", None, 0, -1, -1, 0xFFFF0000)
    return [("perf_event_open with flags that are none", tried)]


def userfaultfd(given: Given) -> Tried:
    return [("userfaultfd with flags that are none", system_call("userfaultfd", 0x40000001))]


def io_uring(given: Given) -> Tried:
    return [("io_uring_setup of no length", system_call("io_uring_setup", 0, None))]


def load_module(given: Given) -> Tried:
    return [("finit_module of no file", system_call("finit_module", -1, b"", 0))]


def file_handle(given: Given) -> Tried:
    """Of a kind that no file system has. Newer kernels look at the length before they ask for permission."""
    handle = struct.pack("=Ii8s", 8, NO_HANDLE, b"bulkhead")
    return [("open_by_handle_at of a handle that is none", call("open_by_handle_at", AT_FDCWD, handle, 0))]


def root_write(given: Given) -> Tried:
    tried = []
    for folder in ("/", ROOM):
        path = os.path.join(folder, "bulkhead-probe")
        found = opened(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        if not found:
            with contextlib.suppress(OSError):
                os.unlink(path)
        tried.append((f"create {path}", found))
    return tried


def set_uid(given: Given) -> Tried:
    """A program of root's with the set-user-ID bit, which says who it runs as."""
    if os.geteuid() == 0:
        raise Skipped("the container's user is root already")
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.dup2(writer, 1)
        os.execve(given["elevated"][0], given["elevated"], dict(os.environ))
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as stream:
        said = stream.read().strip()
    os.waitpid(child, 0)
    if not said.isdigit():
        raise OSError(f"the program with the set-user-ID bit said nothing ({said!r})")
    return [("run a set-user-ID program of root's", "" if said == "0" else "UNCHANGED")]
