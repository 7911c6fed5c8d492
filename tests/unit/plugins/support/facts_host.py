# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What facts.py's host says of its engine, files, audit rules, kernel and registries: all of it good."""

from __future__ import annotations

from typing import Any

ICC = "com.docker.network.bridge.enable_icc"
# What is not decided for this host, or is no fault: and nothing else.
UNPROVED = {
    "apparmor-profile": "notapplicable",
    "daemon-tls-handshake": "notapplicable",
    "daemon-base-size": "notapplicable",
    "daemon-log-rotation": "notapplicable",
    **dict.fromkeys(("image-content-trust", "image-packages", "image-vulnerabilities"), "notchecked"),
    **dict.fromkeys(("swarm-managers", "swarm-address", "swarm-autolock", "swarm-certificates"), "notapplicable"),
    **dict.fromkeys(("swarm-secrets", "swarm-unlock-key", "swarm-ca", "swarm-data-path"), "notapplicable"),
}
SWARM = ("swarm_services", "swarm_ca", "swarm_addresses")
ROWS = {
    "engine-service": ("root", "0644"),
    "engine-socket-unit": ("root", "0644"),
    "engine-folder": ("root", "0755"),
    "registry-certificates": ("root", "0444"),
    "tls-ca": ("root", "0444"),
    "tls-certificate": ("root", "0444"),
    "tls-key": ("root", "0400"),
    "engine-socket": ("docker", "0660"),
    "engine-file": ("root", "0644"),
    "engine-defaults": ("root", "0644"),
    "engine-sysconfig": ("root", "0644"),
    "containerd-socket": ("root", "0660"),
}
AUDITED = ("dockerd", "containerd-run", "data-root", "engine-folder", "engine-service", "containerd-socket")
AUDITED += ("engine-socket", "engine-defaults", "engine-file", "containerd-file", "engine-sysconfig", "containerd")
AUDITED += ("shim", "shim-v1", "shim-v2", "runc")
SETTINGS = {
    "ptrace_scope": "1",
    "unprivileged_bpf_disabled": "2",
    "kptr_restrict": "1",
    "dmesg_restrict": "1",
    "perf_event_paranoid": "3",
    "kexec_load_disabled": "1",
    "modules_disabled": "1",
    "sysrq": "438",
    "core_pattern": "core",
    "suid_dumpable": "0",
    "protected_hardlinks": "1",
    "protected_symlinks": "1",
    "protected_fifos": "1",
    "protected_regular": "2",
    "max_user_namespaces": "0",
    "ip_forward": "0",
    "lockdown": "none [integrity] confidentiality",
    "smt": "0",
    "ksm": "0",
}


def fact(value: Any, path: str) -> dict[str, Any]:
    return {"value": value, "path": path}


def daemon() -> dict[str, Any]:
    file = {
        "icc": False,
        "live-restore": True,
        "no-new-privileges": True,
        "userland-proxy": False,
        "selinux-enabled": True,
        "userns-remap": "default",
        "log-driver": "syslog",
        "default-ulimits": {"nofile": {"Name": "nofile", "Soft": 1024, "Hard": 4096}},
    }
    return {
        "command": fact({"hosts": ["fd://"]}, "/proc/801/cmdline"),
        "file": fact(file, "/etc/docker/daemon.json"),
        "file_age": fact(-3600.0, "/etc/docker/daemon.json"),
        "info": fact(info(), "/info"),
        "swarm": fact({"state": "inactive", "manager": False}, "/info Swarm"),
        "listeners": fact([{"kind": "unix", "address": "/run/docker.sock", "port": 0}], "/proc/801/fd"),
        "uid_map": fact("         0     100000      65536", "/proc/801/uid_map"),
        "bridge": fact({"exists": True, "options": {ICC: "false"}}, "/networks/bridge"),
        "data_root": fact({"path": "/var/lib/docker", "device": "254:2", "above": "254:1"}, "/proc/801/mountinfo"),
        "published": [8080],
        "proxies": fact(0, "/proc/PID/comm"),
        **{key: {"value": None, "path": "/info", "error": "ENODATA not read"} for key in SWARM},
    }


def info() -> dict[str, Any]:
    return {
        "Debug": False,
        "LiveRestoreEnabled": True,
        "ExperimentalBuild": False,
        "LoggingDriver": "syslog",
        "Driver": "overlay2",
        "DockerRootDir": "/var/lib/docker",
        "CgroupDriver": "systemd",
        "DefaultRuntime": "runc",
        "SecurityOptions": ["name=seccomp,profile=builtin", "name=selinux", "name=userns"],
        "Authorization": ["opa"],
        "InsecureCIDRs": ["127.0.0.0/8", "::1/128"],
        "InsecureIndexes": [],
        "Mirrors": ["https://mirror.classroom.test/"],
        "RegistryConfig": True,
    }


def interface() -> dict[str, str]:
    return {"route_localnet": "0", "rp_filter": "1", "accept_redirects": "0", "forwarding": "0"}


def engine_host() -> dict[str, Any]:
    settings: dict[str, Any] = {name: fact(value, f"/proc/sys/{name}") for name, value in SETTINGS.items()}
    settings["interfaces"] = fact({name: interface() for name in ("all", "default", "eth0")}, "/proc/sys/net/ipv4/conf")
    settings["vulnerabilities"] = fact({"meltdown": "Not affected", "retbleed": "Mitigation: IBRS"}, "/sys/cpu")
    return {
        "daemon": daemon(),
        "files": {
            row: fact([fact({"owner": "root", "group": group, "mode": mode}, f"/x/{row}")], f"/x/{row}")
            for row, (group, mode) in ROWS.items()
        },
        "groups": fact({"docker": [], "root": []}, "/etc/group"),
        "audit": {
            "loaded": fact([[f"/a/{row}", False, 10] for row in AUDITED], "netlink AUDIT_LIST_RULES"),
            "files": fact([[f"/a/{row}", True, 10] for row in AUDITED], "/etc/audit/audit.rules"),
            "places": {row: fact(f"/a/{row}", f"/a/{row}") for row in AUDITED},
        },
        "settings": settings,
        "strays": fact([], "/proc/PID/cgroup"),
        "registries": {
            "certificates": fact({"registry.classroom.test": ["ca.crt"]}, "/etc/docker/certs.d"),
            "containers_conf": fact([], "/etc/containers/registries.conf"),
            "signature_policy": fact(["reject"], "/etc/containers/policy.json"),
            "podman": True,
            "logins": [fact({"registries": [], "mode": "0600"}, "/root/.docker/config.json")],
        },
    }
