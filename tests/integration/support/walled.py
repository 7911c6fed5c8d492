# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An engine with a packet filter: in a network namespace of its own, so that no rule is written for anybody else."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from ansible_collections.bulkhead.classroom.tests.integration.support.daemons import Engine
from ansible_collections.bulkhead.classroom.tests.integration.support.modules import ROOT, RUNNER

SPACES = Path("/run/netns")
# What the engine of the other tests leaves alone.
LEFT_OUT = ("--iptables", "--ip-masq", "--ip-forward", "--bridge")


class WalledEngine(Engine):
    """kind: whose rules it writes, nft's or the old ones (legacy)."""

    def __init__(self, folder: Path, kind: str = "nft", forwards: bool = False) -> None:
        super().__init__(folder)
        self.space, self.kind, self._forwards = self.bridge.name, kind, forwards
        programs = folder / "programs"
        programs.mkdir()
        for name in ("iptables", "ip6tables"):
            (programs / name).symlink_to(shutil.which(f"{name}-{kind}") or f"/usr/sbin/{name}-{kind}")
        own = [word for word in self.daemon.argv if not word.startswith(LEFT_OUT) and word != self.bridge.name]
        self._path = f"PATH={programs}:{os.environ['PATH']}:/usr/sbin:/sbin"
        # 'ip netns exec' would mount another /sys, without control groups.
        self._inside = ["nsenter", f"--net={SPACES}/{self.space}", "--", "env", self._path]
        self.daemon.argv = [*self._inside, *own]

    def start(self) -> WalledEngine:
        for name in stale_spaces():
            subprocess.run(["ip", "netns", "del", name], check=False)
        subprocess.run(["ip", "netns", "add", self.space], check=True)
        self.run("ip", "link", "set", "lo", "up")
        if self._forwards:
            # Then the engine leaves the policy of FORWARD as it is.
            self.set("net/ipv4/ip_forward", "1")
        self.launch()
        return self

    def run(self, *argv: str) -> str:
        """In the engine's network, with its iptables."""
        done = subprocess.run([*self._inside, *argv], capture_output=True, text=True, check=False)
        assert done.returncode == 0, (argv, done.stderr)
        return done.stdout

    def set(self, setting: str, value: str) -> None:
        self.run("sh", "-c", f"echo {value} > /proc/sys/{setting}")

    def facts(self, **wanted: object) -> dict:
        """What isolation_info reads there."""
        arguments = {"docker_host": self.url, "_ansible_check_mode": False, "_ansible_diff": False, **wanted}
        done = subprocess.run(
            [*self._inside, sys.executable, str(RUNNER), "isolation_info"],
            input=json.dumps(arguments),
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT / "collections")},
        )
        found = json.loads(done.stdout.splitlines()[-1])
        assert "facts" in found, (found, done.stderr)
        return found["facts"]

    def stop(self) -> None:
        super().stop()
        subprocess.run(["ip", "netns", "del", self.space], check=False)


def stale_spaces() -> list[str]:
    """Of runs that were killed: named after a process that is gone."""
    found = [re.fullmatch(r"bht(\d+)[a-z]", path.name) for path in (SPACES.iterdir() if SPACES.exists() else ())]
    return [match[0] for match in found if match and not Path(f"/proc/{match[1]}").exists()]
