# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of /proc/PID/mountinfo. Pure. A name may have any line separator in it but \\n, which the kernel escapes.

A mount is recognised by its device and the path inside the file system, never by its name: a link, a bind or another
name of the same directory leads to the same pair.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

_ESCAPE = re.compile(r"\\([0-7]{3})")
# A label has commas, and stands in quotes.
_OPTION = re.compile(r'(?:[^,"]+|"[^"]*")+')
KEPT = ("size=", "context=")


class Mount(NamedTuple):
    device: str
    root: str
    target: str
    options: frozenset[str]
    filesystem: str
    source: str
    super_options: str
    raw: str

    @property
    def number(self) -> int:
        return int(self.raw.split(" ", 1)[0])

    @property
    def peers(self) -> dict[str, str]:
        """The optional fields: 'shared' and 'master' with the number of the group."""
        fields = self.raw.partition(" - ")[0].split(" ")[6:]
        return {name: number for name, colon, number in (field.partition(":") for field in fields) if colon}

    @property
    def read_only(self) -> bool:
        return "ro" in self.options or "ro" in self.super_options.split(",")


def context(mount: Mount) -> str:
    """The label that SELinux gives to everything in this mount, or nothing."""
    given = (option for option in _OPTION.findall(mount.super_options) if option.startswith("context="))
    return next(given, "").partition("=")[2].strip('"')


def parse(text: str) -> list[Mount]:
    """All mounts, in the kernel's order (a later one covers an earlier one at the same place)."""
    return [mount for mount in map(_parse_line, text.split("\n")) if mount is not None]


def parse_lines(lines: Iterable[str]) -> list[Mount]:
    return parse("\n".join(lines))


def _parse_line(line: str) -> Mount | None:
    before, separator, after = line.partition(" - ")
    head, tail = before.split(" "), after.split(" ")
    if not separator or len(head) < 6 or len(tail) < 2:
        return None
    number, _parent, device, root, target, options = head[:6]
    if not number.isdecimal():
        return None
    super_options = tail[2] if len(tail) > 2 else ""
    return Mount(
        device,
        _unescaped(root),
        _unescaped(target),
        frozenset(options.split(",")),
        tail[0],
        _unescaped(tail[1]),
        super_options,
        line,
    )


def _unescaped(text: str) -> str:
    return text if "\\" not in text else _ESCAPE.sub(lambda match: chr(int(match.group(1), 8)), text)


def shortened(line: str) -> str:
    """The line without what no check needs: an overlay's list of layers alone can take four kilobytes."""
    head, separator, super_options = line.rpartition(" ")
    first, *rest = _OPTION.findall(super_options) or [super_options]
    kept = [first, *(option for option in rest if option.startswith(KEPT))]
    return f"{head}{separator}{','.join(kept)}"


def inside(path: str, tree: str) -> bool:
    """Is the path the tree itself or below it?"""
    return tree == "/" or path == tree or path.startswith(tree.rstrip("/") + "/")


def covering(mounts: Iterable[Mount], path: str) -> Mount | None:
    """The mount that a path lies on: the deepest target, and of equals the latest."""
    best: Mount | None = None
    length = 0
    for mount in mounts:
        # The cheap question first: a container has twenty mounts, and is asked for twenty paths.
        if len(mount.target) >= length and inside(path, mount.target):
            best, length = mount, len(mount.target)
    return best


def place_of(mounts: Iterable[Mount], path: str) -> tuple[str, str] | None:
    """(device, path inside that file system) of a path, as seen with these mounts."""
    mount = covering(mounts, path)
    if mount is None:
        return None
    rest = path[len(mount.target.rstrip("/")) :]
    return mount.device, (mount.root.rstrip("/") + rest) or "/"
