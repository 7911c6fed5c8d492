# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about mounts beside the kernel's table: the engine's promises, the writable layer, the sources' modes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host import layer, mountinfo
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact, as_list, as_mapping
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel

_ANONYMOUS = re.compile(r"[0-9a-f]{64}")


def read_mounting(kernel: Kernel, inspected: Mapping[str, Any]) -> dict[str, Any]:
    host = as_mapping(inspected.get("HostConfig"))
    masked = [str(path) for path in as_list(host.get("MaskedPaths"))]
    read_only = [str(path) for path in as_list(host.get("ReadonlyPaths"))]
    mounts = [as_mapping(mount) for mount in as_list(inspected.get("Mounts"))]
    return {
        "masked": masked,
        "read_only": read_only,
        # What this kernel does not have needs no cover, and gets none.
        "absent": [path for path in dict.fromkeys((*masked, *read_only)) if not kernel.exists(path)],
        "tmpfs": {str(target): str(options) for target, options in as_mapping(host.get("Tmpfs")).items()},
        "propagation": {str(mount.get("Destination")): str(mount.get("Propagation") or "") for mount in mounts},
        "anonymous": [
            str(mount.get("Destination"))
            for mount in mounts
            if mount.get("Type") == "volume" and _ANONYMOUS.fullmatch(str(mount.get("Name")))
        ],
        "layer": read_layer(kernel, inspected),
    }


def read_layer(kernel: Kernel, inspected: Mapping[str, Any]) -> dict[str, Any]:
    driver = as_mapping(inspected.get("GraphDriver"))
    upper = str(as_mapping(driver.get("Data")).get("UpperDir") or "")
    if not upper.startswith("/"):
        return {"path": "", "driver": str(driver.get("Name") or "")}
    record = {"path": upper, "driver": str(driver.get("Name") or ""), "label": kernel.label(upper).document()}
    sample = layer.LABEL_LIMIT if kernel.read_once("/sys/fs/selinux/enforce").known else 0
    return {**record, **layer.walk(kernel, upper, sample=sample).document()}


def read_source_mode(kernel: Kernel, source: str) -> dict[str, Any]:
    """Owner and mode of what was given to the container, and the folder above it that keeps other users out."""
    own = kernel.mode(source)
    if not own.known:
        return own.document()
    above = (str(parent) for parent in PurePosixPath(source).parents)
    closed = next((path for path in above if not _open(kernel.mode_once(path))), "")
    return Fact(source, {**own.value, "closed_by": closed}, own.raw).document()


def _open(fact: Fact) -> bool:
    """May everybody pass through? What cannot be read is taken for open: that is the worse case."""
    return not fact.known or bool(int(fact.value["mode"], 8) & 0o001)


def read_peer_groups(kernel: Kernel, engine: int | None) -> dict[str, Any]:
    """Number of each group of mounts that tell one another what is mounted, to a place on the host where it is."""
    paths = ["/proc/self/mountinfo", *([f"/proc/{engine}/mountinfo"] if engine else [])]
    groups: dict[str, str] = {}
    for path in paths:
        fact = kernel.read(path)
        if not fact.known:
            return fact.document()
        for mount in mountinfo.parse(str(fact.value)):
            if "shared" in mount.peers:
                groups.setdefault(mount.peers["shared"], mount.target)
    return {"path": " ".join(paths), "value": groups}
