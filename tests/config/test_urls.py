from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes.config.urls import normalise_base_url, origin_of
from hermes.errors import ConfigError


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("http://127.0.0.1:2455/v1", "http://127.0.0.1:2455/v1"),
        (" http://127.0.0.1:2455/v1/ ", "http://127.0.0.1:2455/v1"),
        ("http://127.0.0.1:2455/v1///", "http://127.0.0.1:2455/v1"),
        ("http://127.0.0.1:2455", "http://127.0.0.1:2455"),
        ("http://127.0.0.1:2455/", "http://127.0.0.1:2455"),
        ("http://lb/v1/responses", "http://lb/v1"),
        ("http://lb/v1/responses/", "http://lb/v1"),
        ("http://lb/responses", "http://lb"),
        ("HTTPS://API.Example.com/V1", "https://api.example.com/V1"),
        ("http://[::1]:2455/v1", "http://[::1]:2455/v1"),
        ("http://my_lb.local/v1", "http://my_lb.local/v1"),
    ],
)
def test_normal_form(written: str, normal: str) -> None:
    assert normalise_base_url(written, "x") == normal
    assert normalise_base_url(normal, "x") == normal


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("127.0.0.1:2455/v1", "must begin with http:// or https://"),
        ("localhost:2455", "must begin with http:// or https://"),
        ("ftp://secret.host/v1", "must begin with http:// or https://"),
        ("http:/secret/v1", "must begin with http:// or https://"),
        ("http:secret", "must begin with http:// or https://"),
        ("http://me:secret@host/v1", "has a user name or password in it."),
        ("http://api.openai.com@secret.host/v1", "has a user name or password in it."),
        ("http://host/v1?key=secret", "has a `?` or `#` in it, but a path is appended to this URL."),
        ("http://host/v1?", "has a `?` or `#` in it, but a path is appended to this URL."),
        ("http://host/v1#secret", "has a `?` or `#` in it, but a path is appended to this URL."),
        (
            "http://host/v1/chat/completions",
            "ends in /chat/completions, but Hermes speaks the Responses API.",
        ),
        ("http://host:secret/v1", "is no URL: its host or port makes no sense."),
        ("http://host:99999/v1", "is no URL: its host or port makes no sense."),
        ("http://[::1/v1", "is no URL: its host or port makes no sense."),
        ("http:///v1", "has no valid host name."),
        ("http://:80/v1", "has no valid host name."),
        ("http://a%2eb/v1", "has no valid host name."),
        ("http://caf\u00e9/v1", "has no valid host name."),
        ("http://ho st/v1", "has a blank, a backslash or a control character in it."),
        ("http://api.openai.com\\@secret/v1", "has a blank, a backslash or a control character in it."),
        ("http://host/\x00", "has a blank, a backslash or a control character in it."),
        ("", "must begin with http:// or https://"),
    ],
)
def test_refused_without_repeating_it(written: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        normalise_base_url(written, "model.url")
    assert caught.value.message == f"`model.url` {words}"
    assert "secret" not in caught.value.message + caught.value.hint
    assert caught.value.hint


@given(st.text())
def test_any_text_is_normalised_or_refused(text: str) -> None:
    for written in (text, f"http://{text}", f"http://h{text}/v1"):
        try:
            normal = normalise_base_url(written, "x")
        except ConfigError:
            continue
        assert normal.startswith(("http://", "https://"))
        assert not normal.endswith("/")
        assert origin_of(normal)[1]


@pytest.mark.parametrize(
    ("url", "other", "same"),
    [
        ("https://a/v1", "https://a:443/v2", True),
        ("http://a", "http://a:80", True),
        ("http://a", "https://a", False),
        ("http://a:1", "http://a:2", False),
        ("http://a", "http://a.b", False),
        ("https://api.openai.com", "https://api.openai.com.", False),
    ],
)
def test_origin(url: str, other: str, same: bool) -> None:
    assert (origin_of(url) == origin_of(other)) is same
