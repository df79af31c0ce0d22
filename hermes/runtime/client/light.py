"""A client on httpx2 with the SDK's call shape: ``client.responses.create(**request)``.

It sends one POST and gives the answer unread, streamed or not. The SDK does more than that, and importing it
takes longer than all else that a short call does.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import httpx2

from hermes import __version__
from hermes.runtime.client.endpoint import Endpoint, headers_of, merge_headers
from hermes.runtime.client.http import async_http_client, http_client, timeout_of
from hermes.runtime.client.request import is_omitted, json_body, responses_url, with_query

__all__ = ["AsyncLightClient", "AsyncResponses", "LightClient", "Responses", "UnreadAnswer"]

_USER_AGENT: Final = f"hermes/{__version__}"


@dataclass(frozen=True, slots=True)
class UnreadAnswer:
    """What ``create`` gives.

    Attributes:
        response: the head of the answer came, and its body is still to be read; close it after use.
    """

    response: httpx2.Response


class LightClient:
    """Sends requests to one provider; close it after use.

    Args:
        endpoint: where the provider's backend is.

    Raises:
        ConfigError: something of the endpoint cannot be sent, or the environment's settings for proxies or
            certificates cannot be used.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._http = http_client(endpoint)
        self.responses = Responses(self._http, endpoint)

    def close(self) -> None:
        """Closes what connections there are."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncLightClient:
    """As ``LightClient``, for asyncio.

    Args:
        endpoint: where the provider's backend is.

    Raises:
        ConfigError: as there.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._http = async_http_client(endpoint)
        self.responses = AsyncResponses(self._http, endpoint)

    async def close(self) -> None:
        """Closes what connections there are."""
        await self._http.aclose()

    async def aclose(self) -> None:
        """The same, by the name that ``contextlib.aclosing`` asks for."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()


class Responses:
    """The resource ``/responses`` of a provider."""

    def __init__(self, http: httpx2.Client, endpoint: Endpoint) -> None:
        self._http = http
        self._requests = _Requests(endpoint)

    def create(self, **request: Any) -> UnreadAnswer:
        """Sends a request.

        Args:
            request: the parameters of the API, and the SDK's own: ``extra_headers``, ``extra_query``,
                ``extra_body`` and ``timeout``.

        Raises:
            httpx2.HTTPStatusError: the status is not 2xx; the first bytes of the body are in ``response``.
            httpx2.RequestError: there is no answer.
            TypeError: the request holds what no JSON can.
            ValueError: the same.
        """
        response = self._http.send(self._requests.build(request), stream=True)
        if not response.is_success:
            try:
                with contextlib.suppress(httpx2.RequestError):
                    response.read()
            finally:
                response.close()
            response.raise_for_status()
        return UnreadAnswer(response)


class AsyncResponses:
    """The resource ``/responses`` of a provider, for asyncio."""

    def __init__(self, http: httpx2.AsyncClient, endpoint: Endpoint) -> None:
        self._http = http
        self._requests = _Requests(endpoint)

    async def create(self, **request: Any) -> UnreadAnswer:
        """As ``Responses.create``."""
        response = await self._http.send(self._requests.build(request), stream=True)
        if not response.is_success:
            try:
                with contextlib.suppress(httpx2.RequestError):
                    await response.aread()
            finally:
                await response.aclose()
            response.raise_for_status()
        return UnreadAnswer(response)


class _Requests:
    """Builds the HTTP requests to one provider.

    They are built here and not by the client, which would parse the address anew and merge what it does not
    have: a base URL, cookies and parameters.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._address = responses_url(endpoint.base_url)
        self._url = httpx2.URL(self._address)
        self._headers = merge_headers(
            {"Connection": "keep-alive", "User-Agent": _USER_AGENT}, headers_of(endpoint)
        )
        self._timeout = timeout_of(endpoint.deadlines)

    def build(self, request: dict[str, Any]) -> httpx2.Request:
        extra_headers, extra_query, extra_body = (
            request.pop(name, None) or {} for name in ("extra_headers", "extra_query", "extra_body")
        )
        timeout = request.pop("timeout", self._timeout)
        timeout = self._timeout if is_omitted(timeout) else httpx2.Timeout(timeout)
        accept = "text/event-stream" if request.get("stream") is True else "application/json"
        headers = merge_headers({"Accept": accept}, self._headers, extra_headers)
        return httpx2.Request(
            "POST",
            httpx2.URL(with_query(self._address, extra_query)) if extra_query else self._url,
            headers={name: value for name, value in headers.items() if not is_omitted(value)},
            content=json_body({**request, **extra_body}),
            extensions={"timeout": timeout.as_dict()},
        )
