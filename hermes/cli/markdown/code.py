"""Code: literal, and highlighted line by line."""

from __future__ import annotations

from typing import Any, Final

from hermes.cli.markdown.rows import PLAIN, Paint, Row, Span, Wrap

__all__ = ["LONGEST_HIGHLIGHTED", "CodeLine", "Highlighter", "highlighter_for"]

LONGEST_HIGHLIGHTED: Final = 400
"""Characters of a line that is highlighted. What is longer is data, and
some expressions of lexers take very long."""


class CodeLine:
    """A line of code that goes on. Its rows are broken where they are full.

    Args:
        width: columns of the terminal.
        paint: see ``painter``.
        first: what stands before the first row.
        rest: what stands before the others.
    """

    def __init__(
        self, width: int, paint: Paint, first: list[Span] | None = None, rest: list[Span] | None = None
    ) -> None:
        self._wrap = Wrap(width, paint, first or [], rest or [], by_words=False)
        self._goes_on_below = False
        self._fresh: Wrap | None = self._wrap.fork()
        self.source = ""

    def add(self, text: str) -> None:
        """Adds text."""
        self._wrap.add(text)
        if self._fresh:
            self.source += text
            if len(self.source) > LONGEST_HIGHLIGHTED:
                self._fresh = None

    def rows(self) -> list[Row]:
        """The rows of what was not taken yet."""
        return [] if self._goes_on_below and self._wrap.is_blank else self._wrap.rows

    def is_too_long(self) -> bool:
        """Whether rows should be taken."""
        return self._fresh is None and bool(self._wrap.closed)

    def can_take(self) -> bool:
        """Whether there are rows to take."""
        return bool(self._wrap.closed)

    def take(self) -> list[Row]:
        """Gives all rows but the last, in which the line goes on. It is not highlighted any more."""
        self._fresh = None
        taken = self._wrap.closed
        self._wrap = self._wrap.fork()
        return taken

    def end(self, highlighter: Highlighter | None) -> list[Row]:
        """The rows of the whole line, as far as they were not taken."""
        if self._fresh and highlighter:
            self._wrap = self._fresh.add_all(highlighter.line(self.source))
        return self.rows()

    def go_on_below(self, width: int) -> None:
        """What was shown stays; what comes goes on in a row of its own."""
        self._goes_on_below = True
        self._fresh = None
        self._wrap = self._wrap.below(width)

    def resize(self, width: int) -> None:
        """Breaks what was not taken yet at another width."""
        if self._fresh:
            self._fresh = self._fresh.fork(width)
            self._wrap = self._fresh.fork().add_all([(self.source, PLAIN)])
        else:
            self._wrap = self._wrap.fork(width)


class Highlighter:
    """Highlights the lines of one block of code, each once: the lexer's state is kept between them.

    Args:
        lexer: of pygments.
    """

    def __init__(self, lexer: Any) -> None:
        from pygments.lexer import ExtendedRegexLexer, LexerContext, RegexLexer
        from rich.syntax import ANSI_DARK, ANSISyntaxTheme

        self._lexer = lexer
        self._style_of = ANSISyntaxTheme(ANSI_DARK).get_style_for_token
        self._context: Any = LexerContext("", 0) if isinstance(lexer, RegexLexer) else None
        self._walk: Any = ExtendedRegexLexer.get_tokens_unprocessed

    def line(self, line: str) -> list[Span]:
        """The spans of the next line, which has no line feed."""
        try:
            tokens = list(self._tokens(f"{line}\n"))
        except (TypeError, AttributeError, ValueError, RecursionError):
            # The callbacks of some lexers take no context; highlighting is no reason to lose a line.
            self._context = None
            return [(line, PLAIN)]
        spans: list[Span] = []
        for kind, value in tokens:
            text = value.replace("\n", "")
            if text:
                spans.append((text, self._style_of(kind)))
        # Whatever a lexer makes of it, the text is what was sent.
        return spans if "".join(text for text, _ in spans) == line else [(line, PLAIN)]

    def _tokens(self, text: str) -> list[tuple[Any, str]]:
        if self._context is None:
            return [(kind, value) for _, kind, value in self._lexer.get_tokens_unprocessed(text)]
        self._context.text, self._context.pos, self._context.end = text, 0, len(text)
        found = [(kind, value) for _, kind, value in self._walk(self._lexer, context=self._context)]
        del self._context.stack[1:-_DEEPEST]
        return found


_DEEPEST: Final = 50  # states that a lexer remembers of unclosed brackets


def highlighter_for(info: str) -> Highlighter | None:
    """The highlighter for the words behind the marks of a fence; None where the language is not known."""
    word = info.split(maxsplit=1)[0].strip("{}.").lower() if info.strip() else ""
    if not word:
        return None
    from pygments.lexers import find_lexer_class, get_all_lexers

    # Lexers that other packages have installed are not looked for: nobody has enabled them.
    for name, aliases, patterns, _ in get_all_lexers(plugins=False):
        if word in aliases or f"*.{word}" in patterns:
            lexer = find_lexer_class(name)
            return Highlighter(lexer()) if lexer else None
    return None
