# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the history of an image tells of how it was built. Numbers of steps and names of patterns: a step's text may
hold a secret, and never gets into the facts. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import as_mapping
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.image_secrets import in_step

# The engine's own builder writes what does not run as a comment of the shell, BuildKit as it stands in the file.
_NOT_RUN = re.compile(r"^(?:\|\d+ .*?)?/bin/sh -c #\(nop\)\s*")
_KEYWORD = re.compile(
    r"^(ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|SHELL|STOPSIGNAL|USER|VOLUME"
    r"|WORKDIR)\b"
)
_ADD = re.compile(r"^ADD\s+(?:--\S+\s+)*(\S*)")
# A checksum is what the engine's own builder writes for what it fetched.
_REMOTE = re.compile(r"(https?|ftp|git|ssh)[:@]|[0-9a-f]{64}$")
# Options stand between the program and its verb, some with a value.
_OPTIONS = r"(?:\s+(?:-\S+|\S+=\S+))*\s+"
_REFRESH = re.compile(
    rf"\b(?:apt-get|apt|aptitude|apk){_OPTIONS}update\b"
    rf"|\bzypper{_OPTIONS}(?:refresh|ref)\b|\b(?:yum|dnf|microdnf){_OPTIONS}makecache\b"
)
_INSTALL = re.compile(
    rf"\b(?:apt-get|apt|aptitude|apk|zypper|yum|dnf|microdnf){_OPTIONS}"
    r"(?:install|in|add|upgrade|update|up|dist-upgrade|full-upgrade|dup|build-dep|download|source)\b"
)
_UNVERIFIED: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "packages without a signature",
        re.compile(
            r"--allow-unauthenticated|--allow-insecure-repositories|--allow-untrusted|--force-yes|--no-?gpg-?checks?\b"
            r"|\bgpgcheck=(?:0|no|false)\b|\btrusted=yes\b|--trusted-host\b"
        ),
    ),
    (
        "certificate not checked",
        re.compile(
            r"\bcurl\b[^;&|]*\s(?:-[a-zA-Z]*k[a-zA-Z]*|--insecure)\b|--no-check-certificate"
            r"|\bsslverify[= ]+(?:false|0)\b|\bstrict-ssl[= ]+false\b"
        ),
    ),
    ("download that is run at once", re.compile(r"\b(?:curl|wget)\b[^;&]*\|\s*(?:sudo\s+)?(?:ba|da|z|k)?sh\b")),
)


def read_history(entries: Iterable[Any]) -> dict[str, Any]:
    """entries: as the engine tells them, the last step first. Steps are counted from the first, which is 1."""
    texts = [str(as_mapping(entry).get("CreatedBy") or "") for entry in entries][::-1]
    steps = [(number, _instruction(text)) for number, text in enumerate(texts, start=1)]
    told = [(number, text) for number, text in steps if text]
    return {
        "steps": len(steps),
        # An image that was imported or squashed has a history without words.
        "told": len(told),
        "add": [{"step": number, "source": source} for number, text in told for source in _added(number, text)],
        "update_alone": [number for number, text in told if _refreshes_alone(text)],
        "unverified": [
            {"step": number, "pattern": name}
            for number, text in told
            for name, pattern in _UNVERIFIED
            if _runs(text) and pattern.search(text)
        ],
        "secrets": [{"step": number, "pattern": name} for number, text in told for name in in_step(text)],
    }


def _instruction(text: str) -> str:
    return _NOT_RUN.sub("", text).strip()


def _runs(text: str) -> bool:
    return not _KEYWORD.match(text)


def _added(number: int, text: str) -> list[str]:
    """remote or local, for an ADD. The very first step of a base image can bring its files in no other way."""
    found = _ADD.match(text)
    if not found:
        return []
    remote = bool(_REMOTE.match(found[1]))
    return [] if number == 1 and not remote else ["remote" if remote else "local"]


def _refreshes_alone(text: str) -> bool:
    if not _runs(text) or not _REFRESH.search(text):
        return False
    return not _INSTALL.search(_REFRESH.sub(" ", text))


def steps_of(found: Iterable[Mapping[str, Any]], key: str) -> str:
    """'step 3 (remote), step 5 (local)'."""
    return ", ".join(f"step {as_mapping(one).get('step')} ({as_mapping(one).get(key)})" for one in found)
