"""Text with marks: a paragraph, a heading, an item."""

from __future__ import annotations

from typing import Final

from rich.style import Style

from hermes.cli.markdown.inline import goes_on_plainly, styled
from hermes.cli.markdown.rows import PLAIN, Paint, Row, Span, Wrap

__all__ = ["HEADING_STYLES", "LONGEST_PIECE", "Prose"]

LONGEST_PIECE: Final = 1000
"""Characters that are parsed at once. What is longer is parsed piece by piece: a mark that opens in one and
closes in the next is shown as it is written."""

_HEADING: Final = Style(bold=True, color="magenta")
HEADING_STYLES: Final = {1: _HEADING + Style(underline=True)}
HEADING_STYLES.update(dict.fromkeys(range(2, 7), _HEADING))


class Prose:
    """Text that goes on. Only what was written since the last piece is parsed again as it does.

    Args:
        width: columns of the terminal.
        paint: see ``painter``.
        first: what stands before the first row.
        rest: what stands before the others.
        style: of all of it.
    """

    def __init__(
        self,
        width: int,
        paint: Paint,
        first: list[Span] | None = None,
        rest: list[Span] | None = None,
        style: Style = PLAIN,
    ) -> None:
        self.style = style
        self.source = ""
        self._before = Wrap(width, paint, first or [], rest or [], by_words=True)
        self._wrap = self._before.fork()
        self.is_stale = False
        self._goes_on_below = False

    def add(self, text: str) -> None:
        """Adds text: at once where no mark can be meant, otherwise it is parsed when rows are asked for."""
        if self._goes_on_below and self.is_blank:
            text = text.lstrip(" ")  # between two words, of which the first is on another row
        if not self.is_stale and goes_on_plainly(self.source, text):
            self._wrap.add(text, self.style)
        else:
            self.is_stale = True
        self.source += text

    def rows(self) -> list[Row]:
        """The rows of what was not taken yet."""
        if self._goes_on_below and self.is_blank:
            return []
        if self.is_stale:
            self._wrap = self._before.fork().add_all(styled(self.source, self.style))
            self.is_stale = False
        return self._wrap.rows

    def restyle(self, style: Style) -> None:
        """Gives all of it another style."""
        self.style = style
        self.is_stale = True

    def replace(self, source: str) -> None:
        """Puts another text in the place of what was not taken yet."""
        self.source = source
        self.is_stale = True

    def is_too_long(self) -> bool:
        """Whether a piece should be taken."""
        return len(self.source) > LONGEST_PIECE

    def can_take(self) -> bool:
        """Whether there is a piece to take."""
        return len(self.source) > 1

    def is_on_own_row(self, end: str) -> bool:
        """Whether ``end``, the end of the text, begins a row."""
        return len(end) < len(self.source) or self._before.is_blank

    def take(self) -> list[Row]:
        """Parses the first half for good, and gives its rows but the last, in which the text goes on."""
        end = _cut(self.source)
        wrap = self._before.fork().add_all(styled(self.source[:end], self.style))
        self.source = self.source[end:]
        self._before = wrap.fork()
        self.is_stale = True
        return wrap.closed

    def go_on_below(self, width: int) -> None:
        """What was shown stays; what comes goes on in a row of its own."""
        self._goes_on_below = True
        self.source = ""
        self._before = self._before.below(width)
        self._wrap = self._before.fork()
        self.is_stale = False

    def resize(self, width: int) -> None:
        """Breaks what was not taken yet at another width."""
        self._before = self._before.fork(width)
        self.is_stale = True

    @property
    def is_blank(self) -> bool:
        """Whether nothing but spaces came since it began or went on in a row of its own."""
        return not self.source.strip() and self._before.is_blank


def _cut(source: str) -> int:
    """Where to end the first piece: at a space before the middle, outside of marks if there is such a one."""
    half = len(source) // 2
    spaces = [index for index in range(max(1, half // 2), half + 1) if source[index] in " \n"]
    for index in reversed(spaces[-20:]):
        if _is_closed(source[:index]):
            return index
    return spaces[-1] if spaces else max(1, half)


def _is_closed(piece: str) -> bool:
    return not any(piece.count(mark) % 2 for mark in ("`", "*", "~~")) and all(
        piece.count(opening) == piece.count(closing) for opening, closing in ("[]", "()")
    )
