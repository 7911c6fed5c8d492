# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From one category pair to another: the policy is asked about every other container, and one file is tried.

The file is another twin's, which the engine labels as it labels every container. It is mounted into the twin, as if
all other walls had fallen; everybody may read it, so that nothing but its categories is in the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact, as_list, as_mapping
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.selinux_facts import (
    ACCESS,
    SELINUX,
    crossing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes import image, twin
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.removal import remove
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.trail import Trail

# A container that ended meanwhile.
ENDED = ("ENOENT", "ESRCH")
PRESENT = f"{SELINUX}/enforce"
HOST = {
    "NetworkMode": "none",
    "CapDrop": ["ALL"],
    "ReadonlyRootfs": True,
    "Memory": twin.MEMORY_MOST,
    "PidsLimit": twin.PIDS_MOST,
    **twin.FORCED,
}


class Other(NamedTuple):
    """The other twin's file: its path on the host and its label; or why there is none."""

    source: str
    label: str
    obstacle: str = ""

    @property
    def mount(self) -> dict[str, Any]:
        place = f"{image.HOME}/{image.OTHER}"
        return {"Type": "bind", "Source": self.source, "Target": place, "ReadOnly": True}

    @property
    def given(self) -> dict[str, Any]:
        """What the twin is told of it."""
        return {"place": f"{image.HOME}/{image.OTHER}", "label": self.label, "word": image.WORD}


class Neighbour(NamedTuple):
    """Another container, and the labels of its first process and of its files (empty: it has none of its own)."""

    name: str
    process: str
    files: str


@contextmanager
def another(engine: Any, kernel: Kernel, name: str, body: Mapping[str, Any]) -> Iterator[Other | None]:
    """A twin of nobody, with a pair of its own, for one run. None where the kernel runs no SELinux."""
    if not kernel.exists(PRESENT):
        yield None
        return
    created = ""
    try:
        created = engine.create(name, {**body, "Entrypoint": [], "User": "65534:65534", "HostConfig": HOST}).id
        engine.start(created, name)
        yield _file_of(kernel, engine.container(created) or {})
    finally:
        remove(engine, created or name, name)


def _file_of(kernel: Kernel, inspected: Mapping[str, Any]) -> Other:
    merged = as_mapping(as_mapping(inspected.get("GraphDriver")).get("Data")).get("MergedDir")
    if not merged:
        return Other("", "", "the engine's storage driver does not say where the files of a container are")
    source = f"{merged}{image.HOME}/{image.OWN}"
    label = kernel.label(source)
    if not label.known:
        return Other("", "", f"the label of the other twin's file could not be read: {label.path} {label.error}")
    return Other(source, str(label.value))


def neighbours(kernel: Kernel, engine: Any, listed: Iterable[Mapping[str, Any]]) -> dict[str, Neighbour]:
    """By id: every running container of the engine but the twins, with the labels that the kernel knows."""
    found = {}
    for one in listed:
        names = [str(name).lstrip("/") for name in as_list(one.get("Names"))]
        if any(twin.is_twin(name, as_mapping(one.get("Labels"))) for name in names):
            continue
        inspected = as_mapping(engine.container(str(one.get("Id"))))
        pid = as_mapping(inspected.get("State")).get("Pid")
        if not pid:
            continue
        # A container whose labels are off has the files of its image, which are everybody's: that is its own fault.
        own = kernel.label(f"/proc/{pid}/root/.") if inspected.get("MountLabel") else Fact("", "")
        process = kernel.read(f"/proc/{pid}/attr/current")
        if process.error.startswith(ENDED):
            continue
        found[str(inspected.get("Id"))] = Neighbour(names[0], str(process.value or ""), str(own.value or ""))
    return found


def ask(kernel: Kernel, key: str, known: Mapping[str, Neighbour]) -> Fact:
    """Every crossing from this container to each other: how many were asked for, and which the policy allows."""
    own = known.get(key)
    if own is None or not own.process:
        return Fact(f"{ACCESS} about {key[:12]}", error="ENODATA the label of its process could not be read")
    allowed, asked = [], 0
    for name, process, files in (one for other, one in known.items() if other != key):
        if not process:
            return Fact(f"{ACCESS} about {name}", error="ENODATA the label of its process could not be read")
        for kind, target in (("file", files), ("process", process)):
            answer = crossing(kernel, own.process, target, kind)["allowed"] if target else None
            if answer is None:
                continue
            if answer.get("error"):
                return Fact(f"{ACCESS} about {name}", error=str(answer["error"]))
            asked += 1
            if answer["value"]:
                allowed.append(f"the policy lets it {', '.join(answer['value'])} a {kind} of {name} ({target})")
    return Fact(ACCESS, {"asked": asked, "allowed": allowed}, f"{own.process}: {asked} asked, {len(allowed)} allowed")


def tried(kernel: Kernel, pid: int, other: Other, pairs: Fact, trail: Trail, looked: bool) -> dict[str, Any]:
    """The record. pid: the twin's. looked: whether the attempt was made, and is to be found in the trail."""
    label = kernel.read(f"/proc/{pid}/attr/current")
    denial = label if not label.known else Fact(ACCESS, error="ENODATA nothing was tried")
    if label.known and looked:
        denial = trail.refusal(str(label.value), other.label)
    return {
        "present": Fact(PRESENT, True).document(),
        "obstacle": other.obstacle,
        "label": label.document(),
        "other": other.label,
        "pairs": pairs.document(),
        "denial": denial.document(),
    }


def absent() -> dict[str, Any]:
    return {"present": Fact(PRESENT, False, "not there").document()}
