"""Every way in which backends say when to come back."""

from __future__ import annotations

import json
import math
import os
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes.providers.contract import Event, Failure, FailureKind, retry_at

NOW = 1_777_000_000.0  # Fri, 24 Apr 2026 03:06:40 GMT


def delay(
    response_headers: dict[str, str] | None = None,
    *,
    message: str = "Slow down.",
    retry_after_ms: int | None = None,
    **error: Any,
) -> float | None:
    """Seconds from now, as an HTTP error with these headers and these fields of its error object tells."""
    body = json.dumps({"error": {"message": message, **error}}).encode()
    failure = Failure(
        FailureKind.HTTP_STATUS,
        received_at=NOW,
        status=429,
        headers=response_headers or {},
        body=body,
        retry_after_ms=retry_after_ms,
    )
    told = retry_at(failure)
    return None if told is None else round(told - NOW, 3)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "5"}, 5),
        ({"retry-after": " 60 "}, 60),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "0"}, 0),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after-ms": "1500", "retry-after": "3"}, 3),
        ({"retry-after-ms": "4000", "retry-after": "3"}, 4),
        ({"retry-after": "Fri, 24 Apr 2026 03:07:40 GMT"}, 60),
        ({"retry-after": "Fri, 24 Apr 2026 05:07:40 +0200"}, 60),
        ({"retry-after": "Fri, 24 Apr 2026 03:07:40 -0000"}, 60),
        ({"retry-after": "Fri, 24 Apr 2026 03:07:40"}, 60),
        ({"retry-after": "Friday, 24-Apr-26 03:07:40 GMT"}, 60),
        # The server's clock is an hour ahead, or an hour behind: its delay is what it means.
        ({"retry-after": "Fri, 24 Apr 2026 04:07:10 GMT", "date": "Fri, 24 Apr 2026 04:06:40 GMT"}, 30),
        ({"retry-after": "Fri, 24 Apr 2026 02:07:10 GMT", "date": "Fri, 24 Apr 2026 02:06:40 GMT"}, 30),
        ({"retry-after": "Fri, 24 Apr 2026 02:07:10 GMT", "date": "no date"}, 0),
        ({"retry-after": "Fri, 24 Apr 2026 03:00:00 GMT"}, 0),
        ({"retry-after": "-5"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "1e300"}, None),
        ({"retry-after": "99999999999"}, None),
        ({"retry-after": "Fri, 24 Apr 3026 03:07:40 GMT"}, None),
        ({"retry-after": "Fri, 99 Apr 2026 03:07:40 GMT"}, None),
        ({"retry-after-ms": "-1"}, None),
        ({"retry-after-ms": "soon", "retry-after": "2"}, 2),
    ],
)
def test_headers(headers: dict[str, str], seconds: float | None) -> None:
    assert delay(headers) == seconds


def test_a_date_without_zone_does_not_depend_on_where_one_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert delay({"retry-after": "Fri, 24 Apr 2026 03:07:40"}) == 60
        assert delay(message="Usage resets at 2026-04-24 03:07:40.") == 60
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        ({"resets_in_seconds": 13872}, 13872),
        ({"resets_in_seconds": "90"}, 90),
        ({"resets_in_seconds": -3}, None),
        ({"resets_in_seconds": None}, None),
        ({"resets_at": NOW + 120}, 120),
        ({"resets_at": str(int(NOW) + 120)}, 120),
        ({"resets_at": NOW - 120}, None),
        ({"resets_at": 0}, None),
        ({"resets_at": NOW * 1000}, None),
        ({"resets_at": True}, None),
        ({"resets_at": NOW + 120, "resets_in_seconds": 130}, 130),
        ({"retry_after_seconds": 5}, 5),
        ({"retry_after": 5}, 5),
        ({"retry_after_ms": 1500}, 1.5),
        ({"reset_after_seconds": 9}, 9),
        ({"resets_in_seconds": None, "retry_after_seconds": 5}, 5),
        ({"resets_in_seconds": 3, "retry_after_seconds": 5}, 5),
        ({"reset_at": NOW + 120}, 120),
        ({"resets_at": "2026-04-24T03:08:40Z"}, 120),
        ({"resets_at": "2026-04-24T03:08:40"}, 120),
        ({"resets_at": "tomorrow"}, None),
        ({"headers": {"Retry-After": "7"}}, 7),
    ],
)
def test_fields_of_the_error(error: dict[str, Any], seconds: float | None) -> None:
    assert delay(**error) == seconds


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("Limit 250000, Used 250000, Requested 58487. Please try again in 14.036s. Visit https://x", 14.036),
        ("Please try again in 7m12s.", 432),
        ("Rate limit is exceeded. Try again in 17 seconds.", 17),
        ("try again in 250ms", 0.25),
        ("TRY AGAIN IN 2 MINUTES", 120),
        (
            "You've hit your usage limit. Try again in 5 days 22 hours 11 minutes.",
            5 * 86400 + 22 * 3600 + 660,
        ),
        ("try again in 1 hour, 2 minutes and 3 seconds", 3723),
        ("Please retry after 30 seconds", 30),
        ("Please retry in 25.1s", 25.1),
        ("wait for 2 hrs", 7200),
        ("Usage resets in 3 hours.", 10800),
        ("Usage resets at 2026-04-24T03:08:40Z.", 120),
        ("Your limit is spent. Resets after: 3 hours", 10800),
        ("It will be available again in 3 hours.", 10800),
        ("Please try again in about 3 hours", 10800),
        ("(reset after 1h2m)", 3720),
        ("Please wait 30 seconds before trying again.", 30),
        ("Retry after 2026-04-24T03:08:40+00:00", 120),
        ("Try again at 2026-04-24 03:08:40.", 120),
        ("Available from 2026-04-24T03:08:40Z", 120),
        ("Spare tries: 17 seconds", None),
        ("Usage resets at 2026-04-24T05:08:40.250+02:00.", 120.25),
        ("Usage resets at 2026-04-24T03:08.", 80),
        ("Usage resets at 2026-04-23T03:08:40Z.", None),
        ("Usage resets at 2026-99-24T03:08:40Z.", None),
        ("try again in 5 apples", None),
        ("try again in 5 mice", None),
        ("try again later", None),
        ("Try again in 999999 days", None),
        ("Try again in " + "9" * 400 + "s", None),
        ("It took 5 seconds.", None),
        ("Try again in 10s, or try again in 2m.", 120),
    ],
)
def test_words(message: str, seconds: float | None) -> None:
    assert delay(message=message) == seconds


def test_field_of_the_stream() -> None:
    assert delay(retry_after_ms=2500) == 2.5


def test_the_latest_of_all_counts_and_an_absurd_one_does_not() -> None:
    headers = {"retry-after": "5", "retry-after-ms": "1000"}
    assert delay(headers, message="try again in 20s", retry_after_ms=3000, resets_in_seconds=11) == 20
    assert delay(headers, message="try again in 20s", resets_in_seconds=10**9) == 20


def test_an_event_tells_it_like_a_body() -> None:
    data = {"type": "error", "status_code": 429, "headers": {"Retry-After": "9"}, "error": {"message": "x"}}
    failure = Failure(FailureKind.ERROR_EVENT, received_at=NOW, event=Event("error", data))
    assert retry_at(failure) == NOW + 9


ANYTHING = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text())
WORDS = st.lists(
    st.sampled_from(
        ["try again in ", "resets at ", "2026-04-24T03:08", "9", "1.5", "s", "m", "days", " ", "Z"]
    )
).map("".join)


@given(
    headers=st.dictionaries(st.sampled_from(["retry-after", "retry-after-ms", "date"]), st.text() | WORDS),
    message=st.text() | WORDS,
    resets_at=ANYTHING,
    resets_in=ANYTHING,
    milliseconds=st.none() | st.integers(0, 10**9),
)
def test_whatever_is_said_the_answer_is_sane(
    headers: dict[str, str], message: str, resets_at: Any, resets_in: Any, milliseconds: int | None
) -> None:
    error = {"message": message, "resets_at": resets_at, "resets_in_seconds": resets_in}
    event = Event("error", {"type": "error", "error": error})
    failure = Failure(
        FailureKind.ERROR_EVENT, received_at=NOW, headers=headers, event=event, retry_after_ms=milliseconds
    )
    told = retry_at(failure)
    assert told is None or (math.isfinite(told) and NOW <= told <= NOW + 366 * 86400)


@given(st.from_regex(r"\A[A-Za-z]{0,4},? ?[-\d]{0,3} ?[A-Za-z]{0,4} [-+:. \dA-Z()]{0,30}\Z"))
def test_no_date_is_strange_enough_to_raise(date: str) -> None:
    delay({"retry-after": date, "date": date})
