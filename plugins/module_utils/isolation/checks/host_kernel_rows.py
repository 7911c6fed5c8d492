# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings that are one number, each with its good values and what it means for containers."""

from __future__ import annotations

from typing import NamedTuple

# What stands in for "the kernel has no such thing".
FINE, LACKING = "fine", "lacking"


class Row(NamedTuple):
    """least: the smallest good value. absent: what a kernel without the file means. known: only said, never red."""

    key: str
    title: str
    severity: str
    good: tuple[str, ...]
    why: str
    absent: str = FINE
    known: str = ""


ROWS = (
    Row(
        "ptrace_scope",
        "Programs do not trace strangers",
        "medium",
        ("1", "2", "3"),
        "one program that was taken over reads the memory of the others of its user.",
        LACKING,
    ),
    Row(
        "unprivileged_bpf_disabled",
        "Users without rights load no BPF programs",
        "high",
        ("1", "2"),
        "flaws in the BPF verifier were ways to root, from inside a container too.",
    ),
    Row(
        "kptr_restrict",
        "Addresses of the kernel are hidden",
        "medium",
        ("1", "2"),
        "its addresses are half of an exploit.",
        LACKING,
    ),
    Row(
        "dmesg_restrict",
        "The kernel's log is for root",
        "low",
        ("1",),
        "it shows addresses, and what happens to others.",
        LACKING,
    ),
    Row(
        "perf_event_paranoid",
        "Users without rights do not measure the kernel",
        "medium",
        ("2", "3", "4"),
        "measuring it shows what others do, and had flaws of its own.",
    ),
    Row(
        "suid_dumpable",
        "Programs with others' rights leave no readable memory",
        "medium",
        ("0", "2"),
        "the memory of such a program may hold another user's secrets.",
        LACKING,
    ),
    Row(
        "protected_hardlinks",
        "Links to files of others cannot be made",
        "medium",
        ("1",),
        "a link to another's file in a shared directory tricks programs with more rights.",
        LACKING,
    ),
    Row(
        "protected_symlinks",
        "Links in shared directories are not followed for strangers",
        "medium",
        ("1",),
        "a link that was laid in advance tricks programs with more rights.",
        LACKING,
    ),
    Row(
        "protected_fifos",
        "Pipes of strangers in shared directories are not opened",
        "low",
        ("1", "2"),
        "a pipe in place of a file catches what a program writes.",
        LACKING,
    ),
    Row(
        "protected_regular",
        "Files of strangers in shared directories are not opened",
        "low",
        ("1", "2"),
        "a file that was laid in advance catches what a program writes.",
        LACKING,
    ),
    Row(
        "ksm",
        "Equal pages of memory are not merged",
        "low",
        ("0", "2"),
        "the time of a write tells whether another container has the same page.",
    ),
    Row(
        "sysrq",
        "Not all emergency functions are open",
        "low",
        tuple(str(n) for n in range(512) if n != 1),
        "whoever reaches the key or the file can end everything that runs.",
    ),
    Row(
        "kexec_load_disabled",
        "Another kernel cannot be started",
        "low",
        ("1",),
        "a root that escaped could replace the kernel, past Secure Boot.",
        known="another kernel can be loaded",
    ),
    Row(
        "modules_disabled",
        "No more modules are loaded",
        "low",
        ("1",),
        "a root that escaped could load code into the kernel.",
        known="modules can be loaded",
    ),
    Row(
        "max_user_namespaces",
        "User namespaces for everyone",
        "low",
        ("0",),
        "inside one a user reaches parts of the kernel that are otherwise root's; rootless engines need them.",
        known="users may make user namespaces",
    ),
    Row(
        "smt",
        "Two threads on one core",
        "low",
        ("0",),
        "what runs on the other half of a core can be guessed at.",
        known="containers share cores by halves",
    ),
    Row(
        "ip_forward",
        "The host forwards packets",
        "low",
        ("0",),
        "networks of containers need it; other networks of the host are joined by it too.",
        known="forwards packets",
    ),
)
