# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From students to workspaces: the container, the network and the home of each, in the words of the modules."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.classroom.slices import slice_of

# It becomes a host name, a directory and part of a container's name.
NAME = re.compile(r"^[a-z][a-z0-9-]{0,30}$")
LIMITS = ("memory", "memory_swap", "cpus", "pids_limit")
STUDENT_LABEL = "org.bulkhead.student"
HOME = "/home/student"
# The user of the workspace image.
OWNER = "1000"
# Engines count the projects of their layers from 1.
PROJECT_BASE = 1 << 24
# Level last; the type is the one for content that containers may write.
CONTEXT = "system_u:object_r:container_file_t:s0:{0}"

Students = Sequence[Mapping[str, Any]]


class WorkspaceError(Exception):
    """Students that no workspaces can be made of."""


def check(students: Students, pairs: Mapping[str, str]) -> None:
    """Raise with every mistake there is, not only the first."""
    names = [str(student.get("name", "")) for student in students]
    mistakes = [f"{name} is listed twice" for name in sorted(set(names)) if names.count(name) > 1]
    mistakes += [
        f"{name!r} is no name; write lower-case letters, digits and hyphens, a letter first, 31 at most"
        for name in names
        if not NAME.match(name)
    ]
    for student, name in zip(students, names):
        unknown = sorted(set(student) - {"name", *LIMITS})
        mistakes += [f"{name} has {key}, which is none of {', '.join(LIMITS)}" for key in unknown]
    mistakes += [f"{name} has no pair of categories" for name in sorted(set(names)) if not pairs.get(name)]
    taken = [pairs.get(name) for name in set(names)]
    mistakes += [
        f"the pair {pair} is given twice" for pair in sorted(filter(None, set(taken))) if taken.count(pair) > 1
    ]
    if mistakes:
        raise WorkspaceError("; ".join(mistakes))


def containers(
    students: Students, pairs: Mapping[str, str], directory: str, prefix: str, parent: str
) -> list[dict[str, Any]]:
    """Entries of container_fleet's `containers`: what one workspace does not share with the others."""
    check(students, pairs)
    return [_container(student, pairs[student["name"]], directory, prefix, parent) for student in students]


def _container(student: Mapping[str, Any], pair: str, directory: str, prefix: str, parent: str) -> dict[str, Any]:
    name = student["name"]
    return {
        "name": prefix + name,
        "hostname": name,
        "labels": {STUDENT_LABEL: name},
        # The pair keeps the files of one workspace from the processes of another, and is the one that its home has.
        "security_opts": ["no-new-privileges", f"label=level:s0:{pair}"],
        # On the engine's own disk it refuses a bind that is private. A slave gives nothing back to the host either.
        "mounts": [{"type": "bind", "source": f"{directory}/{name}/home", "target": HOME, "propagation": "rslave"}],
        "networks": [{"name": prefix + name}],
        "cgroup_parent": slice_of(name, parent),
        **_limits(student),
    }


def _limits(student: Mapping[str, Any]) -> dict[str, Any]:
    limits = {key: student[key] for key in LIMITS if student.get(key) is not None}
    if "memory" in limits:
        # The common limit of memory and swap belongs to the common memory; more memory of one's own is not more swap.
        limits.setdefault("memory_swap", limits["memory"])
    return limits


def networks(students: Students, prefix: str, internal: bool) -> list[dict[str, Any]]:
    """Entries of container_fleet's `networks`: one for each workspace, so that no two share a bridge."""
    return [
        {
            "name": prefix + student["name"],
            "internal": internal,
            "options": {"com.docker.network.bridge.enable_icc": "false"},
            "labels": {STUDENT_LABEL: student["name"]},
        }
        for student in students
    ]


def homes(students: Students, pairs: Mapping[str, str], directory: str) -> list[dict[str, Any]]:
    """Entries of file_set: a home for each, that only the processes of its own workspace can read."""
    check(students, pairs)
    files: list[dict[str, Any]] = []
    for student in students:
        path, context = f"{directory}/{student['name']}", CONTEXT.format(pairs[student["name"]])
        home = {"path": f"{path}/home", "state": "directory", "owner": OWNER, "group": OWNER, "mode": "0700"}
        files += [
            {"path": path, "state": "directory", "mode": "0700", "context": context},
            {**home, "context": context, "recurse_context": True},
        ]
    return files


def quotas(
    students: Students, pairs: Mapping[str, str], directory: str, size: str, inodes: int
) -> list[dict[str, Any]]:
    """Entries of project_quota: each home is held to a size, so that nobody fills the disk for others."""
    check(students, pairs)
    return [
        {"path": f"{directory}/{name}", "project": _project(pairs[name]), "size": size, "inodes": inodes}
        for name in (student["name"] for student in students)
    ]


def _project(pair: str) -> int:
    """A number from the student's pair of categories: no two are the same, and it stays when others come and go."""
    low, high = (int(category[1:]) for category in pair.split(","))
    return PROJECT_BASE + high * 1024 + low


def expected(
    students: Sequence[Mapping[str, Any]], limits: Mapping[str, Any], hosts: Sequence[str], prefix: str = "workspace-"
) -> list[dict[str, Any]]:
    """What the verification must find: every student's workspace, on the host that has it, within its limits.

    `cgroup_parent` among the limits is the slice of all; each workspace lies in its student's below it.
    """
    found = []
    for number, student in enumerate(students):
        parent = limits.get("cgroup_parent")
        found.append(
            {
                "name": f"{prefix}{student['name']}",
                "host": hosts[number % len(hosts)],
                "student": student["name"],
                **limits,
                **({"cgroup_parent": slice_of(student["name"], parent)} if parent else {}),
                **_limits(student),
            }
        )
    return found
