# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's verbs for layers: what lies in them, and a container's layer as an image. Nothing is decided here."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any, cast

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine import connect, errors, look
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_name import ImageName

Document = dict[str, Any]
# The engine writes a whole layer or image before it answers.
PATIENCE = 10
CHUNK = 1 << 18


def opened(params: Mapping[str, Any]) -> LayerEngine:
    """The layers of the engine that `params` (see ENGINE_ARGUMENTS) names."""
    return LayerEngine(connect(params))


class LayerEngine:
    """The layers of the engine behind `client`."""

    def __init__(self, client: Any) -> None:
        # A docker.APIClient. Not declared, because the published types lack the calls that go past the typed arguments.
        self._client = client

    def storage_driver(self) -> str:
        with errors("Cannot ask the engine for its storage driver"):
            return str(self._client.info()["Driver"])

    def image(self, reference: str) -> Document | None:
        found: Document | None = look(
            f"Cannot inspect image {reference}", lambda: self._client.inspect_image(reference)
        )
        return found

    def container(self, name: str, size: bool = False) -> Document | None:
        url = self._client._url("/containers/{0}/json", name)

        def call() -> Any:
            return self._client._result(self._client._get(url, params={"size": size}), True)

        document = look(f"Cannot inspect container {name}", call)
        # The engine also takes the beginning of an id for a name; that is refused, because it may fit another tomorrow.
        return document if document and name in (document["Name"][1:], document["Id"], document["Id"][:12]) else None

    def image_ids(self) -> list[str]:
        """Every image that has a name or is used, as 'docker image ls' shows them."""
        with errors("Cannot list the images"):
            return sorted({str(image["Id"]) for image in self._client.images()})

    def history(self, reference: str) -> list[Document]:
        with errors(f"Cannot read the history of {reference}"):
            return cast("list[Document]", self._client.history(reference))

    def changes(self, key: str) -> list[Document]:
        with errors(f"Cannot list what changed in container {key[:12]}"):
            return cast("list[Document]", self._client.diff(key) or [])

    @contextmanager
    def archive(self, key: str, path: str) -> Iterator[IO[bytes]]:
        """A path of a container, as a tar stream. The engine locks the container until the stream is closed."""
        url = self._client._url("/containers/{0}/archive", key)
        with self._stream(f"Cannot read {path} of container {key[:12]}", url, {"path": path}) as stream:
            yield stream

    @contextmanager
    def export(self, key: str) -> Iterator[IO[bytes]]:
        """The whole file system of a container, without what is mounted over it."""
        url = self._client._url("/containers/{0}/export", key)
        with self._stream(f"Cannot read the file system of container {key[:12]}", url, {}) as stream:
            yield stream

    @contextmanager
    def save(self, references: Iterable[str]) -> Iterator[IO[bytes]]:
        """Images with their layers, as a tar stream; a layer that several have comes once."""
        names = list(references)
        with self._stream(f"Cannot read {', '.join(names)}", self._client._url("/images/get"), {"names": names}) as out:
            yield out

    @contextmanager
    def _stream(self, what: str, url: str, params: Mapping[str, Any]) -> Iterator[IO[bytes]]:
        client = self._client
        with errors(what):
            answer = client._get(url, params=dict(params), stream=True, timeout=client.timeout * PATIENCE)
            try:
                client._raise_for_status(answer)
                yield cast(IO[bytes], _Reader(answer.iter_content(CHUNK)))
            finally:
                answer.close()

    def pause(self, key: str, name: str) -> None:
        with errors(f"Cannot pause container {name}"):
            self._client.pause(key)

    def unpause(self, key: str, name: str) -> None:
        with errors(f"Cannot unpause container {name}"):
            self._client.unpause(key)

    def commit(self, key: str, name: ImageName, author: str, comment: str, changes: Iterable[str]) -> str:
        """The container as an image; the engine's own pause is not used, because the layer is read under ours."""
        params: dict[str, Any] = {"container": key, "repo": name.repository, "tag": name.tag, "pause": 0}
        params.update(author=author, comment=comment, changes=list(changes))
        client = self._client
        with errors(f"Cannot commit container {key[:12]} as {name}"):
            url = client._url("/commit")
            answer = client._post_json(url, data=None, params=params, timeout=client.timeout * PATIENCE)
            return str(client._result(answer, True)["Id"])

    def create(self, image: str, labels: Mapping[str, str]) -> str:
        """A container that is never started."""
        body = {"Image": image, "Cmd": ["true"], "Labels": dict(labels), "HostConfig": {"NetworkMode": "none"}}
        with errors(f"Cannot create a container of {image}"):
            return str(self._client.create_container_from_config(body)["Id"])

    def put(self, key: str, archive: bytes) -> None:
        with errors(f"Cannot write into container {key[:12]}"):
            self._client.put_archive(key, "/", archive)

    def remove(self, key: str) -> None:
        with errors(f"Cannot remove container {key[:12]}"):
            self._client.remove_container(key, v=True, force=True)


class _Reader(io.RawIOBase):
    """Pieces as they come from the network, as a file to read from."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces, self._rest = iter(pieces), b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes; fewer only at the end, as a file on a disk would."""
        parts, length = [self._rest], len(self._rest)
        while (size < 0 or length < size) and (piece := next(self._pieces, None)) is not None:
            parts.append(piece)
            length += len(piece)
        joined = b"".join(parts)
        cut = length if size < 0 else size
        self._rest = joined[cut:]
        return joined[:cut]
