# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attempts on somebody else: a process of the host (the module itself, which asked for it), engines, addresses.

No signal is sent (signal 0 asks for permission only), and of the process a token is read that was put there for it.
"""

from __future__ import annotations

import ctypes
import os
import socket
import stat

from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.inside.attempts import Given
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.inside.calls import (
    Tried,
    call,
    mounts,
    named,
    opened,
)

CLONE_NEWUTS = 0x04000000
ANSWERS_HTTP = ("docker", "podman")
SECONDS = 1.0
HOMES = ("/root", "/run/user/0", "/var/lib/kubelet", "/kaniko")
LOGINS = (".docker/config.json", ".config/containers/auth.json", "containers/auth.json", "config.json", "auth.json")
# File systems of the kernel's, in which nobody keeps a login.
NOBODYS = ("/", "/proc", "/sys", "/dev", "/dev/pts", "/dev/mqueue", "/dev/shm")


def is_there(given: Given) -> str:
    """Is the module's process seen under its number of the host? Another one may have that number here by chance."""
    path = f"/proc/{given['pid']}/stat"
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            start = stream.read().rpartition(")")[2].split()[19]
    except OSError as error:
        return named(error.errno)
    return "" if start == given["start"] else "ENOENT"


def visible(given: Given) -> Tried:
    return [(f"read /proc/{given['pid']}/stat of a process of the host", is_there(given))]


def signal(given: Given) -> Tried:
    what = f"kill({given['pid']}, 0), a process of the host"
    try:
        os.kill(given["pid"], 0)
    except OSError as error:
        # A number that is somebody else's here says nothing about the host.
        return [(what, named(error.errno) if not is_there(given) else "ESRCH")]
    return [(what, is_there(given) and "ESRCH")]


class Span(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]  # noqa: RUF012


def memory(given: Given) -> Tried:
    token = given["token"].encode()
    room = ctypes.create_string_buffer(len(token))
    here = Span(ctypes.cast(room, ctypes.c_void_p), len(token))
    there = Span(given["address"], len(token))
    found = call("process_vm_readv", given["pid"], ctypes.byref(here), 1, ctypes.byref(there), 1, 0)
    what = f"process_vm_readv of process {given['pid']} of the host"
    return [(what, found if found or room.raw == token else "ESRCH")]


def enter(given: Given) -> Tried:
    """Only in the process of this probe, which ends right after."""
    path = f"/proc/{given['pid']}/ns/uts"
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        return [(f"open {path}, a namespace of the host", named(error.errno))]
    if is_there(given):
        return [(f"open {path}, a namespace of the host", "ENOENT")]
    return [(f"setns to {path}, a namespace of the host", call("setns", descriptor, CLONE_NEWUTS))]


def engine_socket(given: Given) -> Tried:
    """Engines' sockets at their usual places, and every socket that was mounted."""
    places = set(given["sockets"])
    for _kind, place in mounts():
        try:
            if stat.S_ISSOCK(os.stat(place).st_mode):
                places.add(place)
        except OSError:
            continue
    return [_ask(place) for place in sorted(places)]


def _ask(path: str) -> tuple[str, str]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(SECONDS)
        try:
            connection.connect(path)
        except OSError as error:
            return f"connect to {path}", named(error.errno) if error.errno else "ETIMEDOUT"
        if not any(word in path for word in ANSWERS_HTTP):
            return f"connect to {path}", ""
        try:
            connection.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            said = connection.recv(64).decode("utf-8", "replace").split("\r\n")[0]
        except OSError as error:
            said = named(error.errno) if error.errno else "no answer"
        return f"GET /_ping from {path}: {said}", ""


def registry_logins(given: Given) -> Tried:
    """Opened and closed, never read: in the homes where clients keep them, and in every folder that was mounted."""
    folders = {place for _kind, place in mounts() if os.path.isdir(place)} - set(NOBODYS)
    paths = {f"{folder.rstrip('/')}/{name}" for folder in {*HOMES, *folders} for name in LOGINS}
    return [(f"open {path}", opened(path, os.O_RDONLY)) for path in sorted(paths)]


def category_read(given: Given) -> Tried:
    """A file that another twin has, and that everybody may read but for its categories."""
    place, label = given["other"]["place"], given["other"]["label"]
    found = opened(place, os.O_RDONLY)
    if not found:
        with open(place, encoding="ascii") as stream:
            if stream.read() != given["other"]["word"]:
                raise OSError(f"{place} is no file of the other twin")
    return [(f"open {place}, a file of another twin ({label})", found)]


def connect(given: Given, name: str) -> Tried:
    """An address that somebody answers at, be it with a refusal, is reached."""
    tried = []
    for address, port in given[name]:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM) as connection:
            connection.settimeout(SECONDS)
            try:
                connection.connect((address, port))
                found = ""
            except ConnectionRefusedError:
                found = ""
            except OSError as error:
                found = named(error.errno) if error.errno else "ETIMEDOUT"
            tried.append((f"connect to {address} port {port}", found))
    return tried


def metadata(given: Given) -> Tried:
    return connect(given, "metadata")


def peers(given: Given) -> Tried:
    return connect(given, "peers")
