"""The pieces of a request, understood as the openai SDK understands the keywords of its ``create``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode, urlsplit, urlunsplit

__all__ = ["is_omitted", "json_body", "responses_url", "with_query"]

_NO_LIST: Final = (str, bytes, bytearray, memoryview)


def responses_url(base_url: str) -> str:
    """The address of the resource; a query of the base URL stays behind the path."""
    parts = urlsplit(base_url)
    return urlunsplit(parts._replace(path=parts.path.removesuffix("/") + "/responses", fragment=""))


def with_query(url: str, extra: Mapping[str, Any]) -> str:
    """The address with more parameters; of those with one name the extra ones hold."""
    items = [item for name, value in extra.items() for item in _query_items(name, value)]
    if not items:
        return url
    parts = urlsplit(url)
    names = {name for name, _ in items}
    kept = [pair for pair in parts.query.split("&") if pair and pair.partition("=")[0] not in names]
    return urlunsplit(parts._replace(query="&".join([*kept, urlencode(items)])))


def _query_items(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, entry in value.items():
            yield from _query_items(f"{name}[{key}]", entry)
    elif isinstance(value, (list, tuple)):
        for entry in value:
            yield from _query_items(f"{name}[]", entry)
    elif value is not None and not is_omitted(value):
        yield name, str(value).lower() if isinstance(value, bool) else str(value)


def is_omitted(value: Any) -> bool:
    """Whether a value is one of the SDK's marks for a parameter that is left out; None is a value."""
    openai = sys.modules.get("openai")
    return openai is not None and isinstance(value, (openai.Omit, openai.NotGiven))


def json_body(request: Mapping[str, Any]) -> bytes:
    """The JSON of a request, which may hold models of pydantic, dates, and any iterable as a list.

    Raises:
        TypeError: it holds something that has no JSON.
        ValueError: it holds a number that is not finite, or text that has no UTF-8.
    """
    if "openai" in sys.modules:  # without it nothing can be marked as left out
        request = _without_omitted(request)
    return json.dumps(
        request, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_plain
    ).encode()


def _plain(value: Any) -> Any:
    if _is_model(value):
        # The SDK's own items name what no request may hold.
        return value.model_dump(
            mode="json", by_alias=True, exclude_unset=True, exclude=getattr(value, "__api_exclude__", None)
        )
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if _is_list(value):
        return list(value)
    raise TypeError(f"a request holds a {type(value).__name__}, which has no JSON")


def _without_omitted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_omitted(entry) for key, entry in value.items() if not is_omitted(entry)}
    if _is_list(value):
        return [_without_omitted(entry) for entry in value if not is_omitted(entry)]
    return value


def _is_model(value: Any) -> bool:
    return callable(getattr(value, "model_dump", None))


def _is_list(value: Any) -> bool:
    """Whether something is sent as a list: any iterable that is neither text nor a model."""
    return isinstance(value, Iterable) and not isinstance(value, _NO_LIST) and not _is_model(value)
