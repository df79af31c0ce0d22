"""Tables."""

from __future__ import annotations

from typing import Final

from rich.style import Style

from hermes.cli.markdown.inline import DIM, styled
from hermes.cli.markdown.lines import cells_of_row
from hermes.cli.markdown.rows import PLAIN, Paint, Row, Span, Wrap, cells_of

__all__ = ["Table"]

_HEAD: Final = Style(bold=True)
_BAR: Final = (" \N{BOX DRAWINGS LIGHT VERTICAL} ", DIM)
_LONGEST: Final = 4000  # characters of rows whose columns may still change

Cells = list[list[Span]]


class Table:
    """A table that goes on. Its columns grow with it until rows are taken for good.

    Where a word would not fit into its column, rows are written as text instead.

    Args:
        width: columns of the terminal.
        paint: see ``painter``.
        prefix: what stands before each row.
        head: the source of the first row.
        delimiters: the source of the second row, which tells how columns are aligned.
    """

    def __init__(self, width: int, paint: Paint, prefix: list[Span], head: str, delimiters: str) -> None:
        self._width = width
        self._paint = paint
        self._prefix = prefix
        marks = cells_of_row(delimiters)
        self._count = len(marks)
        self._align = [(mark.startswith(":"), mark.endswith(":")) for mark in marks]
        self._pending: list[Cells] = [self._cells(head, _HEAD)]
        self._has_head = True  # the first pending row is it
        self._size = len(head)
        self._frozen: list[int] | None = None
        self._drawn: tuple[list[int] | None, list[list[Row]]] = (None, [])

    def add(self, source: str) -> None:
        """Adds a whole row."""
        self._pending.append(self._cells(source, PLAIN))
        self._size += len(source)

    def rows(self, open_row: str = "") -> list[Row]:
        """The rows of what was not taken yet, and of a row that is not whole."""
        extra = [self._cells(open_row, PLAIN)] if open_row.strip() else []
        widths = self._frozen or self._widths([*self._pending, *extra])
        if self._drawn[0] != widths:
            self._drawn = (widths, [])
        drawn = self._drawn[1]
        for index in range(len(drawn), len(self._pending)):
            drawn.append(self._draw(self._pending[index], widths, is_head=self._has_head and not index))
        lines = [row for block in drawn for row in block]
        for cells in extra:
            lines += self._draw(cells, widths, is_head=False)
        return lines

    def is_too_long(self) -> bool:
        """Whether rows should be taken."""
        return self._size > _LONGEST

    def can_take(self) -> bool:
        """Whether there are rows to take."""
        return bool(self._pending)

    def take(self) -> list[Row]:
        """Gives the rows for good. The columns keep their widths."""
        taken = self.rows()
        self._frozen = self._drawn[0]
        self._pending, self._has_head, self._size = [], False, 0
        self._drawn = (self._frozen, [])
        return taken

    def go_on_below(self, width: int) -> None:
        """What was shown stays; what comes goes on below it."""
        self.take()
        self.resize(width)

    def resize(self, width: int) -> None:
        """Draws what was not taken yet, and what comes, at another width."""
        self._width = width
        self._frozen = None

    def _cells(self, source: str, style: Style) -> Cells:
        cells = cells_of_row(source)
        if len(cells) > self._count:
            cells[self._count - 1 :] = [" | ".join(cells[self._count - 1 :])]
        cells += [""] * (self._count - len(cells))
        return [styled(cell, style) for cell in cells]

    def _room(self) -> int:
        around = sum(cells_of(text) for text, _ in self._prefix)
        return self._width - around - cells_of(_BAR[0]) * (self._count - 1)

    def _widths(self, rows: list[Cells]) -> list[int]:
        """How wide each column is; 0 where the longest words do not fit side by side."""
        wanted = [max(1, *(_cells_of_spans(row[column]) for row in rows)) for column in range(self._count)]
        room = self._room()
        if sum(wanted) <= room:
            return wanted
        least = [max(1, *(_longest_word(row[column]) for row in rows)) for column in range(self._count)]
        left = room - sum(least)
        if left < 0:
            return [0] * self._count  # into which nothing fits
        widths = list(least)
        missing = sum(wanted) - sum(least)
        for column in range(self._count):
            widths[column] += left * (wanted[column] - least[column]) // missing
        return widths

    def _draw(self, cells: Cells, widths: list[int], *, is_head: bool) -> list[Row]:
        if any(_longest_word(cell) > width for cell, width in zip(cells, widths, strict=True)):
            return self._as_text(cells)
        columns = [
            Wrap(width, self._paint, by_words=True).add_all(cell).rows
            for cell, width in zip(cells, widths, strict=True)
        ]
        height = max(map(len, columns))
        nothing = Row("", 0)
        rows = [
            self._row([column[index] if index < len(column) else nothing for column in columns], widths)
            for index in range(height)
        ]
        if is_head:
            line = "\N{BOX DRAWINGS LIGHT HORIZONTAL}"
            crossing = f"{line}\N{BOX DRAWINGS LIGHT VERTICAL AND HORIZONTAL}{line}"
            ruled = crossing.join(line * width for width in widths)
            rows.append(self._painted([*self._prefix, (ruled, DIM)]))
        return rows

    def _row(self, parts: list[Row], widths: list[int]) -> Row:
        text = self._painted(self._prefix).text
        for column, (part, width) in enumerate(zip(parts, widths, strict=True)):
            left, right = self._align[column]
            space = width - part.cells
            before = space if right and not left else space // 2 if right else 0
            after = space - before if column < self._count - 1 else 0
            bar = self._paint(*_BAR) if column else ""
            text += f"{bar}{' ' * before}{part.text}{' ' * after}"
        return Row(text, self._width - self._room() + sum(widths))

    def _as_text(self, cells: Cells) -> list[Row]:
        wrap = Wrap(self._width, self._paint, self._prefix, self._prefix, by_words=True)
        for column, cell in enumerate(cells):
            wrap.add_all([_BAR, *cell] if column else cell)
        return wrap.rows

    def _painted(self, spans: list[Span]) -> Row:
        return Row("".join(self._paint(*span) for span in spans), sum(cells_of(text) for text, _ in spans))


def _cells_of_spans(spans: list[Span]) -> int:
    return max(cells_of(line) for line in "".join(text for text, _ in spans).split("\n"))


def _longest_word(spans: list[Span]) -> int:
    return max((cells_of(word) for word in "".join(text for text, _ in spans).split()), default=0)
