# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files of a build context an engine is sent: .dockerignore as the engine's own client reads it.

The rules are Go's filepath.Match with two additions: `**` crosses folders, and `!` takes files back in. The last rule
that matches wins, and a rule that matches a folder matches everything below it. One oddity of the engine's client
(from 23.0 on, and of BuildKit) is kept: a rule that was not looked at for a folder, because an earlier one had decided
already, does not match what is below that folder by the folder's name.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError

FILE = ".dockerignore"
Matches = tuple[bool, ...]
# What matched the folder of a name without one.
NOTHING: Matches = ()


@dataclass(frozen=True)
class Pattern:
    """One rule. Rules without `*`, `?` and the like are compared as text, because that is how the engine reads them."""

    text: str
    exception: bool
    kind: str
    regex: re.Pattern[str] | None = None

    @classmethod
    def parse(cls, rule: str) -> Pattern:
        exception = rule.startswith("!")
        text = rule[1:] if exception else rule
        if not text:
            raise InputError("The rule '!' in .dockerignore names nothing. Write a name behind it, or remove it.")
        _check_syntax(text)
        kind, expression = _compile(text)
        if kind != "regex":
            return cls(text, exception, kind)
        try:
            return cls(text, exception, kind, re.compile(expression))
        except re.error as error:
            raise InputError(
                f"The rule {text!r} in .dockerignore cannot be understood: {error}. Correct it."
            ) from error

    def matches(self, path: str) -> bool:
        if self.kind == "prefix":
            return path.startswith(self.text[:-2])
        if self.kind == "suffix":
            ending = self.text[2:]
            return path.endswith(ending) or (ending.startswith("/") and path == ending[1:])
        if self.regex is not None:
            return self.regex.fullmatch(path) is not None
        return path == self.text


@dataclass(frozen=True)
class Ignore:
    """All rules of one context."""

    patterns: tuple[Pattern, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Ignore:
        return cls(tuple(Pattern.parse(rule) for rule in rules(text)))

    def keeping(self, *paths: str) -> Ignore:
        """These rules, with exceptions for files that the engine needs (the Dockerfile, .dockerignore itself)."""
        extra = tuple(Pattern(path, True, "exact") for path in paths if self.excludes(path))
        return Ignore(self.patterns + extra)

    def excludes(self, path: str) -> bool:
        steps = path.split("/")
        excluded, above = False, NOTHING
        for count in range(1, len(steps) + 1):
            excluded, above = self.judge("/".join(steps[:count]), above)
        return excluded

    def judge(self, path: str, above: Matches) -> tuple[bool, Matches]:
        """Whether a path is left out, and which rules matched it. `above` are those that matched its folder."""
        excluded, matches = False, []
        for pattern, match in zip(self.patterns, above or (False,) * len(self.patterns)):
            if not match and pattern.exception == excluded:
                match = pattern.matches(path)
            matches.append(match)
            if match:
                excluded = not pattern.exception
        return excluded, tuple(matches)

    def hides(self, folder: str) -> bool:
        """True when nothing below an excluded folder can come back, so that it need not be read at all."""
        return not any(p.exception and f"{p.text}/".startswith(f"{folder}/") for p in self.patterns)


def rules(text: str) -> Iterator[str]:
    """The rules in a .dockerignore, cleaned as the engine cleans them."""
    for line in text.lstrip("\ufeff").splitlines():
        rule = line.strip()
        if line.startswith("#") or not rule:
            continue
        exception = rule.startswith("!")
        rule = rule[1:].strip() if exception else rule
        if rule:
            rule = posixpath.normpath(rule)
            rule = rule.lstrip("/") if len(rule) > 1 else rule
        yield f"!{rule}" if exception else rule


def _compile(text: str) -> tuple[str, str]:
    """How to compare (exact, prefix, suffix, regex) and the regular expression for it."""
    kind, expression, at = "exact", "", 0
    while at < len(text):
        char = text[at]
        at += 1
        if char == "*" and text[at : at + 1] == "*":
            first = at == 1
            at += 2 if text[at + 1 : at + 2] == "/" else 1
            if at >= len(text):
                kind, expression = ("prefix" if kind == "exact" else "regex"), expression + ".*"
            else:
                kind, expression = "regex", expression + "(?:.*/)?"
            kind = "suffix" if first else kind
        elif char in "*?":
            kind, expression = "regex", expression + ("[^/]*" if char == "*" else "[^/]")
        elif char == "\\":
            kind, expression, at = "regex", expression + "\\" + text[at : at + 1], at + 1
        elif char in "[]":
            kind, expression = "regex", expression + char
        else:
            expression += "\\" + char if char in ".+()|{}$" else char
    return kind, expression


def _check_syntax(text: str) -> None:
    """Raises for what Go's filepath.Match calls a bad pattern: an open class, an empty one, a lonely backslash."""
    term = r"(?:\\.|[^\\\]-])"
    character_class = rf"\[\^?(?:{term}(?:-{term})?)+\]"
    if not re.fullmatch(rf"(?:{character_class}|\\.|[^\\\[])*", text, re.DOTALL):
        raise InputError(
            f"The rule {text!r} in .dockerignore is malformed. Close every '[', and escape '\\' as '\\\\'."
        )
