"""How far a request came on its way, so that a failure names the one who is to blame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["ROUTE", "Route"]

ROUTE: Final = "hermes_route"
"""Under this name a request of httpx2 has its ``Route`` among its extensions."""


@dataclass(slots=True)
class Route:
    """With whom a request was connected, as the trace of httpcore2 tells it.

    https://www.encode.io/httpcore/extensions/#trace

    Attributes:
        peer: host and port of the TCP connection, which is a proxy's where there is one; empty before it.
        tls_host: the host whose certificate was asked for last; empty before.
        is_tunnelled: the proxy has opened a tunnel, so whatever comes is the backend's.
    """

    peer: str = ""
    tls_host: str = ""
    is_tunnelled: bool = False

    def follow(self, event: str, info: Mapping[str, Any]) -> None:
        """Takes an event of the trace in."""
        if event.endswith(".connect_tcp.started"):
            host = info["host"]
            self.peer = f"[{host}]:{info['port']}" if ":" in host else f"{host}:{info['port']}"
        elif event.endswith(".start_tls.started"):
            self.tls_host = info["server_hostname"]
            self.is_tunnelled = not event.startswith("connection.")
        elif event == "socks.setup_socks5_connection.complete":
            self.is_tunnelled = True
