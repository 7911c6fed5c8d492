# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Dockerfile is built upon: the images in its FROM lines and in COPY --from."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import takewhile

from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_name import normal
from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError

SCRATCH = "scratch"
_DIRECTIVE = re.compile(r"#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(\S+)\s*$")
# A whole word, as BuildKit takes it: '$((1<<n))' is arithmetic, '"<<EOT"' a text.
_HEREDOC = re.compile(r"\d*<<(-?)([^<\s]+)")
_WORD = re.compile(r"""(?:\\.|'[^']*'|"(?:\\.|[^"\\])*"|[^\s'"\\])+""")
_ONLY_BUILDKIT = {
    "RUN": ("--mount", "--network", "--security", "--device"),
    "COPY": ("--link", "--parents", "--exclude"),
    "ADD": ("--link", "--checksum", "--keep-git-dir", "--exclude", "--unpack"),
}
_VARIABLE = re.compile(r"\\\$|\$(?:\{(\w+)(?:(:?[-+?])([^}]*))?\}|(\w+))")


@dataclass
class _Stage:
    base: str
    name: str | None
    copies: list[str] = field(default_factory=list)


def bases(text: str, args: Mapping[str, str], target: str | None = None) -> tuple[str, ...]:
    """The images that building `target` (default: the last stage) starts from or copies from, each once, in order."""
    stages = _until(_stages(text, args), target)
    found: list[str] = []
    for index, stage in enumerate(stages):
        earlier = {(known.name or "").lower() for known in stages[:index]} | {str(n) for n in range(index)}
        sources = [stage.base, *stage.copies]
        found += [ref for ref in sources if ref.lower() not in earlier and ref.lower() != SCRATCH]
    return tuple(dict.fromkeys(normal(ref) for ref in found))


def can_be_labelled_later(text: str) -> bool:
    """May the image get a label by a second build? That one would run triggers and forget a maintainer; and without any
    instruction there may be no image."""
    words = {line.partition(" ")[0].upper() for line in instructions(text)}
    return not words & {"ONBUILD", "MAINTAINER"} and bool(words - {"FROM", "ARG"})


def _stages(text: str, args: Mapping[str, str]) -> list[_Stage]:
    stages: list[_Stage] = []
    variables: dict[str, str] = {}
    for line in instructions(text):
        word, _blank, rest = line.partition(" ")
        if word.upper() == "ARG" and not stages:
            variables.update(_arguments(rest, args, variables))
        elif word.upper() == "FROM":
            stages.append(_from(rest, variables, len(stages)))
        elif word.upper() in ("COPY", "ADD") and stages:
            stages[-1].copies += re.findall(r"(?:^|\s)--from=(\S+)", rest)
        elif word.upper() == "RUN" and stages:
            stages[-1].copies += re.findall(r"(?:^|\s)--mount=(?:\S*,)?from=([^\s,]+)", rest)
    if not stages:
        raise InputError("The Dockerfile has no FROM. Begin it with FROM and the name of an image, or 'FROM scratch'.")
    return stages


def instructions(text: str) -> Iterator[str]:
    """Logical lines: continued lines joined, comments and the bodies of here-documents left out."""
    lines = iter(text.lstrip("\ufeff").splitlines())
    continued = re.compile(rf"{re.escape(_escape(text))}[ \t]*$")
    logical = ""
    for line in lines:
        if line.strip().startswith("#") or not line.strip():
            continue
        if continued.search(line):
            logical += continued.sub("", line).lstrip() + " "
            continue
        logical = " ".join((logical + line.lstrip()).split())
        yield logical
        for tabs, ending in heredocs(logical):
            for body in lines:
                if (body.lstrip("\t") if tabs else body) == ending:
                    break
            else:
                raise InputError(f"The here-document {ending} has no end. Write {ending} alone on a line behind it.")
        logical = ""
    if logical.strip():
        yield " ".join(logical.split())


def heredocs(instruction: str) -> list[tuple[bool, str]]:
    """The here-documents that an instruction opens: whether tabs before their lines are dropped, and their ends."""
    word, _blank, rest = instruction.partition(" ")
    if word.upper() == "ONBUILD":
        word, _blank, rest = rest.partition(" ")
    if word.upper() not in _ONLY_BUILDKIT:
        return []
    found = [_HEREDOC.fullmatch(part) for part in _WORD.findall(rest)]
    return [(bool(match[1]), match[2].replace("'", "").replace('"', "")) for match in found if match]


def needs_buildkit(text: str) -> str | None:
    """The first instruction that only BuildKit understands, and None when there is none."""
    for instruction in instructions(text):
        word, *rest = instruction.split()
        # Flags stand before everything else; behind it they are words of a command.
        flags = {part.partition("=")[0] for part in takewhile(lambda part: part.startswith("--"), rest)}
        if heredocs(instruction) or flags.intersection(_ONLY_BUILDKIT.get(word.upper(), ())):
            return instruction
    return None


def heredoc(text: str) -> str | None:
    """The first instruction with a here-document, where the engine's own BuildKit has to know what that is."""
    if "syntax" in _directives(text):
        return None
    return next((instruction for instruction in instructions(text) if heredocs(instruction)), None)


def _directives(text: str) -> dict[str, str]:
    """The parser directives, which stand before everything else."""
    found: dict[str, str] = {}
    for line in text.lstrip("\ufeff").splitlines():
        directive = _DIRECTIVE.match(line.strip())
        if not directive:
            break
        found.setdefault(directive[1].lower(), directive[2])
    return found


def _escape(text: str) -> str:
    escape = _directives(text).get("escape")
    return escape if escape in ("\\", "`") else "\\"


def _from(rest: str, variables: Mapping[str, str], index: int) -> _Stage:
    words = [word for word in rest.split() if not word.startswith("--")]
    base = substitute(words[0], variables).strip("\"'") if words else ""
    if not base:
        raise InputError(
            f"FROM number {index + 1} names no image ({rest!r}). Give the ARG in it a value, by a default or in args."
        )
    return _Stage(base, words[2] if len(words) == 3 and words[1].upper() == "AS" else None)


def _arguments(rest: str, given: Mapping[str, str], variables: Mapping[str, str]) -> dict[str, str]:
    try:
        words = shlex.split(rest)
    except ValueError:
        words = rest.split()
    found: dict[str, str] = {}
    for word in words:
        name, _equals, default = word.partition("=")
        found[name] = given[name] if name in given else substitute(default, {**variables, **found})
    return found


def substitute(text: str, variables: Mapping[str, str]) -> str:
    """Variables as a Dockerfile has them: $x, ${x}, ${x:-default}, ${x:+alternative}."""

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[4]
        if name is None:
            return "$"
        known = variables.get(name)
        operator, word = match[2] or "", match[3] or ""
        present = bool(known) if operator.startswith(":") else known is not None
        if operator.endswith("-") and not present:
            return word
        if operator.endswith("+"):
            return word if present else ""
        return known or ""

    return _VARIABLE.sub(value, text)


def _until(stages: list[_Stage], target: str | None) -> list[_Stage]:
    if target is None:
        return stages
    for index, stage in enumerate(stages):
        if target.lower() in ((stage.name or "").lower(), str(index)):
            return stages[: index + 1]
    names = ", ".join(stage.name for stage in stages if stage.name) or "none has a name"
    raise InputError(f"The Dockerfile has no stage {target!r} (stages: {names}). Correct target.")
