# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probes of the system that a container shares with the host: settings, devices, files, privileges."""

from __future__ import annotations

from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import Check
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.probe import (
    ABSENT,
    REFUSED,
    Probe,
)

WORKSPACES = "student_workspaces entry point main"

PROBES: tuple[Probe, ...] = (
    Probe(
        Check(
            id="probe-hostname",
            title="The host name cannot be set",
            concept="capabilities",
            severity="high",
            expected="sethostname is refused",
            remedy="Take the capability SYS_ADMIN away (cap_drop: ALL), and do not run the container as privileged.",
            why="Who may set a name has SYS_ADMIN, the capability that opens most of the kernel's doors; with "
            "uts_mode host it is the host's own name.",
            how="sethostname with a length that no name can have: EPERM when it is refused, EINVAL when only "
            "the length was wrong.",
            variable=WORKSPACES,
            cis=("5.4",),
            nist=("4.4.3",),
        ),
    ),
    Probe(
        Check(
            id="probe-mount",
            title="Nothing can be mounted",
            concept="mounts",
            severity="high",
            expected="mount is refused",
            remedy="Take the capability SYS_ADMIN away (cap_drop: ALL), and do not run the container as privileged.",
            why="Who mounts can uncover what the engine has hidden, and look at file systems that are not the "
            "container's.",
            how="mount of an empty tmpfs in the twin, taken away again at once.",
            variable=WORKSPACES,
            cis=("5.4", "5.5"),
            nist=("4.4.3",),
        ),
    ),
    Probe(
        Check(
            id="probe-remount-proc-sys",
            title="/proc/sys cannot be made writable",
            concept="mounts",
            severity="high",
            expected="the remount is refused",
            remedy="Take the capability SYS_ADMIN away (cap_drop: ALL), and do not run the container as privileged.",
            why="The engine mounts the settings of the kernel read-only; a remount would undo that.",
            how="mount with MS_REMOUNT|MS_BIND of /proc/sys in the twin, and back.",
            variable=WORKSPACES,
            cis=("5.5",),
            nist=("4.4.3", "4.5.2"),
        ),
    ),
    Probe(
        Check(
            id="probe-kernel-settings",
            title="Settings of the kernel are not open for writing",
            concept="mounts",
            severity="critical",
            expected="no file of /proc/sys opens for writing",
            remedy="Leave systempaths=unconfined and privileged out.",
            why="These settings hold for the host and every container on it.",
            how="open(O_WRONLY) of five settings of the whole host; closed again, never written.",
            variable=WORKSPACES,
            cis=("5.5",),
            nist=("4.4.3", "4.5.2"),
        ),
        REFUSED | ABSENT,
    ),
    Probe(
        Check(
            id="probe-kernel-programs",
            title="Programs that the kernel starts cannot be replaced",
            concept="mounts",
            severity="critical",
            expected="core_pattern, modprobe, release_agent and their like do not open for writing",
            remedy="Leave systempaths=unconfined and privileged out.",
            why="The kernel runs what is named there as root on the host: one write and the container is left.",
            how="open(O_WRONLY) of each, and of release_agent in every mounted hierarchy; closed again, never written.",
            variable=WORKSPACES,
            cis=("5.5",),
            nist=("4.4.3", "4.5.2"),
        ),
        REFUSED | ABSENT,
    ),
    Probe(
        Check(
            id="probe-sysfs",
            title="/sys is not open for writing",
            concept="mounts",
            severity="high",
            expected="no file of /sys opens for writing",
            remedy="Leave systempaths=unconfined and privileged out.",
            why="Through /sys the host's devices, its power and its memory management are steered.",
            how="open(O_WRONLY) of files that most kernels have; closed again, never written.",
            variable=WORKSPACES,
            cis=("5.5",),
            nist=("4.4.3",),
        ),
        REFUSED | ABSENT,
    ),
    Probe(
        Check(
            id="probe-kernel-memory",
            title="The kernel's memory and its emergency keys are closed",
            concept="mounts",
            severity="critical",
            expected="kcore, kmsg, sysrq-trigger, /dev/mem and their like are hidden or refused",
            remedy="Leave systempaths=unconfined, privileged and such devices out.",
            why="They show what every process of the host has in memory, or stop the host.",
            how="open of each; that /dev/null lies over one counts as hidden.",
            variable=WORKSPACES,
            cis=("5.5", "5.18"),
            nist=("4.4.3", "4.5.2"),
        ),
        REFUSED | ABSENT,
    ),
    Probe(
        Check(
            id="probe-kernel-log",
            title="The kernel's log is closed",
            concept="seccomp",
            severity="medium",
            expected="syslog is refused",
            remedy="Take SYSLOG and SYS_ADMIN away, keep the seccomp profile, and set kernel.dmesg_restrict to 1 "
            "on the host.",
            why="The log names addresses, devices and other containers' misfortunes.",
            how="syslog(SYSLOG_ACTION_SIZE_BUFFER), which asks for a size.",
            cis=("5.22",),
            nist=("4.4.3",),
        ),
    ),
    Probe(
        Check(
            id="probe-cgroup-create",
            title="No control group can be made",
            concept="cgroups",
            severity="high",
            expected="mkdir in every mounted control group file system is refused",
            remedy="Leave privileged and writable mounts of /sys/fs/cgroup out.",
            why="Whoever writes there changes limits, and version 1 starts a program for it on the host.",
            how="mkdir in each control group file system that the twin sees, taken away again at once.",
            variable=WORKSPACES,
            cis=("5.5",),
            nist=("4.4.3",),
        ),
        REFUSED | {"ENOENT"},
    ),
    Probe(
        Check(
            id="probe-clock",
            title="The clock cannot be set",
            concept="capabilities",
            severity="high",
            expected="adjtimex is refused",
            remedy="Take the capability SYS_TIME away (cap_drop: ALL), and do not run the container as privileged.",
            why="There is one clock for the host and all containers.",
            how="adjtimex with a tick that no clock can have: EPERM when it is refused, EINVAL when only the "
            "tick was wrong.",
            variable=WORKSPACES,
            cis=("5.4",),
            nist=("4.4.3",),
        ),
    ),
    Probe(
        Check(
            id="probe-block-device",
            title="No disk of the host opens",
            concept="cgroups",
            severity="critical",
            expected="open of a block device is refused, be it there or made by mknod",
            remedy="Leave devices, device_cgroup_rules and privileged out, and take MKNOD away.",
            why="Below the file system there are no permissions: the disk is everybody's data.",
            how="open(O_RDONLY) of block devices in /dev, and of a node with the number of a disk of the host. "
            "Nothing is read.",
            variable=WORKSPACES,
            cis=("5.18",),
            nist=("4.4.3",),
        ),
        REFUSED | {"ENOENT", "ENOTDIR"},
    ),
    Probe(
        Check(
            id="probe-root-write",
            title="The root file system takes no write",
            concept="mounts",
            severity="medium",
            expected="creating a file is refused",
            remedy="Create the container with read_only.",
            why="What cannot be written cannot be changed by an intruder, nor fill the host's disk.",
            how="open(O_CREAT) in / and in a folder of the image that is writable for everybody.",
            variable=WORKSPACES,
            cis=("5.13",),
            nist=("4.4.3",),
        ),
        REFUSED,
    ),
    Probe(
        Check(
            id="probe-set-uid",
            title="A set-user-ID program gives no rights",
            concept="capabilities",
            severity="high",
            expected="the program runs as the container's user",
            remedy="Create the container with no-new-privileges.",
            why="One such program in an image makes a user root in the container.",
            how="A program of root's with the set-user-ID bit, in the probe image, says who it runs as.",
            variable=WORKSPACES,
            cis=("5.26",),
            nist=("4.4.3",),
        ),
        frozenset({"UNCHANGED"}),
    ),
    Probe(
        Check(
            id="probe-load-module",
            title="No kernel module can be loaded",
            concept="capabilities",
            severity="critical",
            expected="finit_module is refused",
            remedy="Take the capability SYS_MODULE away (cap_drop: ALL), and do not run the container as privileged.",
            why="A module is the kernel: it has no boundary at all.",
            how="finit_module of no file: EPERM when it is refused, EBADF when only the file was missing.",
            variable=WORKSPACES,
            cis=("5.4",),
            nist=("4.5.2",),
        ),
    ),
    Probe(
        Check(
            id="probe-file-handle",
            title="Files cannot be opened by their number",
            concept="capabilities",
            severity="critical",
            expected="open_by_handle_at is refused",
            remedy="Take the capability DAC_READ_SEARCH away (cap_drop: ALL), and do not run the container as "
            "privileged.",
            why="It opens any file of a file system, also those that no mount shows.",
            how="open_by_handle_at of a handle that is none: EPERM when it is refused, another error when only the "
            "handle was wrong.",
            variable=WORKSPACES,
            cis=("5.4",),
            nist=("4.5.5",),
        ),
    ),
)
