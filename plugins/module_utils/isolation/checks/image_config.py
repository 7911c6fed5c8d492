# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an image is set to, and where it came from. The engine's own words are the evidence: nobody else knows it."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    as_mapping,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    FAIL,
    INFORMATIONAL,
    NOTCHECKED,
    PASS,
    Check,
    DecideItem,
    Outcome,
    broken,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Item, Room

ROOT = ("", "0", "root")
# ssh, telnet, rexec, rlogin, rsh, X11, RDP, VNC.
LOGIN_PORTS = ("22", "23", "512", "513", "514", "3389", "5900", "6000")


def decide_user(item: Item, room: Room) -> Outcome:
    fact = item.fact("user")
    if not isinstance(fact.value, str):
        return broken(fact)
    user = fact.value.partition(":")[0].strip()
    said = f"USER {fact.value}" if fact.value else "no USER, which means root"
    # 00 is the number 0 as well.
    root = user in ROOT or (user.isdecimal() and int(user) == 0)
    return Outcome(FAIL if root else PASS, said, (fact,), inspected=fact.value)


def decide_healthcheck(item: Item, room: Room) -> Outcome:
    fact = item.fact("healthcheck")
    if not isinstance(fact.value, bool):
        return broken(fact)
    if fact.value:
        return Outcome(PASS, "a HEALTHCHECK", (fact,))
    return Outcome(INFORMATIONAL, "no HEALTHCHECK", (fact,), reason="a container can be given one all the same")


def decide_ports(item: Item, room: Room) -> Outcome:
    fact = item.fact("ports")
    if not isinstance(fact.value, (list, tuple)):
        return broken(fact)
    ports = [str(port) for port in fact.value]
    bad = [port for port in ports if port.partition("/")[0] in LOGIN_PORTS]
    if bad:
        return Outcome(FAIL, f"exposes {', '.join(bad)}", (fact,))
    return Outcome(PASS, f"exposes {', '.join(ports)}" if ports else "exposes nothing", (fact,))


def decide_origin(item: Item, room: Room) -> Outcome:
    fact = item.fact("digests")
    if not isinstance(fact.value, (list, tuple)):
        return broken(fact)
    if fact.value:
        return Outcome(PASS, ", ".join(map(str, fact.value)), (fact,))
    reason = "built here, imported or loaded: no registry has vouched for its content, and nobody can compare it"
    return Outcome(INFORMATIONAL, "no digest of a registry", (fact,), reason=reason)


def unproved(reason: str) -> DecideItem:
    """For what nothing on the host can prove. It says so for each image, with its age and size."""

    def decide(item: Item, room: Room) -> Outcome:
        fact = item.fact("made")
        made = as_mapping(fact.value)
        if not isinstance(fact.value, Mapping) or not isinstance(made.get("size"), int):
            return broken(fact)
        when = str(made.get("created") or "")[:10] or "on a day that it does not tell"
        return Outcome(NOTCHECKED, f"made {when}, {made['size'] // 1_000_000} MB", (fact,), reason=reason)

    return decide


CHECKS = (
    Check(
        id="image-user",
        title="The image names a user that is not root",
        concept="images",
        severity="medium",
        expected="USER with a name or number that is not root's",
        remedy="Write USER with a number above 0 into the Dockerfile, or give user in the changes of an import.",
        why="Who starts a container of it without a user of his own is root in it.",
        how="inspect Config.User of the image; what containers really run as is judged by process-not-root.",
        variable="image_build, image_import",
        decide_image=decide_user,
        cis=("4.1",),
        nist=("4.1.2",),
    ),
    Check(
        id="image-healthcheck",
        title="The image says how its health is checked",
        concept="images",
        severity="low",
        expected="HEALTHCHECK",
        remedy="Write HEALTHCHECK into the Dockerfile.",
        why="Without it nobody notices a service that hangs, or that something else has taken the place of.",
        how="inspect Config.Healthcheck of the image; the container's own is judged by container-health.",
        decide_image=decide_healthcheck,
        cis=("4.6",),
    ),
    Check(
        id="image-ports",
        title="The image offers no login from outside",
        concept="images",
        severity="low",
        expected="no port of ssh, telnet, rsh or a remote desktop",
        remedy="Take the login server out of the image; enter containers through the engine.",
        why="A container is entered through the engine, which asks who comes; a second door has its own keys.",
        how="inspect Config.ExposedPorts of the image; a server that runs is judged by process-sshd.",
        decide_image=decide_ports,
        cis=("5.7",),
        nist=("4.1.2",),
    ),
    Check(
        id="image-origin",
        title="A registry vouches for the image's content",
        concept="images",
        severity="low",
        expected="a digest of a registry",
        remedy="Push the image to the classroom's registry, and make containers from repository@digest.",
        why="Without a digest nobody can say whether two hosts run the same, or whether it was changed.",
        how="inspect RepoDigests of the image: empty until it was pulled or pushed.",
        variable="image_push, image_pull",
        decide_image=decide_origin,
        cis=("4.2",),
        nist=("4.1.5", "4.2.1"),
    ),
    Check(
        id="image-packages",
        title="The image holds only packages that it needs",
        concept="images",
        severity="low",
        expected="nothing that is not needed",
        remedy="Begin with a small base, and install without recommendations.",
        why="What is not there cannot be attacked, and helps no attacker.",
        how="Nothing that only reads can decide it; age and size are shown.",
        decide_image=unproved("what the image is for, and so what it needs, is known to its makers alone"),
        cis=("4.3",),
        nist=("4.1.2",),
    ),
    Check(
        id="image-vulnerabilities",
        title="The image was searched for known vulnerabilities",
        concept="images",
        severity="medium",
        expected="no package with a known flaw",
        remedy="Scan it where it is built, and build it anew when its base is.",
        why="A flaw that everybody knows is the first that is tried.",
        how="Nothing on the host can decide it; age and size are shown.",
        decide_image=unproved("that takes a database of vulnerabilities of today, which no host has"),
        cis=("4.4",),
        nist=("4.1.1",),
    ),
)
