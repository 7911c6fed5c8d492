# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys and types of what an inventory says of a classroom, under the names that its author wrote. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

# What a workspace may not go without, and how such a limit is written.
LIMITS = {"memory": "128m", "memory_swap": "128m", "cpus": "0.5", "pids_limit": "128"}
STUDENT = ("name", *LIMITS)
# What a machine's sizes are called in the inventory, and the least that makes sense.
SIZES = {
    "memory_mib": ("classroom_machine_memory_mib", 1),
    "vcpus": ("classroom_machine_vcpus", 1),
    "data_disk_gib": ("classroom_machine_data_disk_gib", 0),
}


def shape_problems(facts: Mapping[str, Any]) -> list[str]:
    """Sentences, one for each problem. Whoever compares values asks this first: a wrong type has no size."""
    return [
        *student_problems(facts["students"]),
        *machine_problems(facts["machines"]),
        *(
            f"classroom_workspace_{name}: {fault}"
            for name in LIMITS
            if (fault := limit_fault(name, facts["limits"].get(name)))
        ),
    ]


def student_problems(students: Any) -> Iterable[str]:
    if not isinstance(students, list):
        yield f"classroom_students: {students!r} is no list: write one like [{{name: ada}}, {{name: grace}}]"
        return
    for place, student in enumerate(students, 1):
        if not isinstance(student, Mapping) or not isinstance(student.get("name"), str):
            yield f"classroom_students, entry {place}: {student!r} is no student: write one like {{name: ada}}"
            continue
        where = f"classroom_students, {student['name']}"
        for key in student:
            if key not in STUDENT:
                cure = nearest(str(key), STUDENT, f"there are {', '.join(STUDENT)}")
                yield f"{where}: {key!r} is nothing that a student has: {cure}"
            elif key != "name" and student[key] is not None and (fault := limit_fault(key, student[key])):
                yield f"{where}: {key}: {fault}"


def machine_problems(machines: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for machine in machines:
        for key, (variable, least) in SIZES.items():
            number = whole(machine.get(key, least))
            if number is None or number < least:
                yield (
                    f"{variable}: {machine.get(key)!r} of {machine['name']} is no whole number from {least} on: "
                    "write one without a unit"
                )


def sized(machines: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The machines with their sizes as numbers, for who asked for problems of shape before."""
    return [{**machine, **{key: whole(machine[key]) for key in SIZES if key in machine}} for machine in machines]


def nearest(name: str, known: Iterable[str], otherwise: str) -> str:
    near = difflib.get_close_matches(name, sorted(known), n=1)
    return f"did you mean {near[0]}?" if near else otherwise


def limit_fault(name: str, value: Any) -> str | None:
    """What is wrong with the type of a limit; whether its value makes sense is somebody else's question."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return f"{value!r} is no quantity: write a number, or a size like 128m"
    if name == "pids_limit" and whole(value) is None:
        return f"{value!r} is no whole number: write one like 128"
    return None


def whole(value: Any) -> int | None:
    """The whole number that a value stands for; Ansible makes text of what comes from a template."""
    try:
        return None if isinstance(value, (bool, float)) else int(value)
    except (TypeError, ValueError):
        return None
