# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registries: which ones are trusted without proof, and whose passwords lie on the host."""

from __future__ import annotations

from ipaddress import ip_network

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    Fact,
    as_list,
    as_mapping,
    fact_from,
    texts,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    FAIL,
    INFORMATIONAL,
    NOTAPPLICABLE,
    PASS,
    Check,
    Outcome,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.daemon_base import answer
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.daemon_view import declared, info
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Host, Room

LOOPBACK_NAMES = ("localhost", "127.", "[::1]")
PUBLIC = "docker.io"
ACCEPTS_ANYTHING = "insecureAcceptAnything"


def decide_insecure(host: Host, _room: Room) -> Outcome:
    ranges, names = texts(info(host, "InsecureCIDRs")), texts(info(host, "InsecureIndexes"))
    given = info(host, "RegistryConfig")
    absent = [fact for fact in (ranges, names, given) if not fact.known]
    if absent:
        return missing(absent)
    if given.value is not True:
        return missing([given._replace(value=None, error="ENOENT the engine does not say")])
    wide = [text for text in map(str, as_list(ranges.value)) if not _loopback(text)]
    said = ", ".join([*map(str, as_list(names.value)), *wide])
    outcome = answer(ranges, f"trusts without proof: {said}" if said else "", "none but the host itself")
    return Outcome(outcome.status, outcome.observed, (ranges, names), inspected=declared(host, "insecure-registries"))


def _loopback(text: str) -> bool:
    try:
        return ip_network(text).is_loopback
    except ValueError:
        return False


def decide_mirrors(host: Host, _room: Room) -> Outcome:
    fact = texts(info(host, "Mirrors"))
    plain = [text for text in map(str, as_list(fact.value)) if text.startswith("http://")]
    far = [text for text in plain if not text[len("http://") :].startswith(LOOPBACK_NAMES)]
    return answer(fact, f"without TLS: {', '.join(far)}" if far else "", "none without TLS")


def registry_of(image: str) -> str:
    """The registry in an image's name: a first part with a dot or a colon in it, or localhost."""
    first, slash, _rest = image.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else PUBLIC


def decide_certificates(host: Host, _room: Room) -> Outcome:
    fact = fact_from(as_mapping(host.facts.get("registries")).get("certificates"), "/etc/docker/certs.d")
    images = [str(one.record.get("image") or "") for one in (*host.containers, *host.neighbours)]
    used = sorted({registry_of(image) for image in images if not image.startswith("sha256:")} - {PUBLIC, ""})
    remote = [name for name in used if not name.startswith(LOOPBACK_NAMES)]
    if not remote:
        return Outcome(NOTAPPLICABLE, "not judged", reason="no container's image names a private registry")
    if not fact.known:
        return missing([fact])
    without = [name for name in remote if not as_list(as_mapping(fact.value).get(name))]
    if without:
        reason = "these are proven by the CAs that the whole host trusts, of which any may be misused"
        return Outcome(INFORMATIONAL, f"no CA of its own for {', '.join(without)}", (fact,), reason=reason)
    return Outcome(PASS, f"each with a CA of its own: {', '.join(remote)}", (fact,))


def decide_containers_conf(host: Host, _room: Room) -> Outcome:
    fact = fact_from(as_mapping(host.facts.get("registries")).get("containers_conf"), "/etc/containers/registries.conf")
    if fact.error.startswith("ENOENT"):
        return Outcome(NOTAPPLICABLE, "not judged", (fact,), reason="there is no such file")
    fact = texts(fact)
    said = ", ".join(as_list(fact.value))
    return answer(fact, f"without a check of the certificate: {said}" if said else "", "none without a check")


def decide_signatures(host: Host, _room: Room) -> Outcome:
    registries = as_mapping(host.facts.get("registries"))
    fact = fact_from(registries.get("signature_policy"), "/etc/containers/policy.json")
    if fact.error.startswith("ENOENT"):
        return Outcome(NOTAPPLICABLE, "not judged", (fact,), reason="there is no such file")
    fact = texts(fact)
    if ACCEPTS_ANYTHING in as_list(fact.value) and registries.get("podman") is False:
        reason = "nothing on this host reads it: Podman is not installed"
        return Outcome(INFORMATIONAL, "accepts images without a signature", (fact,), reason=reason)
    open_to_all = ACCEPTS_ANYTHING in as_list(fact.value) or not as_list(fact.value)
    return answer(fact, "accepts images without a signature" if open_to_all else "", "does not accept just anything")


def _login(fact: Fact) -> Fact:
    names = texts(Fact(fact.path, as_mapping(fact.value).get("registries")))
    return fact if names.known or not fact.known else Fact(fact.path, error=names.error or "EINVAL no list of names")


def decide_logins(host: Host, _room: Room) -> Outcome:
    listed = as_list(as_mapping(host.facts.get("registries")).get("logins"))
    facts = [_login(fact_from(entry, "the files of passwords")) for entry in listed]
    there = [fact for fact in facts if not fact.error.startswith("ENOENT")]
    if not facts:
        return missing([fact_from(None, "the files of passwords")])
    found = [fact for fact in there if fact.known and as_list(as_mapping(fact.value).get("registries"))]
    if found:
        said = "; ".join(
            f"{fact.path} (mode {as_mapping(fact.value).get('mode')}): "
            + ", ".join(map(str, as_list(as_mapping(fact.value).get("registries"))))
            for fact in found
        )
        return Outcome(FAIL, f"passwords lie open in {said}", tuple(found))
    unread = [fact for fact in there if not fact.known]
    return missing(unread) if unread else Outcome(PASS, "no password of root's lies open", tuple(facts))


def registry_check(**parts: object) -> Check:
    return Check(concept="registry", **parts)  # type: ignore[arg-type]


CHECKS: tuple[Check, ...] = (
    registry_check(
        id="registry-insecure",
        title="No registry is trusted without proof",
        severity="high",
        expected="none but loopback",
        remedy="Remove it from insecure-registries, and put the registry's CA into /etc/docker/certs.d/NAME/ca.crt.",
        why="Who sits between host and registry decides which programs run here.",
        how="RegistryConfig of /info, ranges of addresses included.",
        variable="role registry_trust",
        cis=("2.5",),
        nist=("4.2.1",),
        decide_host=decide_insecure,
    ),
    registry_check(
        id="registry-mirrors",
        title="Mirrors are reached with TLS",
        severity="medium",
        expected="no http:// but loopback",
        remedy="Write https:// in registry-mirrors, with the mirror's CA in /etc/docker/certs.d.",
        why="Names and tags that a mirror answers for are not proven by anything else.",
        how="RegistryConfig.Mirrors of /info.",
        nist=("4.2.1",),
        decide_host=decide_mirrors,
    ),
    registry_check(
        id="registry-certificates",
        title="Private registries are proven by their own CA",
        severity="low",
        expected="a .crt in /etc/docker/certs.d for each registry in use",
        remedy="Put the registry's CA into /etc/docker/certs.d/NAME/ca.crt.",
        why="Without one any CA that the host trusts can vouch for the registry.",
        how="Registries in the names of the containers' images; files in /etc/docker/certs.d.",
        variable="role registry_trust",
        nist=("4.2.1",),
        decide_host=decide_certificates,
    ),
    registry_check(
        id="registry-podman-tls",
        title="Podman's registries are checked too",
        severity="high",
        expected="no insecure = true",
        remedy="Remove insecure = true from /etc/containers/registries.conf and registries.conf.d.",
        why="skopeo and Podman copy images into the same classroom.",
        how="/etc/containers/registries.conf and what lies in registries.conf.d.",
        nist=("4.2.1",),
        decide_host=decide_containers_conf,
    ),
    registry_check(
        id="registry-signatures",
        title="Podman does not accept just any image",
        severity="low",
        expected=f"a default other than {ACCEPTS_ANYTHING}",
        remedy="Set the default of /etc/containers/policy.json to reject, and name registries with their keys.",
        why="An image that nobody signed may be of anybody.",
        how="Default rules of /etc/containers/policy.json.",
        cis=("4.12",),
        nist=("4.1.5",),
        decide_host=decide_signatures,
    ),
    registry_check(
        id="registry-passwords",
        title="No password of a registry lies open on the host",
        severity="medium",
        expected="a credential helper, or no login",
        remedy="docker logout NAME; use a credential helper, or log in for the one push and out again.",
        why="Such a file holds the password as it is, only spelled otherwise; with it images can be replaced.",
        how="Files of logins of root's; names of registries are recorded, passwords never.",
        nist=("4.2.3",),
        decide_host=decide_logins,
    ),
)
