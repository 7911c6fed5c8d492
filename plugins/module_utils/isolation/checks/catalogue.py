# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All checks, one table. Their order is the order of a report among equals."""

from __future__ import annotations

from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks import (
    capabilities,
    cgroups,
    daemon,
    devices,
    host,
    images,
    kernel_files,
    lifecycle,
    lsm,
    mount_flags,
    mount_pairs,
    mounts,
    namespaces,
    network_ports,
    network_reach,
    network_rules,
    networks,
    processes,
    registry,
    resources,
    seccomp,
    selinux,
    selinux_layer,
    selinux_levels,
    selinux_policy,
    storage,
    user_namespaces,
    workspaces,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import Check

CONCEPTS = (
    "workspaces",
    "namespaces",
    "cgroups",
    "selinux",
    "lsm",
    "capabilities",
    "seccomp",
    "processes",
    "mounts",
    "network",
    "lifecycle",
    "daemon",
    "host",
    "registry",
    "images",
)
EXISTENCE = (workspaces.AVAILABLE, workspaces.SELECTED, workspaces.PRESENT, workspaces.RUNNING)
RULES: tuple[Check, ...] = (
    *namespaces.CHECKS,
    *user_namespaces.CHECKS,
    *cgroups.CHECKS,
    *resources.CHECKS,
    *devices.CHECKS,
    *selinux.CHECKS,
    *selinux_levels.CHECKS,
    *selinux_layer.CHECKS,
    *selinux_policy.CHECKS,
    *lsm.CHECKS,
    *capabilities.CHECKS,
    *seccomp.CHECKS,
    *processes.CHECKS,
    *mounts.CHECKS,
    *kernel_files.CHECKS,
    *mount_flags.CHECKS,
    *mount_pairs.CHECKS,
    *storage.CHECKS,
    *networks.CHECKS,
    *network_rules.CHECKS,
    *network_ports.CHECKS,
    *network_reach.CHECKS,
    *lifecycle.CHECKS,
    *daemon.CHECKS,
    *host.CHECKS,
    *registry.CHECKS,
    *images.CHECKS,
)
ALL: tuple[Check, ...] = (*EXISTENCE, *RULES)
IDS = frozenset(check.id for check in ALL)
