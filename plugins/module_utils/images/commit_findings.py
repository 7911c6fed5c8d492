# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a commit would drag along and nobody wants in an image. Names and places are told, values never. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.images.layer_entries import Entry

KINDS = ("credentials", "caches", "logs", "temporary")
EXAMPLES = 20

# The first that fits counts. Paths are absolute.
_PLACES: tuple[tuple[str, str, str], ...] = (
    ("credentials", "private key of ssh", r"/\.ssh/(id_[a-z0-9_]+|identity)$|^/etc/ssh/ssh_host_[a-z0-9]+_key$"),
    ("credentials", "who may enter by ssh", r"/\.ssh/authorized_keys$"),
    ("credentials", "hashed passwords", r"^/etc/g?shadow-?$|/\.htpasswd$"),
    (
        "credentials",
        "login of a registry or cluster",
        r"/\.docker/config\.json$|/\.kube/config$|/containers/auth\.json$",
    ),
    (
        "credentials",
        "login of a cloud",
        r"/\.aws/credentials$|/\.config/gcloud/|/\.azure/(accessTokens|msal_token_cache)",
    ),
    (
        "credentials",
        "login of a tool",
        r"/(\.netrc|\.git-credentials|\.pgpass|\.my\.cnf|\.pypirc|\.npmrc|\.vault-token)$",
    ),
    ("credentials", "login of a tool", r"/\.vault[-_]pass(word)?$|/\.config/(gh/hosts\.yml|rclone/rclone\.conf)$"),
    ("credentials", "key store", r"\.(key|p12|pfx|jks|keystore|kdbx|ppk)$|/\.gnupg/(private-keys|secring)"),
    ("credentials", "key store", r"/([\w.-]*[._-])?(priv|private)?[_-]?key\.pem$"),
    ("credentials", "variables of an environment", r"/\.env(\.[\w-]+)?$"),
    (
        "credentials",
        "history of commands",
        r"/\.(bash|ash|zsh|python|mysql|psql|sqlite|node_repl)_history$|/\.lesshst$",
    ),
    ("caches", "cache of packages", r"^/var/cache/(apt|apk|dnf|yum|pacman|zypp)/|^/var/lib/(apt/lists|dnf)/"),
    (
        "caches",
        "cache of a tool",
        r"^/var/cache/|/\.cache/|/__pycache__/|/\.npm/_cacache/|/\.(m2|gradle|cargo)/(repository|caches|registry)/",
    ),
    ("logs", "log", r"^/var/log/|\.log(\.\d+)?(\.(gz|xz|bz2))?$"),
    ("temporary", "temporary folder", r"^/(tmp|var/tmp|run|dev/shm)/"),
    ("temporary", "left by an editor or a crash", r"~$|/\.[^/]*\.sw[a-p]$|\.(tmp|orig|rej)$|/core(\.\d+)?$"),
)
_COMPILED = tuple((kind, why, re.compile(pattern)) for kind, why, pattern in _PLACES)
_CREDENTIALS = re.compile("|".join(f"(?:{pattern})" for kind, _why, pattern in _PLACES if kind == "credentials"))

# What credentials look like inside a file, and bytes without which it is not worth a search: most files are large and
# hold none. A setting counts only in files that hold settings, see _SETTINGS.
_CONTENTS: tuple[tuple[str, tuple[bytes, ...], bytes], ...] = (
    ("private key", (b"PRIVATE KEY-----",), rb"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY-----"),
    (
        "access key of a cloud",
        (b"AKIA", b"ASIA", b"AIza"),
        rb"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bAIza[0-9A-Za-z_-]{35}\b",
    ),
    (
        "token of a forge",
        (b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"github_pat_", b"glpat-"),
        rb"\b(?:gh[pousr]_[0-9A-Za-z]{36}|github_pat_[0-9A-Za-z_]{40,}|glpat-[0-9A-Za-z_-]{20})",
    ),
    ("token of a chat", (b"xox",), rb"\bxox[abprs]-[0-9A-Za-z-]{20,}"),
    ("login in an address", (b"://",), rb"://[^\s:/@\"'<>${}]{1,64}:[^\s:/@\"'<>${}]{3,64}@[\w.-]+"),
    (
        "password in a setting",
        (b"passw", b"secret", b"key", b"token"),
        rb"(?im)^[ \t]*(?:export[ \t]+)?[\"']?[\w.-]*(?:passwor[dt]|passwd|secret|api_?key|access_?token|auth_?token)"
        rb"[\w.-]*[\"']?[ \t]*[:=][ \t]*[\"']?(?![\"'\s${<*]|(?:true|false|yes|no|none|null|x)\b)[^\s\"']{4,}",
    ),
)
_MARKS = tuple((name, needles, re.compile(pattern)) for name, needles, pattern in _CONTENTS)
# Of programs these say nothing: their texts are full of samples.
_OF_TEXTS = ("login in an address", "password in a setting")
_SETTING = "password in a setting"
_SETTINGS = re.compile(
    r"\.(env|ini|conf|cfg|cnf|config|ya?ml|json|toml|properties|txt|sh|profile)$|/\.env[^/]*$|/\.[^/]*(rc|profile)$"
)
# A key in a program's own examples and tests is nobody's credential.
_SAMPLES = re.compile(r"^/usr/(share/(doc|man|locale)|lib/python3[^/]*)/|/(dist|site)-packages/|/node_modules/")
_SECRET_NAME = re.compile(r"passw|secret|token|api_?key|access_?key|private_?key|credential|(^|_)auth(_|$)", re.I)


@dataclass(frozen=True)
class Finding:
    """One thing, and why it does not belong into an image."""

    kind: str
    where: str
    why: str
    size: int = 0


def marks(head: bytes) -> tuple[str, ...]:
    """What the beginning of a file looks like it holds; names only."""
    binary = b"\0" in head[:8192]
    lower = b"" if binary else head.lower()
    return tuple(
        name
        for name, needles, pattern in _MARKS
        if not (binary and name in _OF_TEXTS)
        if any(needle in (lower if name == _SETTING else head) for needle in needles) and pattern.search(head)
    )


def in_files(entries: Iterable[Entry]) -> list[Finding]:
    """Files of the layer, by path and by what they hold. An empty file is no burden and holds no secret."""
    found = (_judge(entry) for entry in entries if entry.kind == "file" and (entry.size or entry.hard))
    return [finding for finding in found if finding]


def _judge(entry: Entry) -> Finding | None:
    place = next(((kind, why) for kind, why, pattern in _COMPILED if pattern.search(entry.path)), None)
    if place and place[0] == "credentials":
        return Finding("credentials", entry.path, place[1], entry.size)
    held = [mark for mark in entry.marks if mark != _SETTING or _SETTINGS.search(entry.path)]
    if held and not _SAMPLES.search(entry.path):
        return Finding("credentials", entry.path, "holds what looks like: " + ", ".join(held), entry.size)
    return Finding(place[0], entry.path, place[1], entry.size) if place else None


def credential_place(path: str) -> str:
    """What kind of credential lies at such a path; nothing where it is no such path, or a program's own sample. One
    search for all patterns, because nearly every path is no such path."""
    if not _CREDENTIALS.search(path) or _SAMPLES.search(path):
        return ""
    return next(why for kind, why, pattern in _COMPILED if kind == "credentials" and pattern.search(path))


def in_environment(container: Iterable[str], image: Iterable[str], changes: Iterable[str]) -> list[Finding]:
    """Variables that go into the image's configuration, where everybody reads them: of the container, but not of its
    image, and of the changes. Only what has a value counts."""
    given = dict.fromkeys(_assigned(set(container) - set(image)), "variable of the container")
    for line in changes:
        word, _blank, rest = line.strip().partition(" ")
        if word.upper() == "ENV":
            given.update(dict.fromkeys(_assigned(_words(rest)), "variable in changes"))
    names = sorted(name for name in given if _SECRET_NAME.search(name))
    return [Finding("credentials", f"ENV {name}", given[name]) for name in names]


def _assigned(items: Iterable[str]) -> list[str]:
    pairs = (item.partition("=") for item in items)
    return [name for name, _equals, value in pairs if value]


def _words(rest: str) -> list[str]:
    """Assignments of an ENV line; `ENV name value` is the old way to write one."""
    if "=" not in rest.split(" ", 1)[0]:
        return [rest.strip().replace(" ", "=", 1)]
    return re.findall(r"[\w.-]+=(?:\"[^\"]*\"|'[^']*'|\S*)", rest)


def grouped(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """By kind, credentials first; of the others the largest stand for all."""
    groups: list[dict[str, Any]] = []
    listed = list(findings)
    for kind in KINDS:
        found = sorted((one for one in listed if one.kind == kind), key=lambda one: (-one.size, one.where))
        if found:
            shown = found if kind == "credentials" else found[:EXAMPLES]
            examples = [{"where": one.where, "why": one.why, "bytes": one.size} for one in shown]
            total = sum(one.size for one in found)
            groups.append({"kind": kind, "count": len(found), "bytes": total, "examples": examples})
    return groups


def warnings(name: str, container: str, groups: Iterable[Mapping[str, Any]]) -> list[str]:
    """One line for each kind."""
    return [
        f"{name} takes {group['kind']} along from container {container}: {_sentence(group)} "
        + ("Remove them, and give secrets at run time." if group["kind"] == "credentials" else "Remove them first.")
        for group in groups
    ]


def _sentence(group: Mapping[str, Any]) -> str:
    shown = group["examples"][:3]
    text = ", ".join(f"{one['where']} ({one['why']})" for one in shown)
    more = f" and {group['count'] - len(shown)} more" if group["count"] > len(shown) else ""
    return f"{text}{more}, {group['bytes']} bytes."
