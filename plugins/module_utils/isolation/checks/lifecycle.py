# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the engine keeps a container going: restarts, health, logs, and which image it was really made from.

These are settings of the engine, which no file of the kernel shows. What the engine says is the evidence here, and each
of these checks says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact, as_mapping, fact_from
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    FAIL,
    INFORMATIONAL,
    NOTAPPLICABLE,
    PASS,
    Check,
    Outcome,
    broken,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Container, Host, Room

# Drivers that never let a log grow without an end, whatever their options.
BOUNDED_LOGS = ("local", "none", "journald", "syslog")
USUAL_RUNTIMES = ("runc", "crun", "io.containerd.runc.v2")


def told(container: Container, key: str) -> Fact:
    """What the engine said under this key; a hole is an error."""
    return fact_from(as_mapping(container.record.get("lifecycle")).get(key), f"inspect {container.name} ({key})")


def shaped(fact: Fact, *keys: str) -> Mapping[str, Any] | None:
    """The value when it is a mapping with all these keys: a broken document is an error and no default."""
    value = fact.value
    return value if fact.known and isinstance(value, Mapping) and all(key in value for key in keys) else None


def decide_restart(container: Container, room: Room) -> Outcome:
    fact, allowed = told(container, "restart"), room.policy_for(container).restart_policies
    value = shaped(fact, "name", "retries")
    if value is None or not isinstance(value["retries"], int):
        return broken(fact)
    name, retries, most = str(value["name"]), value["retries"], room.policy_for(container).restart_retries
    words = f"{name}, at most {retries} times" if name == "on-failure" and retries else name
    fault = ""
    if name not in allowed:
        fault = f"{words}, which the policy does not allow"
    elif name == "on-failure" and not 0 < retries <= most:
        fault = f"{words}, more than {most} times" if retries else "on-failure without an end"
    expected = f"{' or '.join(allowed)}; on-failure at most {most} times"
    return Outcome(FAIL if fault else PASS, fault or words, (fact,), expected, inspected=words)


def decide_health(container: Container, room: Room) -> Outcome:
    fact = told(container, "health")
    value = shaped(fact, "checked", "status", "failures")
    if value is None:
        return broken(fact)
    if not value["checked"]:
        status = FAIL if room.policy_for(container).require_healthcheck else INFORMATIONAL
        return Outcome(status, "nobody checks whether it works", (fact,), reason="no health check is set")
    answer = str(value["status"])
    if answer == "healthy":
        return Outcome(PASS, answer, (fact,), inspected=answer)
    if answer == "starting":
        return Outcome(INFORMATIONAL, "starting, so not known yet", (fact,), inspected=answer)
    if answer == "unhealthy":
        said = f"unhealthy, {value['failures']} times in a row"
        return Outcome(FAIL, said, (fact,), inspected=answer)
    return missing([Fact(fact.path, error=f"a check is set and its last answer is {answer!r}")])


def decide_log(container: Container, room: Room) -> Outcome:
    fact = told(container, "log")
    value = shaped(fact, "driver", "options")
    if value is None:
        return broken(fact)
    driver, size = str(value["driver"]), str(as_mapping(value["options"]).get("max-size") or "")
    said = f"{driver}, at most {size} for each file" if size and size != "-1" else driver
    if driver in BOUNDED_LOGS or (size and size != "-1"):
        return Outcome(PASS, said, (fact,), inspected=said)
    return Outcome(INFORMATIONAL, f"{said}, which nothing here bounds", (fact,), inspected=said)


def _noted(key: str, good: Callable[[Any], bool], words: Callable[[Any], str]) -> Callable[[Container, Room], Outcome]:
    """For what is worth knowing and no fault."""

    def decide(container: Container, room: Room) -> Outcome:
        fact = told(container, key)
        if not fact.known:
            return missing([fact])
        said = words(fact.value)
        return Outcome(PASS if good(fact.value) else INFORMATIONAL, said, (fact,), inspected=said)

    return decide


def decide_auto_remove(container: Container, room: Room) -> Outcome:
    """Only a workspace must outlive its process: what its student left in it, and its log, would be gone."""
    fact = told(container, "auto_remove")
    if not isinstance(fact.value, bool):
        return broken(fact)
    said = "removed as soon as it ends" if fact.value else "kept when it ends"
    ours = room.policy.student_label in container.labels
    status = PASS if not fact.value else FAIL if ours else INFORMATIONAL
    return Outcome(status, said, (fact,), inspected=str(fact.value))


def decide_registry(container: Container, room: Room) -> Outcome:
    fact, allowed = told(container, "image"), room.policy_for(container).allowed_registries
    if not fact.known:
        return missing([fact])
    name = str(fact.value)
    if not allowed:
        return Outcome(NOTAPPLICABLE, name, (fact,), reason="the policy names no allowed_registries")
    fits = any(name.startswith(prefix if prefix.endswith("/") else f"{prefix}/") for prefix in allowed)
    expected = f"an image below {', '.join(allowed)}"
    return Outcome(PASS if fits else FAIL, name, (fact,), expected, inspected=name)


def decide_stopped(host: Host, room: Room) -> Outcome:
    everyone = (*host.containers, *host.neighbours)
    stopped = sorted(one.name for one in everyone if not one.running)
    evidence = (Fact("container list", len(everyone), f"{len(stopped)} of {len(everyone)} do not run"),)
    if not stopped:
        return Outcome(PASS, f"all {len(everyone)} containers run", evidence)
    return Outcome(INFORMATIONAL, f"{len(stopped)} do not run: {', '.join(stopped[:10])}", evidence)


CHECKS = (
    Check(
        id="restart-policy",
        title="A container that keeps failing is not restarted for ever",
        concept="lifecycle",
        severity="medium",
        expected="a restart policy that the policy allows; on-failure with a bound",
        remedy="Set restart_policy to unless-stopped, or to on-failure with restart_retries of at most 5.",
        why="Endless restarts hide a crash and let one container keep the engine busy.",
        how="inspect HostConfig.RestartPolicy; only the engine knows it.",
        variable="containers[].restart_policy",
        decide=decide_restart,
        cis=("5.15",),
        nist=("4.4.3",),
    ),
    Check(
        id="container-health",
        title="The container's health is checked, and good",
        concept="lifecycle",
        severity="low",
        expected="a health check whose last answer is healthy",
        remedy="Add a HEALTHCHECK to the image or a healthcheck to the container; see its log when it is unhealthy.",
        why="A service that hangs, or that was replaced by something else, still counts as running.",
        how="inspect Config.Healthcheck and State.Health (the engine runs the check).",
        decide=decide_health,
        cis=("5.27",),
    ),
    Check(
        id="log-bounded",
        title="The container's log is bounded",
        concept="lifecycle",
        severity="low",
        expected="a driver that rotates, or max-size",
        remedy="Give the container or the engine's configuration a log driver local, or json-file with max-size.",
        why="Whoever writes to standard output fills the engine's disk, and with it stops every other container.",
        how="inspect HostConfig.LogConfig.",
        decide=decide_log,
        cis=("2.13",),
    ),
    Check(
        id="container-init",
        title="An init process reaps what is left behind",
        concept="lifecycle",
        severity="low",
        expected="init",
        remedy="Create the container with init: true.",
        why="Without one, ended processes stay as zombies until the limit of processes is used up.",
        how="inspect HostConfig.Init; an image that brings its own init is not seen.",
        variable="containers[].init",
        decide=_noted(
            "init", lambda value: value is True, lambda value: "the engine's init" if value else "none given"
        ),
    ),
    Check(
        id="container-kept",
        title="The workspace outlives its process",
        concept="lifecycle",
        severity="medium",
        expected="not removed when it ends",
        remedy="Create the container without auto-remove.",
        why="What it did, its log included, is gone with it: after an attack nothing is left to look at.",
        how="inspect HostConfig.AutoRemove.",
        decide=decide_auto_remove,
    ),
    Check(
        id="exec-sessions",
        title="Nobody is in the container by exec",
        concept="lifecycle",
        severity="low",
        expected="no exec session",
        remedy="End the session, if it is none of yours.",
        why="A session that was forgotten is an open door, and its rights can be wider than the container's.",
        how="inspect ExecIDs; its processes are judged like all others of the container.",
        decide=_noted("execs", lambda value: value == 0, lambda value: f"{value} sessions"),
        cis=("5.23", "5.24"),
    ),
    Check(
        id="container-runtime",
        title="The usual runtime",
        concept="lifecycle",
        severity="low",
        expected="runc or crun",
        remedy="Take the runtime off the container, or learn what it isolates.",
        why="Another runtime decides anew what all the other options mean.",
        how="inspect HostConfig.Runtime.",
        decide=_noted("runtime", lambda value: value in USUAL_RUNTIMES, str),
    ),
    Check(
        id="image-registry-allowed",
        title="The image comes from an allowed registry",
        concept="images",
        severity="high",
        expected="a name below one of allowed_registries",
        remedy="Pull the image from the classroom's registry and create the container with that name.",
        why="What a stranger publishes runs with all that the workspace may do.",
        how="inspect Config.Image: the name that the container was made with.",
        variable="student_workspaces_image",
        decide=decide_registry,
        cis=("4.2",),
        nist=("4.1.5", "4.2.1"),
    ),
    Check(
        id="containers-stopped",
        title="No containers are left lying about",
        concept="lifecycle",
        severity="low",
        expected="no stopped container",
        remedy="Remove the containers that nobody starts again.",
        why="A forgotten container keeps its old image and its files, and can be started as it was.",
        how="State.Status of every container of the engine.",
        decide_host=decide_stopped,
        cis=("6.2",),
    ),
)
