"""Styled text, broken into rows of a terminal as it comes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from rich.cells import get_character_cell_size
from rich.console import COLOR_SYSTEMS, Console
from rich.style import Style

from hermes.cli.text import harmless

__all__ = ["PLAIN", "Paint", "Row", "Span", "Wrap", "cells_of", "painter", "printable"]

Span = tuple[str, Style]
Paint = Callable[[str, Style], str]
"""Gives a text with the escape sequences that style it."""

PLAIN: Final = Style.null()


class Row(NamedTuple):
    """A row of the screen.

    Attributes:
        text: with escape sequences.
        cells: how many columns it fills.
        soft: it continues the full row above it. The terminal breaks the line there by itself, so that a long
            URL or line of code is copied in one piece. Only below ASCII, as no other text is sure to fill the
            row above on every terminal.
    """

    text: str
    cells: int
    soft: bool = False


def printable(text: str) -> str:
    """Text whose characters move the cursor by their own width alone, but line feeds."""
    return harmless(text).replace("\t", "    ")


def painter() -> Paint:
    """What styles text for this terminal: as many colours as it has, and none where NO_COLOR is set."""
    console = Console(force_terminal=True)
    system = COLOR_SYSTEMS.get(console.color_system or "")
    without_colour = console.no_color

    def paint(text: str, style: Style) -> str:
        if not style or not text:
            return text
        return (style.without_color if without_colour else style).render(text, color_system=system)

    return paint


_EMOJI_PRESENTATION: Final = "\N{VARIATION SELECTOR-16}"
_SKIN_TONES: Final = range(0x1F3FB, 0x1F400)  # squares of their own where a terminal does not join them
_JOINER: Final = "\N{ZERO WIDTH JOINER}"


def cells_of(text: str) -> int:
    """How many columns a text fills at most.

    Terminals disagree about joined emoji. The greatest width is taken, so that no row is longer than believed
    and the terminal never breaks one by itself.
    """
    if text.isascii():
        return len(text)
    return sum(map(_cells_of_character, text))


def _cells_of_character(character: str) -> int:
    if character == _EMOJI_PRESENTATION:  # makes a narrow character before it a wide one
        return 1
    if ord(character) in _SKIN_TONES:
        return 2
    return max(0, get_character_cell_size(character))


_PARTS: Final = re.compile(r"\n| +|[^ \n]+")


class Wrap:
    """Breaks text into rows by words. A closed row never changes any more.

    Args:
        width: columns of the terminal.
        paint: see ``painter``.
        first: what stands before the first row; as wide as ``rest``, or wider.
        rest: what stands before all others.
        by_words: otherwise rows are broken where they are full, as for code.
    """

    def __init__(
        self,
        width: int,
        paint: Paint,
        first: Iterable[Span] = (),
        rest: Iterable[Span] = (),
        *,
        by_words: bool,
    ) -> None:
        self.width = width
        self.closed: list[Row] = []
        self._paint = paint
        self._rest = list(rest)
        self._rest_cells = sum(cells_of(text) for text, _ in self._rest)
        self._by_words = by_words
        self._begin(list(first), soft=False)

    def _begin(self, prefix: list[Span], *, soft: bool) -> None:
        self._soft = soft
        self._row = prefix
        self._start = self._cells = sum(cells_of(text) for text, _ in prefix)
        self._gap: list[Span] = []
        self._gap_cells = 0
        self._word: list[Span] = []
        self._word_cells = 0

    def fork(self, width: int = 0) -> Wrap:
        """One that goes on in the open row, without the closed ones; broken anew if the width is another."""
        width = width or self.width
        other = Wrap(width, self._paint, (), self._rest, by_words=self._by_words)
        other._row, other._start, other._cells = list(self._row), self._start, self._cells
        other._gap, other._gap_cells = list(self._gap), self._gap_cells
        other._word, other._word_cells = list(self._word), self._word_cells
        other._soft = self._soft
        return other

    def below(self, width: int) -> Wrap:
        """One that goes on in a row of its own."""
        return Wrap(width, self._paint, self._rest, self._rest, by_words=self._by_words)

    @property
    def rows(self) -> list[Row]:
        """All rows, the open one included."""
        return [*self.closed, self._as_row([*self._row, *(self._gap if self._word else ()), *self._word])]

    @property
    def is_blank(self) -> bool:
        """Whether nothing but the prefix stands in the open row, and no row is closed."""
        return not (self.closed or self._word or self._cells > self._start)

    def add(self, text: str, style: Style = PLAIN) -> None:
        """Adds text. It holds no control characters but line feeds."""
        if not self._by_words:
            self._put(text, style)
            return
        for part in _PARTS.findall(text):
            if part == "\n":
                self._end_word()
                self._close(soft=False)
            elif part[0] == " ":
                self._end_word()
                self._gap.append((part, style))
                self._gap_cells += len(part)
            elif part.isascii():
                self._put(part, style)
            else:
                for piece, is_wide in _pieces(part):
                    if is_wide:
                        self._end_word()
                    self._put(piece, style)
                    if is_wide:
                        self._end_word()

    def add_all(self, spans: Iterable[Span]) -> Wrap:
        """Adds spans, and gives this object."""
        for text, style in spans:
            self.add(text, style)
        return self

    def _end_word(self) -> None:
        if self._word:
            self._row += self._gap
            self._row += self._word
            self._cells += self._gap_cells + self._word_cells
            self._gap, self._gap_cells, self._word, self._word_cells = [], 0, [], 0

    def _put(self, text: str, style: Style) -> None:
        """Adds a part of a word, and moves the word to the next row where it does not fit."""
        cells = cells_of(text)
        if self._cells + self._gap_cells + self._word_cells + cells > self.width:
            if self._cells > self._start:
                word, word_cells = self._word, self._word_cells
                self._close(soft=False)
                self._word, self._word_cells = word, word_cells
            self._gap, self._gap_cells = [], 0  # of a row that begins with it
            text = self._fold(text, style)
            cells = cells_of(text)
        if text:
            if self._word and self._word[-1][1] is style:
                self._word[-1] = (self._word[-1][0] + text, style)
            else:
                self._word.append((text, style))
            self._word_cells += cells

    def _fold(self, text: str, style: Style) -> str:
        """Breaks a word that is longer than a row; gives the part that is left for the open row."""
        while self._cells + self._word_cells + cells_of(text) > self.width:
            room = self.width - self._cells - self._word_cells
            fitting = _fitting(text, room)
            if not fitting and not self._word:
                fitting = max(1, _fitting(text, 2))  # a terminal of one column
            self._word.append((text[:fitting], style))
            text = text[fitting:]
            self._word_cells += cells_of(self._word[-1][0])
            self._end_word()
            is_full = self._cells == self.width and all(part.isascii() for part, _ in self._row)
            self._close(soft=is_full and not self._rest)
            if not text:
                break
        return text

    def _close(self, *, soft: bool) -> None:
        self.closed.append(self._as_row(self._row))
        self._begin(list(self._rest), soft=soft)

    def _as_row(self, spans: list[Span]) -> Row:
        merged: list[Span] = []
        cells = 0
        for text, style in spans:
            cells += cells_of(text)
            if merged and merged[-1][1] == style:
                merged[-1] = (merged[-1][0] + text, style)
            else:
                merged.append((text, style))
        paint = self._paint
        return Row("".join([paint(text, style) for text, style in merged]), cells, self._soft)


def _fitting(text: str, room: int) -> int:
    """How many characters fit into so many columns; marks that combine stay with their character."""
    if text.isascii():
        return max(0, room)
    used = 0
    for index, character in enumerate(text):
        used += _cells_of_character(character)
        if used > room:
            return index
    return len(text)


def _pieces(word: str) -> list[tuple[str, bool]]:
    """The parts of a word, and which are wide characters: a row may end before and behind each of them."""
    pieces: list[tuple[str, bool]] = []
    for character in word:
        cells = _cells_of_character(character)
        joins = cells == 0 or character == _EMOJI_PRESENTATION or ord(character) in _SKIN_TONES
        if pieces and (joins or pieces[-1][0][-1] == _JOINER or (cells == 1 and not pieces[-1][1])):
            pieces[-1] = (pieces[-1][0] + character, pieces[-1][1])
        else:
            pieces.append((character, cells > 1))
    return pieces
