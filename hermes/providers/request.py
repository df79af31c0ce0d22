"""A request and a fallback to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Fallback", "Request"]


class Request(Mapping[str, Any]):
    """The keywords of one ``responses.create`` call, immutable.

    https://platform.openai.com/docs/api-reference/responses/create
    """

    __slots__ = ("_keywords",)

    def __init__(self, keywords: Mapping[str, Any] | None = None, /, **more: Any) -> None:
        self._keywords: dict[str, Any] = {**(keywords or {}), **more}

    def __getitem__(self, name: str) -> Any:
        return self._keywords[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keywords)

    def __len__(self) -> int:
        return len(self._keywords)

    def __repr__(self) -> str:
        return f"Request({', '.join(self._keywords)})"

    @property
    def streams(self) -> bool:
        """Whether the request asks for a stream."""
        return self._keywords.get("stream") is True

    def replacing(self, **keywords: Any) -> Request:
        """A new request with ``keywords`` added or replaced."""
        return Request(self._keywords, **keywords)

    def without(self, *names: str) -> Request:
        """A new request that lacks the keywords ``names``."""
        return Request({name: value for name, value in self._keywords.items() if name not in names})


@dataclass(frozen=True, slots=True)
class Fallback:
    """Another request to try after a verdict.

    Attributes:
        strategy: a stable name; a strategy is used at most once a call.
        request: the request to send; with ``stream`` true it is streamed, else not.
        tolerate_prelude: ignore events of unknown types before ``response.created``.
        notice: a sentence for the user; Hermes makes one from ``strategy`` where it is empty.
        lesson: what to remember of the endpoint once the backend takes the request; empty for nothing. The
            adapter that names it heeds it in ``prepare_request``.
    """

    strategy: str
    request: Request
    tolerate_prelude: bool = False
    notice: str = ""
    lesson: str = ""
