"""Marks within text: emphasis, code, links."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.style import Style

from hermes.cli.markdown.rows import Span, printable

__all__ = ["CODE", "DIM", "goes_on_plainly", "styled"]

CODE: Final = Style(color="cyan", bold=True)
DIM: Final = Style(dim=True)
_LINK: Final = Style(underline=True)
_DASH: Final = " \N{EN DASH} "
_STYLES: Final = {
    "em": Style(italic=True),
    "strong": Style(bold=True),
    "s": Style(strike=True),
    "link": _LINK,
}

# None of these can open, close or change a mark, whatever stands before and behind.
_PLAIN: Final = re.compile(r"(?:[^\W_]|[ \n.,:'\"?/%+={}@$^-])*")


def goes_on_plainly(source: str, more: str) -> bool:
    """Whether ``more`` has no marks itself and changes nothing of how ``source`` reads."""
    return bool(_PLAIN.fullmatch(more)) and bool(_PLAIN.fullmatch(source[-1:]))


@cache
def _parser() -> MarkdownIt:
    # Line breaks and HTML stay as they are written. Definitions of link targets are blocks and so not looked
    # for: text that refers to one is shown as it is.
    rules = MarkdownIt("commonmark", {"html": False})
    return rules.enable("strikethrough").disable(["newline", "html_inline"])


def styled(source: str, style: Style) -> list[Span]:
    """The text of a piece of markdown in its styles. Every target of a link is shown."""
    spans: list[Span] = []
    styles = [style]
    links: list[tuple[Token, int]] = []
    (root,) = _parser().parseInline(source)
    for token in root.children or ():
        kind = token.type
        if kind == "text":
            spans.append((printable(token.content), styles[-1]))
        elif kind == "code_inline":
            spans.append((printable(token.content), styles[-1] + CODE))
        elif kind in ("softbreak", "hardbreak"):
            spans.append(("\n", style))
        elif kind == "image":
            spans.append((printable(token.content), styles[-1] + _LINK))
            spans += _target(token, "src", token.content, styles[-1])
        elif token.nesting == 1:
            if kind == "link_open":
                links.append((token, len(spans)))
            styles.append(styles[-1] + _STYLES.get(kind.removesuffix("_open"), style))
        elif token.nesting == -1:
            styles.pop()
            if kind == "link_close":
                opening, start = links.pop()
                shown = "".join(text for text, _ in spans[start:])
                spans += _target(opening, "href", shown, styles[-1])
        else:
            spans.append((printable(token.content), styles[-1]))
    return spans


def _target(token: Token, attribute: str, shown: str, style: Style) -> list[Span]:
    target = printable(str(token.attrs.get(attribute, "")))
    title = printable(str(token.attrs.get("title", "")))
    # The target comes first: it holds no spaces, so no title can pass for it.
    words = [word for word in (target, title) if word]
    if not words or words == [shown] or words == [f"mailto:{shown}"]:
        return []
    return [(f" ({_DASH.join(words)})", style + DIM)]
