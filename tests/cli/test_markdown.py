"""Markdown on a screen: what is shown, whatever the pieces in which it comes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hermes.cli.markdown import inline, prose
from hermes.cli.markdown.code import LONGEST_HIGHLIGHTED, highlighter_for
from hermes.cli.markdown.lines import LineKind, read_line
from hermes.cli.markdown.renderer import MarkdownRenderer

from .markdown_screens import Terminal, shown, squashed, ticking

CASES = [
    ("plain, *em*, **strong**, ~~old~~, `code`", ["plain, em, strong, old, code"]),
    ("# One #\n\n## Two", ["One", "", "Two"]),
    ("Title\n=====\ntext", ["Title", "text"]),
    ("a line\nand another", ["a line", "and another"]),
    ("- one\n  - two\n    more\n1. three", ["• one", "  • two", "    more", "1. three"]),
    ("> quoted\n>> deeper", ["▌ quoted", "▌▌ deeper"]),
    ("- [ ] open\n- [x] done", ["• [ ] open", "• [x] done"]),
    ("[text](http://a.b)", ["text (http://a.b)"]),
    ("<http://a.b>", ["http://a.b"]),
    ('[http://good.org](http://evil.org "t")', ["http://good.org (http://evil.org \N{EN DASH} t)"]),
    ("![alt](pic.png)", ["alt (pic.png)"]),
    ('![alt](pic.png "a title")', ["alt (pic.png \N{EN DASH} a title)"]),
    ("[ref]\n\n[ref]: http://a.b", ["[ref]", "", "[ref]: http://a.b"]),
    ("<div>\n<b>x</b>\n</div>", ["<div>", "<b>x</b>", "</div>"]),
    ("```py\nx = '**no**'\n```\nend", ["─── py", "x = '**no**'", "───", "end"]),
    ("> ```\n> quoted code\n\nend", ["▌ ───", "▌ quoted code", "", "end"]),
    ("```\nnever closed\n\n  end", ["───", "never closed", "", "  end"]),
    ("text\n\n    code *no*\n", ["text", "", "    code *no*"]),
    ("| a | b |\n|--|--:|\n| 1 | 22 |\n\nend", ["a │  b", "──┼───", "1 │ 22", "", "end"]),
    ("| a |\r\n|---|\r\n| x \\| y |\r\n", ["a", "─────", "x | y"]),
    ("-\n---\n", ["•", "─" * 72]),
    ("**never closed", ["**never closed"]),
    ("2 * 3 * 4 and a_b_c", ["2 * 3 * 4 and a_b_c"]),
    ("a\tb", ["a    b"]),
    ("a\u200eb\u200fc\u061cd", ["abcd"]),
    ("&lt;b&gt; &#27;[31m &#8238;", ["<b> \N{REPLACEMENT CHARACTER}[31m \N{REPLACEMENT CHARACTER}"]),
    ("漢字 cafe\u0301", ["漢字 caf\u00e9"]),
]


@pytest.mark.parametrize(("text", "rows"), CASES, ids=[text for text, _ in CASES])
@pytest.mark.parametrize("longest", [1, 3, 1000])
def test_what_is_shown(text: str, rows: list[str], longest: int) -> None:
    for clock in (ticking(), lambda: 0.0):
        assert shown(text, longest=longest, clock=clock).rows == rows


def test_styles() -> None:
    terminal = shown("**strong** *em* `code`\n\n```py\nimport x\n```")
    assert terminal.style_of("strong").bold
    assert terminal.style_of("em").italics
    assert terminal.style_of("code").fg == "cyan"
    assert terminal.style_of("import").fg != "default"


def test_no_color_keeps_what_is_no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = shown("**strong** `code`\n\n```py\nimport x\n```")
    assert terminal.style_of("strong").bold
    assert not re.search(r"\x1b\[[\d;]*3\d", "".join(terminal.written))


WORDS = st.lists(st.integers(0, 999), min_size=1, max_size=60).map(
    lambda numbers: [f"w{index}x{number}y" for index, number in enumerate(numbers)]
)
MARKS = st.sampled_from(
    [
        *[
            "",
            " ",
            "  ",
            "\n",
            "\n\n",
            "\r\n",
            "\n- ",
            "\n1. ",
            "\n> ",
            "\n# ",
            "\n    ",
            "\n  - ",
            "\n```py\n",
        ],
        *[
            "\n```\n",
            "\n---\n",
            "\n===\n",
            "*",
            "**",
            "_",
            "`",
            "``",
            "~~",
            "[",
            "](",
            ")",
            "![",
            "<",
            ">",
            "&",
        ],
        *[
            "\\",
            "|",
            "\n|",
            "|\n|--|--|\n|",
            "\t",
            "!",
            '"',
            ":",
            "é",
            "漢",
            "👍🏽",
            "\x1b[31m",
            "\x1b]0;t\x07",
        ],
    ]
)
COLUMNS = st.sampled_from([20, 33, 80])
SIZES = st.tuples(COLUMNS, st.sampled_from([2, 4, 10, 24, 60]))
ONE_ROW = st.tuples(COLUMNS, st.just(1))


@settings(max_examples=150, deadline=None)
@given(st.data(), WORDS, SIZES | ONE_ROW, st.integers(0, 99), st.sampled_from([1, 7, 50]), st.booleans())
def test_each_word_is_there_once(data, words, size, seed, longest, ticks) -> None:
    marks = data.draw(st.lists(MARKS, min_size=len(words), max_size=len(words)))
    text = " ".join(f"{mark}{word}" for mark, word in zip(marks, words, strict=True))
    terminal = shown(text, *size, seed=seed, longest=longest, clock=ticking() if ticks else lambda: 0.0)
    found = squashed(terminal.rows)
    assert [word for word in words if found.count(word) != 1] == []
    assert not terminal.is_cursor_hidden
    assert set(re.findall(r"\x1b\[[\d;]*([A-Za-z])", "".join(terminal.written))) <= set("mAK")


def test_only_rows_are_erased_and_never_the_rest_of_the_screen() -> None:
    # At the top left of a screen, tmux keeps in its history what that erases.
    written = "".join(
        shown("# Reading *a* file\n\n| a | b |\n|--|--|\n| 1 | **2** |", clock=ticking()).written
    )
    assert "\x1b[A\x1b[K" in written
    assert "\x1b[J" not in written


def test_a_heading_on_a_screen_of_one_row() -> None:
    assert shown("w0q \n---\nx", 20, 1).rows == ["w0q", "---", "x"]


def test_indented_code_in_an_item_has_one_marker() -> None:
    rows = shown("1.     " + "a" * 30, 20).rows
    assert rows[0].startswith("1.     aaa")
    assert not any("1." in row for row in rows[1:])
    assert "".join(rows).count("a") == 30


@pytest.mark.parametrize(("letter", "is_sure"), [("aa", True), ("\N{HEAVY BLACK HEART}\ufe0f", False)])
def test_a_line_breaks_by_itself_only_where_its_width_is_sure(letter: str, is_sure: bool) -> None:
    written = "".join(shown(f"```\n{letter * 25}", 20).written)
    _, code = written.split("\n", 1)
    assert ("\n" not in code.rstrip("\n")) is is_sure


def wrapped(text: str, columns: int) -> list[str]:
    """Plain text broken by words."""
    rows: list[str] = []
    for line in text.split("\n"):
        row = ""
        for word in line.split():
            if row and len(row) + 1 + len(word) > columns:
                rows.append(row)
                row = word
            else:
                row = f"{row} {word}".strip()
        rows.append(row)
    while rows and not rows[-1]:
        rows.pop()
    return rows


PLAIN = st.lists(
    st.text("abcdefgh", min_size=1, max_size=9).flatmap(lambda word: st.sampled_from([word, f"{word}.\n"])),
    min_size=1,
    max_size=400,
).map(lambda words: re.sub(r"\n ", "\n", " ".join(words)))


@settings(max_examples=60, deadline=None)
@given(PLAIN, SIZES, st.integers(0, 99), st.sampled_from([1, 7, 2000]))
def test_plain_text_is_what_it_was_and_nothing_is_written_twice(text, size, seed, longest) -> None:
    terminal = shown(text, *size, seed=seed, longest=longest)
    assert terminal.rows == wrapped(text, size[0])


def test_plain_text_needs_no_cursor() -> None:
    terminal = shown("Plain words that come in pieces.\nAnd a second line.\n", longest=200)
    assert "".join(terminal.written) == "Plain words that come in pieces.\nAnd a second line.\n"


def test_text_is_shown_at_once() -> None:
    terminal = Terminal()
    renderer = MarkdownRenderer(terminal.write, size=terminal.size, clock=lambda: 0.0)
    seen = ""
    for token in ["The", " first", " sen", "tence", ".", "\n", "Second"]:
        renderer.write(token)
        seen += token
        assert terminal.rows == seen.rstrip("\n").split("\n")


@pytest.mark.parametrize(
    "text",
    [
        "x" * 100_000,
        "word " * 20_000,
        "[" * 20_000,
        "*a_" * 7_000,
        "> " * 10_000 + "end",
        "- " * 10_000 + "end",
        "".join(f"{' ' * depth}- item{depth}\n" for depth in range(300)),
        "```\n" + "x" * 100_000,
        "|" * 20_000,
        "| a | b |\n|---|---|\n" + "| cell | another |\n" * 1500,
        "\u0301" * 5_000,
        "`" * 20_000,
    ],
    ids=lambda text: text[:8],
)
def test_hostile_text_ends(text: str) -> None:
    written: list[str] = []
    renderer = MarkdownRenderer(written.append, size=lambda: (80, 24), clock=lambda: 0.0)
    renderer.write(text)
    renderer.finish()
    letters = re.sub(r"\x1b\[[\d;]*[A-Za-z]", "", "".join(written))
    assert letters.count("x") == text.count("x")


@pytest.mark.parametrize("thousands", [10, 40])
@pytest.mark.parametrize(
    "block", ["Some **bold** words of a paragraph. ", "- *item* with text\n", "x = f(1)  # y\n"]
)
def test_each_character_is_parsed_a_bounded_number_of_times(
    monkeypatch: pytest.MonkeyPatch, thousands: int, block: str
) -> None:
    parsed = 0
    styled = inline.styled

    def counting(source: str, style: object) -> object:
        nonlocal parsed
        assert len(source) <= prose.LONGEST_PIECE + 500
        parsed += len(source)
        return styled(source, style)

    monkeypatch.setattr(prose, "styled", counting)
    text = block * (thousands * 1000 // len(block))
    moments = iter(range(10**9))  # 500 pieces of 4 characters a second
    renderer = MarkdownRenderer(lambda _: None, size=lambda: (100, 40), clock=lambda: next(moments) / 500)
    for start in range(0, len(text), 4):
        renderer.write(text[start : start + 4])
    renderer.finish()
    assert parsed < 12 * len(text)


def test_a_resized_window_loses_no_word() -> None:
    for columns in (120, 40):
        words = [f"w{index}x" for index in range(200)]
        terminal = Terminal(80, 500)
        renderer = MarkdownRenderer(terminal.write, size=terminal.size, clock=ticking())
        for index, word in enumerate(words):
            if index == 100:
                renderer.end_line()
                terminal.resize(columns, 500)
            renderer.write(f"**{word}** ")
        renderer.finish()
        found = squashed(terminal.rows)
        assert [word for word in words[100:] if found.count(word) != 1] == []


def test_a_wider_window_in_mid_paragraph() -> None:
    terminal = Terminal(30, 40)
    renderer = MarkdownRenderer(terminal.write, size=terminal.size, clock=ticking())
    renderer.write("some words that are broken at thirty columns, ")
    terminal.resize(80, 40)
    renderer.write("and then **the rest**")
    renderer.finish()
    assert " ".join(terminal.rows) == "some words that are broken at thirty columns, and then the rest"


def test_a_line_in_between() -> None:
    terminal = Terminal()
    renderer = MarkdownRenderer(terminal.write, size=terminal.size, clock=lambda: 0.0)
    renderer.write("```py\nx = 1\ny =")
    renderer.end_line()
    terminal.write("NOTICE\n")
    renderer.write(" 2\nz = 3\n```\nend")
    renderer.finish()
    assert terminal.rows == ["─── py", "x = 1", "y =", "NOTICE", " 2", "z = 3", "───", "end"]
    assert terminal.cursor[0] == 0


def test_a_line_in_between_words() -> None:
    terminal = Terminal()
    renderer = MarkdownRenderer(terminal.write, size=terminal.size, clock=lambda: 0.0)
    renderer.write("read")
    renderer.end_line()
    terminal.write("NOTICE\n")
    renderer.write(" ")
    renderer.write(" it, with *open*")
    renderer.finish()
    assert terminal.rows == ["read", "NOTICE", "it, with open"]


def interrupted(*pieces: str, columns: int = 80) -> Terminal:
    """The terminal after a Ctrl-C behind some pieces, all of which came at the same moment."""
    terminal = Terminal(columns)
    renderer = MarkdownRenderer(terminal.write, size=terminal.size, clock=lambda: 0.0)
    for piece in pieces:
        renderer.write(piece)
    terminal.write("^C")
    renderer.interrupt()
    assert terminal.cursor[0] == 0
    return terminal


def test_an_interrupt_leaves_what_is_shown() -> None:
    assert interrupted("shown *now*").rows == ["shown now^C"]
    assert interrupted("a line\n").rows == ["a line^C"]


def test_an_interrupt_shows_first_what_waits_for_its_redraw() -> None:
    assert interrupted("shown *now* ", "**not** yet").rows == ["shown now not yet"]
    assert interrupted("*t*", "\n\n", "|", " Mode | Meaning |").rows == ["t", "", "| Mode | Meaning |"]


def test_an_interrupt_that_may_have_moved_the_cursor_down_loses_nothing() -> None:
    assert interrupted("*shown now* ", "**not** y", columns=10).rows == ["shown now^", "C", "**not** y"]


def test_an_interrupt_in_mid_work_loses_nothing() -> None:
    terminal = Terminal()
    renderer = MarkdownRenderer(terminal.write, size=terminal.size, clock=lambda: 0.0)
    renderer.write("shown *now* ")
    take = renderer._take

    def interrupt(text: str) -> None:
        take(text)
        raise KeyboardInterrupt

    renderer._take = interrupt  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        renderer.write("*one*\ntwo")
    renderer.interrupt()
    assert terminal.rows == ["shown now", "*one*", "two"]


def test_tabs_that_are_left_as_they_came() -> None:
    rows = interrupted("*full*", "*bcde\tzz", columns=5).rows  # a tab would not leave a full row
    assert rows == ["full^", "C", "*bcde", "    z", "z"]


def test_an_answer_that_begins_anew_begins_with_nothing_open() -> None:
    terminal = Terminal()
    renderer = MarkdownRenderer(terminal.write, size=terminal.size, clock=lambda: 0.0)
    renderer.write("```\ncode")
    renderer.finish()
    renderer.write("**new**")
    renderer.finish()
    assert terminal.rows == ["───", "code", "new"]


def test_lines() -> None:
    assert read_line("## x").kind is LineKind.HEADING
    assert read_line("    x").kind is LineKind.INDENTED
    assert read_line("    x", in_paragraph=True).kind is LineKind.TEXT
    assert read_line("      x", in_list=2).kind is LineKind.INDENTED
    assert read_line("   x", in_list=2).kind is LineKind.TEXT
    assert read_line("``` a`b").kind is LineKind.TEXT
    assert read_line(">" * 50 + "x").depth == 10
    item = read_line("> - 1. x")
    assert (item.depth, item.first, item.rest, item.text) == (1, "▌ • 1. ", "▌      ", "x")


def test_highlighting_goes_on_over_lines_and_never_changes_text() -> None:
    highlighter = highlighter_for("python")
    assert highlighter is not None
    first, second = highlighter.line('x = """doc'), highlighter.line('still a string"""')
    assert second[0][1] == first[-1][1]
    for language in ("bash", "rust", "html", "json", "c++", "php", "ruby", "perl", "yaml", "diff", "js"):
        other = highlighter_for(language)
        assert other is not None
        for line in ("cat <<EOF", "  <?php $x = 'é'; // y", "", "{'a': [1, 2}", "`x` /* y"):
            assert "".join(text for text, _ in other.line(line)) == line
    assert highlighter_for("no-such-language") is None


def test_data_is_not_highlighted(monkeypatch: pytest.MonkeyPatch) -> None:
    longest = 0
    line_of = type(highlighter_for("py")).line

    def noting(self: object, line: str) -> object:
        nonlocal longest
        longest = max(longest, len(line))
        return line_of(self, line)

    monkeypatch.setattr("hermes.cli.markdown.code.Highlighter.line", noting)
    shown("```py\nx = 1\ny = '" + "a" * 5000 + "'\n```", longest=300)
    assert 0 < longest <= LONGEST_HIGHLIGHTED
