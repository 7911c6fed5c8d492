# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The floor under a fleet: the docker SDK in one process, 8 threads, nothing compared and nothing checked.

Started as a process of its own, so that the time has the same share of Python's start as a module's has.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor

import docker

THREADS = 8


def start(client: docker.APIClient, image: str, names: list[str]) -> None:
    def one(name: str) -> None:
        limits = client.create_host_config(mem_limit="32m", pids_limit=32)
        made = client.create_container(image, ["sleep", "3600"], name=name, host_config=limits)
        client.start(made["Id"])

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(one, names))


def unchanged(client: docker.APIClient, _image: str, names: list[str]) -> None:
    client.containers(all=True)
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(client.inspect_container, names))


def remove(client: docker.APIClient, _image: str, names: list[str]) -> None:
    """One by one: this engine can deadlock on concurrent removals (moby#46661)."""
    for name in names:
        client.remove_container(name, force=True)


def main(url: str, verb: str, image: str, names: list[str]) -> None:
    client = docker.APIClient(base_url=url, version="auto", timeout=300, num_pools=THREADS)
    begin = time.monotonic()
    {"start": start, "unchanged": unchanged, "remove": remove}[verb](client, image, names)
    print(time.monotonic() - begin)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
