# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An engine in memory, with the habits of a real one: fills in defaults, merges the image, adds labels and aliases."""

from __future__ import annotations

import copy
import hashlib
import itertools
import threading
import time

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_containers import Created
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.fake_engine_habits import filled, merged

IMAGE_CONFIG = {
    "Cmd": ["sleep", "inf"],
    "Entrypoint": None,
    "Env": ["PATH=/bin", "COURSE=1"],
    "User": "1000",
    "WorkingDir": "/home",
    # Committed from a member: the labels of that member are in the image.
    "StopSignal": "SIGINT",
    "Healthcheck": {"Test": ["CMD", "true"], "Interval": 5_000_000_000},
    "Labels": {"made": "here", "org.bulkhead.fleet": "room", "org.bulkhead.asked": "hostname"},
}


class FakeContainerEngine:
    def __init__(self, swap: bool = True) -> None:
        self.api, self.safe = (1, 47), False
        # What the engine says of a container, by verb and name, when it takes a limit and drops it.
        self.warnings: dict[tuple[str, str], str] = {}
        # What a health check finds, by name; the others are healthy.
        self.health: dict[str, str] = {}
        self.swap, self.containers, self.nets, self.images, self.calls = swap, {}, {}, {}, []
        # Names of containers whose call fails, by verb: {"start": {"ada"}}.
        self.broken: dict[str, set[str]] = {}
        self.counter, self.busy, self.peak, self.lock = itertools.count(1), 0, 0, threading.Lock()
        for name in ("bridge", "host", "none"):
            self.create_network({"Name": name, "Driver": name})
        self.calls.clear()

    def add_image(self, reference: str, **config) -> None:
        # The id tells what is inside, as a real one does.
        digest = hashlib.sha256(repr((reference, sorted(config.items()))).encode()).hexdigest()
        self.images[reference] = {"Id": f"sha256:{digest}", "Config": {**IMAGE_CONFIG, **config}}

    # What is asked
    def api_version(self):
        return self.api

    def safe_teardown(self) -> bool:
        return self.safe

    def swap_limit(self) -> bool:
        return self.swap

    def member_names(self, fleet: str) -> list[str]:
        documents = self.containers.values()
        return [d["Name"][1:] for d in documents if d["Config"]["Labels"].get("org.bulkhead.fleet") == fleet]

    def container(self, name: str):
        found = [d for d in self.containers.values() if name in (d["Id"], d["Name"][1:])]
        return copy.deepcopy(found[0]) if found else None

    def image(self, reference: str):
        return self.images.get(reference)

    def networks(self):
        return [{**copy.deepcopy(net), "Containers": {}} for net in self.nets.values()]

    def network(self, key: str):
        inside = {
            d["Id"]: {"Name": d["Name"][1:]}
            for d in self.containers.values()
            if d["State"]["Status"] == "running"
            for one in d["NetworkSettings"]["Networks"].values()
            if one["NetworkID"] == key
        }
        return {**copy.deepcopy(self.nets[key]), "Containers": inside}

    # What is done
    def create(self, name: str, body) -> Created:
        self._note("create", name)
        if self.container(name):
            raise EngineError(f"Cannot create container {name}: the name is taken", status=409)
        image = self.images[body["Image"]]
        key = f"{next(self.counter):064x}"
        networks = (body.get("NetworkingConfig") or {}).get("EndpointsConfig") or {}
        self.containers[key] = {
            "Id": key,
            "Name": f"/{name}",
            "Image": image["Id"],
            "Config": merged(body, image["Config"], key),
            "HostConfig": filled(body["HostConfig"], self.swap),
            "State": {"Status": "created", "ExitCode": 0},
            "NetworkSettings": {"Networks": {}},
        }
        for network, endpoint in networks.items():
            self._attach(network, key, endpoint)
        return Created(key, self._said("create", name))

    def _said(self, verb: str, name: str):
        said = self.warnings.get((verb, name))
        return (said,) if said else ()

    def update(self, key: str, name: str, body):
        self._note("update", name)
        assert body and all(body[word] for word in body if word != "PidsLimit")
        self.containers[key]["HostConfig"].update(body)
        return self._said("update", name)

    def start(self, key: str, name: str) -> None:
        self._note("start", name)
        self._status(key, "running")
        document = self.containers[key]
        if (document["Config"]["Healthcheck"] or {}).get("Test", ["NONE"]) != ["NONE"]:
            health = {"Status": self.health.get(name, "healthy"), "Log": [{"Output": "no chalk\n"}]}
            document["State"]["Health"] = health

    unpause = start

    def stop(self, key: str, name: str, timeout: int) -> None:
        with self._alone("stop", name):
            self._status(key, "exited")

    def remove(self, key: str, name: str) -> None:
        with self._alone("remove", name):
            del self.containers[key]

    def rename(self, key: str, name: str) -> None:
        self._note("rename", name)
        assert not self.container(name)
        self.containers[key]["Name"] = f"/{name}"

    def last_words(self, key: str, name: str) -> str:
        return "no such command"

    def create_network(self, body) -> str:
        self._note("create_network", body["Name"])
        key = f"{next(self.counter):064x}"
        pool = {"Subnet": f"10.0.{next(self.counter)}.0/24", "Gateway": "10.0.0.1"}
        pool.update(((body.get("IPAM") or {}).get("Config") or [{}])[0])
        self.nets[key] = {**copy.deepcopy(dict(body)), "Id": key, "IPAM": {"Config": [pool]}}
        return key

    def remove_network(self, key: str, name: str) -> None:
        self._note("remove_network", name)
        if self.network(key)["Containers"]:
            raise EngineError(f"Cannot remove network {name}: it has active endpoints", status=403)
        del self.nets[key]

    def join(self, network: str, key: str, endpoint) -> None:
        self._note("join", network)
        self._attach(network, key, endpoint)

    def leave(self, network: str, key: str) -> None:
        networks = self.containers[key]["NetworkSettings"]["Networks"]
        for name in [name for name, one in networks.items() if network in (name, one["NetworkID"])]:
            del networks[name]

    def _attach(self, network: str, key: str, endpoint) -> None:
        known = next(net["Id"] for net in self.nets.values() if net["Name"] == network)
        aliases = [*endpoint.get("Aliases", []), key[:12], self.containers[key]["Config"]["Hostname"]]
        address = endpoint.get("IPAMConfig")
        document = {"NetworkID": known, "Aliases": aliases, "IPAMConfig": address}
        self.containers[key]["NetworkSettings"]["Networks"][network] = document

    def _status(self, key: str, status: str) -> None:
        self.containers[key]["State"]["Status"] = status

    def _note(self, verb: str, name: str) -> None:
        self.calls.append((verb, name))
        assert not self.busy or verb in ("stop", "remove"), f"{verb} {name} while something is taken down"
        if name in self.broken.get(verb, ()):
            raise EngineError(f"Cannot {verb} {name}: told to fail")

    def _alone(self, verb: str, name: str):
        self._note(verb, name)
        return _Alone(self)


class _Alone:
    """Fails when two things are taken down at once."""

    def __init__(self, engine: FakeContainerEngine) -> None:
        self.engine = engine

    def __enter__(self) -> None:
        with self.engine.lock:
            assert self.engine.safe or not self.engine.busy
            self.engine.busy += 1
            self.engine.peak = max(self.engine.peak, self.engine.busy)
        if self.engine.safe:
            time.sleep(0.02)

    def __exit__(self, *_unused) -> None:
        with self.engine.lock:
            self.engine.busy -= 1
