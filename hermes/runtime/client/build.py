"""Makes the client of a kind; only that kind's libraries are imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

from hermes.runtime.client.endpoint import ClientKind, Endpoint

if TYPE_CHECKING:
    from openai import AsyncOpenAI, OpenAI

    from hermes.runtime.client.light import AsyncLightClient, LightClient

__all__ = ["build_async_client", "build_client"]


@overload
def build_client(endpoint: Endpoint, kind: Literal["light"] = "light") -> LightClient: ...
@overload
def build_client(endpoint: Endpoint, kind: Literal["openai"]) -> OpenAI: ...
@overload
def build_client(endpoint: Endpoint, kind: ClientKind) -> LightClient | OpenAI: ...
def build_client(endpoint: Endpoint, kind: ClientKind = "light") -> LightClient | OpenAI:
    """A client for one provider; close it after use.

    Proxies come from the environment, never for loopback. Redirects are not followed, because a request
    with a key belongs to its own host. No cookie is kept: one could tie the next attempt to the server that
    failed. ``OPENAI_*`` variables reach api.openai.com only.

    Args:
        endpoint: where the backend is.
        kind: ``light`` or ``openai``; both behave alike.

    Raises:
        ConfigError: the base URL has no host name, the key or a header cannot be sent, or the settings of
            the environment for proxies or certificates cannot be used.
    """
    if kind == "openai":
        from hermes.runtime.client.sdk import sdk_client

        return sdk_client(endpoint)
    from hermes.runtime.client.light import LightClient

    return LightClient(endpoint)


@overload
def build_async_client(endpoint: Endpoint, kind: Literal["light"] = "light") -> AsyncLightClient: ...
@overload
def build_async_client(endpoint: Endpoint, kind: Literal["openai"]) -> AsyncOpenAI: ...
@overload
def build_async_client(endpoint: Endpoint, kind: ClientKind) -> AsyncLightClient | AsyncOpenAI: ...
def build_async_client(endpoint: Endpoint, kind: ClientKind = "light") -> AsyncLightClient | AsyncOpenAI:
    """As ``build_client``, for asyncio: ``create`` and closing are awaited.

    Raises:
        ConfigError: as there.
    """
    if kind == "openai":
        from hermes.runtime.client.sdk import async_sdk_client

        return async_sdk_client(endpoint)
    from hermes.runtime.client.light import AsyncLightClient

    return AsyncLightClient(endpoint)
