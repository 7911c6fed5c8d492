# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's verbs for containers and networks. Every call has the client's time limit, and fails as EngineError."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.fleet_labels import FLEET
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine import errors, look
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError

Document = dict[str, Any]
# The first version whose concurrent removals cannot deadlock (moby#46661): main line, moby pull request 42545. The
# backport to 20.10 is later than 20.10.24, and distributions have it or not.
SAFE_TEARDOWN = 23


class Created(NamedTuple):
    id: str
    # What the engine had to say, for example that it dropped a limit.
    warnings: tuple[str, ...] = ()


class ContainerEngine:
    """Documents go in and out as the engine's API has them; nothing is decided here."""

    def __init__(self, client: Any) -> None:
        # A docker.APIClient. Not declared, because the published types lack the calls that go past the typed arguments.
        self._client = client

    def api_version(self) -> tuple[int, ...]:
        return tuple(int(part) for part in str(self._client.api_version).split("."))

    def safe_teardown(self) -> bool:
        """Whether this engine takes concurrent removals."""
        with errors("Cannot ask the engine for its version"):
            major = str(self._client.version().get("Version", "")).partition(".")[0]
        return major.isdigit() and int(major) >= SAFE_TEARDOWN

    def swap_limit(self) -> bool:
        """Whether this engine's kernel can limit swap."""
        with errors("Cannot ask the engine what it can do"):
            return bool(self._client.info().get("SwapLimit"))

    def member_names(self, fleet: str) -> list[str]:
        with errors(f"Cannot list the containers of fleet {fleet}"):
            found = self._client.containers(all=True, filters={"label": f"{FLEET}={fleet}"})
        # A linked container has further names, with a slash inside.
        return [next(name[1:] for name in one["Names"] if "/" not in name[1:]) for one in found]

    def container(self, name: str) -> Document | None:
        document = look(f"Cannot inspect container {name}", lambda: self._client.inspect_container(name))
        # The engine also takes the beginning of an id for a name.
        return document if document and name in (document["Name"][1:], document["Id"]) else None

    def image(self, reference: str) -> Document | None:
        found: Document | None = look(
            f"Cannot inspect image {reference}", lambda: self._client.inspect_image(reference)
        )
        return found

    def networks(self) -> list[Document]:
        with errors("Cannot list the networks"):
            found: list[Document] = self._client.networks()
            return found

    def network(self, key: str) -> Document | None:
        return look(f"Cannot inspect network {key}", lambda: self._client.inspect_network(key))

    def create(self, name: str, body: Mapping[str, Any]) -> Created:
        with errors(f"Cannot create container {name}"):
            answer = self._client.create_container_from_config(body, name)
            return Created(str(answer["Id"]), tuple(answer.get("Warnings") or ()))

    def update(self, key: str, name: str, body: Mapping[str, Any]) -> tuple[str, ...]:
        """What the engine had to say."""
        with errors(f"Cannot update container {name}"):
            # The SDK's update_container() knows neither NanoCpus nor PidsLimit.
            url = self._client._url("/containers/{0}/update", key)
            answer = self._client._result(self._client._post_json(url, data=body), True)
            return tuple(answer.get("Warnings") or ())

    def start(self, key: str, name: str) -> None:
        try:
            with errors(f"Cannot start container {name}"):
                self._client.start(key)
        except EngineError as error:
            if any(words in error.what for words in ("port is already allocated", "address already in use")):
                # The engine calls it an error of its own, and its log says no more.
                cure = "Something on this host has that port: publish another one under ports, or stop what has it."
                raise EngineError(error.what, error.where, cure, error.status) from error
            raise

    def unpause(self, key: str, name: str) -> None:
        with errors(f"Cannot unpause container {name}"):
            self._client.unpause(key)

    def stop(self, key: str, name: str, timeout: int) -> None:
        with errors(f"Cannot stop container {name}"):
            self._client.stop(key, timeout=timeout)

    def remove(self, key: str, name: str) -> None:
        """Running or not; together with its anonymous volumes."""
        with errors(f"Cannot remove container {name}"):
            self._client.remove_container(key, v=True, force=True)

    def rename(self, key: str, name: str) -> None:
        with errors(f"Cannot rename the successor to {name}"):
            self._client.rename(key, name)

    def last_words(self, key: str, name: str) -> str:
        with errors(f"Cannot read the log of container {name}"):
            lines: bytes = self._client.logs(key, tail=5)
        return lines.decode(errors="replace").strip()

    def create_network(self, body: Mapping[str, Any]) -> str:
        with errors(f"Cannot create network {body['Name']}"):
            # The SDK's create_network() wants its own types for addresses.
            answer = self._client._post_json(self._client._url("/networks/create"), data=body)
            return str(self._client._result(answer, True)["Id"])

    def remove_network(self, key: str, name: str) -> None:
        with errors(f"Cannot remove network {name}"):
            self._client.remove_network(key)

    def join(self, network: str, key: str, endpoint: Mapping[str, Any]) -> None:
        with errors(f"Cannot connect the container to network {network}"):
            url = self._client._url("/networks/{0}/connect", network)
            answer = self._client._post_json(url, data={"Container": key, "EndpointConfig": endpoint})
            self._client._raise_for_status(answer)

    def leave(self, network: str, key: str) -> None:
        with errors(f"Cannot disconnect the container from network {network}"):
            self._client.disconnect_container_from_network(key, network, force=True)
