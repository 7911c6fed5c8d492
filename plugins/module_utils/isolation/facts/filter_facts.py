# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the packet filter in the engine's network namespace. Reading them must not load what is not in use.

The kernel has two kinds of tables, and a packet has to get through both. The old kind says in a file which of its
tables there are. The new kind is asked over netlink, and a kernel that has it as a module loads it for the question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host import programs
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact, as_mapping
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation import packet_filter

NFT, LEGACY = "nft", "legacy"
PROGRAMS = {
    "ipv4": {NFT: "iptables-nft-save", LEGACY: "iptables-legacy-save"},
    "ipv6": {NFT: "ip6tables-nft-save", LEGACY: "ip6tables-legacy-save"},
}
IN_USE = {"ipv4": "ip_tables_names", "ipv6": "ip6_tables_names"}
# A host with so many has a packet filter that nobody can judge here in reasonable time.
RULE_LIMIT = 20000
NO_IPV6 = "ENODATA not read, because no network of the engine has addresses of version 6"
OTHERS = "ENOTSUP the engine writes its rules for nft itself (firewall-backend), which are not read"
Ask = Callable[[Kernel, "int | None", str], Fact]


def ask(kernel: Kernel, pid: int | None, program: str) -> Fact:
    if kernel.root:
        return Fact(program, error="ENOTSUP a recorded tree has no kernel to ask")
    return programs.printed((*programs.entered(kernel, pid), program))


def read_rules(
    kernel: Kernel,
    pid: int | None,
    info: Mapping[str, Any],
    networks: Iterable[Mapping[str, Any]],
    asked: Ask = ask,
) -> dict[str, Any]:
    """For each version of addresses {kind: {table: lines}} of the kinds that are in use. pid: the engine's."""
    backend = str(as_mapping(info.get("FirewallBackend")).get("Driver") or "")
    found = {}
    for family, names in PROGRAMS.items():
        path = "; ".join(names.values())
        if backend.startswith("nftables"):
            fact = Fact(path, error=OTHERS)
        elif family == "ipv6" and not any(as_mapping(one).get("EnableIPv6") for one in networks):
            fact = Fact(path, error=NO_IPV6)
        else:
            fact = _read(kernel, pid, family, asked)
        found[family] = fact.document()
    return found


def _read(kernel: Kernel, pid: int | None, family: str, asked: Ask) -> Fact:
    tables: dict[str, Any] = {}
    answers = []
    for kind, in_use in ((NFT, nft_loaded(kernel)), (LEGACY, legacy_used(kernel, pid, family))):
        if not in_use.known:
            return in_use
        if not in_use.value:
            continue
        answer = asked(kernel, pid, PROGRAMS[family][kind])
        if not answer.known:
            return answer
        try:
            tables[kind] = packet_filter.kept(str(answer.value))
        except ValueError as error:
            return Fact(answer.path, error=f"ENOTSUP {error}")
        answers.append(answer.path)
    count = sum(len(lines) for found in tables.values() for lines in found.values())
    path = "; ".join(answers) or f"/proc/net/{IN_USE[family]}"
    if count > RULE_LIMIT:
        return Fact(path, error=f"E2BIG {count} rules, of which at most {RULE_LIMIT} are recorded")
    return Fact(path, tables, f"{count} lines" if answers else "no packet filter is in use")


def nft_loaded(kernel: Kernel) -> Fact:
    """Whether the question loads nothing: the kernel has nf_tables already, or has no modules that it could load."""
    path = "/proc/modules"
    modules = kernel.read(path)
    if not modules.known:
        return Fact(path, True) if modules.error.startswith("ENOENT") else modules
    if any(line.startswith("nf_tables ") for line in str(modules.value).splitlines()):
        return Fact(path, True)
    release = kernel.read("/proc/sys/kernel/osrelease")
    built_in = kernel.read(f"/lib/modules/{release.value}/modules.builtin")
    if not built_in.known:
        return Fact(path, True) if built_in.error.startswith("ENOENT") else built_in
    return Fact(path, "/nf_tables.ko" in str(built_in.value))


def legacy_used(kernel: Kernel, pid: int | None, family: str) -> Fact:
    fact = kernel.read(f"/proc/{pid or 'self'}/net/{IN_USE[family]}")
    if fact.error.startswith("ENOENT"):
        return Fact(fact.path, False)
    return Fact(fact.path, bool(str(fact.value).split())) if fact.known else fact
