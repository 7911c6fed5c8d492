# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the probes of one container in a twin of it. Whatever happens, the twin is removed."""

from __future__ import annotations

import ctypes
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import as_mapping
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.container_facts import identity_of
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.host_facts import (
    SOCKETS,
    read_hierarchies,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.processes import birth
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes import crossing, entered, groups, twin
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.image import Packed
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.inside import calls, main
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.probe import CROSSING, LIMITED
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.removal import remove
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.trail import Trail

# The twin ends by itself after this, should this process not come to remove it.
LIFETIME = 300
BUSY_SECONDS = 0.5
TWIN, EXEC = "twin", "exec"


class Bait(NamedTuple):
    """What a twin is to try to reach of this process: it is here, it harms nobody, and it is surely the host's."""

    given: dict[str, Any]
    # Kept, so that the memory stays where it is.
    buffer: Any


def bait(kernel: Kernel) -> Bait:
    token = secrets.token_hex(8)
    buffer = ctypes.create_string_buffer(token.encode())
    born = birth(kernel, os.getpid())
    given = {
        "pid": os.getpid(),
        "start": born.start if born else "",
        "token": token,
        "address": ctypes.addressof(buffer),
        "disk": disk(kernel),
        "sockets": sorted({*SOCKETS, *(f"/var{path}" for path in SOCKETS)}),
    }
    return Bait(given, buffer)


def disk(kernel: Kernel) -> str:
    """The number of a block device that root on the host opens, and that nothing moves when it is opened."""
    names = [name for name in kernel.names("/sys/block").value or [] if not name.startswith(("fd", "sr", "ram"))]
    for name in sorted(names, key=lambda name: name.startswith("loop")):
        number = kernel.read(f"/sys/block/{name}/dev")
        if number.known and not calls.opened(f"/dev/{name.replace('!', '/')}", os.O_RDONLY):
            return str(number.value)
    return ""


class Pairs(NamedTuple):
    """Of category pairs: the other twin, where the kernel runs SELinux, and the containers with their labels."""

    other: crossing.Other | None
    known: Mapping[str, crossing.Neighbour]


NO_PAIRS = Pairs(None, {})


class Runner:
    """One run: the same image, bait and label for all twins."""

    def __init__(
        self, engine: Any, kernel: Kernel, image: str, packed: Packed, label: str, pairs: Pairs = NO_PAIRS
    ) -> None:
        self._engine, self._kernel, self._image, self._packed = engine, kernel, image, packed
        self._label, self._pairs = label, pairs
        self._hierarchies = read_hierarchies(kernel)
        self._bait = bait(kernel)

    def probe(
        self, inspected: Mapping[str, Any], probes: Iterable[str], network: Mapping[str, Any], mode: str = TWIN
    ) -> dict[str, Any]:
        """The record of a container. An engine that refuses is in the record too, and stops no other container."""
        record: dict[str, Any] = {**identity_of(inspected), "asked": list(probes), "mode": mode}
        given = {**self._bait.given, **network, "seconds": BUSY_SECONDS}
        try:
            if mode == TWIN:
                record.update(self._in_a_twin(inspected, record["asked"], given))
            else:
                found = entered.probe(self._engine, record["id"], record["name"], record["asked"], given)
                record.update({"differs": [], **found})
        except EngineError as error:
            record["error"] = str(error)
        return record

    def _in_a_twin(self, inspected: Mapping[str, Any], probes: list[str], given: Mapping[str, Any]) -> dict[str, Any]:
        made = twin.make(
            inspected,
            identity(self._kernel, inspected),
            self._image,
            [*self._packed.command, "idle", str(LIFETIME)],
            {twin.LABEL: self._label},
            self._kernel.exists,
        )
        other = self._pairs.other
        # It may have ended, and without it all other probes go on.
        if other and other.source and self._kernel.exists(other.source):
            made.body["HostConfig"]["Mounts"].append(other.mount)
            given = {**given, "other": other.given}
        name = twin.name_for(self._label, str(inspected.get("Id")))
        created = ""
        try:
            created = self._engine.create(name, made.body).id
            self._engine.start(created, name)
            pid = self._first_process(created, name)
            with Trail() as trail:
                found = self._asked(created, name, pid, made.body, probes, given)
                if CROSSING in probes:
                    found["crossing"] = self._crossed(pid, str(inspected.get("Id")), trail, found["answers"])
            return {"differs": list(made.differs), **found}
        finally:
            # By its name when the answer with its id did not arrive.
            remove(self._engine, created or name, name)

    def _first_process(self, key: str, name: str) -> int:
        state = as_mapping((self._engine.container(key) or {}).get("State"))
        pid = int(state.get("Pid") or 0)
        if not pid:
            raise EngineError(f"The twin ended at once: {state.get('Error') or state.get('ExitCode')}", name)
        return pid

    def _asked(
        self, key: str, name: str, pid: int, body: Mapping[str, Any], probes: list[str], given: Mapping[str, Any]
    ) -> dict[str, Any]:
        own = groups.Groups(self._kernel, self._hierarchies, pid)
        killer_off = bool(body["HostConfig"].get("OomKillDisable"))
        limits, records = groups.plan(own, os.cpu_count() or 1, killer_off)
        given = {**given, **limits, "busy": int(limits.get("cpu", 0)) + 1}
        given["elevated"] = [*self._packed.elevated, "who", "-"]
        left = {one for one in LIMITED if one not in limits} | (set() if "other" in given else {CROSSING})
        possible = [one for one in main.PROBES if one in probes and one not in left]
        argv = [*self._packed.command, "probe", json.dumps({**given, "probes": possible})]
        said, complaint = self._engine.execute(key, name, argv)
        for limited, one in records.items():
            one["after"] = own.counter(limited).document()
        return {"answers": main.answers(said), "said": entered.last_line(complaint), "limits": records}

    def _crossed(self, pid: int, original: str, trail: Trail, found: Mapping[str, Any]) -> dict[str, Any]:
        other = self._pairs.other
        if other is None:
            return crossing.absent()
        refused = "EACCES" in str(as_mapping(found.get(CROSSING)).get("tried"))
        pairs = crossing.ask(self._kernel, original, self._pairs.known)
        return crossing.tried(self._kernel, pid, other, pairs, trail, refused)


def identity(kernel: Kernel, inspected: Mapping[str, Any]) -> twin.Identity:
    """Of the container's first process, because the names of its users are its image's own."""
    pid = as_mapping(inspected.get("State")).get("Pid") or 0
    status = kernel.read(f"/proc/{pid}/status")
    found = dict(line.partition(":")[::2] for line in str(status.value or "").splitlines())
    try:
        user, group = (int(found[key].split()[1]) for key in ("Uid", "Gid"))
        others = [int(number) for number in found["Groups"].split()]
    except (KeyError, IndexError, ValueError):
        raise EngineError(f"Cannot tell who the container runs as: {status.path} {status.error}") from None
    tables = {name: str(kernel.read(f"/proc/{pid}/{name}").value or "") for name in ("uid_map", "gid_map")}
    inside = twin.unmapped(user, tables["uid_map"]), twin.unmapped(group, tables["gid_map"])
    if None in inside:
        raise EngineError(f"Process {pid} runs as somebody who is not in its user namespace: {user}:{group}")
    extra = [twin.unmapped(number, tables["gid_map"]) for number in others]
    return twin.Identity(f"{inside[0]}:{inside[1]}", tuple(str(number) for number in extra if number is not None))
