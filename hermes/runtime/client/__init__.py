"""Clients that send requests to a provider, kept from everything that is meant for another host.

There are two with the same manners on the wire: the light one, which is httpx2 with the SDK's call shape,
and the openai SDK. Importing this package imports neither.
"""

from hermes.runtime.client.build import build_async_client, build_client
from hermes.runtime.client.endpoint import ClientKind, Endpoint

__all__ = ["ClientKind", "Endpoint", "build_async_client", "build_client"]
