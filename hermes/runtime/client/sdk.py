"""The openai SDK as a client, kept from what it would take out of the environment."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import httpx2
from openai import AsyncOpenAI, Omit, OpenAI

from hermes.runtime.client.endpoint import Endpoint, ambient_header_names, headers_of
from hermes.runtime.client.http import async_http_client, http_client, timeout_of

__all__ = ["async_sdk_client", "sdk_client"]

_NO_KEY: Final = "hermes-has-no-key"


def sdk_client(endpoint: Endpoint) -> OpenAI:
    """The SDK's client for one provider.

    Raises:
        ConfigError: something of the endpoint cannot be sent, or the environment's settings cannot be used.
    """
    http = http_client(endpoint, _without_placeholder_key)
    client = OpenAI(http_client=http, **_settings(endpoint))
    client.organization = client.project = None
    # The SDK imports the resource when it is first used, which is no time of the backend's.
    _ = client.responses
    return client


def async_sdk_client(endpoint: Endpoint) -> AsyncOpenAI:
    """The SDK's client for one provider, for asyncio.

    Raises:
        ConfigError: as for ``sdk_client``.
    """
    http = async_http_client(endpoint, _without_placeholder_key)
    client = AsyncOpenAI(http_client=http, **_settings(endpoint))
    client.organization = client.project = None
    _ = client.responses  # for the same reason
    return client


def _settings(endpoint: Endpoint) -> dict[str, Any]:
    parts = urlsplit(endpoint.base_url)
    # The SDK sends what it finds in the environment to any host, unless each header is said or left out.
    headers: dict[str, str | Omit] = {name: Omit() for name in ambient_header_names()}
    ours = headers_of(endpoint)
    headers = {name: value for name, value in headers.items() if name.lower() not in map(str.lower, ours)}
    return {
        "api_key": endpoint.api_key or _NO_KEY,
        # Without these the SDK looks for them in the environment.
        "admin_api_key": "",
        "webhook_secret": "",
        # The SDK appends the path behind a query.
        "base_url": urlunsplit(parts._replace(query="")),
        "default_query": dict(parse_qsl(parts.query, keep_blank_values=True)),
        "max_retries": 0,
        "timeout": timeout_of(endpoint.deadlines),
        "default_headers": {**headers, "Authorization": f"Bearer {_NO_KEY}", **ours},
    }


def _without_placeholder_key(request: httpx2.Request) -> None:
    """The SDK insists on a key; a provider without one sends no Authorization header."""
    if request.headers.get("authorization") == f"Bearer {_NO_KEY}":
        del request.headers["authorization"]
