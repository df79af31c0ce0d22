"""The last rows of an answer on a terminal: added to where possible, else written again in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from hermes.cli.markdown.rows import Row

__all__ = ["Screen"]

# Row by row and never all that is below the cursor (``\x1b[J``): at the top left of the screen, terminal
# multiplexers take that for clearing it and keep in their history what stood there.
_ERASE_ROW: Final = "\r\x1b[K"
_ERASE_ROW_ABOVE: Final = "\x1b[A\x1b[K"
_TYPED: Final = 6  # columns that a few Ctrl-C fill with their echo


class Screen:
    """Knows the rows that may still change. The cursor always stands behind the last one.

    Only text is written as long as rows are added or grow. Where one changes, the cursor goes up to it, which
    must still be on the screen: see ``keep``. It is never hidden, and nothing needs to be restored.

    Args:
        write: writes to the terminal and sends it off.
    """

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._rows: list[Row] = []
        self._behind_kept = False  # the cursor stands behind a row that stays

    @property
    def rows(self) -> Sequence[Row]:
        """The rows that may still change."""
        return self._rows

    def show(self, rows: list[Row]) -> None:
        """Makes these the last rows."""
        old, self._rows = self._rows, rows
        same = 0
        for before, after in zip(old, rows, strict=False):
            if before != after:
                break
            same += 1
        if same == len(old):
            self._send(self._joined(rows[same:], on_new_line=bool(old) or self._behind_kept))
        elif same == len(old) - 1 < len(rows) and rows[same].text.startswith(old[same].text):
            grown = rows[same].text[len(old[same].text) :]
            self._send(grown + self._joined(rows[same + 1 :], on_new_line=True))
        else:
            if same and same == len(rows):  # fewer rows: the cursor belongs behind the last of them
                same -= 1
            up = len(old) - 1 - same
            erased = _ERASE_ROW + _ERASE_ROW_ABOVE * up
            self._send(erased + self._joined(rows[same:], on_new_line=False))
            if not rows:
                self._behind_kept = False  # but on the line below it

    def keep(self, count: int) -> None:
        """The first ``count`` rows stay as they are."""
        if count:
            self._behind_kept = count >= len(self._rows)
            self._rows = self._rows[count:]

    @property
    def is_on_line(self) -> bool:
        """Whether the cursor stands behind a row, and not at the beginning of one."""
        return bool(self._rows) or self._behind_kept

    def retype(self, width: int) -> bool:
        """Writes the last row again, as something else was typed behind it.

        False where that may have moved the cursor to another row, or where no row may change: the cursor is
        anywhere then.
        """
        if not self._rows or self._rows[-1].cells + _TYPED > width:
            return False
        self._send(_ERASE_ROW + self._rows[-1].text)
        return True

    def end_line(self) -> None:
        """All rows stay as they are, and the cursor goes to a line of its own."""
        on_line = self.is_on_line
        self._rows, self._behind_kept = [], False
        if on_line:
            self._write("\n")

    def _send(self, text: str) -> None:
        if text:
            self._write(text)

    @staticmethod
    def _joined(rows: Sequence[Row], *, on_new_line: bool) -> str:
        parts: list[str] = []
        for row in rows:
            if on_new_line and not row.soft:
                parts.append("\n")
            parts.append(row.text)
            on_new_line = True
        return "".join(parts)
