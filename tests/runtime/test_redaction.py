"""The quick search for secrets in raw JSON never says no where the thorough one finds some."""

from __future__ import annotations

import html
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes.responses.decode import decode_frame
from hermes.responses.events import Event
from hermes.responses.sse import Frame
from hermes.runtime.redaction import Redactor

SECRETS = [
    "sk-proj-4f9aQ2mX7cV1bN8z",
    "org-abcdef/1234567",
    "Bearer abc.DEF~ghi_jkl",
    'pa"ss\\wo/rd<&>tab',
    "schlüssel-größe",
    "1234567890",
    "12345678.5e3",
    "a+b/c=d+e/f=g+",
]


def escaped(text: str, which: list[bool]) -> str:
    """JSON's text for ``text``, with some of the characters written by their numbers."""
    chosen = [*which, *[False] * len(text)]
    return "".join(
        f"\\u{ord(character):04{'x' if place % 2 else 'X'}}" if chosen[place] else json.dumps(character)[1:-1]
        for place, character in enumerate(text)
    )


WAYS = (
    lambda secret: secret,
    lambda secret: quote(secret, safe=""),
    html.escape,
    lambda secret: json.dumps({"key": secret}),
    lambda secret: json.dumps({"key": secret}, ensure_ascii=False),
    lambda secret: json.dumps(secret).replace("/", "\\/"),
)


@given(
    secrets=st.lists(st.sampled_from(SECRETS), min_size=1, max_size=3),
    hidden=st.sampled_from(SECRETS),
    way=st.sampled_from(WAYS),
    which=st.lists(st.booleans(), max_size=30),
    slashes=st.booleans(),
)
def test_what_the_long_way_takes_out_the_short_way_suspects(
    secrets: list[str], hidden: str, way: object, which: list[bool], slashes: bool
) -> None:
    told = escaped(f"it is {way(hidden)}!", which)  # type: ignore[operator]
    if slashes:
        told = told.replace("/", "\\/")
    raw = f'{{"type":"x","text": "{told}"}}'.encode()
    event = decode_frame(Frame(b"", raw))
    assert isinstance(event, Event)
    redactor = Redactor(secrets)
    if redactor.event(event) is not event:
        assert redactor.may_be_in(raw)


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("first", [0, 1])
def test_a_secret_whose_characters_are_escaped_is_suspected(secret: str, first: int) -> None:
    told = escaped(secret, [place % 2 == first for place in range(len(secret))])
    raw = f'{{"type":"x","text":"{told}"}}'.encode()
    event = decode_frame(Frame(b"", raw))
    assert isinstance(event, Event)
    redactor = Redactor([secret])
    assert redactor.event(event) is not event
    assert redactor.may_be_in(raw)


def test_a_number_may_be_written_in_another_way() -> None:
    raw = b'{"type":"x","n":1.234567890e9}'
    event = decode_frame(Frame(b"", raw))
    assert isinstance(event, Event)
    redactor = Redactor(["1234567890"])
    assert redactor.event(event) is not event
    assert redactor.may_be_in(raw)


@pytest.mark.parametrize("secrets", [[], ["none"], SECRETS[:1], SECRETS[:3]])
def test_ordinary_text_is_not_suspected(secrets: list[str]) -> None:
    raw = json.dumps({"type": "x", "delta": 'a "word" / two\n漢字'}).encode()
    assert not Redactor(secrets).may_be_in(raw)
