# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What in an image looks like a secret: by the name or the form of a variable, of a step's words, of a path.

Only where it stands and which pattern it fits leaves this file; the text itself never does. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.images.commit_findings import (
    credential_place,
    marks,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.secret_names import looks_secret

NAMED = "named like a secret"
ON_A_COMMAND_LINE = "password on a command line"
# It looks at the lines of a file; names of variables are looked at here.
_OF_LINES = "password in a setting"
# Values whose form alone says what they are, however they are called. A file of an image is full of samples of these.
_FORMS = {
    "hashed password": re.compile(r"\$(?:apr1|[156y]|2[abxy]|argon2i?d?)\$[./0-9A-Za-z$=,+]{20,}"),
    "signed token": re.compile(r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
    "token of a swarm": re.compile(r"\bSWM(?:TKN|KEY)-1-[0-9A-Za-z+/-]{30,}"),
}
# The name of a place where the secret lies, not the secret.
_PLACE_NAME = re.compile(r"_(file|path|dir|sock|url|uri|name|id|ttl|timeout)$", re.IGNORECASE)
# Taken from somewhere else, a path, or a word that opens nothing.
_NO_VALUE = re.compile(r"[$/<{*]|(?:true|false|yes|no|on|off|none|null|changeit|\d{1,3})?$", re.IGNORECASE)
_ASSIGNED = re.compile(r"""(?:^|[\s;&|'"(,])([A-Za-z_][A-Za-z0-9_.-]*)=("[^"]*"|'[^']*'|[^\s;&|"']*)""")
_OPTION = re.compile(
    r"""\s--?(?:password|passwd|passphrase|token|secret|api-?key)[= ](?!["']?[$/<{-])["']?[^\s"']{4,}"""
    r"""|\b(?:curl|wget)\b[^;&|]*\s(?:-u|--user)[= ]?["']?[^\s:"'$]+:(?!\$)[^\s"']+"""
    r"""|\becho\b[^;&|]*[\w-]:(?!\$)[^\s:;&|]+\s*\|\s*chpasswd\b"""
)
# Every distribution brings one, with no password that opens anything.
_EVERYWHERE = re.compile(r"^/etc/g?shadow-?$")
_TESTS = re.compile(r"/(tests?|testdata|test-data|testing|examples?|samples?|fixtures)/")


def pattern_of(name: str, value: str) -> str:
    """The pattern that a variable or label fits, or nothing."""
    found = [mark for mark in marks(value.encode()) if mark != _OF_LINES]
    found += [form for form, pattern in _FORMS.items() if pattern.search(value)]
    if found:
        return found[0]
    # Labels are written with hyphens and dots.
    named = looks_secret(re.sub(r"[-.]", "_", name)) and not _PLACE_NAME.search(name)
    return NAMED if named and not _NO_VALUE.match(value) else ""


def shown(name: str, value: str) -> str:
    """The value of a label that may be recorded: one that looks like a secret is not."""
    pattern = pattern_of(name, value)
    return f"(not recorded: {pattern})" if pattern else value


def in_pairs(pairs: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    """Names of variables or labels, each with the pattern that it fits."""
    found = ((name, pattern_of(name, value)) for name, value in pairs)
    return [{"name": name, "pattern": pattern} for name, pattern in found if pattern]


def variables(environment: Iterable[Any]) -> list[dict[str, str]]:
    pairs = (str(entry).partition("=") for entry in environment)
    return in_pairs((name, value) for name, _equals, value in pairs)


def labels(given: Mapping[str, Any]) -> list[dict[str, str]]:
    return in_pairs((str(name), str(value)) for name, value in given.items())


def in_step(text: str) -> list[str]:
    """The patterns that a step of the history fits."""
    found = [mark for mark in marks(text.encode()) if mark != _OF_LINES]
    assigned = ((name, value.strip("\"'")) for name, value in _ASSIGNED.findall(text))
    found += [pattern for name, value in assigned for pattern in [pattern_of(name, value)] if pattern]
    if _OPTION.search(text):
        found.append(ON_A_COMMAND_LINE)
    return list(dict.fromkeys(found))


def credential_at(path: str) -> str:
    """What kind of credential a file at this path of an image is, or nothing."""
    why = credential_place(path)
    return "" if why and (_EVERYWHERE.match(path) or _TESTS.search(path)) else why
