"""Point 6: what it costs to render an answer in markdown while it streams."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from typing import Final

from benchmarks.figures import Limit, Measurement, Setting
from hermes.cli.markdown.renderer import MarkdownRenderer

__all__ = ["LIMITS", "NOTES", "QUICK", "TOPIC", "answer", "measure", "render"]

TOPIC: Final = "screen"
QUICK: Final = False

_SHARE, _CPU = "share of one core at 500 tokens/s", "processor time per kB"
_RENDERED, _RAW = "hermes", "hermes --raw"
_TOKEN: Final = 4  # characters
_TOKENS_A_SECOND: Final = 500
_SIZES: Final = (25, 50, 100, 200, 400)
_ONE_BLOCK: Final = "100 kB, one paragraph"

LIMITS: Final = (
    Limit("6", TOPIC, "100 kB", _SHARE, _RENDERED, at_most=15),
    Limit("6", TOPIC, _ONE_BLOCK, _SHARE, _RENDERED, at_most=15),
    Limit("6", TOPIC, "400 kB", _CPU, _RENDERED, at_most=1.3, against=_RENDERED, against_workload="25 kB"),
)

NOTES: Final = """\
Markdown (prose, lists, tables, code) in tokens of four characters, written to `/dev/null` as for a terminal
of 100 by 40. The clock that limits redraws is moved on by 2 ms a token, so that as many of them happen as in
a stream of 500 tokens/s; the processor time is set against the seconds that such a stream takes. **One
paragraph** has no line break at all. **--raw**: neutralising control characters and writing, alone.
"""

_PART: Final = """\
## What part {number} is about

A paragraph with **strong words**, some `code`, a [link](https://example.com/page/{number}) and text that
goes on for a while, because answers mostly are prose; *emphasis* occurs now and then, and so do numbers
such as {number}. A second sentence follows it, plain and rather long, as models that write for people do.
And it ends after a few more words on a line of their own that hold no marks at all.

- The first item has a **name**: and what it means, told in a sentence longer than one row of the screen.
- The second one is short.
  1. Nested and numbered, with `more_code()`.
  2. Another one.

| name | value | what it is for |
|:-----|------:|----------------|
| `alpha` | {number} | the first of the values |
| `beta` | 22 | another one, explained in more words |
| `gamma` | 333 | the last |

```python
def part_{number}(items: list[str], *, limit: int = 10) -> dict[str, int]:
    \"\"\"Counts what is given.\"\"\"
    counts: dict[str, int] = {{}}
    for index, item in enumerate(items[:limit]):
        counts[item] = counts.get(item, 0) + index  # a comment
    return counts
```

> A quote, with *emphasis*.

"""


def answer(characters: int) -> str:
    """Markdown of a length."""
    parts: list[str] = []
    length = number = 0
    while length < characters:
        number += 1
        parts.append(_PART.format(number=number))
        length += len(parts[-1])
    return "".join(parts)[:characters]


def render(text: str) -> float:
    """Renders a text as it streams, and gives the processor time in seconds."""
    tokens = [text[start : start + _TOKEN] for start in range(0, len(text), _TOKEN)]
    moment = 0.0
    with open(os.devnull, "w", encoding="utf-8") as sink:  # noqa: PTH123

        def write(shown: str) -> None:
            sink.write(shown)
            sink.flush()

        renderer = MarkdownRenderer(write, size=lambda: (100, 40), clock=lambda: moment)
        began = time.process_time()
        for token in tokens:
            moment += 1 / _TOKENS_A_SECOND
            renderer.write(token)
        renderer.finish()
        return time.process_time() - began


def _write_raw(text: str) -> float:
    from hermes.cli.text import harmless

    with open(os.devnull, "w", encoding="utf-8") as sink:  # noqa: PTH123
        began = time.process_time()
        for start in range(0, len(text), _TOKEN):
            sink.write(harmless(text[start : start + _TOKEN]))
            sink.flush()
        return time.process_time() - began


def measure(setting: Setting) -> Iterable[Measurement]:
    """Measures lengths that double, and one long paragraph."""
    texts = {f"{size} kB": answer(size * 1000) for size in _SIZES}
    sentence = "Words and **strong words** and `code`, and again words that hold no marks. "
    texts[_ONE_BLOCK] = (sentence * (100_000 // len(sentence) + 1))[:100_000]
    render(answer(5000))  # imports and caches
    for number in range(setting.rounds):
        for workload, text in texts.items():
            for subject, run in ((_RENDERED, render), (_RAW, _write_raw)):
                seconds = run(text)
                budget = len(text) / _TOKEN / _TOKENS_A_SECOND
                share = 100 * seconds / budget
                yield Measurement(TOPIC, workload, subject, _SHARE, share, "%", number)
                per_kb = 1e6 * seconds / (len(text) / 1000)
                yield Measurement(TOPIC, workload, subject, _CPU, per_kb, "µs", number)
