# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mounts of a container: the engine keeps them in two places (Mounts and Binds), here they are one kind of value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.units import SpecError, parse_size

PROPAGATIONS = ("rprivate", "private", "rshared", "shared", "rslave", "slave")
RELABEL = {"z": "shared", "Z": "private"}


@dataclass(frozen=True, order=True)
class Mount:
    target: str
    type: str = "volume"
    source: str = ""
    read_only: bool = False
    propagation: str = ""
    selinux: str = ""
    no_copy: bool = False
    size: int = 0
    mode: int = 0

    def __str__(self) -> str:
        words = [f"{self.type} {self.source} on {self.target}" if self.source else f"{self.type} on {self.target}"]
        words += ["read-only"] if self.read_only else []
        words += [f"{name} {value}" for name, value in self._extras() if value]
        return ", ".join(words)

    def _extras(self) -> list[tuple[str, Any]]:
        propagation = "" if self.propagation == "rprivate" else self.propagation
        mode = f"{self.mode:o}" if self.mode else ""
        return [("propagation", propagation), ("selinux", self.selinux), ("size", self.size), ("mode", mode)]


def all_mounts(params: Iterable[Mapping[str, Any]] | None, volumes: Iterable[Any] | None) -> tuple[Mount, ...]:
    mounts = tuple(
        sorted([_from_param(param) for param in params or ()] + [_from_volume(str(v)) for v in volumes or ()])
    )
    targets = [mount.target for mount in mounts]
    twice = sorted({target for target in targets if targets.count(target) > 1})
    if twice:
        raise SpecError(f"mounts: two mounts have the target {', '.join(twice)}; give each its own")
    return mounts


def _from_param(param: Mapping[str, Any]) -> Mount:
    kind = str(param.get("type") or "volume")
    target, source = str(param["target"]), str(param.get("source") or "")
    if not target.startswith("/"):
        raise SpecError(f"mounts: the target '{target}' is not absolute; write a path that begins with /")
    if kind == "bind" and not source.startswith("/"):
        raise SpecError(f"mounts: the bind on {target} needs an absolute source path, not '{source}'")
    only_for = {"propagation": "bind", "selinux": "bind", "no_copy": "volume", "size": "tmpfs", "mode": "tmpfs"}
    for option, wanted in only_for.items():
        if param.get(option) and kind != wanted:
            raise SpecError(f"mounts: {option} belongs to type {wanted}, but {target} is a {kind}; drop one of them")
    return Mount(
        target=_path(target),
        type=kind,
        source=_path(source) if kind == "bind" else source,
        read_only=bool(param.get("read_only")),
        propagation=str(param.get("propagation") or "rprivate") if kind == "bind" else "",
        selinux=str(param.get("selinux") or ""),
        no_copy=bool(param.get("no_copy")),
        size=parse_size(param["size"], "mounts: size") if param.get("size") else 0,
        mode=_mode(param["mode"]) if param.get("mode") else 0,
    )


def _from_volume(text: str) -> Mount:
    """The short form: target, source:target or source:target:words."""
    parts = text.split(":")
    source, target, words = ["", *parts, ""] if len(parts) == 1 else [*parts, "", ""][:3]
    known = ("ro", "rw", "nocopy", *RELABEL, *PROPAGATIONS)
    wrong = [word for word in words.split(",") if word and word not in known]
    if len(parts) > 3 or wrong or not target.startswith("/") or (source.startswith((".", "~"))):
        raise SpecError(f"volumes: '{text}' is no volume; write it like /target, name:/target or /source:/target:ro")
    mount = _from_bind(f"{source}:{target}:{words}")
    for option, kind in (("selinux", "bind"), ("no_copy", "volume")):
        if getattr(mount, option) and mount.type != kind:
            raise SpecError(f"volumes: '{text}': {option} belongs to a {kind}; drop it")
    return mount


def _path(path: str) -> str:
    return path.rstrip("/") or "/"


def _mode(text: object) -> int:
    try:
        return int(str(text), 8)
    except ValueError as error:
        raise SpecError(f"mounts: mode '{text}' is not octal; write it quoted, like '1777'") from error


def mounts_from_inspect(host_config: Mapping[str, Any]) -> tuple[Mount, ...]:
    mounts = [_from_api(mount) for mount in host_config.get("Mounts") or ()]
    return tuple(sorted(mounts + [_from_bind(bind) for bind in host_config.get("Binds") or ()]))


def _from_api(mount: Mapping[str, Any]) -> Mount:
    kind = str(mount["Type"])
    tmpfs = mount.get("TmpfsOptions") or {}
    return Mount(
        target=_path(str(mount["Target"])),
        type=kind,
        source=_path(str(mount.get("Source") or "")) if kind == "bind" else str(mount.get("Source") or ""),
        read_only=bool(mount.get("ReadOnly")),
        propagation=str((mount.get("BindOptions") or {}).get("Propagation") or "rprivate") if kind == "bind" else "",
        no_copy=bool((mount.get("VolumeOptions") or {}).get("NoCopy")),
        size=int(tmpfs.get("SizeBytes") or 0),
        mode=int(tmpfs.get("Mode") or 0),
    )


def _from_bind(bind: str) -> Mount:
    source, target, words = (bind.split(":") + [""])[:3]
    options = words.split(",")
    kind = "bind" if source.startswith("/") else "volume"
    propagation = next((option for option in options if option in PROPAGATIONS), "rprivate")
    return Mount(
        target=_path(target),
        type=kind,
        source=_path(source) if kind == "bind" else source,
        read_only="ro" in options,
        propagation=propagation if kind == "bind" else "",
        selinux=next((RELABEL[option] for option in options if option in RELABEL), ""),
        no_copy="nocopy" in options,
    )


def mounts_to_api(mounts: Iterable[Mount]) -> dict[str, Any]:
    """The two lists of a host configuration. Relabelling exists in Binds only."""
    mounts = tuple(mounts)
    binds = [_to_bind(mount) for mount in mounts if mount.selinux]
    plain = [_to_mount(mount) for mount in mounts if not mount.selinux]
    return {**({"Binds": binds} if binds else {}), **({"Mounts": plain} if plain else {})}


def _to_bind(mount: Mount) -> str:
    words = [letter for letter, name in RELABEL.items() if name == mount.selinux]
    words += ["ro"] if mount.read_only else []
    words += [mount.propagation] if mount.propagation != "rprivate" else []
    return f"{mount.source}:{mount.target}:{','.join(words)}"


def _to_mount(mount: Mount) -> dict[str, Any]:
    body: dict[str, Any] = {"Type": mount.type, "Target": mount.target, "ReadOnly": mount.read_only}
    if mount.source:
        body["Source"] = mount.source
    if mount.propagation:
        body["BindOptions"] = {"Propagation": mount.propagation}
    if mount.no_copy:
        body["VolumeOptions"] = {"NoCopy": True}
    if mount.size or mount.mode:
        tmpfs = {"SizeBytes": mount.size, "Mode": mount.mode}
        body["TmpfsOptions"] = {name: value for name, value in tmpfs.items() if value}
    return body
