# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image verbs of one engine. No decisions: they are made in image_*.py."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine import errors, look, require_api
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError, StreamError
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_socket import registry_auth
from ansible_collections.bulkhead.classroom.plugins.module_utils.images import digest
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.build_log import BuildLog
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_name import ImageName
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.transfer import Transfer

if TYPE_CHECKING:
    from docker import APIClient

# A step of a build, the unpacking of a layer or a registry's commit can be silent for long; inspecting may not.
PATIENCE = 10


class Images:
    """The images of the engine behind `client`."""

    def __init__(self, client: APIClient) -> None:
        self.client: Any = client

    def require(self, api: str, what: str, release: str) -> None:
        """An error where this engine is too old for something."""
        require_api(self.client, api, what, release)

    def inspect(self, name: str) -> dict[str, Any] | None:
        """The image under a name, or None when the engine has none."""
        return look(f"Cannot inspect the image {name}", lambda: self.client.inspect_image(name))

    def import_rootfs(self, name: ImageName, source: str, changes: list[str], wanted: str | None) -> None:
        """Imports a tarball, which must be the one with the digest `wanted`."""
        blocks = digest.blocks_of(source)
        content = digest.guarded(blocks, wanted, f"The tarball {source}") if wanted else blocks
        params = {"fromSrc": "-", "repo": name.repository, "tag": name.tag, "changes": changes}
        with errors(f"Cannot import {name}", source):
            for _line in self._stream("/images/create", params, {"Content-Type": "application/x-tar"}, content):
                pass

    def build(
        self, name: str, context: Iterator[bytes], options: Mapping[str, Any], where: str, tagged: bool = True
    ) -> str:
        """Builds with the engine's own builder; the image's id. Its error names the instruction, and has the end of the
        log. `tagged`: the image gets the name."""
        params: dict[str, Any] = {"rm": True, "forcerm": True, "version": "1", **({"t": name} if tagged else {})}
        for key, value in options.items():
            # A list is a parameter that comes several times; everything else goes as JSON.
            params[key] = value if isinstance(value, (str, list)) else json.dumps(value)
        log, image_id = BuildLog(), ""
        try:
            with errors(f"Cannot build {name}", where):
                for line in self._stream("/build", params, {"Content-Type": "application/x-tar"}, context):
                    log.add(line.get("stream", ""))
                    image_id = (line.get("aux") or {}).get("ID") or image_id
        except EngineError as error:
            raise EngineError(log.what(error.what), where, log.cure(error.cure), error.status) from error
        if not image_id:
            raise EngineError(f"The build of {name} ended without an image", where, "Look at the engine's log.")
        return image_id

    def tag(self, image_id: str, name: ImageName) -> None:
        with errors(f"Cannot tag {image_id} as {name}"):
            self.client.tag(image_id, name.repository, name.tag)

    def remote_digest(self, name: ImageName, auth: Mapping[str, str]) -> str | None:
        """The digest that the registry has under a tag, or None when it has none. Nothing is transferred."""
        try:
            with errors(f"Cannot ask the registry for {name}"):
                answer = self.client.inspect_distribution(str(name), auth_config=dict(auth))
        except EngineError as error:
            if error.status == 404 or "manifest unknown" in error.what or "name unknown" in error.what:
                return None
            raise
        return str(answer["Descriptor"]["digest"])

    def push(self, name: ImageName, auth: Mapping[str, str]) -> Transfer:
        """Sends an image; the digest in the answer is the one that the registry computed."""
        sent = Transfer()
        with errors(f"Cannot push {name}"):
            for line in self._stream(f"/images/{name.repository}/push", {"tag": name.tag}, registry_auth(auth)):
                sent.add(line)
        if not sent.digest:
            raise EngineError(
                f"The push of {name} ended without a digest", cure="Look at the engine's and the registry's log."
            )
        return sent

    def pull(self, name: ImageName, auth: Mapping[str, str], platform: str | None = None) -> Transfer:
        params = {"fromImage": name.repository, "tag": name.digest or name.tag}
        params.update({"platform": platform} if platform else {})
        got = Transfer()
        with errors(f"Cannot pull {name}"):
            for line in self._stream("/images/create", params, registry_auth(auth)):
                got.add(line)
        return got

    def _stream(
        self, path: str, params: Mapping[str, Any], headers: Mapping[str, str], data: Iterable[bytes] | None = None
    ) -> Iterator[dict[str, Any]]:
        """Posts, and yields the engine's progress messages. The SDK's own methods wait for ever here."""
        client = self.client
        response = client._post(
            client._url(path, versioned_api=True),
            params=dict(params),
            headers=dict(headers),
            data=data,
            stream=True,
            timeout=client.timeout * PATIENCE,
        )
        client._raise_for_status(response)
        for text in response.iter_lines(chunk_size=None):
            if text.strip():
                yield _message(json.loads(text))


def _message(line: dict[str, Any]) -> dict[str, Any]:
    if line.get("error") or line.get("errorDetail"):
        detail = line.get("error") or line["errorDetail"].get("message")
        raise StreamError(str(detail).strip())
    return line
