"""An answer in markdown, written to a terminal while it streams."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from typing import Final

from rich.style import Style

from hermes.cli.markdown.code import CodeLine, Highlighter, highlighter_for
from hermes.cli.markdown.inline import DIM
from hermes.cli.markdown.lines import (
    BAR,
    LONGEST_HEAD,
    Line,
    LineKind,
    cells_of_row,
    closes_fence,
    is_delimiter_row,
    is_rule,
    may_change,
    may_close_fence,
    quote_depth,
    read_line,
    underlines_heading,
    without_quotes,
)
from hermes.cli.markdown.prose import HEADING_STYLES, Prose
from hermes.cli.markdown.rows import PLAIN, Row, Span, Wrap, painter, printable
from hermes.cli.markdown.screen import Screen
from hermes.cli.markdown.table import Table

__all__ = ["MarkdownRenderer", "terminal_size"]

_REDRAW_SECONDS: Final = 1 / 15  # between two times that rows are written anew; added text is written at once
_SLICE: Final = 500  # characters that are looked at together
_LONGEST_ROW_OF_TABLE: Final = 2000
_OUT_OF_REACH: Final = 2  # rows at the top of the screen that are never written anew
_LINE: Final = "\N{BOX DRAWINGS LIGHT HORIZONTAL}"
_CLOSING_MARKS: Final = re.compile(r"(?:^| +)#+ *$")
_WIDEST_RULE: Final = 72
_MARKER: Final = Style(color="cyan")


def terminal_size() -> tuple[int, int]:
    """Columns and rows of the terminal that is stdout."""
    try:
        size = os.get_terminal_size()
    except OSError:
        return 80, 24
    return size.columns or 80, size.lines or 24


class MarkdownRenderer:
    """Writes markdown as it comes.

    For any text, each word is on the screen once, and no control character is obeyed. What a piece costs does
    not depend on what came before: blocks are written for good as soon as they end, and long ones piece by
    piece. Added text is written at once. Only where a mark changes what is on the screen are rows written
    anew: the last ones of the open block, no more than the screen has, about 15 times a second at most.

    Args:
        write: writes to the terminal and sends it off.
        size: columns and rows of the terminal; asked each time that something is written.
        clock: seconds.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        *,
        size: Callable[[], tuple[int, int]] = terminal_size,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._write = write
        self._ask_size = size
        self._clock = clock
        self._paint = painter()
        self._screen = Screen(write)
        self._width, self._height = self._size()
        self._final: list[Row] = []  # rows that are not written yet and will not change
        self._unshown: list[str] = []
        self._is_at_work = False  # a Ctrl-C can come at any moment
        self._redraw_at = clock()
        self._begin()

    def _begin(self) -> None:
        self._head: str | None = ""  # of a line that may still become something else; None: in the block
        self._block: Prose | CodeLine | Table | None = None
        self._line = read_line("")  # that began the block
        self._fence: tuple[Line, Highlighter | None] | None = None
        self._offsets: list[int] = []  # of the items of lists in which the line stands

    def write(self, text: str) -> None:
        """Takes the next piece of the answer.

        Raises:
            StdoutGone, HermesError: what ``write`` of the terminal raises.
        """
        self._heed_size()
        self._unshown.append(text)
        self._is_at_work = True
        for line in printable(text).splitlines(keepends=True):
            for start in range(0, len(line), _SLICE):
                self._take(line[start : start + _SLICE])
        self._draw(now=False)
        self._is_at_work = False

    def end_line(self) -> None:
        """Ends the line on the screen, so that something else can be written; the answer may go on."""
        self._heed_size()
        self._draw(now=True)
        self._screen.end_line()
        self._go_on_below()

    def finish(self) -> None:
        """Ends the answer and the line; the next piece begins another one."""
        self._heed_size()
        if self._head:
            self._end_line_of_text()
        self._end_block()
        self._draw(now=True)
        self._screen.end_line()
        self._begin()

    def interrupt(self) -> None:
        """Ends the answer where a ``^C`` may have moved the cursor: what is shown stays as it is.

        Text that waits for its redraw is shown before the ``^C``, or behind it as it came where the cursor
        may be anywhere.
        """
        self._heed_size()
        if self._unshown and not self._is_at_work and self._screen.retype(self._width):
            self._draw(now=True)
        self._leave_shown()
        self._begin()
        self._is_at_work = False

    @property
    def is_on_line(self) -> bool:
        """Whether the cursor stands behind something, and not at the beginning of a row."""
        return self._screen.is_on_line

    # Text becomes blocks.

    def _take(self, text: str) -> None:
        """Takes text within one line, with its end if there is one."""
        ends = text.endswith("\n")
        text = text.removesuffix("\n")
        if self._head is None:
            self._add(text)
        else:
            self._head += text
            if not self._is_open(self._head):
                self._take_beginning(self._head)
        if ends:
            self._end_line_of_text()

    def _is_open(self, head: str) -> bool:
        """Whether it takes more of the line to know what it is."""
        longest = self._width * self._most_rows() // 2
        if isinstance(self._block, Table):
            return len(head) < min(_LONGEST_ROW_OF_TABLE, longest)
        if len(head) > min(LONGEST_HEAD, longest):
            return False
        if self._fence:
            return may_close_fence(head, self._fence[0])
        return may_change(head)

    def _take_beginning(self, head: str) -> None:
        """Takes the beginning of a line, which told what the line is; more of it follows."""
        self._head = None
        if self._fence and self._begin_code(head):
            return
        if isinstance(self._block, Table):
            self._end_block()
        self._take_text(head)

    def _end_line_of_text(self) -> None:
        head, self._head = self._head, ""
        if head is not None:
            self._take_whole_line(head)
        if isinstance(self._block, CodeLine) or self._line.kind is LineKind.HEADING:
            self._end_block()

    def _take_whole_line(self, line: str) -> None:
        """Takes a line of which only its end told what it is."""
        if self._fence:
            fence, _ = self._fence
            if quote_depth(line, fence.depth) == fence.depth and closes_fence(line, fence):
                self._rule_code(fence.rest)
                self._fence = None
                return
            if self._begin_code(line):
                return
        if isinstance(self._block, Table):
            if self._goes_on_table(line):
                self._block.add(without_quotes(line, self._line.depth))
                self._take_pieces()
                return
            self._end_block()
        if self._makes_heading(line) or self._makes_table(line):
            return
        read = self._read(line)
        if is_rule(without_quotes(line, read.depth)):
            self._end_block()
            width = min(_WIDEST_RULE, self._width)
            bars = f"{BAR} " * read.depth
            self._end_row([*self._prefix(bars), (_LINE * (width - len(bars)), DIM)])
        elif read.kind is LineKind.BLANK and not read.begins_item:
            self._end_block()
            self._end_row(self._prefix(read.first.rstrip()))
        elif read.kind is LineKind.FENCE:
            self._end_block()
            self._heed_list(read)
            self._rule_code(read.first, read.text)
            self._fence = (read, highlighter_for(read.text))
        else:
            self._take_text(line)

    def _read(self, line: str) -> Line:
        in_list = self._offsets[-1] if self._offsets else 0
        return read_line(line, in_list=in_list, in_paragraph=self._paragraph() is not None)

    def _paragraph(self) -> Prose | None:
        """The open block if text on the next line may belong to it."""
        block = self._block
        return block if isinstance(block, Prose) and self._line.kind is LineKind.TEXT else None

    def _take_text(self, text: str) -> None:
        """Lets a line, or the beginning of one, go on with the open paragraph or begin a block."""
        line = self._read(text)
        paragraph = self._paragraph()
        goes_on = line.kind is LineKind.TEXT and not line.begins_item and line.depth <= self._line.depth
        if paragraph and goes_on:
            below = "" if paragraph.is_blank else "\n"
            self._add(below + (text if self._is_flush(line) else line.text))
            return
        self._end_block()
        self._heed_list(line)
        self._line = line
        if line.kind is LineKind.INDENTED:
            first, rest = self._prefix(line.first), self._prefix(line.rest)
            self._block = CodeLine(self._width, self._paint, first, rest)
            self._add(line.text)
        elif line.kind is LineKind.TEXT and self._is_flush(line):
            self._block = Prose(self._width, self._paint)
            self._add(text)
        else:
            style = HEADING_STYLES[len(line.mark)] if line.kind is LineKind.HEADING else PLAIN
            first, rest = self._prefix(line.first), self._prefix(line.rest)
            self._block = Prose(self._width, self._paint, first, rest, style)
            self._add(line.text)

    def _is_flush(self, line: Line) -> bool:
        """Whether nothing stands to the left of a text, so that spaces before it are its own."""
        return not (
            self._offsets or line.begins_item or line.depth or (self._line.depth and self._paragraph())
        )

    def _begin_code(self, text: str) -> bool:
        """Begins a line of code; False where it does not belong to the fence any more."""
        if not self._fence:
            return False
        line, _ = self._fence
        if quote_depth(text, line.depth) < line.depth:
            self._fence = None
            return False
        self._line = line
        prefix = self._prefix(f"{BAR} " * line.depth)
        self._block = CodeLine(self._width, self._paint, prefix, prefix)
        self._add(without_quotes(text, line.depth))
        return True

    def _makes_heading(self, line: str) -> bool:
        paragraph = self._paragraph()
        if not paragraph or self._line.begins_item or paragraph.is_blank or self._offsets:
            return False
        if quote_depth(line, self._line.depth) < self._line.depth:
            return False
        underline = underlines_heading(without_quotes(line, self._line.depth))
        if not underline:
            return False
        paragraph.restyle(HEADING_STYLES[1 if underline == "=" else 2])
        self._end_block()
        return True

    def _makes_table(self, line: str) -> bool:
        paragraph = self._paragraph()
        depth = self._line.depth
        if not paragraph or quote_depth(line, depth) < depth or self._line.begins_item:
            return False
        delimiters = without_quotes(line, depth)
        above, _, head = paragraph.source.rpartition("\n")
        if not is_delimiter_row(delimiters) or "|" not in head or not paragraph.is_on_own_row(head):
            return False
        if len(cells_of_row(head)) != len(cells_of_row(delimiters)):
            return False
        if above:
            paragraph.replace(above)
            self._final += paragraph.rows()
        prefix = self._prefix("" if self._is_flush(self._line) else self._line.rest)
        self._block = Table(self._width, self._paint, prefix, head, delimiters)
        return True

    def _goes_on_table(self, text: str) -> bool:
        line = self._read(text)
        is_text = line.kind in (LineKind.TEXT, LineKind.INDENTED) and not line.begins_item
        return is_text and line.depth == self._line.depth and "|" in text

    def _heed_list(self, line: Line) -> None:
        """Leaves the items to the left of which the line stands, and enters the one that it begins."""
        while self._offsets and line.indent < self._offsets[-1]:
            self._offsets.pop()
        if line.begins_item:
            self._offsets.append(line.offset)

    def _add(self, text: str) -> None:
        if isinstance(self._block, (Prose, CodeLine)):
            self._block.add(text)
            self._take_pieces()

    def _take_pieces(self) -> None:
        while self._block and self._block.is_too_long():
            self._final += self._block.take()

    def _end_block(self) -> None:
        block, self._block = self._block, None
        if isinstance(block, CodeLine):
            self._final += block.end(self._fence[1] if self._fence else None)
        elif block:
            if isinstance(block, Prose) and self._line.kind is LineKind.HEADING:
                block.replace(_CLOSING_MARKS.sub("", block.source))
            self._final += block.rows()

    # Blocks become rows.

    def _prefix(self, text: str) -> list[Span]:
        """What stands before a row: never more than half of it."""
        text = text[: self._width // 2]
        return [(text, _MARKER)] if text else []

    def _end_row(self, spans: list[Span]) -> None:
        self._final += Wrap(self._width, self._paint, by_words=True).add_all(spans).rows

    def _rule_code(self, before: str, info: str = "") -> None:
        """Writes where code begins or ends."""
        prefix = self._prefix(before)
        wrap = Wrap(self._width, self._paint, prefix, prefix, by_words=True)
        self._final += wrap.add_all([(_LINE * 3, DIM), (f" {info}", DIM)]).rows

    def _live(self) -> list[Row]:
        """The rows that may still change."""
        head = self._head or ""
        if isinstance(self._block, Table):
            return self._block.rows(without_quotes(head, self._line.depth))
        rows = self._block.rows() if self._block else []
        if not head:
            return rows
        return rows + Wrap(self._width, self._paint, by_words=False).add_all([(head, PLAIN)]).rows

    def _draw(self, *, now: bool) -> None:
        """Brings what is new to the screen; what takes work may wait a little unless it is to be done now."""
        block = self._block
        takes_work = isinstance(block, Table) or (isinstance(block, Prose) and block.is_stale)
        if takes_work:
            moment = self._clock()
            if not now and moment < self._redraw_at:
                return
            self._redraw_at = moment + _REDRAW_SECONDS
        live = self._live()
        while len(live) > self._most_rows() and self._shorten():
            live = self._live()
        kept, self._final, self._unshown = self._final, [], []
        self._screen.show([*kept, *live])
        self._screen.keep(len(kept))
        if len(live) > self._height:  # the first one has scrolled off, as on a screen of one row
            self._screen.end_line()
            self._go_on_below()

    def _shorten(self) -> bool:
        """Takes rows of the open block for good; False where nothing is left to take."""
        block = self._block
        if isinstance(block, Table) and not block.can_take():
            self._take_beginning(self._head or "")
            return True
        if block is None or not block.can_take():
            return False
        self._final += block.take()
        return True

    # The terminal.

    def _size(self) -> tuple[int, int]:
        width, height = self._ask_size()
        return max(1, width), max(1, height)

    def _most_rows(self) -> int:
        return max(1, self._height - _OUT_OF_REACH)

    def _heed_size(self) -> None:
        """Heeds that the window was resized. Rows that were broken or scrolled off by it are left."""
        width, height = self._size()
        if (width, height) == (self._width, self._height):
            return
        self._width, self._height = width, height
        rows = self._screen.rows
        if len(rows) > self._most_rows() or any(row.soft or row.cells > width for row in rows):
            self._leave_shown()
            self._go_on_below()
        elif self._block:
            self._block.resize(width)

    def _leave_shown(self) -> None:
        """Leaves the rows on the screen for good. What was to be shown next is written as it came."""
        rest = printable("".join(self._unshown))
        self._unshown, self._final = [], []
        self._screen.end_line()
        if rest.strip():
            self._write(rest if rest.endswith("\n") else f"{rest}\n")

    def _go_on_below(self) -> None:
        """Lets the open block go on in a row of its own, where all that came is on the screen."""
        if self._head:  # on the screen as it came; what follows on its line is text
            self._head, self._line = None, read_line("text")
            code = self._fence is not None
            self._block = (CodeLine if code else Prose)(self._width, self._paint)
        if self._block:
            self._block.go_on_below(self._width)
