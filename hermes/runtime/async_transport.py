"""The transport's seam for clients that are awaited; what they give is told by the same classes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Mapping
from contextlib import aclosing
from inspect import isawaitable
from typing import Any, Final, TypeVar

from hermes.providers.contract import Request
from hermes.runtime.transport import (
    BytesAnswer,
    EventsAnswer,
    ObjectAnswer,
    Source,
    as_mapping,
    needs_raw_answer,
    source_of,
)
from hermes.runtime.transport_errors import mapped_errors

__all__ = ["close", "read_bytes", "read_events", "send"]

_T = TypeVar("_T")

_BLOCKS: Final = "this client blocks the event loop: use run_call, or a client to await"


async def send(client: Any, request: Request) -> Source:
    """Sends one request and gives the answer, unread where that is possible.

    Raises:
        TransportFailed: the backend cannot be reached, or answers with another status than 2xx.
        TypeError: the client blocks.
    """
    with mapped_errors(sending=True):
        if needs_raw_answer(client, request):
            manager = client.responses.with_streaming_response.create(**request)
            if not hasattr(manager, "__aenter__"):
                raise TypeError(_BLOCKS)
            raw = await manager.__aenter__()
            return BytesAnswer(raw.http_response, lambda: manager.__aexit__(None, None, None))
        answer = client.responses.create(**request)
        source = source_of(await answer if isawaitable(answer) else answer, request, close="aclose")
    if isinstance(source, BytesAnswer) and not isinstance(source.response.stream, AsyncIterable):
        source.response.close()
        raise TypeError(_BLOCKS)
    return source


async def read_bytes(source: BytesAnswer) -> AsyncGenerator[bytes, None]:
    """The body, decompressed, in the chunks in which it comes.

    Raises:
        TransportFailed: the connection broke.
    """
    async with aclosing(source.response.aiter_bytes()) as chunks:
        with mapped_errors():
            async for chunk in chunks:
                yield chunk


async def read_events(source: EventsAnswer) -> AsyncGenerator[Mapping[str, Any], None]:
    """The events as plain mappings; a context manager is entered where it yields none itself.

    Raises:
        TransportFailed: the client raised something that is known of clients.
        TypeError: the context manager blocks.
    """
    given = source.source
    is_iterable = isinstance(given, (AsyncIterable, Iterable))
    if is_iterable:
        came = False
        async with aclosing(_mapped(given)) as events:
            async for event in events:
                came = True
                yield as_mapping(event)
        if came:
            return
    if hasattr(type(given), "__aenter__"):
        source.entered = True
        inner = await given.__aenter__()
        if inner is not given:
            async with aclosing(_mapped(inner)) as events:
                async for event in events:
                    yield as_mapping(event)
    elif not is_iterable:
        raise TypeError(_BLOCKS)


async def close(source: Source) -> None:
    """Closes the connection of an answer, where it has one."""
    if isinstance(source, ObjectAnswer):
        return
    if isinstance(source, EventsAnswer) and source.entered:
        closing = source.source.__aexit__(None, None, None)
    elif isinstance(source, EventsAnswer) and not hasattr(source.source, "close"):
        closing = source.source.aclose() if hasattr(source.source, "aclose") else None
    else:
        closing = source.close()
    if isawaitable(closing):
        await closing


async def _mapped(source: Iterable[_T] | AsyncIterable[_T]) -> AsyncGenerator[_T, None]:
    """What ``source`` gives; what the consumer raises while it has an entry never comes through here."""
    with mapped_errors():
        if isinstance(source, AsyncIterable):
            async for entry in source:
                yield entry
        else:
            for entry in source:
                yield entry
