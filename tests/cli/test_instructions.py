"""What the model is told of who reads its answer."""

from __future__ import annotations

import pytest

from hermes.testing.replies import event_stream
from hermes.testing.wire import good_stream

from .conftest import Hermes, Serve, read_to_end


@pytest.mark.parametrize(
    ("arguments", "terminal", "told"),
    [
        ((), True, "markdown is rendered"),
        (("--raw",), True, "in plain text"),
        (("--json",), True, "in plain text"),
        ((), False, "in plain text"),
    ],
    ids=["terminal", "raw", "json", "pipe"],
)
def test_markdown_is_asked_for_only_where_it_is_rendered(
    hermes: Hermes, serve: Serve, playing, arguments: tuple[str, ...], terminal: bool, told: str
) -> None:
    backend = serve(playing(event_stream(*good_stream())))
    if terminal:
        read_to_end(hermes.spawn("-z", "hi", *arguments))
    else:
        hermes("-z", "hi", *arguments)
    (request,) = backend.requests
    assert told in request.body["instructions"]
