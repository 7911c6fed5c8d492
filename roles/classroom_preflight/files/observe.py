# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""observe.py CLASSROOM DIRECTORY: what a host has to give to a classroom, as JSON. Reads only; needs no package."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

PROGRAMS = "/usr/sbin:/usr/bin:/sbin:/bin"
# Where a stopped libvirt left its networks, and its machines that still run.
NETWORKS = Path("/etc/libvirt/qemu/networks")
RUNNING = Path("/run/libvirt/qemu")


def output(*argv: str) -> str:
    """What a program prints; nothing where it is missing or refuses, as on a host without libvirt."""
    if not shutil.which(argv[0], path=PROGRAMS):
        return ""
    return subprocess.run(argv, capture_output=True, text=True, check=False, env={"PATH": PROGRAMS}).stdout


def own_bridge(classroom: str) -> str:
    definition = output("virsh", "--connect", "qemu:///system", "net-dumpxml", classroom)
    kept = NETWORKS / f"{classroom}.xml"
    if not definition.strip() and os.access(kept, os.R_OK):
        definition = kept.read_text()
    bridge = ElementTree.fromstring(definition).find("bridge") if definition.strip() else None
    return "" if bridge is None else bridge.get("name", "")


def networks(without: str) -> list[dict[str, str]]:
    found = []
    for link in json.loads(output("ip", "-json", "-4", "address", "show") or "[]"):
        for address in link.get("addr_info", []):
            if link["ifname"] != without and address["prefixlen"] < 32:
                found.append({"name": link["ifname"], "subnet": f"{address['local']}/{address['prefixlen']}"})
    return found


def free(classroom: str, directory: Path) -> dict[str, Any]:
    memory = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
    there = directory
    while not there.exists():
        there = there.parent
    suffix = f".{classroom}"
    domains = output("virsh", "--connect", "qemu:///system", "list", "--name").split()
    if not domains and os.access(RUNNING, os.R_OK):
        domains = [path.stem for path in RUNNING.glob("*.xml")]
    return {
        "memory_mib": int(memory["MemAvailable"].split()[0]) // 1024,
        "disk_gib": shutil.disk_usage(there).free >> 30,
        "running": [name[: -len(suffix)] for name in domains if name.endswith(suffix)],
        "existing": [disk.parent.name for disk in (directory / classroom).glob("*/root.qcow2")],
    }


def main() -> None:
    classroom, directory = sys.argv[1], Path(sys.argv[2])
    print(json.dumps({"networks": networks(own_bridge(classroom)), "free": free(classroom, directory)}))


if __name__ == "__main__":
    main()
