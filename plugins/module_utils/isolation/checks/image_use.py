# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which image a container was made from, by which name; and what the engine keeps beside."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    Fact,
    as_mapping,
    fact_from,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_name import ImageName
from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    FAIL,
    INFORMATIONAL,
    NOTCHECKED,
    PASS,
    Check,
    Outcome,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.lifecycle import told
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container, Host, Item, Room

SHOWN = 10


def store(host: Host) -> Fact:
    """Names of all images that the engine keeps, and the ids of those without one."""
    fact = fact_from(host.facts.get("image_store"), "/images/json")
    whole = isinstance(fact.value, Mapping) and isinstance(fact.value.get("names"), Mapping)
    if fact.known and not (whole and isinstance(fact.value.get("nameless"), (list, tuple))):
        return Fact(fact.path, error="recorded in a form that is no list of images")
    return fact


def judged_images(host: Host) -> tuple[Item, ...]:
    """The images of judged containers: one that only a neighbour uses is as little judged as the neighbour. Where
    nobody knows who uses it, it is judged."""
    own = {one.identifier for one in host.containers}
    users = [(item, item.record.get("users")) for item in host.images]
    return tuple(item for item, ids in users if not isinstance(ids, (list, tuple)) or not own.isdisjoint(map(str, ids)))


def parsed(name: str, identifier: str) -> ImageName | None:
    """None for what is no name: the id itself, or a beginning of it."""
    bare = identifier.partition(":")[2]
    if name.startswith("sha256:") or (len(name) >= 4 and bare.startswith(name)):
        return None
    try:
        return ImageName.parse(name)
    except InputError:
        return None


def decide_tag(container: Container, room: Room) -> Outcome:
    fact, identity = told(container, "image"), told(container, "image_id")
    absent = [one for one in (fact, identity) if not one.known]
    if absent:
        return missing(absent)
    name = parsed(str(fact.value), str(identity.value))
    said = str(fact.value)
    if name is not None and name.tag == "latest":
        reason = "that is whatever was pushed last, and differs by day and host"
        return Outcome(INFORMATIONAL, f"the tag latest: {said}", (fact,), reason=reason, inspected=said)
    return Outcome(PASS, said, (fact,), inspected=said)


def decide_current(container: Container, room: Room) -> Outcome:
    host = room.host_of(container)
    fact, identity, kept = told(container, "image"), told(container, "image_id"), store(host)
    absent = [one for one in (fact, identity, kept) if not one.known]
    if absent:
        return missing(absent)
    own = str(identity.value)
    if not any(str(item.record.get("id")) == own for item in host.images):
        return missing([Fact(f"/images/{own}/json", error="the container's image is not recorded in the facts")])
    name = parsed(str(fact.value), own)
    if name is None or name.digest:
        return Outcome(PASS, f"by content: {fact.value}", (fact, identity), inspected=str(fact.value))
    now = as_mapping(kept.value["names"]).get(str(name))
    evidence = (identity, kept._replace(raw=f"{name}: {now}"))
    if now is None:
        reason = "nothing says whether it was replaced"
        return Outcome(INFORMATIONAL, f"no image is called {name} any more", evidence, reason=reason)
    if str(now) != own:
        return Outcome(FAIL, f"{name} is {short(str(now))} now, the container's is {short(own)}", evidence)
    return Outcome(PASS, f"{name} is {short(own)}", evidence, inspected=own)


def short(identifier: str) -> str:
    return identifier.partition(":")[2][:12] or identifier


def decide_unused(host: Host, room: Room) -> Outcome:
    kept = store(host)
    if not kept.known:
        return missing([kept])
    used = {str(item.record.get("id")) for item in host.images}
    names = sorted(name for name, key in as_mapping(kept.value["names"]).items() if str(key) not in used)
    nameless = [key for key in kept.value["nameless"] if str(key) not in used]
    total = len(kept.value["names"]) + len(kept.value["nameless"])
    evidence = (kept._replace(raw=f"{len(names)} names and {len(nameless)} without a name"),)
    if not names and not nameless:
        return Outcome(PASS, f"all {total} are in use", evidence)
    parts = [", ".join(names[:SHOWN])] if names else []
    parts += [f"{len(names) - SHOWN} more"] if len(names) > SHOWN else []
    parts += [f"{len(nameless)} without a name"] if nameless else []
    reason = "an image that others are built upon is in use by no container either"
    return Outcome(INFORMATIONAL, f"no container uses {', and '.join(parts)}", evidence, reason=reason)


def decide_content_trust(host: Host, room: Room) -> Outcome:
    reason = (
        "DOCKER_CONTENT_TRUST is a variable of whoever pulls: each client decides for itself, and no file of the host "
        "or answer of the engine shows what it did"
    )
    return Outcome(NOTCHECKED, "not to be seen on a host", (store(host),), reason=reason)


CHECKS = (
    Check(
        id="image-tag-fixed",
        title="The container names one version of its image",
        concept="images",
        severity="low",
        expected="a digest, or a tag other than latest",
        remedy="Make the container from repository@digest, or from a tag that is a version.",
        why="The same line of configuration otherwise gives another container tomorrow.",
        how="inspect Config.Image: the name that the container was made with.",
        variable="student_workspaces_image",
        decide=decide_tag,
        nist=("4.2.2",),
    ),
    Check(
        id="image-current",
        title="The container runs what its image's name stands for",
        concept="images",
        severity="medium",
        expected="the image that the name leads to on this engine",
        remedy="Create the container anew, so that it takes the image that the name stands for.",
        why="An image was mended and its name moved on; the container still runs the one with the flaw.",
        how="inspect Config.Image and Image, against the engine's list of names. No registry is asked.",
        variable="container_fleet",
        decide=decide_current,
        cis=("5.28",),
        nist=("4.1.1",),
    ),
    Check(
        id="image-unused",
        title="The engine keeps no images that nobody uses",
        concept="images",
        severity="low",
        expected="every image in use",
        remedy="Remove what is not needed (docker image prune).",
        why="What lies about is started by mistake, is old, and fills the disk that all share.",
        how="The engine's list of images, against the images of all its containers.",
        decide_host=decide_unused,
        cis=("6.1",),
        nist=("4.2.2",),
    ),
    Check(
        id="image-content-trust",
        title="Images are pulled with a proof of their publisher",
        concept="images",
        severity="medium",
        expected="DOCKER_CONTENT_TRUST=1 for every client",
        remedy="Set DOCKER_CONTENT_TRUST=1 where images are pulled, or pull by digest.",
        why="A name alone proves nothing: the registry, or who sits before it, may give another image.",
        how="Nothing on the host can decide it. Digests are judged by image-origin, Podman's policy by "
        "registry-signatures.",
        decide_host=decide_content_trust,
        cis=("4.5",),
        nist=("4.1.5",),
    ),
)
