# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of the host's kernel that containers rely on: they share that kernel."""

from __future__ import annotations

from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel

# Name in the document to the file below /proc/sys (or the whole path).
FILES = {
    "ptrace_scope": "kernel/yama/ptrace_scope",
    "unprivileged_bpf_disabled": "kernel/unprivileged_bpf_disabled",
    "kptr_restrict": "kernel/kptr_restrict",
    "dmesg_restrict": "kernel/dmesg_restrict",
    "perf_event_paranoid": "kernel/perf_event_paranoid",
    "kexec_load_disabled": "kernel/kexec_load_disabled",
    "modules_disabled": "kernel/modules_disabled",
    "sysrq": "kernel/sysrq",
    "core_pattern": "kernel/core_pattern",
    "suid_dumpable": "fs/suid_dumpable",
    "protected_hardlinks": "fs/protected_hardlinks",
    "protected_symlinks": "fs/protected_symlinks",
    "protected_fifos": "fs/protected_fifos",
    "protected_regular": "fs/protected_regular",
    "max_user_namespaces": "user/max_user_namespaces",
    "ip_forward": "net/ipv4/ip_forward",
    "lockdown": "/sys/kernel/security/lockdown",
    "smt": "/sys/devices/system/cpu/smt/active",
    "ksm": "/sys/kernel/mm/ksm/run",
}
INTERFACES = "/proc/sys/net/ipv4/conf"
INTERFACE_SETTINGS = ("route_localnet", "rp_filter", "accept_redirects", "forwarding")
VULNERABILITIES = "/sys/devices/system/cpu/vulnerabilities"


def read_settings(kernel: Kernel) -> dict[str, Any]:
    return {
        **{name: kernel.read(whole(path)).document() for name, path in FILES.items()},
        "interfaces": read_table(kernel, INTERFACES, INTERFACE_SETTINGS).document(),
        "vulnerabilities": read_table(kernel, VULNERABILITIES).document(),
    }


def whole(path: str) -> str:
    return path if path.startswith("/") else f"/proc/sys/{path}"


def read_table(kernel: Kernel, folder: str, below: tuple[str, ...] = ()) -> Fact:
    """{name: text}, or {name: {setting: text}}. One file that cannot be read spoils the table; one interface that is
    gone meanwhile does not."""
    names = kernel.names(folder)
    if not names.known:
        return names
    table: dict[str, Any] = {}
    for name in names.value:
        found = {one: kernel.read(f"{folder}/{name}/{one}" if one else f"{folder}/{name}") for one in below or ("",)}
        if all(fact.error.startswith("ENOENT") for fact in found.values()):
            continue
        unread = [fact for fact in found.values() if not fact.known]
        if unread:
            return unread[0]
        texts = {one: str(fact.value) for one, fact in found.items()}
        table[name] = texts if below else texts[""]
    return Fact(folder, table)
