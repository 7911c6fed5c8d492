# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole run: what an earlier one left is swept, the image made where it is missing, each container probed."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine import connect
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_images import Images
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_probes import ProbeEngine
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.images import digest
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_import import Have, Spec, plan
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_name import ImageName
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes import (
    addresses,
    crossing,
    image,
    run,
    twin,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.probe import CROSSING
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.removal import sweep

OURS = re.compile(rf"{image.REPOSITORY}:[0-9a-f]{{12}}")
CONFIG = {"env": {"PYTHONHOME": image.HOME, "LC_ALL": "C"}, "workdir": image.HOME, "labels": {image.IMAGE_LABEL: "yes"}}


def probe(
    params: Mapping[str, Any],
    kernel: Kernel,
    subjects: list[dict[str, Any]],
    names: list[str],
    listed: list[dict[str, Any]],
) -> dict[str, Any]:
    """The caller holds the lock. listed: the engine's list of running containers."""
    client = connect(params)
    engine = ProbeEngine(client)
    swept = sweep(engine)
    packed = image.pack()
    name = provide(Images(client), engine, packed)
    wants_pairs = CROSSING in names and params["mode"] == run.TWIN
    try:
        label = secrets.token_hex(8)
        with pairs(engine, kernel, packed, name, label, listed if wants_pairs else None, len(subjects)) as known:
            runner = run.Runner(engine, kernel, name, packed, label, known)
            records = [
                runner.probe(subject, names, addresses.given(subject, listed), params["mode"]) for subject in subjects
            ]
    except BaseException:
        # A signal may have come in the middle of a removal; from now on there is no other.
        sweep(engine)
        raise
    finally:
        if not params["keep_image"]:
            engine.remove_image(name)
    return {"probes": records, "swept": swept, "image": name}


@contextmanager
def pairs(
    engine: ProbeEngine,
    kernel: Kernel,
    packed: image.Packed,
    name: str,
    label: str,
    listed: list[dict[str, Any]] | None,
    twins: int,
) -> Iterator[run.Pairs]:
    """The other twin, which lives as long as all twins together might, and everybody's labels. listed: None if nobody
    asks for it."""
    if listed is None:
        yield run.Pairs(None, {})
        return
    command = [*packed.command, "idle", str(run.LIFETIME * (twins + 1))]
    body = {"Image": name, "Cmd": command, "Labels": {twin.LABEL: label}, "Tty": False, "OpenStdin": False}
    with crossing.another(engine, kernel, twin.name_for(label, "0" * 12), body) as other:
        yield run.Pairs(other, crossing.neighbours(kernel, engine, listed) if other else {})


def provide(images: Images, engine: ProbeEngine, packed: image.Packed) -> str:
    """The image's name, which says what is in it. Those of other interpreters are of no use any more, and go."""
    name = f"{image.REPOSITORY}:{packed.digest.rpartition(':')[2][:12]}"
    wanted = Spec(name, "", packed.digest, CONFIG, True)
    if plan(wanted, Have.from_inspect(images.inspect(name))).action == "none":
        return name
    with image.in_memory() as (_descriptor, archive):
        image.write(packed, archive)
        images.import_rootfs(ImageName.parse(name), str(archive), wanted.changes(), digest.of_file(str(archive)))
    made = Have.from_inspect(images.inspect(name))
    if made is None or made.digest != wanted.digest():
        raise EngineError(f"{name} is not what was imported", cure="Something else uses that name; run again.")
    for listed in engine.images_labelled(image.IMAGE_LABEL):
        names = listed.get("RepoTags") or []
        # By the name as well: a label is inherited by whatever is built from an image.
        if listed["Id"] != made.id and names and all(OURS.fullmatch(one) for one in names):
            engine.remove_image(listed["Id"])
    return name
