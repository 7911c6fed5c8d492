# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An engine with a packet filter: in a network namespace of its own, so that no rule is written for anybody else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from ansible_collections.bulkhead.classroom.tests.integration.support.daemons import Daemon, Engine, wait_for
from ansible_collections.bulkhead.classroom.tests.integration.support.modules import ROOT, RUNNER

# What the engine of the other tests leaves alone.
LEFT_OUT = ("--iptables", "--ip-masq", "--ip-forward", "--bridge")


class WalledEngine(Engine):
    """kind: whose rules it writes, nft's or the old ones (legacy)."""

    def __init__(self, folder: Path, kind: str = "nft", forwards: bool = False) -> None:
        super().__init__(folder)
        self.kind, self._forwards = kind, forwards
        self._holder = Daemon(["unshare", "--net", "sleep", "infinity"], folder / "holder.log")
        programs = folder / "programs"
        programs.mkdir()
        for name in ("iptables", "ip6tables"):
            (programs / name).symlink_to(shutil.which(f"{name}-{kind}") or f"/usr/sbin/{name}-{kind}")
        own = [word for word in self.daemon.argv if not word.startswith(LEFT_OUT) and word != self.bridge.name]
        self._path = f"PATH={programs}:{os.environ['PATH']}:/usr/sbin:/sbin"
        self._own, self._inside = own, []

    def start(self) -> WalledEngine:
        # 'ip netns' would leave a mount of its own in /run, and 'exec' another /sys, without control groups.
        self._holder.launch()
        place = Path(f"/proc/{self._holder.process.pid}/ns/net")
        wait_for(lambda: place.stat().st_ino != Path("/proc/self/ns/net").stat().st_ino, "a network", self.daemon.log)
        self._inside = ["nsenter", f"--net={place}", "--", "env", self._path]
        self.daemon.argv = [*self._inside, *self._own]
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

    def facts(self, *before: str, **wanted: object) -> dict:
        """What isolation_info reads there. before: what it is started with."""
        arguments = {"docker_host": self.url, "_ansible_check_mode": False, "_ansible_diff": False, **wanted}
        done = subprocess.run(
            [*self._inside, *before, sys.executable, str(RUNNER), "isolation_info"],
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
        self._holder.end()
