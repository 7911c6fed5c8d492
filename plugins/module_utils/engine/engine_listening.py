# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where an engine will listen, from the files of its units and its daemon.json, and what of that is refused. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.unit_files import (
    UnitFile,
    Value,
    assignments,
    expanded,
    tcp_addresses,
    values,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.daemon_flags import from_command

OPTIONS = "engine_host_daemon_options"
CURE = "remove it, or take engine_host_remote: tls, which asks for client certificates"


@dataclass(frozen=True)
class Units:
    """The files of the engine's service and socket, the variables of its command, and our own drop-in among them."""

    service: Sequence[UnitFile] = ()
    socket: Sequence[UnitFile] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    drop_in: str = ""

    def command(self) -> Value | None:
        """How the engine is started without our drop-in."""
        found = values([file for file in self.service if file.path != self.drop_in], "Service", "ExecStart")
        return found[-1] if found else None

    def words(self) -> list[str]:
        command = self.command()
        return expanded(command.text, self.environment)[1:] if command else []


def is_tcp(host: str) -> bool:
    """An address without a scheme is TCP: the engine's own rule."""
    scheme, colon, _rest = host.partition("://")
    return bool(host) and (not colon or scheme == "tcp")


def networks(flags: Mapping[str, Any]) -> list[str]:
    return sorted(host for host in map(str, flags.get("hosts") or []) if is_tcp(host))


def endpoints(given: Sequence[str]) -> set[tuple[str, int]]:
    """Address and port of each network address in flags, where both are written out."""
    parts = [urlsplit(host) for host in networks(from_command(list(given)))]
    return {(part.hostname, part.port) for part in parts if part.hostname and part.port}


def problems(units: Units, config: Mapping[str, Any], remote: Sequence[str]) -> list[str]:
    """Why the engine must not be started like this, each with its cure. `remote`: the flags that our drop-in adds."""
    own = from_command(units.words())
    command = units.command()
    place = command.path if command else "docker.service"
    found = [*_open_to_all(units, config, own, bool(remote), place)]
    if remote and networks(own):
        found.append(f"{place} lets the engine listen at {', '.join(networks(own))} already: remove that address there")
    found += _twice(config, {**own, **from_command(list(remote))}, units.words(), place)
    if remote:
        found += _later(units)
    features = config.get("features")
    if config.get("userns-remap") and isinstance(features, Mapping) and features.get("containerd-snapshotter"):
        found.append(
            f"{OPTIONS} has userns-remap and features.containerd-snapshotter: the image store of containerd does not "
            "shift owners; drop one of the two"
        )
    return found


def _open_to_all(
    units: Units, config: Mapping[str, Any], own: Mapping[str, Any], remote: bool, place: str
) -> Iterator[str]:
    verified = (own.get("tlsverify") or config.get("tlsverify")) is True
    if not verified:
        said = "without asking for a client certificate (tlsverify): whoever reaches it is root on this host;"
        for host in networks(own):
            yield f"{place} lets the engine listen at {host} {said} {CURE}"
        for host in networks(config):
            yield f"{OPTIONS} lets the engine listen at {host} {said} {CURE}"
        if not remote:
            for one in tcp_addresses(values(units.socket, "Socket", "ListenStream")):
                yield f"{one.path} lets the engine listen at {one.text} {said} {CURE}"


def _twice(config: Mapping[str, Any], flags: Mapping[str, Any], given: Sequence[str], place: str) -> Iterator[str]:
    if "hosts" in config:
        yield (
            f"{OPTIONS} has hosts, and {place} says where the engine listens (-H): with both it does not start. "
            "Take hosts out; for clients in the network there is engine_host_remote: tls"
        )
    named = {word[2:].partition("=")[0] for word in given if word.startswith("--")}
    # The one key that the engine takes from both.
    both = sorted(({*flags, *named} & set(config)) - {"hosts", "runtimes"})
    for key in both:
        yield f"{key} stands in daemon.json and among the flags of {place}: with both it does not start; drop one"


def _later(units: Units) -> Iterator[str]:
    name = PurePosixPath(units.drop_in).name
    for file in units.service:
        later = PurePosixPath(file.path).parent.name.endswith(".d") and PurePosixPath(file.path).name > name
        if later and values([file], "Service", "ExecStart"):
            yield (
                f"{file.path} sets ExecStart after {units.drop_in}, whose listener would be lost: give it a name that "
                "comes before, or remove it"
            )


def listens_otherwise(running: Sequence[str], units: Units, remote: Sequence[str]) -> str:
    """How the addresses and the proof that a running engine wants differ from its units, in words; empty for not."""
    have, want = from_command(list(running)), from_command([*units.words(), *remote])
    if networks(have) != networks(want):
        shown = [", ".join(networks(flags)) or "no network" for flags in (have, want)]
        return f"it listens at {shown[0]} and should at {shown[1]}"
    wrong = [key for key in ("tlsverify", "tlscacert", "tlscert", "tlskey") if have.get(key) != want.get(key)]
    return f"it runs with another {', '.join(wrong)}" if wrong else ""


def environment(service: Sequence[UnitFile], files: Mapping[str, str]) -> dict[str, str]:
    """What $NAME stands for in the service's command; `files` are the texts of its EnvironmentFile=."""
    found: dict[str, str] = {}
    for one in values(service, "Service", "Environment"):
        found.update(assignments(one.text))
    for path in environment_files(service):
        found.update(assignments(files.get(path, "")))
    return found


def environment_files(service: Sequence[UnitFile]) -> list[str]:
    return [one.text.lstrip("-") for one in values(service, "Service", "EnvironmentFile")]
