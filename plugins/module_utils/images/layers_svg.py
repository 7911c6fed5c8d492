# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Layers as a picture: stacks side by side, and a layer that several have is one box below all of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape, quoteattr

COLUMN, GAP, ROW, MARGIN = 240, 12, 44, 20
TITLE, LEGEND = 44, 44
LETTER = 6.7  # width of a letter of the font below, at 11 px
KINDS = {"shared": "shared layer", "own": "layer of one image", "writable": "writable layer", "name": ""}
STYLE = """
.bl text{font:11px ui-monospace,Menlo,Consolas,monospace;fill:#1c2733}
.bl .bl-h{font:bold 15px system-ui,sans-serif}
.bl .bl-n text{font-weight:bold}
.bl rect{stroke:#5b6b7c}
.bl .bl-back{fill:#fff;stroke:none}
.bl .bl-shared rect{fill:#cfe0f3}
.bl .bl-own rect{fill:#d8eed3}
.bl .bl-writable rect{fill:#ffe3bd;stroke-dasharray:5 3}
.bl .bl-name rect{fill:none;stroke:none}
@media (prefers-color-scheme:dark){.bl text{fill:#e8edf2}.bl .bl-back{fill:#12181f}.bl rect{stroke:#8496a9}
.bl .bl-shared rect{fill:#24405e}.bl .bl-own rect{fill:#2a4a2a}.bl .bl-writable rect{fill:#5c3d12}}
"""
# XML has no way to write these, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass
class Node:
    """A layer, the stacks that end with it, and the layers that stand on it."""

    layer: Mapping[str, Any] | None = None
    stacks: list[Mapping[str, Any]] = field(default_factory=list)
    above: dict[str, Node] = field(default_factory=dict)


@dataclass(frozen=True)
class Box:
    """A part of the picture in its grid: columns from the left, rows from the bottom."""

    kind: str
    first: int
    last: int
    row: int
    lines: tuple[str, ...]
    tip: str


def draw(document: Mapping[str, Any], title: str) -> str:
    """What image_layers_info returned, as an SVG. What failed is left out."""
    stacks = [one for part in ("images", "containers") for one in document.get(part) or [] if not one.get("error")]
    return picture(boxes(stacks), title)


def boxes(stacks: Iterable[Mapping[str, Any]]) -> list[Box]:
    root = Node()
    for stack in stacks:
        node = root
        for layer in stack["layers"]:
            if not layer["empty"]:
                node = node.above.setdefault(layer["chain"], Node(layer))
        node.stacks.append(stack)
    found: list[Box] = []
    _place(root, 0, 0, found)
    return found


def _place(node: Node, column: int, row: int, found: list[Box]) -> int:
    """Adds the boxes of a node and of all above it, from `column` on; the next free column."""
    start, upper = column, row + (1 if node.layer else 0)
    for stack in node.stacks:
        found += _own(stack, column, upper)
        column += 1
    for child in node.above.values():
        column = _place(child, column, upper, found)
    if node.layer:
        kind = "shared" if column - start > 1 or node.layer["shared_with"] else "own"
        found.append(Box(kind, start, column - 1, row, _lines(node.layer), _tip(node.layer)))
    return column


def _own(stack: Mapping[str, Any], column: int, row: int) -> Iterator[Box]:
    """The writable layer of a container, and the name on top of a stack."""
    writable = stack.get("writable")
    if writable:
        counts = " ".join(
            f"{sign}{writable[word]}" for sign, word in (("+", "added"), ("~", "changed"), ("-", "deleted"))
        )
        lines = ("what the container wrote", f"{size(writable['bytes'])} · {counts}")
        yield Box(
            "writable", column, column, row, lines, f"Writable layer of {stack['name']}\n{writable['directory'] or ''}"
        )
        yield Box("name", column, column, row + 1, (stack["name"], f"container, {stack['state']}"), stack["id"])
        return
    settings = [str(layer["instruction"]) for layer in stack["layers"] if layer["empty"]]
    figures = f"image, {size(stack['bytes'])}, own {size(stack['unique_bytes'])}"
    yield Box("name", column, column, row, (stack["name"], figures), "\n".join([stack["id"], *settings]))


def _lines(layer: Mapping[str, Any]) -> tuple[str, str]:
    said = layer["instruction"] or layer["comment"] or "(nothing was recorded)"
    if layer["instruction"] and layer["comment"] and not layer["comment"].startswith("buildkit"):
        said = f"{layer['comment']} ({said})"
    return said, f"{size(layer['bytes'])} · {layer['digest'][:19]}"


def _tip(layer: Mapping[str, Any]) -> str:
    parts = [layer["instruction"], layer["comment"], layer["digest"], f"{layer['bytes']} bytes", layer["directory"]]
    return "\n".join(str(part) for part in parts if part)


def size(count: int) -> str:
    power = min(max(count, 1).bit_length() // 10, 4) if count >= 1024 else 0
    return f"{count / 1024**power:.1f} {'KMGT'[power - 1]}iB" if power else f"{count} B"


def picture(found: Sequence[Box], title: str) -> str:
    columns = 1 + max((box.last for box in found), default=0)
    rows = 1 + max((box.row for box in found), default=0)
    width = 2 * MARGIN + max(columns, 2) * (COLUMN + GAP) - GAP
    height = TITLE + rows * ROW + LEGEND + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="bl" role="img" aria-label={_quoted(title)} '
        f'width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
        f"<style>{STYLE}</style>",
        f'<rect class="bl-back" width="{width}" height="{height}"/>',
        _text(MARGIN, 28, _cut(title, (width - 2 * MARGIN) // 9), "bl-h"),
        *(_box(box, rows) for box in sorted(found, key=lambda box: (box.row, box.first))),
        *_legend({box.kind for box in found}, height - LEGEND),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _box(box: Box, rows: int) -> str:
    x, y = MARGIN + box.first * (COLUMN + GAP), TITLE + (rows - 1 - box.row) * ROW
    width, height = (box.last - box.first + 1) * (COLUMN + GAP) - GAP, ROW - 4
    letters = int((width - 16) / LETTER)
    lines = "".join(_text(x + 8, y + 16 + 15 * number, _cut(line, letters)) for number, line in enumerate(box.lines))
    classes = f"bl-{box.kind} bl-n" if box.kind == "name" else f"bl-{box.kind}"
    rect = f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="4"/>'
    return f'<g class="{classes}"><title>{_escaped(box.tip)}</title>{rect}{lines}</g>'


def _legend(kinds: Iterable[str], y: int) -> Iterator[str]:
    x = MARGIN
    for kind, words in KINDS.items():
        if words and kind in kinds:
            rect = f'<rect x="{x}" y="{y + 12}" width="18" height="14" rx="3"/>'
            yield f'<g class="bl-{kind}">{rect}{_text(x + 26, y + 23, words)}</g>'
            x += 180


def _text(x: float, y: float, words: str, css: str = "") -> str:
    given = f' class="{css}"' if css else ""
    return f'<text x="{x}" y="{y}"{given}>{_escaped(words)}</text>'


def _cut(text: str, letters: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= letters else line[: max(0, letters - 1)] + "…"


def _escaped(text: str) -> str:
    return escape(_FORBIDDEN.sub("\ufffd", text))


def _quoted(text: str) -> str:
    return quoteattr(_FORBIDDEN.sub("\ufffd", text))
