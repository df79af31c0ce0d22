"""What a line of markdown is. Each is looked at alone, without recursion however deep blocks are nested."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

__all__ = [
    "BAR",
    "LONGEST_HEAD",
    "Line",
    "LineKind",
    "cells_of_row",
    "closes_fence",
    "is_delimiter_row",
    "is_rule",
    "may_change",
    "may_close_fence",
    "quote_depth",
    "read_line",
    "underlines_heading",
    "without_quotes",
]

BAR: Final = "\N{LEFT HALF BLOCK}"
"""Stands for a quote mark."""

LONGEST_HEAD: Final = 120
"""Characters of a line after which it is text, where nothing told before what it is."""
_DEEPEST: Final = 10  # containers on one line; what is deeper is shown as it is written

_MARKS_ONLY: Final = re.compile(r"[ >|:\-*_=+#`~0-9.)]*", re.ASCII)
_FENCE: Final = re.compile(r"(`{3,}(?=[^`]*$)|~{3,})(.*)", re.DOTALL)
_QUOTE: Final = re.compile(r"( {0,3})>( ?)")
_ITEM: Final = re.compile(r"( *)([-*+]|[0-9]{1,9}[.)])( {1,4}(?! )|(?= {5})| *$)", re.ASCII)
_HEADING: Final = re.compile(r" {0,3}(#{1,6})(?: +|$)")
_RULE: Final = re.compile(r" {0,3}([-*_])(?: *\1){2,} *")
_UNDERLINE: Final = re.compile(r" {0,3}(=+|-+) *")
_DELIMITER_ROW: Final = re.compile(r" *\|? *:?-+:? *(?:\| *:?-+:? *)*\|? *")
_UNESCAPED_BAR: Final = re.compile(r"(?<!\\)\|")


class LineKind(Enum):
    """What a line begins or goes on with, behind its containers."""

    BLANK = "blank"
    HEADING = "heading"
    FENCE = "fence"
    INDENTED = "indented"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Line:
    """A line, or what there is of it.

    Attributes:
        kind: what it is.
        first: what stands before the text on the screen, as wide as in the source: spaces, ``•``, ``1.``.
        rest: the same for the rows below.
        text: what follows; of a fence, the words behind its marks.
        depth: quote marks.
        begins_item: it begins an item of a list.
        offset: the column where the text of the innermost item that it begins starts.
        indent: the column of the first character that is no quote mark and no space.
        mark: of a heading or fence.
    """

    kind: LineKind
    first: str
    rest: str
    text: str
    depth: int = 0
    begins_item: bool = False
    offset: int = 0
    indent: int = 0
    mark: str = ""


def may_change(head: str) -> bool:
    """Whether more of a line can make something else of it."""
    bare = head.lstrip(" >")
    return bool(_MARKS_ONLY.fullmatch(head)) or (
        bare.startswith(("```", "~~~")) and "`" not in bare.lstrip("`")
    )


def read_line(line: str, *, in_list: int = 0, in_paragraph: bool = False) -> Line:
    """Tells what a line is.

    Args:
        line: without its end; tabs are expanded.
        in_list: the column where the text of the item starts in which the line may stand; 0 outside of lists.
        in_paragraph: an open paragraph stands above, so that an indented line belongs to it.
    """
    first: list[str] = []
    rest: list[str] = []
    position = depth = offset = 0
    indent = -1
    begins_item = False
    for _ in range(_DEEPEST):
        quote = _QUOTE.match(line, position)
        if quote:
            shown = f"{quote[1]}{BAR}{quote[2]}"
            first.append(shown)
            rest.append(shown)
            depth += 1
            position = quote.end()
            continue
        item = _ITEM.match(line, position)
        if not item or (is_rule(line[position:]) and not item[2][0].isdigit()):
            break
        if len(item[1]) > 3 and not in_list and not begins_item:
            break  # so far to the right it is code
        if in_paragraph and not begins_item and not line[item.end() :].strip():
            break  # an empty item does not end a paragraph
        marker = "\N{BULLET}" if item[2] in "-*+" else item[2]
        first.append(f"{item[1]}{marker}{item[3]}")
        rest.append(" " * len(item[0]))
        if not begins_item:
            indent = position + len(item[1])
        begins_item = True
        position = offset = item.end()
    before, below, text = "".join(first), "".join(rest), line[position:]
    spaces = len(text) - len(text.lstrip(" "))
    if not begins_item:
        indent = position + spaces

    def made(kind: LineKind, text: str, mark: str = "", gap: str = "") -> Line:
        return Line(kind, before + gap, below + gap, text, depth, begins_item, offset, indent, mark)

    if not text.strip():
        return made(LineKind.BLANK, "")
    gap = " " * spaces
    base = max(0, in_list - position)
    fence = _FENCE.fullmatch(text, spaces) if spaces <= base + 3 else None
    if fence:
        return made(LineKind.FENCE, fence[2].strip(), fence[1], gap)
    heading = _HEADING.match(text[base:] if spaces >= base else text)
    if heading:
        return made(LineKind.HEADING, text.lstrip(" ")[len(heading[1]) :].lstrip(" "), heading[1], gap)
    if spaces >= base + 4 and not in_paragraph:
        return made(LineKind.INDENTED, text)
    return made(LineKind.TEXT, text.lstrip(" "), "", gap)


def is_rule(line: str) -> bool:
    """Whether a line is a thematic break."""
    return bool(_RULE.fullmatch(line))


def underlines_heading(line: str) -> str:
    """``=`` or ``-`` where a line makes the paragraph above it a heading."""
    found = _UNDERLINE.fullmatch(line)
    return found[1][0] if found else ""


def is_delimiter_row(line: str) -> bool:
    """Whether a line may stand between the head and the rows of a table."""
    return "|" in line and bool(_DELIMITER_ROW.fullmatch(line))


def cells_of_row(line: str) -> list[str]:
    """The cells of a row of a table."""
    cells = [cell.strip().replace("\\|", "|") for cell in _UNESCAPED_BAR.split(line.strip())]
    if len(cells) > 1 and not cells[0]:
        cells = cells[1:]
    if len(cells) > 1 and not cells[-1]:
        cells = cells[:-1]
    return cells


def quote_depth(line: str, deepest: int) -> int:
    """How many quote marks a line begins with, ``deepest`` at most."""
    depth = position = 0
    while depth < deepest and (quote := _QUOTE.match(line, position)):
        position = quote.end()
        depth += 1
    return depth


def without_quotes(line: str, depth: int) -> str:
    """A line behind so many quote marks."""
    position = 0
    for _ in range(depth):
        quote = _QUOTE.match(line, position)
        if quote is None:
            break
        position = quote.end()
    return line[position:]


def closes_fence(line: str, fence: Line) -> bool:
    """Whether a line ends the code that began with ``fence``."""
    bare = without_quotes(line, fence.depth).strip()
    return len(bare) >= len(fence.mark) and set(bare) == {fence.mark[0]}


def may_close_fence(head: str, fence: Line) -> bool:
    """Whether more of a line can make it the end of the code that began with ``fence``."""
    if quote_depth(head, fence.depth) < fence.depth:
        return not head.strip(" >")
    return set(without_quotes(head, fence.depth)) <= {fence.mark[0], " "}
