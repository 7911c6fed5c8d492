# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An engine with images, and a registry behind it, both in memory: what the image modules call, and nothing more."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.digest import LABEL
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_name import ImageName
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.transfer import Transfer


def sha(*parts: Any) -> str:
    return "sha256:" + hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def transfer(status: str, digest: str) -> Transfer:
    """What an engine says of a push or pull of one layer."""
    said = Transfer()
    for line in ({"status": status, "id": "layer"}, {"aux": {"Digest": digest}}):
        said.add(line)
    return said


class FakeImages:
    """`tags` maps names to ids, `images` ids to their labels, `registry` (repository, tag) to (digest, id)."""

    def __init__(self) -> None:
        self.tags: dict[str, str] = {}
        self.images: dict[str, dict[str, str]] = {}
        self.digests: dict[str, set[str]] = {}
        self.registry: dict[tuple[str, str], tuple[str, str]] = {}
        self.calls: list[str] = []
        self.broken: set[str] = set()
        self.old, self.silent = False, False
        self.lock = Lock()

    def put(self, name: str, *content: Any, labels: Mapping[str, str] | None = None) -> str:
        image_id = sha(name, *content)
        with self.lock:
            self.tags[name] = image_id
            self.images[image_id] = dict(labels or {})
        return image_id

    def _call(self, verb: str, name: str, noted: str = "") -> None:
        with self.lock:
            self.calls.append(f"{noted or verb} {name}")
        if name in self.broken:
            raise EngineError(f"Cannot {verb} {name}: it is broken", "the fake", "Mend it.")

    def require(self, api: str, what: str, release: str) -> None:
        if self.old:
            raise EngineError(f"{what} needs API {api}", cure=f"Install Docker {release}.")

    def inspect(self, name: str) -> dict[str, Any] | None:
        image_id = self.tags.get(name)
        if image_id is None and "@" in name:
            image_id = next((known for known, digests in self.digests.items() if name in digests), None)
        if image_id is None:
            return None
        labels = self.images[image_id]
        return {"Id": image_id, "RepoDigests": sorted(self.digests.get(image_id, ())), "Config": {"Labels": labels}}

    def import_rootfs(self, name: ImageName, source: str, changes: list[str], wanted: str | None) -> None:
        self._call("import", str(name))
        label = next(line for line in changes if line.startswith(f'LABEL "{LABEL}"'))
        content = Path(source).read_bytes().hex()
        self.put(str(name), content, changes, labels={LABEL: label.split('"')[3]})

    def build(
        self, name: str, context: Iterator[bytes], options: Mapping[str, Any], where: str, tagged: bool = True
    ) -> str:
        sent = hashlib.sha256(b"".join(context)).hexdigest()
        self._call("build", name, noted="" if tagged else "make")
        if tagged:
            return self.put(name, sent, dict(options), labels=options["labels"])
        return sha(name, sent, dict(options))

    def tag(self, image_id: str, name: ImageName) -> None:
        self._call("tag", str(name))
        self.tags[str(name)] = image_id

    def remote_digest(self, name: ImageName, auth: Mapping[str, str]) -> str | None:
        self._call("ask", str(name))
        if self.silent:
            raise EngineError(f"Cannot ask the registry for {name}: no answer")
        return self.registry.get((name.repository, str(name.tag)), (None, ""))[0]

    def push(self, name: ImageName, auth: Mapping[str, str]) -> Transfer:
        self._call("push", str(name))
        image_id = self.tags[str(name)]
        digest = sha("manifest", image_id)
        self.registry[(name.repository, str(name.tag))] = (digest, image_id)
        self.digests.setdefault(image_id, set()).add(f"{name.repository}@{digest}")
        return transfer("Pushed", digest)

    def pull(self, name: ImageName, auth: Mapping[str, str], platform: str | None = None) -> Transfer:
        self._call("pull", str(name))
        for (repository, tag), (digest, image_id) in self.registry.items():
            if repository == name.repository and (name.digest == digest or name.tag == tag):
                self.images.setdefault(image_id, {})
                self.digests.setdefault(image_id, set()).add(f"{repository}@{digest}")
                if name.tag:
                    self.tags[str(name)] = image_id
                return transfer("Pull complete", digest)
        raise EngineError(f"Cannot pull {name}: manifest unknown", cure="Check the name.", status=404)
