# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of the good document about SELinux and AppArmor: what a host that enforces says and answers."""

from __future__ import annotations

from typing import Any

PAIRS = {"ada": "c12,c34", "grace": "c56,c78"}
SELINUX = "/sys/fs/selinux"
ACCESS, CONTEXT = f"{SELINUX}/access", f"{SELINUX}/context"
# The numbers of a real decision: allowed, decided, audited when allowed and when refused, sequence, flags.
REFUSED = "0 ffffffff 0 ffffffff 1 0"


def fact(value: Any, path: str, raw: str = "") -> dict[str, Any]:
    return {"value": value, "path": path, **({"raw": raw} if raw else {})}


def absent(path: str) -> dict[str, Any]:
    return {"value": None, "path": path, "error": "ENOENT No such file or directory"}


def label(name: str) -> str:
    return f"system_u:system_r:container_t:s0:{PAIRS[name]}"


def file_label(name: str) -> str:
    return f"system_u:object_r:container_file_t:s0:{PAIRS[name]}"


def crossing(source: str, target: str, kind: str, *allowed: str) -> dict[str, Any]:
    return {"to": target, "class": kind, "allowed": fact(list(allowed), ACCESS, f"{source} {target}: {REFUSED}")}


def crossings(name: str, other: str) -> list[dict[str, Any]]:
    targets = (("file", file_label(other)), ("process", label(other)))
    return [crossing(label(name), target, kind) for kind, target in targets]


def selinux() -> dict[str, Any]:
    labels = [make(name) for name in PAIRS for make in (label, file_label)]
    booleans = {"container_manage_cgroup": "0 0", "container_use_nfs": "0 0"}
    return {
        "present": True,
        "enforce": fact("1", f"{SELINUX}/enforce"),
        "mls": fact("1", f"{SELINUX}/mls"),
        "booleans": fact(booleans, f"{SELINUX}/booleans"),
        "domains": {"container_t": fact("enforced", ACCESS, f"{label('ada')} {label('ada')}: {REFUSED}")},
        "contexts": {text: fact("loaded", CONTEXT, f"{text}: {text}") for text in labels},
        "strangers": fact([], "/proc/PID/attr/current"),
        "crossings": {label("ada"): crossings("ada", "grace"), label("grace"): crossings("grace", "ada")},
    }


def lsm() -> dict[str, Any]:
    return {
        "list": fact("lockdown,capability,landlock,yama,selinux,bpf,ima,evm", "/sys/kernel/security/lsm"),
        "apparmor": absent("/sys/module/apparmor/parameters/enabled"),
    }


def layer(text: str) -> dict[str, Any]:
    """The writable layer's own label is the engine's; what the container wrote has the container's."""
    own = "system_u:object_r:container_ro_file_t:s0"
    return {"label": fact(own, "/var/lib/docker/overlay2"), "labels": {text: "/home"}, "labelled": 7}
