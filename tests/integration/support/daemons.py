# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A container engine and a registry of the tests' own: nothing of the host's engine is used or touched."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from base64 import b64encode
from pathlib import Path

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine import engine

PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """A killed test run must leave no daemon behind."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def wait_for(probe, what: str, log: Path, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if probe():
            return
        time.sleep(0.1)
    raise RuntimeError(f"{what} did not come up within {seconds} s; its log ends:\n{log.read_text()[-3000:]}")


class Daemon:
    """One process with a log, ended by its id."""

    def __init__(self, argv: list[str], log: Path) -> None:
        self.argv, self.log, self.process = argv, log, None

    def launch(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.argv, stdout=log, stderr=log, preexec_fn=die_with_parent)

    def end(self, how: signal.Signals = signal.SIGTERM, seconds: float = 60) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def running(daemon):
    """A fixture's whole life of an engine or a registry: ended whatever happens in between."""
    try:
        yield daemon.start()
    finally:
        daemon.stop()


class Bridge:
    """A network bridge in a subnet that the host does not know yet."""

    letters = iter("abcdefghijklmnopqrstuvwxyz")

    def __init__(self) -> None:
        self.name = f"bht{os.getpid()}{next(self.letters)}"

    def up(self) -> None:
        for name in stale_bridges():
            subprocess.run(["ip", "link", "del", name], check=False)
        known = subprocess.run(["ip", "route"], check=True, capture_output=True, text=True).stdout
        third = next(n for n in random.sample(range(256), 256) if f"10.213.{n}." not in known)
        for argv in (
            ["ip", "link", "add", self.name, "type", "bridge"],
            ["ip", "address", "add", f"10.213.{third}.1/24", "dev", self.name],
            ["ip", "link", "set", self.name, "up"],
        ):
            subprocess.run(argv, check=True)

    def down(self) -> None:
        subprocess.run(["ip", "link", "del", self.name], check=False, capture_output=True)


def stale_bridges() -> list[str]:
    """Bridges of runs that were killed: named after a process that is gone."""
    links = json.loads(subprocess.run(["ip", "-j", "link"], check=True, capture_output=True, text=True).stdout)
    found = [re.fullmatch(r"bht(\d+)[a-z]?", link["ifname"]) for link in links]
    return [match[0] for match in found if match and not Path(f"/proc/{match[1]}").exists()]


class Engine:
    """A private dockerd: `url` for the modules, `client` to look behind them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.bridge = folder, Bridge()
        self.url = f"unix://{folder}/docker.sock"
        # The same program under another name: something to choose.
        runtimes = {"second": {"path": shutil.which("runc") or "runc"}}
        (folder / "daemon.json").write_text(json.dumps({"runtimes": runtimes}))
        argv = ["dockerd", f"--config-file={folder}/daemon.json", f"--data-root={folder}/data"]
        argv += [f"--exec-root={folder}/exec", f"--pidfile={folder}/docker.pid", "-H", self.url]
        argv += ["--bridge", self.bridge.name, "--iptables=false", "--ip-masq=false", "--ip-forward=false"]
        self.daemon = Daemon(argv, folder / "dockerd.log")
        self.client = None

    def start(self) -> Engine:
        self.bridge.up()
        return self.launch()

    def launch(self) -> Engine:
        self.daemon.launch()
        wait_for(self.answers, "dockerd", self.daemon.log)
        return self

    def answers(self) -> bool:
        try:
            self.client = engine.connect({"docker_host": self.url})
        except engine.EngineError:
            return False
        return True

    def crash(self) -> None:
        """As after a loss of power: the engine and the containerd that it started are gone at once."""
        helper = int((self.folder / "exec" / "containerd" / "containerd.pid").read_text())
        self.daemon.end(signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.kill(helper, signal.SIGKILL)
        wait_for(lambda: not Path(f"/proc/{helper}").exists(), "the end of containerd", self.daemon.log)

    def shims(self) -> list[int]:
        """Processes that a killed engine left: they carry the path of its folder."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                words = (entry / "cmdline").read_bytes().split(b"\0")
                if b"shim" in words[0] and any(word.startswith(bytes(self.folder)) for word in words):
                    found.append(int(entry.name))
        return found

    def stop(self) -> None:
        if self.client is not None and self.answers():
            for container in self.client.containers(all=True):
                self.client.remove_container(container["Id"], force=True, v=True)
        self.daemon.end()
        for shim in self.shims():
            with contextlib.suppress(ProcessLookupError):
                os.kill(shim, signal.SIGKILL)
        # The engine leaves the namespace of network mode "host" mounted, and all its mounts when it was killed.
        places = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
        for left in reversed([place for place in places if place.startswith(f"{self.folder}/")]):
            subprocess.run(["umount", left], check=False, capture_output=True)
        self.bridge.down()


class Registry:
    """A private docker-registry on loopback, where the engine speaks plain HTTP; who is not `open` wants a login."""

    user, password = "publisher", "pass word:'\"$%"

    def __init__(self, folder: Path, open: bool = False) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.host = f"127.0.0.1:{probe.getsockname()[1]}"
        argv = ["htpasswd", "-Bbn", "-C", "5", self.user, self.password]
        (folder / "htpasswd").write_bytes(subprocess.run(argv, check=True, capture_output=True).stdout)
        config = {
            "version": 0.1,
            "storage": {"filesystem": {"rootdirectory": f"{folder}/data"}, "delete": {"enabled": True}},
            "http": {"addr": self.host},
            "auth": {} if open else {"htpasswd": {"realm": "tests", "path": f"{folder}/htpasswd"}},
        }
        (folder / "config.yml").write_text(json.dumps(config))
        self.daemon = Daemon(["docker-registry", "serve", f"{folder}/config.yml"], folder / "registry.log")

    def start(self) -> Registry:
        self.daemon.launch()
        wait_for(lambda: self.get("/v2/") == 200, "docker-registry", self.daemon.log)
        return self

    def get(self, path: str) -> int:
        """The status that the registry answers to a publisher."""
        token = b64encode(f"{self.user}:{self.password}".encode()).decode()
        headers = {
            "Authorization": f"Basic {token}",
            "Accept": "application/vnd.docker.distribution.manifest.v2+json",
        }
        request = urllib.request.Request(f"http://{self.host}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def stop(self) -> None:
        self.daemon.end()
