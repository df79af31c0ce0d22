"""The last rows of an answer on a terminal: added to where possible, else written again in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hermes.cli.markdown.rows import Row

__all__ = ["Screen"]

_ERASE_BELOW = "\x1b[J"


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
            to_row = f"\r\x1b[{up}A" if up else "\r"
            self._send(to_row + _ERASE_BELOW + self._joined(rows[same:], on_new_line=False))
            if not rows:
                self._behind_kept = False  # but on the line below it

    def keep(self, count: int) -> None:
        """The first ``count`` rows stay as they are."""
        if count:
            self._behind_kept = count >= len(self._rows)
            self._rows = self._rows[count:]

    def end_line(self) -> None:
        """All rows stay as they are, and the cursor goes to a line of its own."""
        on_line = bool(self._rows) or self._behind_kept
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
