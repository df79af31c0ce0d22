"""A terminal that remembers all of its rows, and answers to show on it."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

import pyte

from hermes.cli.markdown.renderer import MarkdownRenderer


class Terminal:
    """What a terminal shows of what is written to it, with all that scrolled off."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        self._screen = pyte.HistoryScreen(columns, rows, history=1_000_000)
        self._screen.set_mode(pyte.modes.LNM)  # as a terminal driver makes of a line feed
        self._stream = pyte.Stream(self._screen)
        self.written: list[str] = []

    def write(self, text: str) -> None:
        self.written.append(text)
        self._stream.feed(text)

    def resize(self, columns: int, rows: int) -> None:
        self._screen.resize(lines=rows, columns=columns)

    def size(self) -> tuple[int, int]:
        return self._screen.columns, self._screen.lines

    @property
    def rows(self) -> list[str]:
        """All rows from the first to the last that is not empty, without spaces at their ends."""
        scrolled = [
            "".join(row[x].data for x in range(self._screen.columns)) for row in self._screen.history.top
        ]
        rows = [row.rstrip() for row in [*scrolled, *self._screen.display]]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    @property
    def cursor(self) -> tuple[int, int]:
        """Column and row."""
        return self._screen.cursor.x, self._screen.cursor.y

    @property
    def is_cursor_hidden(self) -> bool:
        return self._screen.cursor.hidden

    def style_of(self, text: str) -> object:
        """The style of the first character of a text on the screen."""
        for y, row in enumerate(self._screen.display):
            if text in row:
                return self._screen.buffer[y][row.index(text)]
        raise AssertionError(f"{text!r} is not on the screen")


def pieces_of(text: str, seed: int, longest: int) -> list[str]:
    """A text in pieces of random lengths."""
    chance = random.Random(seed)  # noqa: S311 - the same for each seed
    pieces = []
    while text:
        end = chance.randint(1, longest)
        pieces.append(text[:end])
        text = text[end:]
    return pieces


def shown(
    text: str,
    columns: int = 80,
    rows: int = 24,
    *,
    seed: int = 0,
    longest: int = 5,
    clock: Callable[[], float] = lambda: 0.0,
) -> Terminal:
    """The terminal after an answer that came in pieces."""
    terminal = Terminal(columns, rows)
    renderer = MarkdownRenderer(terminal.write, size=terminal.size, clock=clock)
    for piece in pieces_of(text, seed, longest):
        renderer.write(piece)
    renderer.finish()
    return terminal


def ticking() -> Callable[[], float]:
    """A clock by which each redraw is due."""
    moments = iter(range(10**9))
    return lambda: float(next(moments))


def squashed(rows: list[str]) -> str:
    """The text of rows without spaces and without the signs that stand for marks."""
    return re.sub(r"[\s\u258c\u2022\u2502\u253c\u2500]", "", "".join(rows))
