"""Base URLs: what is accepted, and when two of them lead to the same server."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit, urlunsplit

from hermes.errors import ConfigError

__all__ = ["OPENAI_BASE_URL", "Origin", "normalise_base_url", "origin_of"]

OPENAI_BASE_URL = "https://api.openai.com/v1"

Origin = tuple[str, str, int]
"""Scheme, host and port: a key for one of them is sent to no other."""

_EXAMPLE = "Write it like http://127.0.0.1:2455/v1"
_HOST = re.compile(r"[\w.-]+|[0-9a-f:.]+", re.ASCII)


def normalise_base_url(written: str, where: str) -> str:
    """The URL to which ``/responses`` is appended: without a slash at its end.

    The message of an error never repeats the URL, for there may be a password in it.

    Args:
        written: the URL as the user wrote it.
        where: the key path or the option, for the message.

    Raises:
        ConfigError: it is no plain http or https URL.
    """
    url = written.strip()
    if re.search(r"[\s\x00-\x1f\x7f\\]", url):
        raise ConfigError(f"`{where}` has a blank, a backslash or a control character in it.", hint=_EXAMPLE)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ConfigError(f"`{where}` is no URL: its host or port makes no sense.", hint=_EXAMPLE) from None
    if parts.scheme not in {"http", "https"} or not url.lower().startswith(f"{parts.scheme}://"):
        raise ConfigError(f"`{where}` must begin with http:// or https://", hint=_EXAMPLE)
    if "@" in parts.netloc:
        raise ConfigError(
            f"`{where}` has a user name or password in it.",
            hint="Take it out of the URL and set key_env, or extra_headers with an Authorization header.",
        )
    if "?" in url or "#" in url:
        raise ConfigError(
            f"`{where}` has a `?` or `#` in it, but a path is appended to this URL.",
            hint="Take out everything from there on; a key belongs in key_env.",
        )
    if not host or not _HOST.fullmatch(host):
        raise ConfigError(f"`{where}` has no valid host name.", hint=_EXAMPLE)
    return urlunsplit(parts._replace(netloc=parts.netloc.lower(), path=_base_path(parts, where)))


def _base_path(parts: SplitResult, where: str) -> str:
    path = parts.path.rstrip("/")
    if path.endswith("/chat/completions"):
        raise ConfigError(
            f"`{where}` ends in /chat/completions, but Hermes speaks the Responses API.",
            hint="Give the base of the API, as in http://127.0.0.1:2455/v1",
        )
    # People paste the whole address of the endpoint.
    return path.removesuffix("/responses").rstrip("/")


def origin_of(url: str) -> Origin:
    """The origin of a normalised URL."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
