# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probes that reach for others: processes, namespaces, engines, networks."""

from __future__ import annotations

from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import Check
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.probe import (
    ABSENT,
    NO_FAMILY,
    NO_WAY,
    NOBODY,
    REFUSED,
    Probe,
)

WORKSPACES = "student_workspaces entry point main"

PROBES: tuple[Probe, ...] = (
    Probe(
        Check(
            id="probe-process-visible",
            title="No process of the host is seen",
            concept="processes",
            severity="high",
            expected="/proc shows none",
            remedy="Leave pid_mode host and container:... out.",
            why="Arguments and environment of others are read there, and signals begin with a number.",
            how="/proc/PID/stat of the module's own process, which is the host's; the start time tells it from "
            "another with that number.",
            variable=WORKSPACES,
            cis=("5.16",),
            nist=("4.4.3",),
        ),
        NOBODY | {"EACCES", "EPERM"},
    ),
    Probe(
        Check(
            id="probe-process-signal",
            title="No process of the host can be signalled",
            concept="processes",
            severity="high",
            expected="ESRCH: it does not exist",
            remedy="Leave pid_mode host and container:... out.",
            why="Whoever reaches a process with a signal can end it.",
            how="kill with signal 0, which sends nothing, to the module's own process.",
            variable=WORKSPACES,
            cis=("5.16",),
            nist=("4.4.3",),
        ),
        NOBODY,
    ),
    Probe(
        Check(
            id="probe-process-memory",
            title="The memory of the host's processes is closed",
            concept="processes",
            severity="critical",
            expected="process_vm_readv is refused, or finds nobody",
            remedy="Leave pid_mode host and the capability SYS_PTRACE out.",
            why="It holds keys and passwords, and who reads it by ptrace may write it too.",
            how="process_vm_readv of sixteen bytes that the module has put there for it.",
            variable=WORKSPACES,
            cis=(
                "5.4",
                "5.16",
            ),
            nist=("4.4.3",),
        ),
        REFUSED | NOBODY,
    ),
    Probe(
        Check(
            id="probe-namespace-enter",
            title="No namespace of the host can be entered",
            concept="namespaces",
            severity="critical",
            expected="it is not found, or setns is refused",
            remedy="Leave pid_mode host and the capability SYS_ADMIN out.",
            why="In the host's namespaces there is no container any more.",
            how="open of /proc/PID/ns/uts of the module's own process, and setns in a process that ends right after.",
            variable=WORKSPACES,
            cis=(
                "5.4",
                "5.16",
            ),
            nist=("4.4.3",),
        ),
        REFUSED | NOBODY,
    ),
    Probe(
        Check(
            id="probe-unshare-mount",
            title="No mount namespace can be made",
            concept="namespaces",
            severity="high",
            expected="unshare(CLONE_NEWNS) is refused",
            remedy="Take the capability SYS_ADMIN away (cap_drop: ALL), and do not run the container as privileged.",
            why="Inside a new one everything may be mounted.",
            how="unshare in a process that ends right after.",
            variable=WORKSPACES,
            cis=(
                "5.4",
                "5.22",
            ),
            nist=("4.4.3",),
        ),
    ),
    Probe(
        Check(
            id="probe-unshare-pid",
            title="No pid namespace can be made",
            concept="namespaces",
            severity="medium",
            expected="unshare(CLONE_NEWPID) is refused",
            remedy="Take the capability SYS_ADMIN away (cap_drop: ALL), and do not run the container as privileged.",
            why="Processes hide in it, and it comes with SYS_ADMIN.",
            how="unshare in a process that ends right after.",
            variable=WORKSPACES,
            cis=(
                "5.4",
                "5.22",
            ),
            nist=("4.4.3",),
        ),
    ),
    Probe(
        Check(
            id="probe-unshare-user",
            title="No user namespace can be made",
            concept="namespaces",
            severity="high",
            expected="unshare(CLONE_NEWUSER) is refused",
            remedy="Leave the engine's own seccomp profile on, or set user.max_user_namespaces to 0 on the host.",
            why="In a new one every user has all capabilities, and many faults of the kernel begin there.",
            how="unshare in a process that ends right after.",
            variable=WORKSPACES,
            cis=("5.22",),
            nist=(
                "4.4.3",
                "4.5.2",
            ),
        ),
        REFUSED | {"ENOSPC", "EUSERS"},
    ),
    Probe(
        Check(
            id="probe-network-device",
            title="No network interface can be made or changed",
            concept="capabilities",
            severity="high",
            expected="RTM_NEWLINK is refused",
            remedy="Take the capability NET_ADMIN away (cap_drop: ALL), and do not run the container as privileged.",
            why="Interfaces, addresses and routes decide whose packets come by.",
            how="RTM_NEWLINK for an interface that is not there: EPERM when it is refused, ENODEV when only the "
            "interface was missing.",
            variable=WORKSPACES,
            cis=("5.4",),
            nist=("4.4.2",),
        ),
        REFUSED | NO_FAMILY,
    ),
    Probe(
        Check(
            id="probe-raw-socket",
            title="No raw socket opens",
            concept="capabilities",
            severity="medium",
            expected="socket(SOCK_RAW) is refused",
            remedy="Take the capability NET_RAW away (cap_drop: ALL), and do not run the container as privileged.",
            why="With it a container sends packets in the name of others.",
            how="socket, closed again; nothing is sent.",
            variable=WORKSPACES,
            cis=("5.4",),
            nist=("4.4.2",),
        ),
        REFUSED | NO_FAMILY,
    ),
    Probe(
        Check(
            id="probe-packet-socket",
            title="No packet socket opens",
            concept="capabilities",
            severity="medium",
            expected="socket(AF_PACKET) is refused",
            remedy="Take the capability NET_RAW away (cap_drop: ALL), and do not run the container as privileged.",
            why="With it a container listens to its network and answers for others (ARP).",
            how="socket of protocol 0, closed again; nothing is sent or received.",
            variable=WORKSPACES,
            cis=("5.4",),
            nist=("4.4.2",),
        ),
        REFUSED | NO_FAMILY,
    ),
    Probe(
        Check(
            id="probe-engine-socket",
            title="No container engine answers",
            concept="mounts",
            severity="critical",
            expected="no socket of an engine takes a connection",
            remedy="Take the mount of the socket, or of a folder above it, away.",
            why="Who talks to the engine is root on the host.",
            how="connect at the usual places and to every mounted socket; GET /_ping where an engine speaks HTTP.",
            variable=WORKSPACES,
            cis=("5.32",),
            nist=(
                "4.4.3",
                "4.5.5",
            ),
        ),
        REFUSED | ABSENT | {"ECONNREFUSED"},
    ),
    Probe(
        Check(
            id="probe-registry-logins",
            title="No login for a registry lies open",
            concept="registry",
            severity="high",
            expected="no file of logins opens",
            remedy="Take the mount of that home or folder away; the engine logs in, and no container needs to.",
            why="Who has the login of a publisher changes everybody's images.",
            how="open(O_RDONLY) of the files in which docker, podman and kubelet keep them, in the usual homes and in "
            "every mounted folder; closed again, never read.",
            variable=WORKSPACES,
            nist=("4.2.2", "4.4.3"),
        ),
        REFUSED | ABSENT,
    ),
    Probe(
        Check(
            id="probe-metadata",
            title="The cloud's metadata service does not answer",
            concept="network",
            severity="high",
            expected="no connection to the link-local address of metadata services",
            remedy="Block 169.254.169.254 for containers on the host, or give them an internal network.",
            why="It hands out the host's credentials to whoever asks.",
            how="connect for a second; a refusal is an answer too. Only when the option network is set.",
            nist=("4.4.2",),
        ),
        REFUSED | NO_WAY,
    ),
    Probe(
        Check(
            id="probe-peers",
            title="Containers of other networks do not answer",
            concept="network",
            severity="high",
            expected="no answer from a container that shares no network with this one",
            remedy="Give each its own network, and leave the engine's rules between bridges on.",
            why="What reaches a neighbour attacks it.",
            how="connect for a second to a closed port of each; a refusal is an answer too. Only when the "
            "option network is set.",
            cis=("5.30",),
            nist=("4.4.2",),
        ),
        REFUSED | NO_WAY,
    ),
)
